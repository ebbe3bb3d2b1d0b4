/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "histogram.h"

/* A single writer needs no read-modify-write instruction. */
static void bump(_Atomic uint64_t *value, uint64_t by) {
  atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + by, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *value) {
  return atomic_load_explicit(value, memory_order_relaxed);
}

/* Values below 32 have a bucket each; from there on, the five bits after the leading one choose among 32. */
static uint32_t bucket_of(uint64_t ns) {
  if (ns < HISTOGRAM_STEPS) {
    return (uint32_t)ns;
  }
  uint32_t octave = 63 - (uint32_t)__builtin_clzll(ns) - 5;
  return (octave + 1) * HISTOGRAM_STEPS + (uint32_t)((ns >> octave) & (HISTOGRAM_STEPS - 1));
}

/* The middle of a bucket. */
static double value_of(uint32_t bucket) {
  if (bucket < HISTOGRAM_STEPS) {
    return (double)bucket;
  }
  uint32_t octave = bucket / HISTOGRAM_STEPS - 1;
  double width = (double)(UINT64_C(1) << octave);
  return (double)((uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << octave) + width / 2;
}

void histogram_add(struct histogram *histogram, int64_t ns) {
  uint64_t value = ns > 0 ? (uint64_t)ns : 0;
  bump(&histogram->counts[bucket_of(value)], 1);
  bump(&histogram->count, 1);
  bump(&histogram->sum_ns, value);
}

void histogram_merge(struct histogram *into, const struct histogram *from) {
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    bump(&into->counts[i], get(&from->counts[i]));
  }
  bump(&into->count, get(&from->count));
  bump(&into->sum_ns, get(&from->sum_ns));
}

uint64_t histogram_count(const struct histogram *histogram) {
  return get(&histogram->count);
}

double histogram_sum_s(const struct histogram *histogram) {
  return (double)get(&histogram->sum_ns) / 1e9;
}

double histogram_quantile_us(const struct histogram *histogram, double q) {
  double wanted = q * (double)get(&histogram->count);
  uint64_t seen = 0;
  uint32_t last = 0;
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    uint64_t here = get(&histogram->counts[i]);
    seen += here;
    last = here > 0 ? i : last;
    if (seen > 0 && (double)seen >= wanted) {
      break;
    }
  }
  return value_of(last) / 1e3;
}
