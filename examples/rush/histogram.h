/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_HISTOGRAM_H
#define RUSH_HISTOGRAM_H

/* Latencies in log-linear buckets: 32 to each power of two, so that a quantile is known to about 3 %.
 *
 * One thread adds; any thread may read meanwhile, and sees a state of a moment ago. */

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_STEPS 32
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * 60)

struct histogram {
  _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
  _Atomic uint64_t count;
  _Atomic uint64_t sum_ns;
};

void histogram_add(struct histogram *histogram, int64_t ns);

/* Adds all of `from` to `into`, which no other thread uses. */
void histogram_merge(struct histogram *into, const struct histogram *from);

uint64_t histogram_count(const struct histogram *histogram);
double histogram_sum_s(const struct histogram *histogram);

/* The value that a share q (0 to 1) of all values does not exceed, in microseconds; 0 when there is none. */
double histogram_quantile_us(const struct histogram *histogram, double q);

#endif
