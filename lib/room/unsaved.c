/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* What is found out in this process and can be told to the store later.
 *
 * A sweep may be done by a poll, and telling the store may take memory or time, which a poll has none of: so what sweeps find goes into the
 * ledger at once, and to the store with the next call that may wait. Who polled when stays in this process; when its last
 * handle is closed, a room leaves that with the store too, so that silence goes on being silence for whoever opens the room next. */

#include "room/room.h"

#define SEEN_PLANES (((UINT32_C(1) << WAITQ__WHEEL_SLOTS) - 1) << WAITQ__PLANE_SEEN)

/* Tells the store all bits of one plane of the chunk of first. */
static int save_plane(waitq_room_t *room, uint32_t plane, uint64_t first) {
  const _Atomic uint64_t *from = waitq__chunk_plane(waitq__ledger_chunk(&room->ledger, first), plane);
  uint64_t words[WAITQ__CHUNK_WORDS];
  for (unsigned i = 0; i < WAITQ__CHUNK_WORDS; i++) {
    words[i] = waitq__word(&from[i]);
  }
  const waitq_store_bits bits = {plane, WAITQ__CHUNK_WORDS, first, words};
  return room->context->ops->mark(room->stored, waitq__word(&room->ledger.epoch), &bits, 1, NULL);
}

void waitq__unsaved_add(struct waitq__unsaved *unsaved, uint64_t first) {
  int is_empty = unsaved->begin >= unsaved->end;
  if (is_empty || first < unsaved->begin) {
    unsaved->begin = first;
  }
  if (is_empty || first + WAITQ__CHUNK_TICKETS > unsaved->end) {
    unsaved->end = first + WAITQ__CHUNK_TICKETS;
  }
}

static int save_unsaved(waitq_room_t *room, struct waitq__unsaved *unsaved, uint32_t plane) {
  int code = WAITQ_OK;
  uint64_t held = waitq__word(&room->ledger.first);
  if (unsaved->begin < held) {
    unsaved->begin = held;
  }
  while (code == WAITQ_OK && unsaved->begin < unsaved->end) {
    code = save_plane(room, plane, unsaved->begin);
    unsaved->begin += code == WAITQ_OK ? WAITQ__CHUNK_TICKETS : 0;
  }
  return code;
}

int waitq__room_save_swept(waitq_room_t *room) {
  int silent_code = save_unsaved(room, &room->unsaved[WAITQ__SWEEP_SILENT], WAITQ__PLANE_GONE);
  int sessions_code = save_unsaved(room, &room->unsaved[WAITQ__SWEEP_SESSIONS], WAITQ__PLANE_ENDED);
  return silent_code != WAITQ_OK ? silent_code : sessions_code;
}

int waitq__room_save_polls(waitq_room_t *room) {
  struct waitq__state state = room->state;
  const struct waitq__change clear = {NULL, 0, SEEN_PLANES, &state};
  int code = waitq__room_commit(room, &clear, NULL);
  uint64_t first = room->state.head - room->state.head % WAITQ__CHUNK_TICKETS;
  for (; code == WAITQ_OK && first < waitq__word(&room->ledger.next); first += WAITQ__CHUNK_TICKETS) {
    for (uint32_t slot = 0; code == WAITQ_OK && slot < WAITQ__WHEEL_SLOTS; slot++) {
      code = save_plane(room, WAITQ__PLANE_SEEN + slot, first);
    }
  }
  if (code == WAITQ_OK) {
    const struct waitq__change done = {NULL, 0, 0, &state};
    state = room->state;
    state.polls_saved = 1;
    code = waitq__room_commit(room, &done, NULL);
  }
  return code;
}
