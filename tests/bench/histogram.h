/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_HISTOGRAM_H
#define WAITQ_BENCH_HISTOGRAM_H

/* Times, counted in cells that are a 32nd of their value wide: a quantile is right to 3 %, whatever the number of
 * times.
 *
 *     cell of 1,000 ns: 992 to 1,023 ns; cell of 1 ms: 983,040 to 1,015,807 ns
 *
 * All zero is an empty histogram. It has no pointers, so that it can lie in memory that processes share. */

#include <stdint.h>

#define BENCH_HISTOGRAM_PARTS 32 /* cells for each doubling */
#define BENCH_HISTOGRAM_BITS 40  /* longer times than 2^40 ns, 18 minutes, count as that */
#define BENCH_HISTOGRAM_CELLS ((BENCH_HISTOGRAM_BITS - 4) * BENCH_HISTOGRAM_PARTS)

struct bench_histogram {
  uint64_t count;
  uint64_t cells[BENCH_HISTOGRAM_CELLS];
};

void bench_histogram_add(struct bench_histogram *histogram, int64_t ns);

/* Adds all that another one holds. */
void bench_histogram_merge(struct bench_histogram *histogram, const struct bench_histogram *other);

/* The time, in ns, below which that share of the times lies; NAN for an empty one. */
double bench_histogram_quantile(const struct bench_histogram *histogram, double share);

#endif
