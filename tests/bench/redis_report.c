/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "redis_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "report.h"

#define FIGURES_MAX 256
#define SAMPLES_MAX 64

struct figure {
  struct bench_redis_key key;
  size_t samples;
  double values[BENCH_REDIS_VALUES][SAMPLES_MAX];
};

struct bench_redis_report {
  size_t count;
  struct figure figures[FIGURES_MAX];
};

/* Names in JSON. Those with is_rare are left out where they were not measured, the others are null. */
static const struct {
  enum bench_redis_value value;
  const char *name;
  int is_rare;
} columns[] = {
    {BENCH_REDIS_CPU_US, "redis_cpu_us_per_op", 0},
    {BENCH_REDIS_COMMANDS, "redis_commands_per_s", 0},
    {BENCH_REDIS_BYTES, "redis_bytes_per_ticket", 0},
    {BENCH_REDIS_P50_US, "p50_us", 0},
    {BENCH_REDIS_P99_US, "p99_us", 0},
    {BENCH_REDIS_CPU_SHARE, "redis_cpu_share", 1},
    {BENCH_REDIS_AGE_P99_MS, "age_p99_ms", 1},
    {BENCH_REDIS_JOINS, "joins_per_s", 1},
    {BENCH_REDIS_POLLS, "polls_per_s", 1},
    {BENCH_REDIS_ENTERS, "enters_per_s", 1},
    {BENCH_REDIS_OVER_LIMIT, "over_limit", 1},
};

struct bench_redis_sample bench_redis_sample_empty(void) {
  struct bench_redis_sample sample;
  for (size_t v = 0; v < BENCH_REDIS_VALUES; v++) {
    sample.values[v] = (double)NAN;
  }
  return sample;
}

struct bench_redis_report *bench_redis_report_new(void) {
  return bench_alloc(sizeof(struct bench_redis_report));
}

void bench_redis_report_free(struct bench_redis_report *report) {
  free(report);
}

static int is_same(const struct bench_redis_key *a, const struct bench_redis_key *b) {
  return a->callers == b->callers && a->processes == b->processes && a->fsync_always == b->fsync_always &&
         strcmp(a->bench, b->bench) == 0 && strcmp(a->mode, b->mode) == 0;
}

static const struct figure *find(const struct bench_redis_report *report, const struct bench_redis_key *key) {
  const struct figure *found = NULL;
  for (size_t i = 0; i < report->count; i++) {
    const struct figure *figure = &report->figures[i];
    if (!is_same(&figure->key, key)) {
      continue;
    }
    if (figure->key.waiting == key->waiting) {
      return figure;
    }
    if (key->waiting == BENCH_LARGEST && (found == NULL || figure->key.waiting > found->key.waiting)) {
      found = figure;
    }
  }
  return found;
}

void bench_redis_report_add(struct bench_redis_report *report, const struct bench_redis_key *key,
                            const struct bench_redis_sample *sample) {
  const struct figure *known = find(report, key);
  if (known == NULL && report->count == FIGURES_MAX) {
    bench_die("more than %d figures with Redis", FIGURES_MAX);
  }
  struct figure *figure = &report->figures[known != NULL ? (size_t)(known - report->figures) : report->count++];
  figure->key = *key;
  if (figure->samples == SAMPLES_MAX) {
    bench_die("more than %d runs", SAMPLES_MAX);
  }
  for (size_t v = 0; v < BENCH_REDIS_VALUES; v++) {
    figure->values[v][figure->samples] = sample->values[v];
  }
  figure->samples++;
}

static double share_of(const struct figure *figure, enum bench_redis_value value, double share) {
  return bench_report_quantile(figure->values[value], figure->samples, share);
}

static double median(const struct figure *figure, enum bench_redis_value value) {
  return share_of(figure, value, 0.5);
}

double bench_redis_report_get(const struct bench_redis_report *report, const struct bench_redis_key *key,
                              enum bench_redis_value value) {
  const struct figure *figure = find(report, key);
  return figure == NULL ? (double)NAN : median(figure, value);
}

static void print_value(double value, int width, int decimals) {
  if (isnan(value)) {
    printf(" %*s", width, "-");
  } else {
    printf(" %*.*f", width, decimals, value);
  }
}

static void print_figure(const struct figure *figure) {
  const struct bench_redis_key *key = &figure->key;
  printf("%-21s %-9s %8zu %7u %5u %6s", key->bench, key->mode, key->waiting, key->callers, key->processes,
         key->fsync_always ? "always" : "-");
  print_value(median(figure, BENCH_REDIS_OPS), 11, 0);
  print_value(share_of(figure, BENCH_REDIS_OPS, 0), 11, 0);
  print_value(share_of(figure, BENCH_REDIS_OPS, 1), 11, 0);
  print_value(median(figure, BENCH_REDIS_P50_US), 9, 1);
  print_value(median(figure, BENCH_REDIS_P99_US), 9, 1);
  print_value(median(figure, BENCH_REDIS_CPU_US), 9, 2);
  print_value(median(figure, BENCH_REDIS_COMMANDS), 11, 1);
  print_value(median(figure, BENCH_REDIS_BYTES), 8, 0);
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
    double value = median(figure, columns[c].value);
    if (columns[c].is_rare && !isnan(value)) {
      printf("  %s %.3f", columns[c].name, value);
    }
  }
  putchar('\n');
}

void bench_redis_report_print(const struct bench_redis_report *report) {
  if (report->count == 0) {
    return;
  }
  printf("\n%-21s %-9s %8s %7s %5s %6s %11s %11s %11s %9s %9s %9s %11s %8s\n", "with Redis", "mode", "waiting",
         "callers", "procs", "fsync", "ops/s", "least", "most", "p50 us", "p99 us", "cpu us/op", "commands/s", "bytes");
  for (size_t i = 0; i < report->count; i++) {
    print_figure(&report->figures[i]);
  }
}

static void write_value(FILE *file, const char *name, double value) {
  if (isnan(value)) {
    fprintf(file, ", \"%s\": null", name);
  } else {
    fprintf(file, ", \"%s\": %.3f", name, value);
  }
}

static void write_figure(FILE *file, const struct figure *figure) {
  const struct bench_redis_key *key = &figure->key;
  fprintf(file, "  {\"bench\": \"%s\", \"waiting\": %zu, \"threads\": %u", key->bench, key->waiting, key->threads);
  write_value(file, "ns_min", share_of(figure, BENCH_REDIS_NS, 0));
  write_value(file, "ns_median", median(figure, BENCH_REDIS_NS));
  write_value(file, "ns_max", share_of(figure, BENCH_REDIS_NS, 1));
  write_value(file, "ops_per_s", median(figure, BENCH_REDIS_OPS));
  fprintf(file, ", \"callers\": %u, \"mode\": \"%s\", \"processes\": %u, \"appendfsync\": %s", key->callers, key->mode,
          key->processes, key->fsync_always ? "\"always\"" : "null");
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
    double value = median(figure, columns[c].value);
    if (!columns[c].is_rare || !isnan(value)) {
      write_value(file, columns[c].name, value);
    }
  }
  fputc('}', file);
}

void bench_redis_report_write(const struct bench_redis_report *report, int comma_first, FILE *file) {
  for (size_t i = 0; i < report->count; i++) {
    if (i > 0 || comma_first) {
      fputs(",\n", file);
    }
    write_figure(file, &report->figures[i]);
  }
}
