/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_REFERENCE_H
#define WAITQ_ETA_REFERENCE_H

/* The estimate of the reference system, exactly as it is specified.
 *
 * Admissions in the last 1, 5 and 15 minutes, each divided by the full length of its window, give three rates, weighted
 * 50, 30 and 20 %; the weights are spread over the windows that have data. eta = position / rate * 1.1, times
 * the weight of the hour. Without any data: 2 seconds a position. Confidence: 1.0 from 30 admissions in 15 minutes,
 * 0.8 from 10 in 5, 0.6 from 3 in 1, otherwise 0.2.
 *
 * Example: 60 admissions, all in the last minute, give rates of 1, 0.2 and 0.0667/s, weighted 0.5733/s. Position 100:
 * 100 / 0.5733 * 1.1 = 191.9 s.
 *
 * Time is cut into seconds; a window of 60 s is the current second and the 59 before it. */

#include <stdint.h>

#define WAITQ__REFERENCE_SECONDS 900

struct waitq__reference {
  int64_t second; /* the current one */
  uint32_t admitted[WAITQ__REFERENCE_SECONDS];
  double hour_weight[24]; /* by hour of the day, UTC */
};

struct waitq__reference_rate {
  double seconds_per_position; /* the factor 1.1 and the hour's weight included */
  double confidence;
  int is_fallback; /* no admission in 15 minutes */
};

void waitq__reference_init(struct waitq__reference *reference, int64_t now_us);

/* Notes admissions. Time that runs backward counts as the latest time seen. */
void waitq__reference_observe(struct waitq__reference *reference, int64_t now_us, uint64_t admitted);

/* What the windows say at now. */
struct waitq__reference_rate waitq__reference_rate(struct waitq__reference *reference, int64_t now_us);

#endif
