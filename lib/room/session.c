/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/session.h"

#include <string.h>

#include "core/advance.h"

#define US_PER_S 1000000

/* The generation with the latest deadline in which a session was begun or renewed. */
static uint64_t latest_generation(const waitq_room_t *room, const struct waitq__wheel *wheel, uint64_t number) {
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

void waitq__session_pass(const waitq_room_t *room, const struct waitq__state *state, uint64_t number, waitq_pass *pass,
                         struct waitq__pass_content *content) {
  const struct waitq__wheel *wheel = &state->session;
  const struct waitq__ledger *ledger = &room->ledger;
  uint64_t generation = latest_generation(room, wheel, number);
  int64_t expires_us = waitq__wheel_deadline(wheel, generation);
  if (waitq__ledger_test(ledger, WAITQ__PLANE_ENDED, number) || expires_us <= state->now_us) {
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

int waitq__session_read(const waitq_room_t *room, const char *text, struct waitq__pass_content *content,
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

int waitq__session_is_known(const waitq_room_t *room, const struct waitq__pass_content *content) {
  return content->epoch == waitq__word(&room->ledger.epoch) && content->number < waitq__word(&room->ledger.next) &&
         content->number >= room->state.trim &&
         waitq__ledger_test(&room->ledger, WAITQ__PLANE_ENTERED, content->number);
}
