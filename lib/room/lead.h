/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_LEAD_H
#define WAITQ_ROOM_LEAD_H

/* Who leads a round, and who waits for one: a caller, or the context's thread for what was submitted. */

#include "room/round.h"

/* Makes the arrays of the rounds of a room of a shared store. 0, or a negative error code. */
int waitq__room_make_space(waitq_room_t *room);

/* Carries a request through as many rounds as it takes. Without the lock. Returns its code. */
int waitq__room_run(waitq_room_t *room, struct waitq__request *request);

/* The same for several requests at once. */
void waitq__room_run_all(waitq_room_t *room, struct waitq__request *const *requests, size_t count);

/* Hands a request to whoever leads next. Without the lock. */
void waitq__room_submit(waitq_room_t *room, struct waitq__request *request);

/* Leads rounds until nothing is left to do or somebody else leads. Without the lock. */
void waitq__room_serve(waitq_room_t *room);

/* A round of no request: lets time do its work, as a poll can afford it. Under the lock, on a store in the process. */
void waitq__room_look_round(waitq_room_t *room, int64_t now_us);

#endif
