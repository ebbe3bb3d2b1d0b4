/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_TALLY_H
#define WAITQ_CORE_TALLY_H

/* Counts over runs of tickets, for the estimator: a word at a time, under the room's lock. */

#include "core/ledger.h"
#include "core/state.h"

/* The bits of the word that begins at ticket first, of tickets from begin to end. */
static inline uint64_t waitq__bits_between(uint64_t first, uint64_t begin, uint64_t end) {
  uint64_t bits = UINT64_MAX;
  if (begin > first) {
    bits = begin - first < 64 ? bits << (begin - first) : 0;
  }
  if (end < first + 64) {
    bits &= end > first ? (UINT64_C(1) << (end - first)) - 1 : 0;
  }
  return bits;
}

/* How many tickets from begin to end, of those that have had their turn, hold a slot: they entered and have not ended, or may still claim. */
uint64_t waitq__tally_occupied(const struct waitq__state *state, const struct waitq__ledger *ledger, uint64_t begin,
                               uint64_t end);

/* How many tickets from head to number are not gone. */
uint64_t waitq__tally_ahead(const struct waitq__ledger *ledger, uint64_t head, uint64_t number);

#endif
