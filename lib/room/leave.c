/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Leave: a place in line, or a turn, is given up. */

#include "base/lock.h"
#include "base/sized.h"
#include "room/room.h"

/* Makes a ticket one that has left; where its turn had come, the token goes back. */
static int give_up(waitq_room_t *room, uint64_t number, waitq_error *error) {
  struct waitq__ledger *ledger = &room->ledger;
  uint64_t words[2];
  const waitq_store_bits bits[] = {waitq__one_bit(WAITQ__PLANE_LEFT, number, &words[0]),
                                   waitq__one_bit(WAITQ__PLANE_GONE, number, &words[1])};
  int has_had_turn = number < room->state.head;
  int code;
  if (has_had_turn) {
    struct waitq__change change = {.state = room->state, .bits = bits, .bits_count = 1};
    waitq__bucket_give(&change.state.turns, 1);
    change.state.ready--;
    code = waitq__room_commit(room, &change, error);
  } else {
    code = room->context->ops->mark(room->stored, waitq__word(&ledger->epoch), bits, 2, error);
  }
  if (code == WAITQ_OK) {
    /* LEFT first: whoever sees that the ticket is gone also sees why. */
    waitq__ledger_set(ledger, WAITQ__PLANE_LEFT, number);
    if (!has_had_turn) {
      waitq__ledger_set_gone(ledger, number);
    }
  }
  return code;
}

static int leave_locked(waitq_room_t *room, const struct waitq__ticket *ticket, int64_t now_us, waitq_error *error) {
  int code = WAITQ_OK;
  if (now_us >= room->due_us) {
    code = waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, error);
  }
  if (code != WAITQ_OK || ticket->epoch != waitq__word(&room->ledger.epoch) ||
      ticket->number >= waitq__word(&room->ledger.next)) {
    return code;
  }
  const struct waitq__view view = {.head = room->state.head, .floor = room->state.floor, .trim = room->state.trim};
  uint32_t state = waitq__room_ticket_state(&room->ledger, &view, ticket->number);
  if (state != WAITQ_STATE_WAITING && state != WAITQ_STATE_READY) {
    return WAITQ_OK;
  }
  code = give_up(room, ticket->number, error);
  if (code == WAITQ_OK && state == WAITQ_STATE_READY) {
    waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, NULL); /* it has left, whether or not this succeeds */
  }
  return code;
}

int waitq_leave(waitq_room_t *room, const char *ticket_text, waitq_status *status, waitq_error *error) {
  struct waitq__ticket ticket;
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK && status != NULL) {
    code = waitq__sized_check(status, "status", error);
  }
  if (code == WAITQ_OK) {
    code = waitq__room_read_ticket(room, ticket_text, &ticket, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t now_us = waitq__now(room->context);
  waitq__lock(&room->lock);
  code = WAITQ_E_CONFLICT;
  for (int attempt = 0; code == WAITQ_E_CONFLICT && attempt < 16; attempt++) {
    code = leave_locked(room, &ticket, now_us, error);
  }
  pthread_mutex_unlock(&room->lock);
  if (code == WAITQ_OK && status != NULL) {
    waitq_status known;
    waitq__room_status(room, &ticket, now_us, &known);
    waitq__sized_write(status, &known, sizeof known);
  }
  return code;
}
