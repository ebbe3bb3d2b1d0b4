/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* What a join does in a round: it asks the store for a number, and takes over what it gives. */

#include <sodium.h>

#include "core/advance.h"
#include "core/number.h"
#include "room/join.h"
#include "room/loss.h"

/* How often a join is asked again: because its visitor's old ticket gives way, because places have become free. */
#define ASKS_MAX 8

/* Whether a ticket that the store remembers still means something: it waits, or is ready, or its session runs. */
static int is_live(const waitq_room_t *room, uint64_t number) {
  const struct waitq__state *state = &room->state;
  const struct waitq__ledger *ledger = &room->ledger;
  if (number < state->trim) {
    return 0;
  }
  if (waitq__ledger_test(ledger, WAITQ__PLANE_ENTERED, number)) {
    return !waitq__ledger_test(ledger, WAITQ__PLANE_ENDED, number);
  }
  return number >= state->floor && !waitq__ledger_test(ledger, WAITQ__PLANE_GONE, number) &&
         !waitq__ledger_test(ledger, WAITQ__PLANE_LEFT, number);
}

/* Takes a number over into the ledger. Numbers that were handed out and whose answer was lost come before it: their visitors hold
 * places, and get their tickets when they ask again. */
static int take_number(waitq_room_t *room, const waitq_store_join *join, waitq_error *error) {
  uint64_t next = waitq__word(&room->ledger.next);
  if (join->outcome == WAITQ_STORE_FULL || (join->outcome == WAITQ_STORE_EXISTING && join->number < next) ||
      join->number < waitq__word(&room->ledger.first)) {
    return WAITQ_OK;
  }
  if (join->number < next && !waitq__room_is_in_process(room)) {
    /* What the store told beside it reached further already. */
    waitq__ledger_see(waitq__ledger_chunk(&room->ledger, join->number),
                      waitq__wheel_slot(room->state.heartbeat.current), join->number);
    return WAITQ_OK;
  }
  if (join->number < next || join->number >= WAITQ__NUMBER_END) {
    return waitq__fail(error, WAITQ_E_DAMAGED, "the store gave number %llu after %llu",
                       (unsigned long long)join->number, (unsigned long long)next);
  }
  if (waitq__ledger_reserve(&room->ledger, join->number + 1) != WAITQ_OK) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for tickets");
  }
  unsigned slot = waitq__wheel_slot(room->state.heartbeat.current);
  for (; next <= join->number; next++) {
    waitq__ledger_see(waitq__ledger_chunk(&room->ledger, next), slot, next);
  }
  waitq__ledger_extend(&room->ledger, next);
  return WAITQ_OK;
}

/* Whether a join that found the room full may find a place soon: others have been given their turns since, or will be in a moment. */
static int has_place(const waitq_room_t *room, const struct waitq__round *round) {
  int is_limited = waitq__state_takes_joins(&room->state);
  return is_limited && ((round->was_empty && !waitq__room_is_in_process(room)) ||
                        waitq__word(&room->ledger.next) < waitq__join_limit(&room->state, &room->ledger));
}

static int append(struct waitq__round *round, waitq_store_join *join) {
  const waitq_room_t *room = round->room;
  return room->context->ops->append(room->stored, waitq__word(&room->ledger.epoch), waitq__ticket_time(round->now_us),
                                    join, 1, &round->failure);
}

int waitq__join_each(struct waitq__round *round) {
  int code = WAITQ_OK;
  int is_first = 0;
  for (uint32_t i = 0; code == WAITQ_OK && !is_first && i < round->join_count; i++) {
    waitq_store_join *join = &round->joins[i];
    code = append(round, join);
    if (code == WAITQ_OK && join->outcome == WAITQ_STORE_EXISTING && !is_live(round->room, join->number)) {
      join->replaces = join->number;
      code = append(round, join);
    }
    join->outcome = code == WAITQ_OK ? join->outcome : 0;
    is_first = round->was_empty && join->outcome == WAITQ_STORE_NEW;
  }
  return code;
}

