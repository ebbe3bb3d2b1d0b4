/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_FORECAST_H
#define WAITQ_ETA_FORECAST_H

/* What answers for every place in line until the next is made: small, and read with every poll.
 *
 * Where nothing but the bucket binds, nobody leaves and nothing is planned, the wait is a straight line, and the forecast has it
 * all. Otherwise it says that a table has to be looked up. */

#include <stdint.h>

#include "eta/calibration.h"
#include "eta/curve.h"

enum waitq__forecast_kind {
  WAITQ__FORECAST_NONE = 0,  /* nothing can be said */
  WAITQ__FORECAST_LINE = 1,  /* turns come one after the other from base_us on */
  WAITQ__FORECAST_TABLE = 2, /* a table knows */
  WAITQ__FORECAST_PACE = 3   /* each place takes its time from now on, whenever now is: the reference */
};

struct waitq__forecast {
  uint64_t kind;
  uint64_t reason;   /* enum waitq_reason */
  int64_t made_us;   /* when */
  uint64_t had_turn; /* how many had had their turn then */
  int64_t base_us;   /* LINE: when turn 0 came */
  double us_per_turn;
  double error_s;    /* LINE: half the width of the interval of no wait */
  double error_part; /* LINE: and how much wider it is, as a part of the wait */
  double slack_part; /* LINE: and how much wider below, where leavers are not known yet */
  double confidence;
  uint64_t is_guess; /* PACE: it rests on nothing */
};

/* Whether a straight line says it all. */
int waitq__forecast_is_line(const struct waitq__prospect *prospect);

/* That line. */
void waitq__forecast_line(struct waitq__forecast *forecast, const struct waitq__prospect *prospect,
                          const struct waitq__calibration *calibration);

/* The wait by a line or a pace, of who is turn turns after turn 0. */
void waitq__forecast_guess(const struct waitq__forecast *forecast, double turns, int64_t now_us,
                           struct waitq__guess *guess);

#endif
