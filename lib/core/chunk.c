/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/chunk.h"

#include <stddef.h>

#include "core/popcount.h"

/* One in each of the four counters of a packed word. */
#define EACH UINT64_C(0x0001000100010001)

_Atomic uint64_t *waitq__chunk_plane(struct waitq__chunk *chunk, unsigned plane) {
  if (plane == WAITQ__PLANE_GONE) {
    return chunk->gone;
  }
  if (plane == WAITQ__PLANE_LEFT) {
    return chunk->left;
  }
  if (plane >= WAITQ__PLANE_SEEN && plane < WAITQ__PLANE_SEEN + WAITQ__WHEEL_SLOTS) {
    return chunk->seen[plane - WAITQ__PLANE_SEEN];
  }
  struct waitq__session_planes *sessions = atomic_load_explicit(&chunk->sessions, memory_order_acquire);
  if (sessions == NULL) {
    return NULL;
  }
  if (plane == WAITQ__PLANE_ENTERED) {
    return sessions->entered;
  }
  return plane == WAITQ__PLANE_ENDED ? sessions->ended : sessions->renewed[plane - WAITQ__PLANE_RENEWED];
}

void waitq__chunk_clear(struct waitq__chunk *chunk) {
  for (unsigned i = 0; i < WAITQ__RANK_WORDS; i++) {
    waitq__set_word(&chunk->rank[i], 0);
  }
  for (unsigned plane = 0; plane < WAITQ__PLANE_COUNT; plane++) {
    _Atomic uint64_t *words = waitq__chunk_plane(chunk, plane);
    for (unsigned i = 0; words != NULL && i < WAITQ__CHUNK_WORDS; i++) {
      waitq__set_word(&words[i], 0);
    }
  }
}

/* Bits set in words[0 .. whole - 1], and in the part of words[whole] under mask. */
#define COUNT_UP_TO(words, whole, mask)                                               \
  uint64_t count = 0;                                                                 \
  for (unsigned i = 0; i < (whole); i++) {                                            \
    count += (uint64_t)__builtin_popcountll(waitq__word(&(words)[i]));                \
  }                                                                                   \
  if ((mask) != 0) {                                                                  \
    count += (uint64_t)__builtin_popcountll(waitq__word(&(words)[(whole)]) & (mask)); \
  }                                                                                   \
  return count

WAITQ__POPCOUNT_TARGET static uint64_t count_by_instruction(const _Atomic uint64_t *words, unsigned whole,
                                                            uint64_t mask) {
  COUNT_UP_TO(words, whole, mask);
}

static uint64_t count_by_arithmetic(const _Atomic uint64_t *words, unsigned whole, uint64_t mask) {
  COUNT_UP_TO(words, whole, mask);
}

static inline uint64_t count_up_to(const _Atomic uint64_t *words, unsigned whole, uint64_t mask) {
  return waitq__has_popcount() ? count_by_instruction(words, whole, mask) : count_by_arithmetic(words, whole, mask);
}

uint64_t waitq__plane_count(const _Atomic uint64_t *words) {
  return count_up_to(words, WAITQ__CHUNK_WORDS, 0);
}

uint64_t waitq__chunk_rank(const struct waitq__chunk *chunk, unsigned bits) {
  unsigned block = bits / (WAITQ__BLOCK_WORDS * 64);
  if (block == WAITQ__CHUNK_BLOCKS) {
    block--;
  }
  unsigned word = block * WAITQ__BLOCK_WORDS;
  unsigned whole = bits / 64 - word;
  uint64_t mask = (UINT64_C(1) << (bits % 64)) - 1;
  uint64_t packed = waitq__word(&chunk->rank[block / 4]);
  return ((packed >> (block % 4 * 16)) & 0xffff) + count_up_to(&chunk->gone[word], whole, mask);
}

void waitq__chunk_rank_add(struct waitq__chunk *chunk, unsigned block, uint64_t count) {
  unsigned next = block + 1;
  if (next % 4 != 0) {
    _Atomic uint64_t *word = &chunk->rank[next / 4];
    uint64_t later = EACH & ~((UINT64_C(1) << (next % 4 * 16)) - 1);
    waitq__set_word(word, waitq__word(word) + count * later);
    next += 4 - next % 4;
  }
  for (unsigned i = next / 4; i < WAITQ__RANK_WORDS; i++) {
    waitq__set_word(&chunk->rank[i], waitq__word(&chunk->rank[i]) + count * EACH);
  }
}
