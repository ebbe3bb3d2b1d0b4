/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/ask.h"

#include "core/advance.h"
#include "core/number.h"
#include "room/join.h"
#include "room/replica.h"

/* What has moved on is read anew; what was asked is asked again by the next round. */
static int read_anew(struct waitq__round *round) {
  int code = waitq__room_load(round->room, &round->failure);
  return code == WAITQ_OK ? WAITQ_E_CONFLICT : code;
}

/* A new epoch: the store empties planes and visitors as it takes it over. */
static int begin_epoch(struct waitq__round *round) {
  waitq_room_t *room = round->room;
  const waitq_store_commit commit = {
      .size = sizeof commit,
      .version = room->version,
      .epoch = round->new_epoch,
      .join_limit = waitq__join_limit_empty(&round->state),
      .state = &round->state,
      .state_size = sizeof round->state,
  };
  round->has_state = 0;
  int code = room->context->ops->commit(room->stored, &commit, &round->failure);
  if (code == WAITQ_E_CONFLICT) {
    return read_anew(round);
  }
  if (code == WAITQ_OK) {
    waitq__room_empty(room, round->new_epoch, &round->state, commit.join_limit);
  }
  return code;
}

static int change_state(struct waitq__round *round) {
  waitq_room_t *room = round->room;
  const waitq_store_ops *ops = room->context->ops;
  uint64_t epoch = waitq__word(&room->ledger.epoch);
  int code = WAITQ_OK;
  if (round->commits) {
    const struct waitq__change change = {round->bits, round->bits_count, round->clear_planes, &round->state};
    code = waitq__room_commit(room, &change, &round->failure);
  } else if (round->bits_count > 0) {
    code = ops->mark(room->stored, epoch, round->bits, round->bits_count, &round->failure);
  }
  if (code == WAITQ_OK && round->mark_count > 0) {
    code = ops->mark(room->stored, epoch, round->marks, round->mark_count, &round->failure);
  }
  return code;
}

static int ask_in_process(struct waitq__round *round) {
  if (round->new_epoch != 0) {
    return begin_epoch(round);
  }
  int code = change_state(round);
  if (code == WAITQ_E_CONFLICT) {
    return read_anew(round);
  }
  if (code == WAITQ_OK && round->join_count > 0) {
    round->join_code = waitq__join_each(round);
    if (round->join_code == WAITQ_E_CONFLICT) {
      return read_anew(round);
    }
  }
  return code;
}

int waitq__room_ask(struct waitq__round *round) {
  int code = waitq__room_is_in_process(round->room) ? ask_in_process(round) : waitq__replica_exchange(round);
  if (code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT) {
    atomic_fetch_add_explicit(&round->room->totals.store_errors, 1, memory_order_relaxed);
  }
  return code;
}
