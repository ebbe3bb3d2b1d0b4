/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define FIGURES_MAX 512
#define SAMPLES_MAX 64
#define NAME_MAX_LENGTH 48

struct figure {
  char bench[NAME_MAX_LENGTH];
  size_t waiting;
  unsigned threads;
  size_t samples; /* 0: a figure of memory */
  double ns[SAMPLES_MAX];
  double ops[SAMPLES_MAX];
  double heap_bytes;
  double resident_bytes;
  double reported_bytes;
};

struct bench_report {
  size_t count;
  struct figure figures[FIGURES_MAX];
};

struct bench_report *bench_report_new(void) {
  return bench_alloc(sizeof(struct bench_report));
}

void bench_report_free(struct bench_report *report) {
  free(report);
}

static const struct figure *find(const struct bench_report *report, const char *bench, size_t waiting,
                                 unsigned threads) {
  for (size_t i = 0; i < report->count; i++) {
    const struct figure *figure = &report->figures[i];
    if (figure->waiting == waiting && figure->threads == threads && strcmp(figure->bench, bench) == 0) {
      return figure;
    }
  }
  return NULL;
}

static struct figure *figure_of(struct bench_report *report, const char *prefix, const char *bench, size_t waiting,
                                unsigned threads) {
  char name[NAME_MAX_LENGTH];
  snprintf(name, sizeof name, "%s%s", prefix, bench);
  const struct figure *known = find(report, name, waiting, threads);
  if (known != NULL) {
    return &report->figures[known - report->figures];
  }
  if (report->count == FIGURES_MAX) {
    bench_die("more than %d figures", FIGURES_MAX);
  }
  struct figure *figure = &report->figures[report->count++];
  memcpy(figure->bench, name, sizeof name);
  figure->waiting = waiting;
  figure->threads = threads;
  return figure;
}

void bench_report_add(struct bench_report *report, const char *prefix, const char *bench, size_t waiting,
                      unsigned threads, double ns_per_op, double ops_per_s) {
  struct figure *figure = figure_of(report, prefix, bench, waiting, threads);
  if (figure->samples == SAMPLES_MAX) {
    bench_die("more than %d runs", SAMPLES_MAX);
  }
  figure->ns[figure->samples] = ns_per_op;
  figure->ops[figure->samples++] = ops_per_s;
}

void bench_report_memory(struct bench_report *report, const char *prefix, size_t waiting, double heap_bytes,
                         double resident_bytes, double reported_bytes) {
  struct figure *figure = figure_of(report, prefix, "memory", waiting, 1);
  figure->heap_bytes = heap_bytes;
  figure->resident_bytes = resident_bytes;
  figure->reported_bytes = reported_bytes;
}

static int ascending(const void *a, const void *b) {
  double left = *(const double *)a;
  double right = *(const double *)b;
  return (left > right) - (left < right);
}

