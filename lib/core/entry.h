/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_ENTRY_H
#define WAITQ_CORE_ENTRY_H

/* The door: when a visitor whose turn has come may enter.
 *
 * Turns are given at the rate, but visitors notice theirs late, each by as much as the time to its next poll. So they come to the door
 * unevenly, and what the backend sees would exceed the limit now and then. Entries are therefore paced by a bucket of their
 * own, of the same rate and burst: what enters in any interval is at most burst + rate * interval.
 *
 * Who finds no token is told when to come again, each another instant, so that the crowd at the door does not come all at once: behind
 * those with an earlier turn, but never behind the end of the queue that has formed. Instants lie a little closer than tokens
 * come, so that there is always somebody to take one. */

#include "core/ledger.h"
#include "core/state.h"

/* Microseconds until the visitor of a ticket from floor to head can enter: 0 at once, WAITQ__NEVER_US while the rate is zero. Who has to
 * come again is promised an instant, noted in the state. */
int64_t waitq__entry_wait(struct waitq__state *state, const struct waitq__ledger *ledger, uint64_t number);

/* The moment from which turns can be given, as far as those are concerned who had theirs and wait at the door: while that queue is
 * longer than a quarter of the time to claim a turn, further turns would run the risk of lapsing in it. */
int64_t waitq__entries_caught_up(const struct waitq__state *state);

#endif
