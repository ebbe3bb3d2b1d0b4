/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* The parts of the ledger that walk over many tickets: turns, claims, and what can be dropped. Under the room's lock. */

#include <stddef.h>

#include "core/ledger.h"

/* Bits begin to end - 1 of a word, where 0 <= begin < 64 and begin < end <= 64. */
static uint64_t bits_between(unsigned begin, unsigned end) {
  return (UINT64_MAX << begin) & (end == 64 ? UINT64_MAX : (UINT64_C(1) << end) - 1);
}

/* Where the word of a ticket ends: at its last bit, or at limit. */
static uint64_t word_end(uint64_t number, uint64_t limit) {
  uint64_t end = number - number % 64 + 64;
  return end < limit ? end : limit;
}

/* The tickets from number to end, within one word, that are not in the plane; a plane that is not there holds none. */
static uint64_t bits_outside(const struct waitq__ledger *ledger, unsigned plane, uint64_t number, uint64_t end) {
  const _Atomic uint64_t *words = waitq__chunk_plane(waitq__ledger_chunk(ledger, number), plane);
  uint64_t marked = words == NULL ? 0 : waitq__word(&words[number % WAITQ__CHUNK_TICKETS / 64]);
  return ~marked & bits_between((unsigned)(number % 64), (unsigned)(end - (number - number % 64)));
}

/* The ticket after the one whose bit is the count-th set in bits (count from 1), in the word of number. */
static uint64_t after_nth(uint64_t number, uint64_t bits, uint64_t count) {
  while (--count > 0) {
    bits &= bits - 1;
  }
  return number - number % 64 + (uint64_t)__builtin_ctzll(bits) + 1;
}

uint64_t waitq__ledger_walk(const struct waitq__ledger *ledger, uint64_t head, uint64_t turns, uint64_t *taken) {
  uint64_t next = waitq__word(&ledger->next);
  uint64_t at = head;
  *taken = 0;
  while (at < next && *taken < turns) {
    uint64_t end = word_end(at, next);
    uint64_t live = bits_outside(ledger, WAITQ__PLANE_GONE, at, end);
    uint64_t count = (uint64_t)__builtin_popcountll(live);
    if (*taken + count >= turns) {
      at = after_nth(at, live, turns - *taken);
      *taken = turns;
      return at;
    }
    *taken += count;
    at = end;
  }
  return at;
}

uint64_t waitq__ledger_unclaimed(const struct waitq__ledger *ledger, uint64_t begin, uint64_t end) {
  uint64_t count = 0;
  while (begin < end) {
    uint64_t stop = word_end(begin, end);
    uint64_t live = bits_outside(ledger, WAITQ__PLANE_GONE, begin, stop) &
                    bits_outside(ledger, WAITQ__PLANE_LEFT, begin, stop) &
                    bits_outside(ledger, WAITQ__PLANE_ENTERED, begin, stop);
    count += (uint64_t)__builtin_popcountll(live);
    begin = stop;
  }
  return count;
}

int waitq__ledger_can_drop(const struct waitq__ledger *ledger, uint64_t limit) {
  uint64_t first = waitq__word(&ledger->first);
  if (first + WAITQ__CHUNK_TICKETS > limit || first == ledger->end) {
    return 0;
  }
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, first);
  const _Atomic uint64_t *entered = waitq__chunk_plane(chunk, WAITQ__PLANE_ENTERED);
  const _Atomic uint64_t *ended = waitq__chunk_plane(chunk, WAITQ__PLANE_ENDED);
  for (unsigned i = 0; entered != NULL && i < WAITQ__CHUNK_WORDS; i++) {
    if ((waitq__word(&entered[i]) & ~waitq__word(&ended[i])) != 0) {
      return 0;
    }
  }
  return 1;
}

void waitq__ledger_first_counts(const struct waitq__ledger *ledger, uint64_t *left, uint64_t *entered) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, waitq__word(&ledger->first));
  const _Atomic uint64_t *sessions = waitq__chunk_plane(chunk, WAITQ__PLANE_ENTERED);
  *left = waitq__plane_count(chunk->left);
  *entered = sessions == NULL ? 0 : waitq__plane_count(sessions);
}

uint64_t waitq__ledger_first_ended(const struct waitq__ledger *ledger) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, waitq__word(&ledger->first));
  const _Atomic uint64_t *ended = waitq__chunk_plane(chunk, WAITQ__PLANE_ENDED);
  return ended == NULL ? 0 : waitq__plane_count(ended);
}
