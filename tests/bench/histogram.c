/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "histogram.h"

#include <math.h>
#include <stddef.h>

#define PART_BITS 5

static size_t cell_of(int64_t ns) {
  uint64_t value = ns > 0 ? (uint64_t)ns : 0;
  if (value < BENCH_HISTOGRAM_PARTS) {
    return (size_t)value;
  }
  unsigned top = 63 - (unsigned)__builtin_clzll(value);
  if (top >= BENCH_HISTOGRAM_BITS) {
    return BENCH_HISTOGRAM_CELLS - 1;
  }
  uint64_t part = (value >> (top - PART_BITS)) - BENCH_HISTOGRAM_PARTS;
  return (size_t)((top - PART_BITS + 1) * BENCH_HISTOGRAM_PARTS + part);
}

/* The middle of a cell. */
static double value_of(size_t cell) {
  if (cell < BENCH_HISTOGRAM_PARTS) {
    return (double)cell;
  }
  unsigned shift = (unsigned)(cell / BENCH_HISTOGRAM_PARTS) - 1;
  double first = (double)((cell % BENCH_HISTOGRAM_PARTS + BENCH_HISTOGRAM_PARTS) << shift);
  return first + (double)(UINT64_C(1) << shift) / 2;
}

void bench_histogram_add(struct bench_histogram *histogram, int64_t ns) {
  histogram->cells[cell_of(ns)]++;
  histogram->count++;
}

void bench_histogram_merge(struct bench_histogram *histogram, const struct bench_histogram *other) {
  for (size_t i = 0; i < BENCH_HISTOGRAM_CELLS; i++) {
    histogram->cells[i] += other->cells[i];
  }
  histogram->count += other->count;
}

double bench_histogram_quantile(const struct bench_histogram *histogram, double share) {
  double wanted = share * (double)histogram->count;
  uint64_t seen = 0;
  for (size_t i = 0; i < BENCH_HISTOGRAM_CELLS; i++) {
    seen += histogram->cells[i];
    if (seen > 0 && (double)seen >= wanted) {
      return value_of(i);
    }
  }
  return (double)NAN;
}
