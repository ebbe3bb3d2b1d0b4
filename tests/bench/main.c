/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Benchmarks: the library, the floors of the machine, and what one would write without the library, in one run.
 *
 * A run takes one sample of every figure; runs follow each other, so that a disturbance of the machine spoils one
 * sample of many figures and not all samples of one. Lines of up to a million are filled anew for each run, larger
 * ones once. What runs with a Redis server has runs of its own, after all others (redis_bench.h). */

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "crew.h"
#include "eta_bench.h"
#include "floors.h"
#include "limiter_bench.h"
#include "line.h"
#include "machine.h"
#include "naive_skiplist.h"
#include "naive_tree.h"
#include "options.h"
#include "redis_bench.h"
#include "report.h"
#include "targets.h"
#include "waitq_line.h"

#define REFILLED_UP_TO 1000000

static const struct {
  const char *name;
  const struct bench_design *design;
} designs[] = {{"waitq", &bench_waitq}, {"skiplist", &bench_naive_skiplist}, {"tree", &bench_naive_tree}};

#define DESIGNS (sizeof designs / sizeof *designs)

static void run_size(const struct bench_options *options, unsigned run, size_t waiting, struct bench_line **lines,
                     struct bench_report *report) {
  for (size_t d = 0; d < DESIGNS; d++) {
    if (!bench_listed(options->designs, designs[d].name)) {
      continue;
    }
    if (lines[d] == NULL) {
      lines[d] = bench_line_fill(designs[d].design, waiting, run == 0, report);
    }
    bench_line_run(lines[d], options, report);
    if (waiting <= REFILLED_UP_TO || run + 1 == options->runs) {
      bench_line_free(lines[d]);
      lines[d] = NULL;
    }
  }
}

/* Whether anything is to be measured that needs no Redis. */
static int is_asked(const struct bench_options *options) {
  int is_listed = 0;
  for (size_t d = 0; d < DESIGNS; d++) {
    is_listed |= bench_listed(options->designs, designs[d].name);
  }
  return is_listed;
}

static void run_all(const struct bench_options *options, struct bench_report *report) {
  struct bench_line *lines[BENCH_SIZES_MAX][DESIGNS] = {{NULL}};
  if (!is_asked(options)) {
    return;
  }
  int with_floors = bench_listed(options->only, "floors");
  struct bench_floors *floors = with_floors ? bench_floors_new() : NULL;
  for (unsigned run = 0; run < options->runs; run++) {
    fprintf(stderr, "run %u of %u\n", run + 1, options->runs);
    if (with_floors) {
      bench_floors_run(floors, options, report);
    }
    if (bench_listed(options->designs, "waitq")) {
      bench_limiter_run(options, report);
      bench_eta_run(options, report);
    }
    for (size_t s = 0; s < options->size_count; s++) {
      run_size(options, run, options->sizes[s], lines[s], report);
    }
  }
  if (with_floors) {
    bench_floors_free(floors);
  }
}

static void print_run(const struct bench_options *options, int64_t start_ns) {
  size_t blocks;
  size_t left_out;
  bench_crew_totals(&blocks, &left_out);
  printf(
      "\n%u runs, %u with Redis, in %.0f s; the random order of visits is the same in every run (SplitMix64 from 0)\n",
      options->runs, options->redis_runs, (double)(bench_now_ns() - start_ns) / 1e9);
  if (blocks == 0) {
    return;
  }
  printf("%zu of %zu blocks of operations were disturbed by other processes, and left out where others remained\n",
         left_out, blocks);
}

int main(int argc, char **argv) {
  struct bench_options options = bench_options_parse(argc, argv);
  struct bench_report *report = bench_report_new();
  struct bench_redis_report *redis = bench_redis_report_new();
  if (sodium_init() < 0) {
    bench_die("libsodium does not start");
  }
  bench_pin(0);
  bench_print_machine();
  int64_t start_ns = bench_now_ns();
  run_all(&options, report);
#ifdef WAITQ_BENCH_WITH_REDIS
  bench_redis_run(&options, redis);
#endif
  bench_report_print(report);
  bench_redis_report_print(redis);
  bench_targets_print(report, redis);
  print_run(&options, start_ns);
  if (options.json != NULL) {
    bench_report_write_json(report, redis, options.json);
  }
  bench_report_free(report);
  bench_redis_report_free(redis);
  return bench_has_complained() ? EXIT_FAILURE : EXIT_SUCCESS;
}
