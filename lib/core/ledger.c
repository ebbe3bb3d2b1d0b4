/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/ledger.h"

#include <stddef.h>

#include "base/mem.h"

#define SMALLEST_DIRECTORY 4

struct directory_entry {
  struct waitq__chunk *_Atomic chunk;
  _Atomic uint64_t gone_before;
};

struct waitq__directory {
  struct waitq__directory *replaced;
  uint64_t mask;
  struct directory_entry entries[];
};

static struct directory_entry *entry_of(struct waitq__directory *directory, uint64_t number) {
  return &directory->entries[number / WAITQ__CHUNK_TICKETS & directory->mask];
}

static struct waitq__directory *directory_of(const struct waitq__ledger *ledger) {
  return atomic_load_explicit(&ledger->directory, memory_order_acquire);
}

static size_t directory_bytes(uint64_t capacity) {
  return sizeof(struct waitq__directory) + capacity * sizeof(struct directory_entry);
}

static struct waitq__directory *directory_new(struct waitq__ledger *ledger, uint64_t capacity) {
  struct waitq__directory *directory = waitq__alloc_zeroed(ledger->allocator, directory_bytes(capacity));
  if (directory != NULL) {
    directory->mask = capacity - 1;
    ledger->bytes += directory_bytes(capacity);
  }
  return directory;
}

int waitq__ledger_init(struct waitq__ledger *ledger, const waitq_allocator *allocator) {
  *ledger = (struct waitq__ledger){.allocator = allocator};
  struct waitq__directory *directory = directory_new(ledger, SMALLEST_DIRECTORY);
  atomic_store_explicit(&ledger->directory, directory, memory_order_release);
  return directory == NULL ? WAITQ_E_NOMEM : WAITQ_OK;
}

static void chunk_free(struct waitq__ledger *ledger, struct waitq__chunk *chunk) {
  if (chunk != NULL) {
    waitq__free(ledger->allocator, atomic_load_explicit(&chunk->sessions, memory_order_relaxed));
    waitq__free(ledger->allocator, chunk);
  }
}

static struct waitq__chunk *spare_next(const struct waitq__chunk *chunk) {
  return (struct waitq__chunk *)(uintptr_t)waitq__word(&chunk->left[0]);
}

static void spare_push(struct waitq__ledger *ledger, struct waitq__chunk *chunk) {
  waitq__set_word(&chunk->left[0], (uint64_t)(uintptr_t)ledger->spare);
  ledger->spare = chunk;
}

void waitq__ledger_free(struct waitq__ledger *ledger) {
  struct waitq__directory *directory = directory_of(ledger);
  if (directory != NULL) {
    waitq__ledger_reset(ledger, 0, 0);
  }
  while (ledger->spare != NULL) {
    struct waitq__chunk *chunk = ledger->spare;
    ledger->spare = spare_next(chunk);
    chunk_free(ledger, chunk);
  }
  while (directory != NULL) {
    struct waitq__directory *replaced = directory->replaced;
    waitq__free(ledger->allocator, directory);
    directory = replaced;
  }
}

static void detach_first(struct waitq__ledger *ledger) {
  uint64_t first = waitq__word(&ledger->first);
  struct directory_entry *entry = entry_of(directory_of(ledger), first);
  struct waitq__chunk *chunk = atomic_load_explicit(&entry->chunk, memory_order_relaxed);
  atomic_store_explicit(&ledger->first, first + WAITQ__CHUNK_TICKETS, memory_order_seq_cst);
  atomic_store_explicit(&entry->chunk, NULL, memory_order_release);
  spare_push(ledger, chunk);
}

void waitq__ledger_reset(struct waitq__ledger *ledger, uint64_t epoch, uint64_t first) {
  atomic_store_explicit(&ledger->epoch, epoch, memory_order_seq_cst);
  while (waitq__word(&ledger->first) < ledger->end) {
    detach_first(ledger);
  }
  uint64_t begin = first - first % WAITQ__CHUNK_TICKETS;
  atomic_store_explicit(&ledger->first, begin, memory_order_seq_cst);
  ledger->end = begin;
  ledger->left = 0;
  ledger->entered = 0;
  ledger->ended = 0;
  waitq__set_word(&ledger->gone, 0);
  waitq__set_word(&ledger->next, first);
}

