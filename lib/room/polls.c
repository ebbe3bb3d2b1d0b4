/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Who polled when is noted in this process. When its last handle is closed, a room leaves that with the store, so that silence goes on
 * being silence for whoever opens the room next. */

#include "room/room.h"

#define SEEN_PLANES (((UINT32_C(1) << WAITQ__WHEEL_SLOTS) - 1) << WAITQ__PLANE_SEEN)

/* One plane of one chunk as a run of bits. */
static waitq_store_bits run_of(const struct waitq__ledger *ledger, uint32_t plane, uint64_t first, uint64_t *words) {
  const _Atomic uint64_t *seen = waitq__chunk_plane(waitq__ledger_chunk(ledger, first), plane);
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    words[i] = waitq__word(&seen[i]);
  }
  return (waitq_store_bits){plane, WAITQ__CHUNK_WORDS, first, words};
}

void waitq__room_save_polls(waitq_room_t *room) {
  const struct waitq__ledger *ledger = &room->ledger;
  const waitq_store_ops *ops = room->context->ops;
  struct waitq__change change = {.state = room->state, .clear_planes = SEEN_PLANES};
  int code = waitq__room_commit(room, &change, NULL);
  uint64_t first = room->state.head - room->state.head % WAITQ__CHUNK_TICKETS;
  for (; code == WAITQ_OK && first < waitq__word(&ledger->next); first += WAITQ__CHUNK_TICKETS) {
    for (uint32_t slot = 0; code == WAITQ_OK && slot < WAITQ__WHEEL_SLOTS; slot++) {
      uint64_t words[WAITQ__CHUNK_WORDS];
      const waitq_store_bits bits = run_of(ledger, WAITQ__PLANE_SEEN + slot, first, words);
      code = ops->mark(room->stored, waitq__word(&ledger->epoch), &bits, 1, NULL);
    }
  }
  if (code == WAITQ_OK) {
    change = (struct waitq__change){.state = room->state};
    change.state.polls_saved = 1;
    waitq__room_commit(room, &change, NULL);
  }
}
