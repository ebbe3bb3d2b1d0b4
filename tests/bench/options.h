/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_OPTIONS_H
#define WAITQ_BENCH_OPTIONS_H

/* What the command line asks for. */

#include <stddef.h>
#include <stdint.h>

#define BENCH_SIZES_MAX 8

struct bench_options {
  const char *json;    /* where to write the figures; NULL: nowhere */
  const char *only;    /* names of benchmarks, without the prefix of a design, separated by commas; NULL: all */
  const char *designs; /* "waitq", "skiplist", "tree", "redis", "reference", separated by commas; NULL: all */
  size_t sizes[BENCH_SIZES_MAX]; /* how many wait, ascending */
  size_t size_count;
  unsigned runs;        /* samples of each figure */
  unsigned threads_max; /* 1, or 2 where there are two processors */
  int64_t sample_ns;    /* timed work in one sample, where the number of operations is free */

  size_t redis_sizes[BENCH_SIZES_MAX]; /* the same, of what runs with Redis */
  size_t redis_size_count;
  unsigned redis_runs;
  int64_t redis_ns;
  int64_t mixed_ns; /* how long redis_mixed lasts */
};

/* Ends the process where it cannot make sense of them. */
struct bench_options bench_options_parse(int argc, char **argv);

/* Whether the list, separated by commas, holds the name; NULL holds every name. */
int bench_listed(const char *list, const char *name);

#endif
