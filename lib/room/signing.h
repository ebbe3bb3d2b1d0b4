/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_SIGNING_H
#define WAITQ_ROOM_SIGNING_H

/* The keys of a room: what its tickets and passes are signed with, and its visitors are hashed with.
 *
 * Where the host has brought keys, the first of them signs. Where contexts agree on one through the store, a room is signed with the key that
 * it names: the one of the context that made it. As long as the store remembers there is only one. Once it has forgotten, a context that
 * opens before the others have noticed makes another; then each is kept under a name of its own as well, where whoever meets a room that names it
 * finds it. */

#include "room/room.h"
#include "token/pass.h"

/* A number by which a key is recognised and which tells nothing of it. */
uint32_t waitq__key_id(const struct waitq__keyring *ring, size_t index);

/* Derives the room's keys from those of the ring that are new. Under the lock, or before the room is known to others. */
void waitq__room_derive_keys(waitq_room_t *room);

/* Finds the key that the room names. A shared store may be asked for it: the lock, which the caller holds, is free meanwhile. */
void waitq__room_find_key(waitq_room_t *room);

/* Sees to it that the store holds this context's key again, after a loss; the same. 0, or a negative error code. */
int waitq__room_agree_again(waitq_room_t *room, waitq_error *error);

/* What tickets are signed with; without the lock. */
const unsigned char *waitq__room_ticket_key(const waitq_room_t *room);

/* Writes a pass; without the lock. */
int waitq__room_sign(const waitq_room_t *room, const struct waitq__pass_content *content, char text[WAITQ_PASS_SIZE],
                     waitq_error *error);

#endif
