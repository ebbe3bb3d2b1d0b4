/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "replay.h"

#define MS_PER_MINUTE 60000

double replay_visitors(const struct trace *trace, double peak_joins_per_s) {
  double mean = trace->total / (double)trace->peak * 60.0 * peak_joins_per_s;
  return mean * 1.02 + 1000;
}

/* A minute in steps of a millisecond. As many arrive in each as its share says, the fraction drawn at random. */
static void run_minute(struct crowd *crowd, int64_t begin_ns, double joins_per_ms) {
  for (int64_t ms = 0; ms < MS_PER_MINUTE; ms++) {
    const int64_t now_ns = begin_ns + ms * NS_PER_MS;
    virtual_clock_advance(crowd->plan.clock, now_ns);
    for (uint64_t joins = random_round(&crowd->random, joins_per_ms); joins > 0; joins--) {
      crowd_arrive(crowd);
    }
    crowd_act_due(crowd, now_ns);
  }
}

void replay_run(struct crowd *crowd, const struct trace *trace, double peak_joins_per_s, const atomic_bool *stop) {
  const double joins_per_ms = peak_joins_per_s / 1e3 / (double)trace->peak;
  for (uint32_t minute = 0; minute < trace->minutes && !atomic_load(stop); minute++) {
    const int64_t begin_ns = (trace->start_s + (int64_t)minute * 60) * NS_PER_S;
    run_minute(crowd, begin_ns, joins_per_ms * (double)trace->requests[minute]);
  }
}
