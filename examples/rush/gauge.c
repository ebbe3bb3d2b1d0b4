/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "gauge.h"

static void read_counters(struct run *run, struct gauge *gauge) {
  struct histogram join_time = {0};
  struct histogram poll_time = {0};
  uint64_t gone = 0;
  for (uint32_t w = 0; w < run->worker_count; w++) {
    const struct crowd *crowd = &run->workers[w].crowd;
    const struct crowd_counters *counters = &crowd->counters;
    gauge->joined += crowd_count(&counters->joined);
    gauge->polls += crowd_count(&counters->polls);
    gauge->admitted += crowd_count(&counters->admitted);
    gauge->left += crowd_count(&counters->left);
    gone += crowd_count(&counters->lost);
    histogram_merge(&join_time, &crowd->join_time);
    histogram_merge(&poll_time, &crowd->poll_time);
  }
  gone += gauge->admitted + gauge->left;
  gauge->waiting = gauge->joined > gone ? gauge->joined - gone : 0;
  gauge->join_p50_us = histogram_quantile_us(&join_time, 0.5);
  gauge->join_p99_us = histogram_quantile_us(&join_time, 0.99);
  gauge->poll_p50_us = histogram_quantile_us(&poll_time, 0.5);
  gauge->poll_p99_us = histogram_quantile_us(&poll_time, 0.99);
}

struct gauge gauge_read(struct run *run, struct gauge_past *past) {
  struct gauge gauge = {.now_ns = run_now_ns(run), .watched = watch_read(&run->watch)};
  read_counters(run, &gauge);
  const uint32_t back = past->count < past->over ? past->count : past->over;
  const struct gauge start = {.now_ns = run->start_ns};
  const struct gauge *before = back > 0 ? &past->readings[(past->count - back) % GAUGE_PAST] : &start;
  const double elapsed_s = (double)(gauge.now_ns - before->now_ns) / 1e9;
  if (elapsed_s > 0) {
    gauge.joins_per_s = (double)(gauge.joined - before->joined) / elapsed_s;
    gauge.polls_per_s = (double)(gauge.polls - before->polls) / elapsed_s;
    gauge.admitted_per_s = (double)(gauge.admitted - before->admitted) / elapsed_s;
  }
  past->readings[past->count++ % GAUGE_PAST] = gauge;
  return gauge;
}
