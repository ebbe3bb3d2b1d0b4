/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_CHUNK_H
#define WAITQ_CORE_CHUNK_H

/* The planes of 16,384 consecutive tickets, and the rank index over the gone among them.
 *
 * rank holds, packed four to a word, how many tickets are gone in the blocks of 512 before each block: one cache
 * line a chunk. Everything is written under the room's lock and read without it, so every word is atomic; a
 * reader may see a moment between two words, never half a word. */

#include <stdatomic.h>
#include <stdint.h>

#include "core/planes.h"
#include "core/wheel.h"

#define WAITQ__CHUNK_TICKETS 16384
#define WAITQ__CHUNK_WORDS (WAITQ__CHUNK_TICKETS / 64)
#define WAITQ__BLOCK_WORDS 8
#define WAITQ__CHUNK_BLOCKS (WAITQ__CHUNK_WORDS / WAITQ__BLOCK_WORDS)
#define WAITQ__RANK_WORDS (WAITQ__CHUNK_BLOCKS / 4)

typedef _Atomic uint64_t waitq__plane_words[WAITQ__CHUNK_WORDS];

/* The planes that only tickets with a session need. */
struct waitq__session_planes {
  waitq__plane_words entered;
  waitq__plane_words ended;
  waitq__plane_words renewed[WAITQ__WHEEL_SLOTS];
};

struct waitq__chunk {
  _Atomic uint64_t rank[WAITQ__RANK_WORDS];
  waitq__plane_words gone;
  waitq__plane_words left;
  waitq__plane_words seen[WAITQ__WHEEL_SLOTS];
  struct waitq__session_planes *_Atomic sessions;
};

/* The words of a plane; NULL for a plane of sessions in a chunk that has none. */
_Atomic uint64_t *waitq__chunk_plane(struct waitq__chunk *chunk, unsigned plane);

/* Empties all planes; session planes stay allocated. */
void waitq__chunk_clear(struct waitq__chunk *chunk);

/* How many of the first bits tickets of the chunk are gone, by the index. */
uint64_t waitq__chunk_rank(const struct waitq__chunk *chunk, unsigned bits);

/* Adds to the index that count more tickets are gone in a block. */
void waitq__chunk_rank_add(struct waitq__chunk *chunk, unsigned block, uint64_t count);

/* How many bits of one plane are set. */
uint64_t waitq__plane_count(const _Atomic uint64_t *words);

static inline uint64_t waitq__word(const _Atomic uint64_t *word) {
  return atomic_load_explicit(word, memory_order_relaxed);
}

static inline void waitq__set_word(_Atomic uint64_t *word, uint64_t value) {
  atomic_store_explicit(word, value, memory_order_relaxed);
}

#endif
