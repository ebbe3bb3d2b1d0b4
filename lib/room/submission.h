/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_SUBMISSION_H
#define WAITQ_ROOM_SUBMISSION_H

/* What every submitted call on a room has besides its request. */

#include <waitq/submit.h>

#include "room/room.h"

struct waitq__submission {
  waitq_room_t *room;
  uint64_t tag;
};

/* Makes memory for a submitted call, and for its completion. 0, or a negative error code. */
int waitq__submission_begin(waitq_room_t *room, size_t bytes, void **memory, waitq_error *error);

/* Completes the call with its code, and frees its memory. */
void waitq__submission_end(const struct waitq__submission *submission, void *memory, int code);

#endif
