/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_FORESEE_H
#define WAITQ_ROOM_FORESEE_H

/* The estimator in a room: what it is told of the line, and what it is asked.
 *
 * All that is told follows from the room's state and the bits of its tickets, which every context knows; what was learnt from it rides in the
 * state. So each second is folded once, by whoever commits it, whether the store is shared or not. */

#include "room/round.h"

/* The history of a round's state takes note of what has happened since the last fold, if it is time. After turns were given. */
void waitq__foresee_fold(struct waitq__round *round);

/* Places that were watched have had their turn, from the head before to the round's. */
void waitq__foresee_score(struct waitq__round *round, uint64_t head_before);

/* When a room in which somebody waits is to be folded next; WAITQ__NEVER_US where nobody does. */
int64_t waitq__foresee_due(const waitq_room_t *room);

/* Draws the curve anew, where what it rests on has changed. Before a view with the forecast is published. */
void waitq__foresee_draw(waitq_room_t *room);

/* The wait of who has so many ahead, by a forecast of a view that says how many have had their turn. Without the lock. Returns 0 where there is
 * none. */
int waitq__foresee_bent(const waitq_room_t *room, const struct waitq__forecast *forecast, uint64_t had_turn,
                        uint64_t ahead, int64_t now_us, struct waitq__span *span);

static inline int waitq__foresee(const waitq_room_t *room, const struct waitq__forecast *forecast, uint64_t had_turn,
                                 uint64_t ahead, int64_t now_us, struct waitq__span *span) {
  if (forecast->kind == WAITQ__FORECAST_LINE || forecast->kind == WAITQ__FORECAST_PACE) {
    return waitq__forecast_straight(forecast, (double)(ahead + 1), now_us, span);
  }
  return waitq__foresee_bent(room, forecast, had_turn, ahead, now_us, span);
}

#endif
