/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/session.h"

#include <string.h>

#include "base/lock.h"
#include "base/sized.h"
#include "core/advance.h"

#define US_PER_S 1000000

/* The generation with the latest deadline in which a session was begun or renewed. */
static uint64_t latest_generation(const waitq_room_t *room, uint64_t number) {
  const struct waitq__wheel *wheel = &room->state.session;
  uint64_t latest = wheel->oldest;
  int64_t latest_us = INT64_MIN;
  for (uint64_t generation = wheel->oldest; generation <= wheel->current; generation++) {
    int64_t expires_us = waitq__wheel_deadline(wheel, generation);
    if (expires_us > latest_us &&
        waitq__ledger_test(&room->ledger, WAITQ__PLANE_RENEWED + waitq__wheel_slot(generation), number)) {
      latest = generation;
      latest_us = expires_us;
    }
  }
  return latest;
}

void waitq__session_pass(const waitq_room_t *room, uint64_t number, waitq_pass *pass,
                         struct waitq__pass_content *content) {
  const struct waitq__wheel *wheel = &room->state.session;
  const struct waitq__ledger *ledger = &room->ledger;
  uint64_t generation = latest_generation(room, number);
  int64_t expires_us = waitq__wheel_deadline(wheel, generation);
  if (waitq__ledger_test(ledger, WAITQ__PLANE_ENDED, number) || expires_us <= room->state.now_us) {
    pass->state = WAITQ_STATE_EXPIRED;
    return;
  }
  memcpy(content->room, room->named.name, strlen(room->named.name) + 1);
  content->epoch = waitq__word(&ledger->epoch);
  content->number = number;
  content->issued_at_s = waitq__wheel_begin(wheel, generation) / US_PER_S;
  content->not_before_s = content->issued_at_s;
  content->expires_at_s = expires_us / US_PER_S; /* whole seconds: see WAITQ__SESSION_GRAIN_US */
  pass->state = WAITQ_STATE_ENTERED;
  pass->expires_at_ms = content->expires_at_s * 1000;
}

/* Reads a pass of this room. */
static int read_pass(const waitq_room_t *room, const char *text, struct waitq__pass_content *content,
                     waitq_error *error) {
  if (text == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "pass is NULL");
  }
  size_t length = strnlen(text, WAITQ_PASS_SIZE);
  int code = waitq__pass_read(&room->context->ring, text, length, content, error);
  if (code == WAITQ_OK && strcmp(content->room, room->named.name) != 0) {
    code = waitq__fail(error, WAITQ_E_AUDIENCE, "the pass is for the room \"%s\", not \"%s\"", content->room,
                       room->named.name);
  }
  return code;
}

/* Whether the pass names a ticket of this epoch that has entered. */
static int is_of_session(const waitq_room_t *room, const struct waitq__pass_content *content) {
  return content->epoch == waitq__word(&room->ledger.epoch) && content->number < room->state.head &&
         content->number >= room->state.trim &&
         waitq__ledger_test(&room->ledger, WAITQ__PLANE_ENTERED, content->number);
}

static int mark(waitq_room_t *room, unsigned plane, uint64_t number, waitq_error *error) {
  uint64_t word;
  const waitq_store_bits bits = waitq__one_bit(plane, number, &word);
  int code = room->context->ops->mark(room->stored, waitq__word(&room->ledger.epoch), &bits, 1, error);
  if (code == WAITQ_OK) {
    waitq__ledger_set(&room->ledger, plane, number);
  }
  return code;
}

static int renew_locked(waitq_room_t *room, int64_t now_us, waitq_pass *pass, struct waitq__pass_content *content,
                        waitq_error *error) {
  int code = waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (content->epoch != waitq__word(&room->ledger.epoch)) {
    pass->state = WAITQ_STATE_STALE;
    return WAITQ_OK;
  }
  /* By the room's time, which never runs backward. */
  code = waitq__pass_check_time(content, room->state.now_us / 1000, 0, error);
  if (code != WAITQ_OK) {
    return code;
  }
  pass->state = WAITQ_STATE_EXPIRED;
  if (!is_of_session(room, content) || waitq__ledger_test(&room->ledger, WAITQ__PLANE_ENDED, content->number)) {
    return WAITQ_OK;
  }
  waitq__session_pass(room, content->number, pass, content);
  if (pass->state == WAITQ_STATE_ENTERED) {
    unsigned plane = WAITQ__PLANE_RENEWED + waitq__wheel_slot(room->state.session.current);
    code = mark(room, plane, content->number, error);
    waitq__session_pass(room, content->number, pass, content);
  }
  return code;
}

int waitq_renew(waitq_room_t *room, const char *pass_text, waitq_pass *pass, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(pass, "pass", error);
  }
  struct waitq__pass_content content;
  if (code == WAITQ_OK) {
    code = read_pass(room, pass_text, &content, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t now_us = waitq__now(room->context);
  waitq_pass known = WAITQ_PASS_INIT;
  waitq__lock(&room->lock);
  code = renew_locked(room, now_us, &known, &content, error);
  pthread_mutex_unlock(&room->lock);
  if (code == WAITQ_OK && known.state == WAITQ_STATE_ENTERED) {
    code = waitq__pass_sign(&room->context->ring, &content, known.text, error);
  }
  if (code == WAITQ_OK) {
    waitq__sized_write(pass, &known, sizeof known);
  }
  return code;
}

static int exit_locked(waitq_room_t *room, int64_t now_us, const struct waitq__pass_content *content,
                       waitq_error *error) {
  int code = WAITQ_OK;
  if (is_of_session(room, content) && !waitq__ledger_test(&room->ledger, WAITQ__PLANE_ENDED, content->number)) {
    code = mark(room, WAITQ__PLANE_ENDED, content->number, error);
  }
  if (code == WAITQ_OK) {
    waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, NULL); /* the session is over, whether or not this succeeds */
  }
  return code;
}

int waitq_exit(waitq_room_t *room, const char *pass_text, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  struct waitq__pass_content content;
  if (code == WAITQ_OK) {
    code = read_pass(room, pass_text, &content, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  waitq__lock(&room->lock);
  code = exit_locked(room, waitq__now(room->context), &content, error);
  pthread_mutex_unlock(&room->lock);
  return code;
}
