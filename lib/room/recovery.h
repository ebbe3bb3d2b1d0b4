/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_RECOVERY_H
#define WAITQ_ROOM_RECOVERY_H

/* What happens when a shared store has lost something: it comes back empty, or as another server that missed the latest writes.
 *
 * Nobody relies on the store to remember. Whoever notices first puts the room back as it knows it, or as the store still has it, whichever
 * is later, and skips a gap of numbers: what was handed out last and is known to nobody lies in it, so no number is
 * handed out twice. Then each context adds what it knows: who left, who entered, whose sessions are over. A visitor with a ticket from the
 * gap gets its place back by showing the ticket, which any poll does; so does the memory of who has which ticket.
 *
 * Numbers in the gap count as gone until they are shown: nobody waits for a ghost. Deadlines of turns are moved by the time that visitors are
 * given to show their tickets, so that nobody's turn lapses who had no chance. */

#include "room/replica.h"

struct waitq__told {
  waitq_room_t *room;
  const waitq_store_exchange *exchange;
  waitq_error *why; /* while it is under way: what is wrong with the state that was told */
  int has_head;
  uint64_t version;
  uint64_t epoch;
  uint64_t next;
  uint64_t join_limit;
  uint64_t bits_count;
  uint64_t known_next; /* numbers below were known here before */
  uint64_t known_epoch;
  struct waitq__state state;
};

/* The version to ask with. */
uint64_t waitq__replica_version(const waitq_room_t *room);

/* What is known before an exchange, or before the first of several. */
struct waitq__told waitq__replica_known(waitq_room_t *room);

/* One exchange, of a leader with the lock, which is free meanwhile; and what it told into state and ledger. */
int waitq__replica_ask(waitq_room_t *room, waitq_store_exchange *exchange, struct waitq__told *told,
                       waitq_error *error);
int waitq__replica_take(waitq_room_t *room, const waitq_store_exchange *exchange, const struct waitq__told *told,
                        waitq_error *error);
void waitq__replica_take_state(waitq_room_t *room, const struct waitq__state *state, uint64_t version,
                               uint64_t join_limit);

/* Puts the room back, where the store has told that it lost it. WAITQ_E_CONFLICT: it is back, by whomever; what was planned is planned
 * again. */
int waitq__room_recover(waitq_room_t *room, const struct waitq__told *lost, waitq_error *error);

/* Adds what is known here to a room that somebody has put back. Numbers below known_next were known here before. */
int waitq__room_put_back(waitq_room_t *room, uint64_t losses, uint64_t known_next, waitq_error *error);

#endif
