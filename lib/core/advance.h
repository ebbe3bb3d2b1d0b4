/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_ADVANCE_H
#define WAITQ_CORE_ADVANCE_H

/* What time does to a room: the one place where turns are given and taken back.
 *
 * Pure: it reads state, ledger and now, writes the state, and touches neither clock nor store nor memory. In one step it
 * puts planned changes in force, takes back the turns that nobody claimed, and gives as many turns as the bucket
 * holds tokens **and** max_active leaves room for, counting running sessions and unclaimed turns. */

#include "core/ledger.h"
#include "core/state.h"

/* Sessions running. After a loss of a shared store, that one is over may be known before that it began. */
static inline uint64_t waitq__active(const struct waitq__ledger *ledger) {
  return ledger->entered > ledger->ended ? ledger->entered - ledger->ended : 0;
}

/* Tickets that have neither gone nor had their turn. */
uint64_t waitq__waiting(const struct waitq__state *state, const struct waitq__ledger *ledger);

/* How many more turns max_active allows. */
uint64_t waitq__free_slots(const struct waitq__state *state, const struct waitq__ledger *ledger);

/* Moves the state to now, or leaves its time where it is if that is later: plans come into force. */
void waitq__advance_time(struct waitq__state *state, int64_t now_us);

/* Begins new generations of polls and of sessions, if it is time. What has expired is swept before: it gives its slots. */
void waitq__advance_generations(struct waitq__state *state, const struct waitq__ledger *ledger);

/* Takes back the turns that were not claimed in time, and gives new ones. */
void waitq__advance_turns(struct waitq__state *state, const struct waitq__ledger *ledger);

/* Counts the first chunk out of the state if nothing in it can change any more. Returns whether it did: the caller then drops it
 * from the ledger. */
int waitq__advance_trim(struct waitq__state *state, const struct waitq__ledger *ledger);

/* The earliest moment after state->now_us at which time has something to do. */
int64_t waitq__advance_due(const struct waitq__state *state, const struct waitq__ledger *ledger);

/* The number at which joins must stop: nobody may join, or as many wait as may. */
uint64_t waitq__join_limit(const struct waitq__state *state, const struct waitq__ledger *ledger);

/* The same in a room where nobody has joined yet. */
uint64_t waitq__join_limit_empty(const struct waitq__state *state);

/* Until when the turn of a ticket from floor to head can be claimed. */
int64_t waitq__claim_deadline(const struct waitq__state *state, uint64_t number);

#endif