double bench_report_quantile(const double *samples, size_t count, double share) {
  double sorted[SAMPLES_MAX];
  memcpy(sorted, samples, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, ascending);
  double at = share * (double)(count - 1);
  size_t below = (size_t)at;
  size_t above = below + 1 < count ? below + 1 : below;
  return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

double bench_report_ns(const struct bench_report *report, const char *bench, size_t waiting, unsigned threads) {
  const struct figure *figure = find(report, bench, waiting, threads);
  return figure == NULL ? (double)NAN : bench_report_quantile(figure->ns, figure->samples, 0.5);
}

double bench_report_ops(const struct bench_report *report, const char *bench, size_t waiting, unsigned threads) {
  const struct figure *figure = find(report, bench, waiting, threads);
  return figure == NULL ? (double)NAN : bench_report_quantile(figure->ops, figure->samples, 0.5);
}

double bench_report_bytes(const struct bench_report *report, const char *bench, size_t waiting) {
  const struct figure *figure = find(report, bench, waiting, 1);
  return figure == NULL ? (double)NAN : figure->heap_bytes;
}

static int by_name(const void *a, const void *b) {
  const struct figure *left = a;
  const struct figure *right = b;
  int order = strncmp(left->bench, "naive", 5) == 0;
  order -= strncmp(right->bench, "naive", 5) == 0;
  order = order != 0 ? order : strcmp(left->bench, right->bench);
  order = order != 0 ? order : (left->waiting > right->waiting) - (left->waiting < right->waiting);
  return order != 0 ? order : (left->threads > right->threads) - (left->threads < right->threads);
}

static void print_times(const struct figure *figure) {
  printf("%-28s %9zu %7u %13.1f %13.1f %13.1f %14.0f\n", figure->bench, figure->waiting, figure->threads,
         bench_report_quantile(figure->ns, figure->samples, 0), bench_report_quantile(figure->ns, figure->samples, 0.5),
         bench_report_quantile(figure->ns, figure->samples, 1),
         bench_report_quantile(figure->ops, figure->samples, 0.5));
}

static void print_memory(const struct figure *figure) {
  printf("%-28s %9zu %13.1f %13.1f ", figure->bench, figure->waiting, figure->heap_bytes, figure->resident_bytes);
  if (figure->reported_bytes > 0) {
    printf("%13.1f\n", figure->reported_bytes);
  } else {
    printf("%13s\n", "-");
  }
}

void bench_report_print(struct bench_report *report) {
  if (report->count == 0) {
    return;
  }
  qsort(report->figures, report->count, sizeof *report->figures, by_name);
  printf("\n%-28s %9s %7s %13s %13s %13s %14s\n", "bench", "waiting", "threads", "ns min", "ns median", "ns max",
         "ops/s");
  for (size_t i = 0; i < report->count; i++) {
    if (report->figures[i].samples > 0) {
      print_times(&report->figures[i]);
    }
  }
  printf("\n%-28s %9s %13s %13s %13s\n", "bytes per waiting ticket", "waiting", "malloc", "resident", "reported");
  for (size_t i = 0; i < report->count; i++) {
    const struct figure *figure = &report->figures[i];
    if (figure->samples == 0) {
      print_memory(figure);
    }
  }
}

static void write_memory(FILE *file, const struct figure *figure) {
  fputs("\"ns_min\": null, \"ns_median\": null, \"ns_max\": null, \"ops_per_s\": null, ", file);
  fprintf(file, "\"bytes_per_ticket\": %.2f, \"resident_bytes_per_ticket\": %.2f", figure->heap_bytes,
          figure->resident_bytes);
  if (figure->reported_bytes > 0) {
    fprintf(file, ", \"reported_bytes_per_ticket\": %.2f", figure->reported_bytes);
  }
}

static void write_times(FILE *file, const struct figure *figure) {
  fprintf(
      file, "\"ns_min\": %.2f, \"ns_median\": %.2f, \"ns_max\": %.2f, \"ops_per_s\": %.2f",
      bench_report_quantile(figure->ns, figure->samples, 0), bench_report_quantile(figure->ns, figure->samples, 0.5),
      bench_report_quantile(figure->ns, figure->samples, 1), bench_report_quantile(figure->ops, figure->samples, 0.5));
}

static void write_figure(FILE *file, const struct figure *figure) {
  fprintf(file, "  {\"bench\": \"%s\", \"waiting\": %zu, \"threads\": %u, ", figure->bench, figure->waiting,
          figure->threads);
  if (figure->samples > 0) {
    write_times(file, figure);
  } else {
    write_memory(file, figure);
  }
  fputc('}', file);
}

void bench_report_write_json(struct bench_report *report, const struct bench_redis_report *redis, const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    bench_die("cannot write %s", path);
  }
  qsort(report->figures, report->count, sizeof *report->figures, by_name);
  fputs("[\n", file);
  for (size_t i = 0; i < report->count; i++) {
    fputs(i > 0 ? ",\n" : "", file);
    write_figure(file, &report->figures[i]);
  }
  bench_redis_report_write(redis, report->count > 0, file);
  fputs("\n]\n", file);
  if (fclose(file) != 0) {
    bench_die("cannot write %s", path);
  }
}
