/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_SWEEP_H
#define WAITQ_CORE_SWEEP_H

/* The end of a generation: finding whom it leaves behind, a chunk at a time.
 *
 * A sweep goes over all chunks once; whoever holds the room's lock does as many chunks as it can afford, so nobody waits
 * for a million tickets. gone |= ~(seen in any generation that has not expired), for the tickets that wait; and
 * the same for sessions with entered, ended and renewed. */

#include "core/ledger.h"
#include "core/state.h"

enum waitq__sweep_kind { WAITQ__SWEEP_SILENT, WAITQ__SWEEP_SESSIONS };

struct waitq__sweep {
  enum waitq__sweep_kind kind;
  int running;
  uint64_t at;          /* the chunk to look at next */
  uint64_t end;         /* tickets from here on have come later */
  uint32_t live_slots;  /* slots of the generations that have not expired */
  unsigned newest_slot; /* that of the current generation */
  uint32_t done_slots;  /* slots of the generations to retire at the end */
};

/* The wheel that a kind of sweep turns. */
struct waitq__wheel *waitq__sweep_wheel(enum waitq__sweep_kind kind, struct waitq__state *state);

/* Begins a sweep if a generation has expired and none is running. Returns whether one is running. */
int waitq__sweep_begin(struct waitq__sweep *sweep, struct waitq__state *state, const struct waitq__ledger *ledger);

/* Finds the tickets of the current chunk that are left behind: bits of GONE, or of ENDED. Returns whether there are any. */
int waitq__sweep_find(const struct waitq__sweep *sweep, const struct waitq__state *state,
                      const struct waitq__ledger *ledger, uint64_t words[WAITQ__CHUNK_WORDS]);

/* Writes what was found into the ledger, empties the expired planes of the chunk, and moves on. words is NULL where nothing
 * was found. */
void waitq__sweep_step(struct waitq__sweep *sweep, struct waitq__ledger *ledger, const uint64_t *words);

/* Whether all chunks have been looked at, those left out that were dropped meanwhile. */
int waitq__sweep_is_done(struct waitq__sweep *sweep, const struct waitq__ledger *ledger);

#endif
