/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_SHOWN_H
#define WAITQ_ROOM_SHOWN_H

/* Tickets that were shown in polls after a loss, on their way to the store. Polls put them in and never wait: where the ring is full, the
 * ticket is put in by its next poll. */

#include <stdatomic.h>

#include <waitq/store.h>

#include "base/mem.h"
#include "token/ticket.h"

#define WAITQ__SHOWN_MAX 4096

struct waitq__shown_slot {
  _Atomic uint32_t state; /* empty, being written, full */
  waitq_store_shown shown;
};

struct waitq__shown_ring {
  _Atomic uint64_t puts;
  uint64_t takes;                          /* of the one who takes */
  uint64_t taken_puts;                     /* puts that it has looked for */
  struct waitq__shown_slot *_Atomic slots; /* WAITQ__SHOWN_MAX of them; NULL until a ticket was shown */
};

/* Makes the slots where there are none. Polls put nothing in before. */
int waitq__shown_make(struct waitq__shown_ring *ring, const waitq_allocator *allocator);
void waitq__shown_free(struct waitq__shown_ring *ring, const waitq_allocator *allocator);

/* From any thread, without a lock. */
void waitq__shown_put(struct waitq__shown_ring *ring, const struct waitq__ticket *ticket);

/* Takes out up to capacity of them; returns how many. */
uint32_t waitq__shown_take(struct waitq__shown_ring *ring, waitq_store_shown *shown, uint32_t capacity);

#endif
