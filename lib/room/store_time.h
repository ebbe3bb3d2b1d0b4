/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_STORE_TIME_H
#define WAITQ_ROOM_STORE_TIME_H

/* The time of a shared store is the room's time: so that all contexts mean the same moment, whatever their own clocks say.
 *
 * Each exchange tells the store's time. A context keeps how far its own clock is from it, and lets that follow slowly: a store whose clock
 * jumps (or another server, whose clock differs) moves deadlines by a tenth of the time that passes, not at once. A host that brings a
 * clock of its own decides the time itself. */

#include "room/room.h"

struct waitq__store_moment {
  int64_t context_us;
  int64_t monotonic_us;
};

/* Before an exchange, without the lock, and after it, with it; by whoever leads. */
struct waitq__store_moment waitq__store_moment_begin(const waitq_room_t *room);
void waitq__store_moment_end(waitq_room_t *room, const struct waitq__store_moment *begin, int code, int64_t store_us);

/* What is known here is what the store had at that moment, and no answer is older. */
void waitq__store_told(waitq_room_t *room, int64_t asked_us);

#endif
