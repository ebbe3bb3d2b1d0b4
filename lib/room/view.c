/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/view.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct waitq__view) % 8 == 0, "a view is whole words");
_Static_assert(offsetof(struct waitq__view, state) % 8 == 0, "the hot part is whole words");
_Static_assert(offsetof(struct waitq__state, history) % 8 == 0, "so is the rest of a state");

void waitq__views_publish(struct waitq__views *views, const struct waitq__view *view) {
  uint64_t newest = atomic_load_explicit(&views->newest, memory_order_relaxed) + 1;
  _Atomic uint64_t *slot = views->slots[newest % WAITQ__VIEW_SLOTS];
  const unsigned char *bytes = (const unsigned char *)view;
  /* A reader that sees a word written below also sees that newest had reached the slot before this one. */
  atomic_thread_fence(memory_order_release);
  for (unsigned i = 0; i < WAITQ__VIEW_WORDS; i++) {
    uint64_t word;
    memcpy(&word, bytes + 8 * i, 8);
    atomic_store_explicit(&slot[i], word, memory_order_relaxed);
  }
  atomic_store_explicit(&views->newest, newest, memory_order_release);
}

static inline void read_words(const struct waitq__views *views, struct waitq__view *view, unsigned words) {
  unsigned char *bytes = (unsigned char *)view;
  uint64_t before;
  uint64_t after;
  do {
    before = atomic_load_explicit(&views->newest, memory_order_acquire);
    const _Atomic uint64_t *slot = views->slots[before % WAITQ__VIEW_SLOTS];
#pragma GCC unroll 32
    for (unsigned i = 0; i < words; i++) {
      uint64_t word = atomic_load_explicit(&slot[i], memory_order_relaxed);
      memcpy(bytes + 8 * i, &word, 8);
    }
    atomic_thread_fence(memory_order_acquire);
    after = atomic_load_explicit(&views->newest, memory_order_relaxed);
  } while (after - before >= WAITQ__VIEW_SLOTS - 1);
}

void waitq__views_read(const struct waitq__views *views, struct waitq__view *view, unsigned words) {
  /* With the number known when compiled, the loop is none: every poll goes this way. */
  if (words == WAITQ__VIEW_HOT_WORDS) {
    read_words(views, view, WAITQ__VIEW_HOT_WORDS);
  } else {
    read_words(views, view, words);
  }
}

void waitq__tables_publish(struct waitq__tables *tables, const struct waitq__table *table) {
  uint64_t newest = atomic_load_explicit(&tables->newest, memory_order_relaxed) + 1;
  _Atomic uint64_t *slot = tables->slots[newest % WAITQ__VIEW_SLOTS];
  atomic_thread_fence(memory_order_release);
  for (unsigned i = 0; i < WAITQ__TABLE_WORDS; i++) {
    atomic_store_explicit(&slot[i], table->words[i], memory_order_relaxed);
  }
  atomic_store_explicit(&tables->newest, newest, memory_order_release);
}

int waitq__tables_find(const struct waitq__tables *tables, double ahead, struct waitq__guess *guess) {
  uint64_t before;
  uint64_t after;
  int is_known;
  do {
    before = atomic_load_explicit(&tables->newest, memory_order_acquire);
    is_known = waitq__table_find(tables->slots[before % WAITQ__VIEW_SLOTS], ahead, guess);
    atomic_thread_fence(memory_order_acquire);
    after = atomic_load_explicit(&tables->newest, memory_order_relaxed);
  } while (after - before >= WAITQ__VIEW_SLOTS - 1);
  return is_known;
}