static enum waitq__verdict plan_join(struct waitq__round *round, struct waitq__request *request) {
  struct waitq__join *join = (struct waitq__join *)request;
  waitq_room_t *room = round->room;
  if (request->is_taken) {
    return WAITQ__PLANNED;
  }
  if (waitq__ledger_reserve(&room->ledger, waitq__word(&room->ledger.next) + round->join_count + 1) != WAITQ_OK) {
    return waitq__request_fail(request, waitq__fail(request->error, WAITQ_E_NOMEM, "no memory for tickets"));
  }
  if (round->join_count == 0) {
    round->was_empty = waitq__waiting(waitq__round_state(round), &room->ledger) == 0;
  }
  join->index = round->join_count++;
  round->joins[join->index] = join->asked;
  round->joins[join->index].outcome = 0;
  if (waitq__word(&room->ledger.next) + round->join_count > room->join_limit &&
      waitq__join_limit(waitq__round_state(round), &room->ledger) > room->join_limit) {
    /* Places have become free since the last commit: the store learns of it. */
    waitq__round_change(round);
    round->commits = 1;
  }
  return WAITQ__PLANNED;
}

/* Whoever holds a ticket that means nothing any more is asked for again, so that it gives way. */
static enum waitq__verdict settle_existing(const waitq_room_t *room, struct waitq__join *join,
                                           const waitq_store_join *answer) {
  if (is_live(room, answer->number) || join->asks++ == ASKS_MAX) {
    join->asked = *answer;
    join->epoch = waitq__word(&room->ledger.epoch);
    return WAITQ__DONE;
  }
  join->asked.replaces = answer->number;
  return WAITQ__LATER;
}

static enum waitq__verdict settle_join(struct waitq__round *round, struct waitq__request *request) {
  struct waitq__join *join = (struct waitq__join *)request;
  waitq_room_t *room = round->room;
  if (request->is_taken) {
    return WAITQ__DONE;
  }
  const waitq_store_join *answer = &round->joins[join->index];
  if (answer->outcome == 0 && round->join_code == WAITQ_OK) {
    return WAITQ__LATER;
  }
  if (answer->outcome == 0) {
    waitq__fail(request->error, round->join_code, "%s", round->failure.text);
    return waitq__request_fail(request, round->join_code);
  }
  /* Also a number that was given before, where the answer was lost. */
  int is_new = answer->outcome != WAITQ_STORE_FULL && answer->number >= waitq__word(&room->ledger.next);
  request->code = take_number(room, answer, request->error);
  if (request->code != WAITQ_OK) {
    return WAITQ__DONE;
  }
  if (answer->outcome == WAITQ_STORE_EXISTING && !is_new) {
    return settle_existing(room, join, answer);
  }
  if (answer->outcome == WAITQ_STORE_FULL && has_place(room, round) && join->asks++ < ASKS_MAX) {
    request->wants_step = 1;
    return WAITQ__LATER;
  }
  join->asked = *answer;
  join->epoch = waitq__word(&room->ledger.epoch);
  if ((is_new || answer->outcome == WAITQ_STORE_NEW) && round->was_empty) {
    /* The line was empty, so nothing was due for it: now there may be a token for the first in it. The place is taken whether or not
     * the next round succeeds: where it does not, whoever comes next does what is due. */
    request->is_taken = 1;
    request->wants_step = 1;
    return WAITQ__LATER;
  }
  return WAITQ__DONE;
}

/* While the store is away nobody can be given a number. */
static enum waitq__verdict cut_off_join(struct waitq__round *round, struct waitq__request *request) {
  struct waitq__join *join = (struct waitq__join *)request;
  join->is_cut_off = 1;
  join->is_let_in =
      round->room->state.on_store_loss == WAITQ_LOSS_OPEN && waitq__state_takes_joins(&round->room->state);
  return WAITQ__DONE;
}

void waitq__join_prepare(struct waitq__join *join, const waitq_room_t *room, const waitq_visitor *visitor,
                         int64_t now_us, waitq_error *error) {
  *join = (struct waitq__join){.request = {.plan = plan_join,
                                           .settle = settle_join,
                                           .cut_off = cut_off_join,
                                           .is_free = 1,
                                           .now_us = now_us,
                                           .error = error},
                               .asked = {.replaces = WAITQ_STORE_NO_NUMBER, .anonymous = visitor->id == NULL}};
  if (visitor->id != NULL) {
    crypto_shorthash_siphashx24(join->asked.visitor, visitor->id, visitor->length,
                                room->visitor_keys[room->visitor_key]);
  }
}
