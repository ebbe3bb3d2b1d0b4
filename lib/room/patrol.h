/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_PATROL_H
#define WAITQ_ROOM_PATROL_H

/* Who fell silent, and whose session is over, in a room of a shared store.
 *
 * Each context notes polls in its own ledger and tells the store of them now and then. When a generation has expired, one of the contexts
 * first fetches what all of them have noted, and up to which moment they have told it: by then a generation must have expired. So a deadline
 * passes later by as much as the slowest of them is behind. The commit decides which context it was. */

#include "core/state.h"
#include "room/room.h"

/* How often polls are told to the store. */
int64_t waitq__patrol_flush_interval(const struct waitq__state *state);

/* Whether by a state of the room a generation has expired whose visitors can be looked for. */
int waitq__patrol_is_due(const waitq_room_t *room, const struct waitq__state *state, int64_t now_us);

/* Looks for them. Without the lock. */
int waitq__room_patrol(waitq_room_t *room, int64_t now_us, waitq_error *error);

#endif
