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

void bench_targets_print(const struct bench_report *report) {
  double poll_small = bench_report_ns(report, "poll", SMALL, 1);
  double poll_large = bench_report_ns(report, "poll", LARGE, 1);
  double poll_huge = bench_report_ns(report, "poll", HUGE_LINE, 1);
  double try_without_clock = bench_report_ns(report, "limiter_try", 0, 1) - bench_report_ns(report, "clock", 0, 1);
  printf("\ntargets (medians)\n");
  print_target("poll at 1 million waiting", poll_large, 1, 120, "ns");
  print_target("poll at 1 million, times that at 10 thousand", poll_large / poll_small, 1, 1.5, "x");
  print_target("poll at 10 million, times that at 10 thousand", poll_huge / poll_small, 1, 2, "x");
  print_target("poll at 1 million, throughput of two threads over one",
               bench_report_ops(report, "poll", LARGE, 2) / bench_report_ops(report, "poll", LARGE, 1), 0, 1.8, "x");
  print_target("join at 1 million waiting", bench_report_ns(report, "join", LARGE, 1), 1, 350, "ns");
  print_target("limiter_try, less one read of the clock", try_without_clock, 1, 25, "ns");
  print_target("turn at 1 million waiting", bench_report_ns(report, "turn", LARGE, 1) / 1000, 1, 200, "us");
  print_target("memory of a waiting ticket at 1 million waiting", bench_report_bytes(report, "memory", LARGE), 1, 64,
               "bytes");
}
