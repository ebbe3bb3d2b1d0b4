/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Parts of the ledger as others have written them. Under the room's lock. */

#include <stddef.h>

#include "core/ledger.h"

/* Words of GONE, and the index over them. Counts may fall: what was taken for gone can be put back. */
static void replace_gone(struct waitq__ledger *ledger, struct waitq__chunk *chunk, uint64_t first,
                         const uint64_t *words, uint32_t count) {
  unsigned at = (unsigned)(first % WAITQ__CHUNK_TICKETS / 64);
  uint64_t total = 0; /* modulo 2^64, as the packed counters of the index are */
  for (uint32_t i = 0; i < count; i++) {
    uint64_t old = waitq__word(&chunk->gone[at + i]);
    if (old != words[i]) {
      uint64_t more = (uint64_t)__builtin_popcountll(words[i]) - (uint64_t)__builtin_popcountll(old);
      waitq__set_word(&chunk->gone[at + i], words[i]);
      waitq__chunk_rank_add(chunk, (at + i) / WAITQ__BLOCK_WORDS, more);
      total += more;
    }
  }
  if (total != 0) {
    waitq__ledger_add_to_later(ledger, first, total);
  }
}

/* The running total of bits in a plane; NULL for a plane that has none. */
static uint64_t *total_of(struct waitq__ledger *ledger, unsigned plane) {
  switch (plane) {
    case WAITQ__PLANE_LEFT:
      return &ledger->left;
    case WAITQ__PLANE_ENTERED:
      return &ledger->entered;
    case WAITQ__PLANE_ENDED:
      return &ledger->ended;
    default:
      return NULL;
  }
}

static int is_of_polls(unsigned plane) {
  return (WAITQ__SEEN_PLANES >> plane & 1) != 0;
}

static int any(const uint64_t *words, uint32_t count) {
  uint64_t all = 0;
  for (uint32_t i = 0; i < count; i++) {
    all |= words[i];
  }
  return all != 0;
}

int waitq__ledger_replace(struct waitq__ledger *ledger, unsigned plane, uint64_t first, const uint64_t *words,
                          uint32_t count) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, first);
  if (plane == WAITQ__PLANE_GONE) {
    replace_gone(ledger, chunk, first, words, count);
    return WAITQ_OK;
  }
  _Atomic uint64_t *plane_words = waitq__chunk_plane(chunk, plane);
  if (plane_words == NULL) {
    if (!any(words, count)) {
      return WAITQ_OK;
    }
    int code = waitq__ledger_reserve_session(ledger, first);
    if (code != WAITQ_OK) {
      return code;
    }
    plane_words = waitq__chunk_plane(chunk, plane);
  }
  plane_words += first % WAITQ__CHUNK_TICKETS / 64;
  uint64_t *total = total_of(ledger, plane);
  for (uint32_t i = 0; i < count; i++) {
    if (is_of_polls(plane)) {
      atomic_fetch_or_explicit(&plane_words[i], words[i], memory_order_relaxed);
      continue;
    }
    if (total != NULL) {
      uint64_t old = waitq__word(&plane_words[i]);
      *total += (uint64_t)__builtin_popcountll(words[i]) - (uint64_t)__builtin_popcountll(old);
    }
    waitq__set_word(&plane_words[i], words[i]);
  }
  return WAITQ_OK;
}

void waitq__ledger_empty(struct waitq__ledger *ledger, uint32_t planes) {
  for (unsigned plane = 0; planes != 0 && plane < WAITQ__PLANE_COUNT; plane++) {
    if ((planes >> plane & 1) == 0) {
      continue;
    }
    for (uint64_t at = waitq__word(&ledger->first); at < ledger->end; at += WAITQ__CHUNK_TICKETS) {
      _Atomic uint64_t *words = waitq__chunk_plane(waitq__ledger_chunk(ledger, at), plane);
      for (unsigned i = 0; words != NULL && i < WAITQ__CHUNK_WORDS; i++) {
        waitq__set_word(&words[i], 0);
      }
    }
  }
}