static int grow_directory(struct waitq__ledger *ledger) {
  struct waitq__directory *old = directory_of(ledger);
  struct waitq__directory *directory = directory_new(ledger, 2 * (old->mask + 1));
  if (directory == NULL) {
    return WAITQ_E_NOMEM;
  }
  directory->replaced = old;
  for (uint64_t at = waitq__word(&ledger->first); at < ledger->end; at += WAITQ__CHUNK_TICKETS) {
    struct directory_entry *from = entry_of(old, at);
    struct directory_entry *to = entry_of(directory, at);
    atomic_store_explicit(&to->chunk, atomic_load_explicit(&from->chunk, memory_order_relaxed), memory_order_relaxed);
    waitq__set_word(&to->gone_before, waitq__word(&from->gone_before));
  }
  atomic_store_explicit(&ledger->directory, directory, memory_order_release);
  return WAITQ_OK;
}

static struct waitq__chunk *chunk_take(struct waitq__ledger *ledger) {
  struct waitq__chunk *chunk = ledger->spare;
  if (chunk != NULL) {
    ledger->spare = spare_next(chunk);
    /* Whoever sees a word cleared below also sees that first has moved on: waitq__ledger_holds() then says no. */
    atomic_thread_fence(memory_order_release);
    waitq__chunk_clear(chunk);
    return chunk;
  }
  chunk = waitq__alloc_zeroed(ledger->allocator, sizeof *chunk);
  if (chunk != NULL) {
    ledger->bytes += sizeof *chunk;
  }
  return chunk;
}

int waitq__ledger_reserve(struct waitq__ledger *ledger, uint64_t end) {
  while (ledger->end < end) {
    uint64_t chunks = (ledger->end - waitq__word(&ledger->first)) / WAITQ__CHUNK_TICKETS;
    if (chunks > directory_of(ledger)->mask && grow_directory(ledger) != WAITQ_OK) {
      return WAITQ_E_NOMEM;
    }
    struct waitq__chunk *chunk = chunk_take(ledger);
    if (chunk == NULL) {
      return WAITQ_E_NOMEM;
    }
    struct directory_entry *entry = entry_of(directory_of(ledger), ledger->end);
    waitq__set_word(&entry->gone_before, waitq__word(&ledger->gone));
    atomic_store_explicit(&entry->chunk, chunk, memory_order_release);
    ledger->end += WAITQ__CHUNK_TICKETS;
  }
  return WAITQ_OK;
}

int waitq__ledger_reserve_session(struct waitq__ledger *ledger, uint64_t number) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, number);
  if (atomic_load_explicit(&chunk->sessions, memory_order_relaxed) != NULL) {
    return WAITQ_OK;
  }
  struct waitq__session_planes *sessions = waitq__alloc_zeroed(ledger->allocator, sizeof *sessions);
  if (sessions == NULL) {
    return WAITQ_E_NOMEM;
  }
  ledger->bytes += sizeof *sessions;
  atomic_store_explicit(&chunk->sessions, sessions, memory_order_release);
  return WAITQ_OK;
}

void waitq__ledger_extend(struct waitq__ledger *ledger, uint64_t next) {
  atomic_store_explicit(&ledger->next, next, memory_order_release);
}

struct waitq__chunk *waitq__ledger_chunk(const struct waitq__ledger *ledger, uint64_t number) {
  return atomic_load_explicit(&entry_of(directory_of(ledger), number)->chunk, memory_order_acquire);
}

int waitq__ledger_holds(const struct waitq__ledger *ledger, uint64_t epoch, uint64_t number) {
  atomic_thread_fence(memory_order_acquire);
  return waitq__word(&ledger->epoch) == epoch && waitq__word(&ledger->first) <= number;
}

int waitq__ledger_test(const struct waitq__ledger *ledger, unsigned plane, uint64_t number) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, number);
  const _Atomic uint64_t *words = chunk == NULL ? NULL : waitq__chunk_plane(chunk, plane);
  unsigned bit = (unsigned)(number % WAITQ__CHUNK_TICKETS);
  return words != NULL && (waitq__word(&words[bit / 64]) >> bit % 64 & 1) != 0;
}

int waitq__ledger_set(struct waitq__ledger *ledger, unsigned plane, uint64_t number) {
  unsigned bit = (unsigned)(number % WAITQ__CHUNK_TICKETS);
  _Atomic uint64_t *word = &waitq__chunk_plane(waitq__ledger_chunk(ledger, number), plane)[bit / 64];
  uint64_t mask = UINT64_C(1) << bit % 64;
  if ((atomic_fetch_or_explicit(word, mask, memory_order_relaxed) & mask) != 0) {
    return 0;
  }
  ledger->left += plane == WAITQ__PLANE_LEFT;
  ledger->entered += plane == WAITQ__PLANE_ENTERED;
  ledger->ended += plane == WAITQ__PLANE_ENDED;
  return 1;
}

