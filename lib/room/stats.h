/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_STATS_H
#define WAITQ_ROOM_STATS_H

#include "room/room.h"

/* The counts as they are known, at a moment of the room's time; under the lock. */
void waitq__room_fill_stats(const waitq_room_t *room, int64_t now_us, waitq_stats *stats);

#endif
