/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_ESTIMATE_H
#define WAITQ_ETA_ESTIMATE_H

/* The wait of one position, from what binds the line.
 *
 * A forecast is made once a step and answers for every position in a few nanoseconds. While the bucket binds, turn p comes when
 * the bucket has made p tokens: base + p / rate. While max_active binds, p turns take p / pace, the pace measured.
 * Planned changes of rate are walked through piece by piece. */

#include <stdint.h>

#include "core/state.h"
#include "eta/reference.h"

struct waitq__forecast {
  uint64_t reason;    /* enum waitq_reason */
  int64_t base_us;    /* when turn 0 comes, Unix microseconds; not used where relative */
  int64_t relative;   /* 1: the wait is position * us_per_turn, whatever the time */
  double us_per_turn; /* 0: no estimate can be given */
  double low_factor;  /* the 5 % bound as a part of the median */
  double high_factor; /* the 95 % bound */
  double confidence;  /* 0 to 1 */
};

struct waitq__estimate {
  int64_t eta_us; /* -1: not known */
  int64_t low_us;
  int64_t high_us;
  double confidence;
};

/* What a room is known to do from now on: the bucket of its state, or pace_per_s turns a second where slots bind (slots_bind). gone_share
 * is the share of tickets that have left so far: those ahead may do so too. */
struct waitq__forecast waitq__forecast(const struct waitq__state *state, int slots_bind, double pace_per_s,
                                       double gone_share);

/* The same by the reference's rate, which knows of nothing else. */
struct waitq__forecast waitq__forecast_reference(const struct waitq__forecast *forecast,
                                                 const struct waitq__reference_rate *rate);

/* The wait of a position (from 1) at now. */
struct waitq__estimate waitq__estimate(const struct waitq__forecast *forecast, uint64_t position, int64_t now_us);

/* The same where changes of rate are planned, which the forecast alone does not know. */
struct waitq__estimate waitq__estimate_planned(const struct waitq__forecast *forecast, const struct waitq__state *state,
                                               uint64_t position, int64_t now_us);

#endif
