/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Committing a change to a store in the process. */

#include "core/advance.h"
#include "room/room.h"

waitq_store_bits waitq__one_bit(unsigned plane, uint64_t number, uint64_t *word) {
  *word = UINT64_C(1) << number % 64;
  return (waitq_store_bits){plane, 1, number - number % 64, word};
}

int waitq__room_commit(waitq_room_t *room, const struct waitq__change *change, waitq_error *error) {
  const waitq_store_commit commit = {
      .size = sizeof commit,
      .version = room->version,
      .epoch = waitq__word(&room->ledger.epoch),
      .join_limit = waitq__join_limit(change->state, &room->ledger),
      .state = change->state,
      .state_size = sizeof *change->state,
      .clear_planes = change->clear_planes,
      .bits_count = change->bits_count,
      .bits = change->bits,
      .trim_below = change->state->trim,
  };
  int code = room->context->ops->commit(room->stored, &commit, error);
  if (code == WAITQ_OK) {
    room->state = *change->state;
    room->version++;
    room->join_limit = commit.join_limit;
  }
  return code;
}
