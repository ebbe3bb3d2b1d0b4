/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/reference.h"

#include <string.h>

#define MARGIN 1.1
#define FALLBACK_SECONDS 2.0

static const struct {
  unsigned seconds;
  double weight;
} windows[] = {{60, 0.5}, {300, 0.3}, {900, 0.2}};

void waitq__reference_init(struct waitq__reference *reference, int64_t now_us) {
  memset(reference->admitted, 0, sizeof reference->admitted);
  reference->second = now_us / 1000000;
  for (unsigned hour = 0; hour < 24; hour++) {
    reference->hour_weight[hour] = 1.0;
  }
}

/* Empties the seconds that have come since the last look. */
static void move_to(struct waitq__reference *reference, int64_t now_us) {
  int64_t second = now_us / 1000000;
  if (second - reference->second >= WAITQ__REFERENCE_SECONDS) {
    memset(reference->admitted, 0, sizeof reference->admitted);
    reference->second = second;
  }
  while (reference->second < second) {
    reference->second++;
    reference->admitted[reference->second % WAITQ__REFERENCE_SECONDS] = 0;
  }
}

void waitq__reference_observe(struct waitq__reference *reference, int64_t now_us, uint64_t admitted) {
  move_to(reference, now_us);
  uint32_t *cell = &reference->admitted[reference->second % WAITQ__REFERENCE_SECONDS];
  *cell = admitted < UINT32_MAX - *cell ? *cell + (uint32_t)admitted : UINT32_MAX;
}

static uint64_t admitted_in(const struct waitq__reference *reference, unsigned seconds) {
  uint64_t sum = 0;
  for (unsigned ago = 0; ago < seconds; ago++) {
    int64_t second = reference->second - ago;
    sum += second < 0 ? 0 : reference->admitted[second % WAITQ__REFERENCE_SECONDS];
  }
  return sum;
}

static double confidence_of(const uint64_t admitted[3]) {
  if (admitted[2] >= 30) {
    return 1.0;
  }
  if (admitted[1] >= 10) {
    return 0.8;
  }
  return admitted[0] >= 3 ? 0.6 : 0.2;
}

struct waitq__reference_rate waitq__reference_rate(struct waitq__reference *reference, int64_t now_us) {
  move_to(reference, now_us);
  uint64_t admitted[3];
  double weighted = 0.0;
  double weights = 0.0;
  for (unsigned i = 0; i < 3; i++) {
    admitted[i] = admitted_in(reference, windows[i].seconds);
    if (admitted[i] > 0) {
      weighted += windows[i].weight * (double)admitted[i] / windows[i].seconds;
      weights += windows[i].weight;
    }
  }
  struct waitq__reference_rate rate = {FALLBACK_SECONDS, confidence_of(admitted), 1};
  if (weights > 0.0) {
    double hour_weight = reference->hour_weight[reference->second / 3600 % 24];
    rate.seconds_per_position = weights / weighted * MARGIN * hour_weight;
    rate.is_fallback = 0;
  }
  return rate;
}