void waitq__ledger_see(struct waitq__chunk *chunk, unsigned slot, uint64_t number) {
  unsigned bit = (unsigned)(number % WAITQ__CHUNK_TICKETS);
  _Atomic uint64_t *word = &chunk->seen[slot][bit / 64];
  uint64_t mask = UINT64_C(1) << bit % 64;
  /* Most polls find the bit set by an earlier one: looking first saves them the locked instruction. */
  if ((waitq__word(word) & mask) == 0) {
    atomic_fetch_or_explicit(word, mask, memory_order_relaxed);
  }
}

void waitq__ledger_add_to_later(struct waitq__ledger *ledger, uint64_t number, uint64_t count) {
  struct waitq__directory *directory = directory_of(ledger);
  uint64_t at = number - number % WAITQ__CHUNK_TICKETS + WAITQ__CHUNK_TICKETS;
  for (; at < ledger->end; at += WAITQ__CHUNK_TICKETS) {
    _Atomic uint64_t *gone_before = &entry_of(directory, at)->gone_before;
    waitq__set_word(gone_before, waitq__word(gone_before) + count);
  }
  waitq__set_word(&ledger->gone, waitq__word(&ledger->gone) + count);
}

int waitq__ledger_set_gone(struct waitq__ledger *ledger, uint64_t number) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, number);
  unsigned bit = (unsigned)(number % WAITQ__CHUNK_TICKETS);
  uint64_t word = waitq__word(&chunk->gone[bit / 64]);
  uint64_t mask = UINT64_C(1) << bit % 64;
  if ((word & mask) != 0) {
    return 0;
  }
  waitq__set_word(&chunk->gone[bit / 64], word | mask);
  waitq__chunk_rank_add(chunk, bit / (WAITQ__BLOCK_WORDS * 64), 1);
  waitq__ledger_add_to_later(ledger, number, 1);
  return 1;
}

void waitq__ledger_add_gone(struct waitq__ledger *ledger, uint64_t first, const uint64_t words[WAITQ__CHUNK_WORDS]) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(ledger, first);
  uint64_t total = 0;
  for (unsigned block = 0; block < WAITQ__CHUNK_BLOCKS; block++) {
    uint64_t count = 0;
    for (unsigned i = block * WAITQ__BLOCK_WORDS; i < (block + 1) * WAITQ__BLOCK_WORDS; i++) {
      uint64_t old = waitq__word(&chunk->gone[i]);
      if ((words[i] & ~old) != 0) {
        count += (uint64_t)__builtin_popcountll(words[i] & ~old);
        waitq__set_word(&chunk->gone[i], old | words[i]);
      }
    }
    if (count != 0) {
      waitq__chunk_rank_add(chunk, block, count);
      total += count;
    }
  }
  if (total != 0) {
    waitq__ledger_add_to_later(ledger, first, total);
  }
}

void waitq__ledger_add_ended(struct waitq__ledger *ledger, uint64_t first, const uint64_t words[WAITQ__CHUNK_WORDS]) {
  _Atomic uint64_t *ended = waitq__chunk_plane(waitq__ledger_chunk(ledger, first), WAITQ__PLANE_ENDED);
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    uint64_t old = waitq__word(&ended[i]);
    ledger->ended += (uint64_t)__builtin_popcountll(words[i] & ~old);
    waitq__set_word(&ended[i], old | words[i]);
  }
}

void waitq__ledger_drop(struct waitq__ledger *ledger) {
  uint64_t left;
  uint64_t entered;
  waitq__ledger_first_counts(ledger, &left, &entered);
  ledger->left -= left;
  ledger->entered -= entered;
  ledger->ended -= waitq__ledger_first_ended(ledger);
  detach_first(ledger);
}

uint64_t waitq__ledger_gone_before(const struct waitq__ledger *ledger, uint64_t number) {
  if (number >= waitq__word(&ledger->next)) {
    return waitq__word(&ledger->gone);
  }
  const struct directory_entry *entry = entry_of(directory_of(ledger), number);
  const struct waitq__chunk *chunk = atomic_load_explicit(&entry->chunk, memory_order_acquire);
  if (chunk == NULL) {
    return 0;
  }
  return waitq__word(&entry->gone_before) + waitq__chunk_rank(chunk, (unsigned)(number % WAITQ__CHUNK_TICKETS));
}
