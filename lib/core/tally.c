/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/tally.h"

#include <stddef.h>

static uint64_t word_of(const _Atomic uint64_t *words, unsigned at) {
  return words == NULL ? 0 : waitq__word(&words[at]);
}

/* Counts from begin to end, all of one chunk. */
static uint64_t occupied_in_chunk(struct waitq__chunk *chunk, uint64_t floor, uint64_t begin, uint64_t end) {
  const _Atomic uint64_t *entered = waitq__chunk_plane(chunk, WAITQ__PLANE_ENTERED);
  const _Atomic uint64_t *ended = waitq__chunk_plane(chunk, WAITQ__PLANE_ENDED);
  uint64_t count = 0;
  for (uint64_t first = begin - begin % 64; first < end; first += 64) {
    unsigned at = (unsigned)(first % WAITQ__CHUNK_TICKETS / 64);
    uint64_t held = word_of(entered, at);
    if (first + 64 > floor) {
      uint64_t may_claim = ~waitq__word(&chunk->gone[at]) & ~waitq__word(&chunk->left[at]);
      held |= may_claim & waitq__bits_between(first, floor, first + 64);
    }
    held &= ~word_of(ended, at) & waitq__bits_between(first, begin, end);
    count += (uint64_t)__builtin_popcountll(held);
  }
  return count;
}

uint64_t waitq__tally_occupied(const struct waitq__state *state, const struct waitq__ledger *ledger, uint64_t begin,
                               uint64_t end) {
  uint64_t count = 0;
  uint64_t at = begin > waitq__word(&ledger->first) ? begin : waitq__word(&ledger->first);
  end = end < state->head ? end : state->head;
  while (at < end) {
    uint64_t stop = at - at % WAITQ__CHUNK_TICKETS + WAITQ__CHUNK_TICKETS;
    stop = stop < end ? stop : end;
    count += occupied_in_chunk(waitq__ledger_chunk(ledger, at), state->floor, at, stop);
    at = stop;
  }
  return count;
}

uint64_t waitq__tally_ahead(const struct waitq__ledger *ledger, uint64_t head, uint64_t number) {
  if (number <= head) {
    return 0;
  }
  return (number - head) - (waitq__ledger_gone_before(ledger, number) - waitq__ledger_gone_before(ledger, head));
}
