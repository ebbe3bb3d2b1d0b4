/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_TOTALS_H
#define WAITQ_ROOM_TOTALS_H

/* Counts of a room that only rise, as whoever draws curves needs them: a new epoch begins to count from nothing, and a store that has
 * lost something knows less than before.
 *
 * Example: 900 have entered, a reset, 40 more: stats say 40, the total says 940. */

#include <stdint.h>

#include <waitq/room.h>

enum waitq__total {
  WAITQ__TOTAL_JOINED,
  WAITQ__TOTAL_ADMITTED,
  WAITQ__TOTAL_ENTERED,
  WAITQ__TOTAL_LEFT,
  WAITQ__TOTAL_EXPIRED,
  WAITQ__TOTAL_SCORED,
  WAITQ__TOTALS
};

struct waitq__totals {
  uint64_t epoch;               /* of last; 0: none was seen */
  uint64_t last[WAITQ__TOTALS]; /* the counts of the epoch */
  uint64_t past[WAITQ__TOTALS]; /* those of earlier epochs */
  uint64_t told[WAITQ__TOTALS]; /* the totals */
  uint64_t turns_before;        /* what to take from the turns of waitq__totals_take() */
  _Atomic uint64_t store_errors;
};

/* Takes in the counts of stats; totals->told are the totals from then on. turns counts turns given, from any number on: those before
 * the epoch was first looked at are taken to be those of which an entry or a turn is left. */
void waitq__totals_take(struct waitq__totals *totals, const waitq_stats *stats, uint64_t turns);

#endif
