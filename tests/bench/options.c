/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "machine.h"

/* Below this, a block of one thread would not be long against a read of the clock. */
#define SIZE_MIN 10000
#define SIZE_LIMIT 1000000000

static const char usage[] =
    "usage: bench [--json FILE] [--quick] [--sizes N,N,...] [--runs N] [--only NAME,...] [--designs NAME,...]\n"
    "             [--redis-ms N] [--mixed-ms N]\n"
    "  --json FILE  writes the figures to FILE as well\n"
    "  --quick      10,000 and 100,000 waiting, 3 runs, 1 run with Redis\n"
    "  --sizes      how many wait (default 10000,100000,1000000,10000000; with Redis 10000,100000,300000)\n"
    "  --runs       samples of each figure (default 5; with Redis 3)\n"
    "  --only       join, poll, enter, leave, turn, turn_longest_poll, join_many, poll_many, limiter_try,\n"
    "               limiter_denied, eta_estimate, eta_fold, eta_room_fold, floors; redis_join, redis_leave,\n"
    "               redis_enter, redis_poll, redis_limiter_exact,\n"
    "               redis_limiter_leased, redis_mixed, redis_ping, reference_join, reference_status,\n"
    "               reference_enter, reference_bucket\n"
    "  --designs    waitq, skiplist, tree; redis, reference\n"
    "  --redis-ms   how long a sample with Redis lasts (default 400, with --quick 250)\n"
    "  --mixed-ms   how long redis_mixed lasts (default 60000, with --quick 10000)\n";

static _Noreturn void refuse(const char *what, const char *value) {
  fprintf(stderr, "bench: %s %s\n%s", what, value, usage);
  exit(2);
}

static size_t number(const char *text, char **end, size_t least, size_t most) {
  unsigned long long value = strtoull(text, end, 10);
  if (*end == text || value < least || value > most) {
    refuse("not a number that can be used:", text);
  }
  return (size_t)value;
}

static int ascending(const void *a, const void *b) {
  size_t left = *(const size_t *)a;
  size_t right = *(const size_t *)b;
  return (left > right) - (left < right);
}

/* Returns how many. */
static size_t read_sizes(size_t *sizes, const char *text) {
  char *end;
  size_t count = 0;
  for (;; text = end + 1) {
    if (count == BENCH_SIZES_MAX) {
      refuse("too many sizes:", text);
    }
    sizes[count++] = number(text, &end, SIZE_MIN, SIZE_LIMIT);
    if (*end == '\0') {
      break;
    }
    if (*end != ',') {
      refuse("not a list of numbers:", text);
    }
  }
  qsort(sizes, count, sizeof *sizes, ascending);
  return count;
}

static void set_sizes(struct bench_options *options, const char *text, const char *redis_text) {
  options->size_count = read_sizes(options->sizes, text);
  options->redis_size_count = read_sizes(options->redis_sizes, redis_text);
}

static void set_quick(struct bench_options *options) {
  set_sizes(options, "10000,100000", "10000,100000");
  options->runs = 3;
  options->sample_ns = 4000000;
  options->redis_runs = 1;
  options->redis_ns = 250000000;
  options->mixed_ns = INT64_C(10000000000);
}

static struct bench_options full(void) {
  struct bench_options options = {
      .runs = 5, .sample_ns = 20000000, .redis_runs = 3, .redis_ns = 400000000, .mixed_ns = INT64_C(60000000000)};
  set_sizes(&options, "10000,100000,1000000,10000000", "10000,100000,300000");
  options.threads_max = bench_cpus() < BENCH_THREADS_MAX ? bench_cpus() : BENCH_THREADS_MAX;
  return options;
}

static int64_t milliseconds(const char *text) {
  char *end;
  return (int64_t)number(text, &end, 1, 3600000) * 1000000;
}

static void set(struct bench_options *options, const char *name, const char *value) {
  char *end;
  if (strcmp(name, "--json") == 0) {
    options->json = value;
  } else if (strcmp(name, "--sizes") == 0) {
    set_sizes(options, value, value);
  } else if (strcmp(name, "--runs") == 0) {
    options->redis_runs = options->runs = (unsigned)number(value, &end, 1, 64);
  } else if (strcmp(name, "--only") == 0) {
    options->only = value;
  } else if (strcmp(name, "--designs") == 0) {
    options->designs = value;
  } else if (strcmp(name, "--redis-ms") == 0) {
    options->redis_ns = milliseconds(value);
  } else if (strcmp(name, "--mixed-ms") == 0) {
    options->mixed_ns = milliseconds(value);
  } else {
    refuse("unknown option", name);
  }
}

struct bench_options bench_options_parse(int argc, char **argv) {
  struct bench_options options = full();
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i];
    if (strcmp(name, "--quick") == 0) {
      set_quick(&options);
      continue;
    }
    if (strcmp(name, "--help") == 0) {
      fputs(usage, stdout);
      exit(0);
    }
    if (i + 1 == argc) {
      refuse("unknown, or without its value:", name);
    }
    set(&options, name, argv[++i]);
  }
  return options;
}

int bench_listed(const char *list, const char *name) {
  size_t length = strlen(name);
  while (list != NULL && *list != '\0') {
    size_t item = strcspn(list, ",");
    if (item == length && strncmp(list, name, length) == 0) {
      return 1;
    }
    list += item + (list[item] == ',');
  }
  return list == NULL;
}
