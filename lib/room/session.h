/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_SESSION_H
#define WAITQ_ROOM_SESSION_H

/* Sessions: from entry to exit or expiry. */

#include "room/room.h"
#include "token/pass.h"

/* What the pass of an entered ticket says, under the room's lock: state EXPIRED where its session is over by that state. A pass depends on
 * nothing but the ticket and the generation in which it entered or was last renewed; so a repeated call gives the same pass, and
 * the pass ends at the moment at which its slot is given back. */
void waitq__session_pass(const waitq_room_t *room, const struct waitq__state *state, uint64_t number, waitq_pass *pass,
                         struct waitq__pass_content *content);

/* Reads a pass of this room; without the lock. */
int waitq__session_read(const waitq_room_t *room, const char *text, struct waitq__pass_content *content,
                        waitq_error *error);

/* Whether the pass names a ticket of this epoch that has entered. */
int waitq__session_is_known(const waitq_room_t *room, const struct waitq__pass_content *content);

#endif
