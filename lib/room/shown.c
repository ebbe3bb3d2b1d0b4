/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/shown.h"

#include <string.h>

enum slot_state { EMPTY, BEING_WRITTEN, FULL };

int waitq__shown_make(struct waitq__shown_ring *ring, const waitq_allocator *allocator) {
  if (atomic_load_explicit(&ring->slots, memory_order_relaxed) != NULL) {
    return WAITQ_OK;
  }
  struct waitq__shown_slot *slots = waitq__alloc_zeroed(allocator, WAITQ__SHOWN_MAX * sizeof *slots);
  atomic_store_explicit(&ring->slots, slots, memory_order_release);
  return slots == NULL ? WAITQ_E_NOMEM : WAITQ_OK;
}

void waitq__shown_free(struct waitq__shown_ring *ring, const waitq_allocator *allocator) {
  waitq__free(allocator, atomic_load_explicit(&ring->slots, memory_order_relaxed));
}

void waitq__shown_put(struct waitq__shown_ring *ring, const struct waitq__ticket *ticket) {
  uint64_t put = atomic_fetch_add_explicit(&ring->puts, 1, memory_order_relaxed);
  struct waitq__shown_slot *slots = atomic_load_explicit(&ring->slots, memory_order_acquire);
  if (slots == NULL) {
    return;
  }
  struct waitq__shown_slot *slot = &slots[put % WAITQ__SHOWN_MAX];
  uint32_t expected = EMPTY;
  if (!atomic_compare_exchange_strong_explicit(&slot->state, &expected, BEING_WRITTEN, memory_order_acquire,
                                               memory_order_relaxed)) {
    return;
  }
  memcpy(slot->shown.visitor, ticket->visitor, sizeof slot->shown.visitor);
  slot->shown.number = ticket->number;
  slot->shown.joined_us = ticket->joined_us;
  atomic_store_explicit(&slot->state, FULL, memory_order_release);
}

uint32_t waitq__shown_take(struct waitq__shown_ring *ring, waitq_store_shown *shown, uint32_t capacity) {
  uint32_t count = 0;
  struct waitq__shown_slot *slots = atomic_load_explicit(&ring->slots, memory_order_relaxed);
  ring->taken_puts = atomic_load_explicit(&ring->puts, memory_order_relaxed);
  if (slots == NULL) {
    return 0;
  }
  for (unsigned looked = 0; looked < WAITQ__SHOWN_MAX && count < capacity; looked++) {
    struct waitq__shown_slot *slot = &slots[ring->takes++ % WAITQ__SHOWN_MAX];
    if (atomic_load_explicit(&slot->state, memory_order_acquire) == FULL) {
      shown[count++] = slot->shown;
      atomic_store_explicit(&slot->state, EMPTY, memory_order_release);
    }
  }
  return count;
}
