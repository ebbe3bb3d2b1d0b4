/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_KEEP_H
#define WAITQ_ROOM_KEEP_H

/* Keeping a room of a shared store: what no caller asks for.
 *
 * About four times a second it is asked what others did; when something is due, time is let do its work, at most ten times a second or as
 * often as the burst needs it; who polled is told a few times in an eighth of heartbeat_ttl; and when a generation has expired, silent
 * visitors and ended sessions are looked for. */

#include "room/room.h"

/* Does what is due in a room, from the context's thread; returns the moment of the monotonic clock by which it wants to be called again. */
int64_t waitq__room_tend(void *owner);

/* Does all of it now, as far as it is due at now: for whoever wants to see it done. Without the lock. */
int waitq__room_keep(waitq_room_t *room, int64_t now_us, waitq_error *error);

/* Whether time is to do its work in a round of which nobody asks that. On a shared store that is a commit, which each context hears of, and which
 * comes in the way of theirs: so it is left alone for a moment after it was done, and for a longer one where another context did it last. Where
 * all are busy, one does it for all. Under the lock. */
int waitq__room_is_due(const waitq_room_t *room, int64_t now_us);

/* Reads a room that was just opened. */
int waitq__room_follow(waitq_room_t *room, waitq_error *error);

/* Tells the store who has polled. */
int waitq__room_flush_polls(waitq_room_t *room, waitq_error *error);

#endif
