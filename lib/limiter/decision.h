/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_DECISION_H
#define WAITQ_LIMITER_DECISION_H

/* Filling in the caller's answer to a try, from what is known of a bucket that is elsewhere. */

#include <waitq/limiter.h>

/* A bucket at one moment. */
struct waitq__level {
  double tokens; /* fractions included */
  double rate_per_s;
  uint64_t burst;
};

/* Microseconds until so many tokens are there; INT64_MAX where they never are. */
int64_t waitq__level_wait_us(const struct waitq__level *level, double tokens);

/* The tokens were taken; level is what is left. */
void waitq__decision_admit(waitq_decision *decision, const struct waitq__level *level);

/* They were not, and another try is of no use for some microseconds. */
void waitq__decision_deny(waitq_decision *decision, const struct waitq__level *level, uint64_t wanted,
                          int64_t not_before_us);

#endif
