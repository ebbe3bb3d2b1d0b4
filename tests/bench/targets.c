/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "targets.h"

#include <math.h>
#include <stdio.h>

#define SMALL 10000
#define LARGE 1000000
#define HUGE_LINE 10000000

static void print_target(const char *what, double measured, int at_most, double target, const char *unit) {
  const char *verdict = "reached";
  if (isnan(measured)) {
    printf("%-54s %12s %2s %10.1f %-5s\n", what, "not measured", at_most ? "<=" : ">=", target, unit);
    return;
  }
  if (at_most ? measured > target : measured < target) {
    verdict = "missed";
  }
  printf("%-54s %12.2f %2s %10.1f %-5s %s\n", what, measured, at_most ? "<=" : ">=", target, unit, verdict);
}

static void print_core(const struct bench_report *report) {
  double poll_small = bench_report_ns(report, "poll", SMALL, 1);
  double poll_large = bench_report_ns(report, "poll", LARGE, 1);
  double poll_huge = bench_report_ns(report, "poll", HUGE_LINE, 1);
  double try_without_clock = bench_report_ns(report, "limiter_try", 0, 1) - bench_report_ns(report, "clock", 0, 1);
  print_target("poll at 1 million waiting", poll_large, 1, 120, "ns");
  print_target("poll at 1 million, times that at 10 thousand", poll_large / poll_small, 1, 1.5, "x");
  print_target("poll at 10 million, times that at 10 thousand", poll_huge / poll_small, 1, 2, "x");
  print_target("poll at 1 million, throughput of two threads over one",
               bench_report_ops(report, "poll", LARGE, 2) / bench_report_ops(report, "poll", LARGE, 1), 0, 1.8, "x");
  print_target("join at 1 million waiting", bench_report_ns(report, "join", LARGE, 1), 1, 350, "ns");
  print_target("limiter_try, less one read of the clock", try_without_clock, 1, 25, "ns");
  print_target("eta_estimate", bench_report_ns(report, "eta_estimate", 0, 1), 1, 100, "ns");
  print_target("eta_fold", bench_report_ns(report, "eta_fold", 0, 1) / 1000, 1, 50, "us");
  print_target("eta_room_fold, with 300,000 waiting", bench_report_ns(report, "eta_room_fold", 0, 1) / 1000, 1, 50,
               "us");
  print_target("turn at 1 million waiting", bench_report_ns(report, "turn", LARGE, 1) / 1000, 1, 200, "us");
  print_target("memory of a waiting ticket at 1 million waiting", bench_report_bytes(report, "memory", LARGE), 1, 64,
               "bytes");
}

/* With the longest line that was measured. */
static double get(const struct bench_redis_report *report, const char *bench, const char *mode, unsigned callers,
                  enum bench_redis_value value) {
  struct bench_redis_key key = {bench, mode, BENCH_LARGEST, callers, 1, 1, 0};
  return bench_redis_report_get(report, &key, value);
}

/* With as many connections as serve it best. */
static double best_of_reference(const struct bench_redis_report *report, const char *bench) {
  static const unsigned callers[] = {1, 8, 64, 512};
  double best = (double)NAN;
  for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
    best = fmax(best, get(report, bench, BENCH_CONNECTED, callers[i], BENCH_REDIS_OPS));
  }
  return best;
}

static void print_times(const struct bench_redis_report *report, double ops, const char *reference, double target) {
  print_target("Redis: the same, times the reference with 512",
               ops / get(report, reference, BENCH_CONNECTED, 512, BENCH_REDIS_OPS), 0, target, "x");
  print_target("Redis: the same, times the reference at its best", ops / best_of_reference(report, reference), 0,
               target, "x");
}

static void print_joins(const struct bench_redis_report *report) {
  struct bench_redis_key durable = {"redis_join", BENCH_SUBMITTED, BENCH_LARGEST, 512, 1, 1, 1};
  double joins = get(report, "redis_join", BENCH_SUBMITTED, 512, BENCH_REDIS_OPS);
  double alone_us = get(report, "redis_join", BENCH_BLOCKING, 1, BENCH_REDIS_P50_US);
  print_target("Redis: joins/s, 512 submitted", joins, 0, 300000, "/s");
  print_times(report, joins, "reference_join", 25);
  print_target("Redis: processor time of the server per join",
               get(report, "redis_join", BENCH_SUBMITTED, 512, BENCH_REDIS_CPU_US), 1, 3, "us");
  print_target("Redis: one join alone, in round trips of PING",
               alone_us / get(report, "redis_ping", BENCH_PIPELINED, 1, BENCH_REDIS_P50_US), 1, 2, "x");
  print_target("Redis: joins/s with appendfsync always", bench_redis_report_get(report, &durable, BENCH_REDIS_OPS), 0,
               80000, "/s");
  print_target("Redis: its memory for a waiting ticket",
               get(report, "redis_join", BENCH_SUBMITTED, 512, BENCH_REDIS_BYTES), 1, 160, "bytes");
}

static void print_polls(const struct bench_redis_report *report) {
  double polls = get(report, "redis_poll", BENCH_BLOCKING, 1, BENCH_REDIS_OPS);
  print_target("Redis: polls/s of one thread", polls / 1e6, 0, 3, "M/s");
  print_times(report, polls, "reference_status", 200);
  print_target("Redis: commands/s while one process polls",
               get(report, "redis_poll", BENCH_BLOCKING, 1, BENCH_REDIS_COMMANDS), 1, 60, "/s");
  print_target("Redis: age of a position, p99", get(report, "redis_poll", BENCH_BLOCKING, 1, BENCH_REDIS_AGE_P99_MS), 1,
               500, "ms");
}

static void print_limits(const struct bench_redis_report *report) {
  struct bench_redis_key leased = {"redis_limiter_leased", BENCH_BLOCKING, 0, 2, 2, 2, 0};
  double tries = bench_redis_report_get(report, &leased, BENCH_REDIS_OPS) / 2;
  print_target("Redis: exact limiter, tries/s, 512 submitted",
               get(report, "redis_limiter_exact", BENCH_SUBMITTED, 512, BENCH_REDIS_OPS), 0, 300000, "/s");
  print_target("Redis: leased limiter in two processes, of a thread", tries / 1e6, 0, 5, "M/s");
}

static void print_mixed(const struct bench_redis_report *report) {
  struct bench_redis_key key = {"redis_mixed", BENCH_SUBMITTED, 0, 0, 2, 2, 0};
  print_target("Redis, mixed: joins/s of 30,000 asked for", bench_redis_report_get(report, &key, BENCH_REDIS_JOINS), 0,
               29700, "/s");
  print_target("Redis, mixed: polls/s of 150,000 asked for", bench_redis_report_get(report, &key, BENCH_REDIS_POLLS), 0,
               148500, "/s");
  print_target("Redis, mixed: admissions over the limit", bench_redis_report_get(report, &key, BENCH_REDIS_OVER_LIMIT),
               1, 0, "");
  print_target("Redis, mixed: share of a processor, of the server",
               bench_redis_report_get(report, &key, BENCH_REDIS_CPU_SHARE) * 100, 1, 25, "%");
  print_target("Redis, mixed: age of a position, p99", bench_redis_report_get(report, &key, BENCH_REDIS_AGE_P99_MS), 1,
               500, "ms");
}

void bench_targets_print(const struct bench_report *report, const struct bench_redis_report *redis) {
  printf("\ntargets (medians; with Redis: of the longest line)\n");
  print_core(report);
  print_joins(redis);
  print_polls(redis);
  print_limits(redis);
  print_mixed(redis);
}
