/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Between a room and its store: committing a change, and reading the room back. */

#include <string.h>

#include "core/advance.h"
#include "core/number.h"
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

static int load_head(void *user, const waitq_store_head *head) {
  waitq_room_t *room = user;
  struct waitq__state state;
  int code = waitq__state_read(&state, head->state, head->state_size, NULL);
  if (code != WAITQ_OK) {
    return code;
  }
  if (head->next < state.head || head->epoch == 0 || head->epoch > WAITQ__EPOCH_MAX) {
    return WAITQ_E_DAMAGED;
  }
  waitq__ledger_reset(&room->ledger, head->epoch, state.trim);
  if (waitq__ledger_reserve(&room->ledger, head->next) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  waitq__ledger_extend(&room->ledger, head->next);
  room->state = state;
  room->version = head->version;
  room->join_limit = head->join_limit;
  return WAITQ_OK;
}

static int load_bit(waitq_room_t *room, uint32_t plane, uint64_t number) {
  struct waitq__ledger *ledger = &room->ledger;
  if (number < waitq__word(&ledger->first) || number >= waitq__word(&ledger->next)) {
    return WAITQ_OK;
  }
  if (plane == WAITQ__PLANE_GONE) {
    waitq__ledger_set_gone(ledger, number);
    return WAITQ_OK;
  }
  int is_of_session = plane == WAITQ__PLANE_ENTERED || plane == WAITQ__PLANE_ENDED || plane >= WAITQ__PLANE_RENEWED;
  if (is_of_session && waitq__ledger_reserve_session(ledger, number) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  int is_of_polls = plane >= WAITQ__PLANE_SEEN && plane < WAITQ__PLANE_RENEWED;
  if (!is_of_polls || room->state.polls_saved) {
    waitq__ledger_set(ledger, plane, number);
  }
  return WAITQ_OK;
}

static int load_bits(void *user, const waitq_store_bits *bits) {
  for (uint32_t i = 0; i < bits->count; i++) {
    for (uint64_t word = bits->words[i]; word != 0; word &= word - 1) {
      uint64_t number = bits->first + i * UINT64_C(64) + (uint64_t)__builtin_ctzll(word);
      int code = load_bit(user, bits->plane, number);
      if (code != WAITQ_OK) {
        return code;
      }
    }
  }
  return WAITQ_OK;
}

/* Where it is not known who polled when, whoever waits has a whole heartbeat_ttl from now to be heard. */
static void see_all(waitq_room_t *room) {
  struct waitq__wheel *wheel = &room->state.heartbeat;
  waitq__wheel_init(wheel, wheel->ttl_us, wheel->grain_us, room->state.now_us);
  unsigned slot = waitq__wheel_slot(wheel->current);
  for (uint64_t number = room->state.head; number < waitq__word(&room->ledger.next); number++) {
    waitq__ledger_see(waitq__ledger_chunk(&room->ledger, number), slot, number);
  }
}

int waitq__room_load(waitq_room_t *room, waitq_error *error) {
  const waitq_store_sink sink = {sizeof sink, room, load_head, load_bits};
  int code = room->context->ops->load(room->stored, &sink, error);
  if (code == WAITQ_E_NOMEM) {
    return waitq__fail(error, code, "no memory for the room \"%s\"", room->named.name);
  }
  if (code == WAITQ_E_DAMAGED || code == WAITQ_E_VERSION) {
    return waitq__fail(error, code, "the room \"%s\": %s", room->named.name, waitq_error_text(code));
  }
  if (code != WAITQ_OK) {
    return code;
  }
  room->silent.running = 0;
  room->sessions.running = 0;
  memset(room->unsaved, 0, sizeof room->unsaved);
  if (!room->state.polls_saved) {
    see_all(room);
  }
  room->state.polls_saved = 0; /* from here on, polls are noted in this process alone */
  room->reference_total = waitq__room_turns(room);
  waitq__pace_init(&room->pace, room->state.now_us, room->reference_total);
  waitq__room_publish(room);
  return WAITQ_OK;
}
