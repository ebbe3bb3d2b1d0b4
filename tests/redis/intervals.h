/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_REDIS_INTERVALS_H
#define WAITQ_TESTS_REDIS_INTERVALS_H

/* Holding what was admitted against a limit, over every interval: what began and ended within it is at most burst + rate x interval. */

#include <stddef.h>
#include <stdint.h>

struct admission {
  int64_t began_us;
  int64_t ended_us;
  uint32_t tokens;
};

/* The most by which an interval exceeds rate x interval. Puts the admissions into the order of their beginnings. */
double worst_interval(struct admission *admissions, size_t count, double rate_per_s);

#endif
