/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_SOUND_H
#define WAITQ_ETA_SOUND_H

/* Whether numbers that were read from a store can be sums of the estimator: neither negative, nor infinite, nor no numbers. */

#define WAITQ__SOUND_MOST 1e15F

static inline int waitq__is_sound(float value) {
  return value >= 0.0F && value <= WAITQ__SOUND_MOST;
}

static inline int waitq__are_sound(const float *values, unsigned count) {
  int all = 1;
  for (unsigned i = 0; i < count; i++) {
    all &= waitq__is_sound(values[i]);
  }
  return all;
}

#endif
