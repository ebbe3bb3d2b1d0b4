/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "redis_bench.h"

#include <stdio.h>

#include "baseline.h"
#include "machine.h"
#include "redis_limits.h"
#include "redis_line.h"
#include "redis_mixed.h"

/* How much of the machine others took meanwhile: what they take, both sides lack. */
static void print_others(double busy_s, double own_s, int64_t start_ns) {
  double others_s = (bench_busy_s() - busy_s) - (bench_own_s() - own_s);
  double lasted_s = (double)(bench_now_ns() - start_ns) / 1e9;
  printf("\nduring the runs with Redis other processes used %.2f of %u processors\n", others_s / lasted_s,
         bench_cpus());
}

static void run_library(const struct bench_options *options, struct bench_redis_report *report) {
  size_t last = options->redis_size_count - 1;
  for (size_t s = 0; s <= last; s++) {
    bench_redis_line_run(options, options->redis_sizes[s], 1, BENCH_LINE_POLL | BENCH_LINE_CALLERS, report);
  }
  for (unsigned processes = 2; processes <= 4; processes *= 2) {
    bench_redis_line_run(options, options->redis_sizes[last], processes, BENCH_LINE_POLL, report);
  }
  bench_redis_line_run(options, options->redis_sizes[0], 1, BENCH_LINE_ENTER, report);
  bench_redis_line_run(options, options->redis_sizes[0], 1, BENCH_LINE_DURABLE, report);
  bench_redis_limits_run(options, report);
}

/* The shortest line and the longest: filling it takes longer than all that is measured. */
static void run_reference(const struct bench_options *options, struct bench_redis_report *report) {
  size_t last = options->redis_size_count - 1;
  bench_baseline_reference(options, options->redis_sizes[0], report);
  if (last > 0) {
    bench_baseline_reference(options, options->redis_sizes[last], report);
  }
  bench_baseline_durable(options, report);
}

void bench_redis_run(const struct bench_options *options, struct bench_redis_report *report) {
  int with_library = bench_listed(options->designs, "redis");
  int with_reference = bench_listed(options->designs, "reference");
  if (!with_library && !with_reference) {
    return;
  }
  bench_unpin();
  int64_t start_ns = bench_now_ns();
  double busy_s = bench_busy_s();
  double own_s = bench_own_s();
  for (unsigned run = 0; run < options->redis_runs; run++) {
    fprintf(stderr, "run %u of %u with Redis\n", run + 1, options->redis_runs);
    bench_baseline_ping(options, report);
    if (with_library) {
      run_library(options, report);
    }
    if (with_reference) {
      run_reference(options, report);
    }
  }
  if (with_library) {
    bench_redis_mixed_run(options, report);
  }
  print_others(busy_s, own_s, start_ns);
}
