/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/pace.h"

#define TIME_CONSTANT_S 30.0
#define FOLD_US 1000000

void waitq__pace_init(struct waitq__pace *pace, int64_t now_us, uint64_t total) {
  *pace = (struct waitq__pace){.since_us = now_us, .since_total = total};
}

void waitq__pace_observe(struct waitq__pace *pace, int64_t now_us, uint64_t total) {
  if (total < pace->since_total) {
    waitq__pace_init(pace, now_us, total);
    return;
  }
  int64_t span_us = now_us - pace->since_us;
  if (span_us < FOLD_US) {
    return;
  }
  double span_s = (double)span_us * 1e-6;
  double kept = TIME_CONSTANT_S / (TIME_CONSTANT_S + span_s);
  pace->per_s = pace->per_s * kept + (double)(total - pace->since_total) / span_s * (1.0 - kept);
  pace->weight = pace->weight * kept + (1.0 - kept);
  pace->since_us = now_us;
  pace->since_total = total;
}

double waitq__pace_per_s(const struct waitq__pace *pace) {
  return pace->weight > 0.0 ? pace->per_s / pace->weight : 0.0;
}
