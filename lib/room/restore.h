/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_RESTORE_H
#define WAITQ_ROOM_RESTORE_H

/* Places that are put back because their tickets were shown. */

#include "room/room.h"

/* Whether tickets were shown. */
int waitq__restore_is_due(const waitq_room_t *room);

/* Puts back the places of the tickets that were shown. Without the lock. */
int waitq__room_restore(waitq_room_t *room, int64_t now_us, waitq_error *error);

#endif
