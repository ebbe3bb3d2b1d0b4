/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Enter: a turn becomes a session, and the visitor gets its pass. */

#include <string.h>

#include "base/lock.h"
#include "base/sized.h"
#include "core/advance.h"
#include "core/entry.h"
#include "room/room.h"
#include "room/session.h"

#define MS 1000

void waitq_enter_options_init(waitq_enter_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_enter_options)WAITQ_ENTER_OPTIONS_INIT, sizeof(waitq_enter_options));
}

/* The state of a ticket by the room's own state, under the lock. */
static uint32_t state_of(const waitq_room_t *room, const struct waitq__ticket *ticket) {
  const struct waitq__state *state = &room->state;
  if (ticket->epoch != waitq__word(&room->ledger.epoch) || ticket->number >= waitq__word(&room->ledger.next)) {
    return WAITQ_STATE_STALE;
  }
  const struct waitq__view view = {.head = state->head, .floor = state->floor, .trim = state->trim};
  return waitq__room_ticket_state(&room->ledger, &view, ticket->number);
}

/* Why a visitor whose turn has come does not get in at this instant, and for how long; WAITQ_REASON_NONE where it does. */
static uint32_t hold_back(const waitq_room_t *room, struct waitq__state *state, uint64_t number, int64_t *wait_us) {
  *wait_us = state->max_poll_us;
  if (waitq__state_stands_still(state)) {
    return state->phase == WAITQ_PHASE_PAUSED ? WAITQ_REASON_PAUSED : WAITQ_REASON_CLOSED;
  }
  int64_t entry_us = waitq__entry_wait(state, &room->ledger, number);
  if (entry_us == WAITQ__NEVER_US) {
    return WAITQ_REASON_RATE_ZERO;
  }
  *wait_us = entry_us;
  return entry_us == 0 ? WAITQ_REASON_NONE : WAITQ_REASON_PACING;
}

static int use_turn(waitq_room_t *room, uint64_t number, waitq_error *error) {
  if (waitq__ledger_reserve_session(&room->ledger, number) != WAITQ_OK) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a session");
  }
  unsigned renewed = WAITQ__PLANE_RENEWED + waitq__wheel_slot(room->state.session.current);
  uint64_t words[2];
  const waitq_store_bits bits[] = {waitq__one_bit(WAITQ__PLANE_ENTERED, number, &words[0]),
                                   waitq__one_bit(renewed, number, &words[1])};
  struct waitq__change change = {.state = room->state, .bits = bits, .bits_count = 2};
  waitq__bucket_take(&change.state.entries, 1, change.state.now_us);
  change.state.ready--;
  int code = waitq__room_commit(room, &change, error);
  if (code == WAITQ_OK) {
    waitq__ledger_set(&room->ledger, renewed, number);
    waitq__ledger_set(&room->ledger, WAITQ__PLANE_ENTERED, number);
    waitq__room_publish(room);
  }
  return code;
}

/* Keeps what was promised to a visitor who is to come again, if anything was. */
static int keep_promise(waitq_room_t *room, const struct waitq__change *change, waitq_error *error) {
  if (change->state.promised_us == room->state.promised_us) {
    return WAITQ_OK;
  }
  int code = waitq__room_commit(room, change, error);
  if (code == WAITQ_OK) {
    waitq__room_publish(room);
  }
  return code;
}

/* Fills in the answer but the text; the content of the pass where there is one. */
static int enter_locked(waitq_room_t *room, const struct waitq__ticket *ticket, waitq_pass *pass,
                        struct waitq__pass_content *content, waitq_error *error) {
  pass->state = state_of(room, ticket);
  if (pass->state == WAITQ_STATE_READY) {
    struct waitq__change change = {.state = room->state};
    int64_t wait_us;
    pass->reason = hold_back(room, &change.state, ticket->number, &wait_us);
    if (pass->reason != WAITQ_REASON_NONE) {
      pass->retry_after_ms = (wait_us + MS - 1) / MS;
      return keep_promise(room, &change, error);
    }
    int code = use_turn(room, ticket->number, error);
    if (code != WAITQ_OK) {
      return code;
    }
    pass->state = WAITQ_STATE_ENTERED;
  }
  if (pass->state == WAITQ_STATE_ENTERED) {
    waitq__session_pass(room, ticket->number, pass, content);
  }
  return WAITQ_OK;
}

static int enter_ticket(waitq_room_t *room, const struct waitq__ticket *ticket, int64_t now_us, waitq_pass *pass,
                        struct waitq__pass_content *content, waitq_error *error) {
  waitq__lock(&room->lock);
  int code = WAITQ_E_CONFLICT;
  for (int attempt = 0; code == WAITQ_E_CONFLICT && attempt < 16; attempt++) {
    code = waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, error);
    if (code == WAITQ_OK) {
      code = enter_locked(room, ticket, pass, content, error);
    }
  }
  pthread_mutex_unlock(&room->lock);
  return code;
}

static int read_options(const waitq_enter_options *options, struct waitq__pass_content *content, waitq_error *error) {
  waitq_enter_options known = WAITQ_ENTER_OPTIONS_INIT;
  int code = options == NULL ? WAITQ_OK : waitq__sized_read(&known, sizeof known, options, "options", error);
  if (code == WAITQ_OK && known.binding != NULL) {
    waitq_binding binding = WAITQ_BINDING_INIT;
    code = waitq__sized_read(&binding, sizeof binding, known.binding, "options->binding", error);
    content->is_bound = code == WAITQ_OK && waitq__binding_hash(&binding, content->binding);
  }
  return code;
}

int waitq_enter(waitq_room_t *room, const char *ticket_text, const waitq_enter_options *options, waitq_pass *pass,
                waitq_error *error) {
  struct waitq__ticket ticket;
  struct waitq__pass_content content = {.is_bound = 0};
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(pass, "pass", error);
  }
  if (code == WAITQ_OK) {
    code = read_options(options, &content, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__room_read_ticket(room, ticket_text, &ticket, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  waitq_pass known = WAITQ_PASS_INIT;
  code = enter_ticket(room, &ticket, waitq__now(room->context), &known, &content, error);
  if (code == WAITQ_OK && known.state == WAITQ_STATE_ENTERED) {
    code = waitq__pass_sign(&room->context->ring, &content, known.text, error);
  }
  if (code == WAITQ_OK) {
    waitq__sized_write(pass, &known, sizeof known);
  }
  return code;
}
