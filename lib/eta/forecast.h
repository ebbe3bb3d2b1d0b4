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
#include "eta/reference.h"

enum waitq__forecast_kind {
  WAITQ__FORECAST_NONE = 0,  /* nothing can be said */
  WAITQ__FORECAST_LINE = 1,  /* turns come one after the other from base_us on */
  WAITQ__FORECAST_TABLE = 2, /* a table knows */
  WAITQ__FORECAST_PACE = 3   /* each place takes its time from now on, whenever now is: the reference */
};

struct waitq__forecast {
  uint32_t kind;
  uint32_t reason;    /* enum waitq_reason */
  uint64_t had_turn;  /* how many had had their turn when it was made */
  int64_t base_us;    /* LINE: when the turn before the first in line came; TABLE: when it was made */
  double us_per_turn; /* LINE, PACE */
  double low_part;    /* LINE, PACE: the bounds as parts of the wait */
  double high_part;
  double error_us; /* LINE, PACE: and so much more either way */
  double confidence;
};

/* Beyond so many microseconds, a hundred years, nothing is said. */
#define WAITQ__FORECAST_FAR_US 3.2e15

/* The wait of a position by a line or a pace, without a call: most polls are of such a room. Returns 0 where it is longer than anybody can tell. */
static inline int waitq__forecast_straight(const struct waitq__forecast *forecast, double position, int64_t now_us,
                                           struct waitq__span *span) {
  double eta_us = position * forecast->us_per_turn;
  if (forecast->kind == WAITQ__FORECAST_LINE) {
    eta_us += (double)(forecast->base_us - now_us);
  }
  if (!(eta_us < WAITQ__FORECAST_FAR_US)) {
    return 0;
  }
  eta_us = eta_us > 0.0 ? eta_us : 0.0;
  double low_us = eta_us * forecast->low_part - forecast->error_us;
  span->eta_us = (int64_t)eta_us;
  span->low_us = low_us > 0.0 ? (int64_t)low_us : 0;
  span->high_us = (int64_t)(eta_us * forecast->high_part + forecast->error_us);
  span->confidence = forecast->confidence;
  span->trust = forecast->confidence;
  return 1;
}

/* Microseconds in whole milliseconds, rounded up. */
static inline int64_t waitq__ms_up(int64_t us) {
  return (us + 999) / 1000;
}

/* Whether a straight line says it all. */
int waitq__forecast_is_line(const struct waitq__prospect *prospect);

/* That line. */
void waitq__forecast_line(struct waitq__forecast *forecast, const struct waitq__prospect *prospect,
                          const struct waitq__calibration *calibration);

/* The reference's, which knows of nothing but turns. */
void waitq__forecast_reference(struct waitq__forecast *forecast, const struct waitq__reference_rate *rate);

/* The same forecast after more turns. */
struct waitq__forecast waitq__forecast_after(const struct waitq__forecast *forecast, uint64_t had_turn);

/* What a table has said, now: the time since it was made has passed. Returns 0 as above. */
int waitq__forecast_bent(const struct waitq__forecast *forecast, const struct waitq__guess *guess, int64_t now_us,
                         struct waitq__span *span);

/* The wait of a position by a forecast and the table that belongs to it. Returns 0 where there is none. */
int waitq__forecast_find(const struct waitq__forecast *forecast, const _Atomic uint64_t *table, double position,
                         int64_t now_us, struct waitq__span *span);

#endif
