/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/loss.h"

#include <string.h>

#include "core/advance.h"
#include "core/number.h"
#include "room/lead.h"
#include "room/session.h"
#include "room/shared.h"

#define US_PER_S 1000000

/* Tickets told in one round: each takes three bits. */
#define TOLD_AT_ONCE 32

int waitq__loss_is_open(const waitq_room_t *room, const struct waitq__view *view) {
  return view->state.on_store_loss == WAITQ_LOSS_OPEN && waitq__room_is_cut_off(room);
}

int waitq__loss_stand_in(const waitq_room_t *room, int64_t now_us, struct waitq__ticket *ticket, waitq_error *error) {
  const waitq_t *context = room->context;
  uint64_t number;
  if (context->random(context->random_user, &number, sizeof number) != 0) {
    return waitq__fail(error, WAITQ_E_RANDOM, "the source of randomness gave no number");
  }
  ticket->epoch = 0;
  ticket->number = number % WAITQ__NUMBER_END;
  ticket->joined_us = waitq__ticket_time(now_us);
  return WAITQ_OK;
}

static const struct waitq__late_entry *find(const struct waitq__late *late, const struct waitq__ticket *ticket) {
  for (uint32_t i = 0; i < late->count && late->epoch == ticket->epoch; i++) {
    if (late->entries[i].number == ticket->number) {
      return &late->entries[i];
    }
  }
  return NULL;
}

static void note(waitq_room_t *room, const struct waitq__ticket *ticket, int64_t now_us) {
  struct waitq__late *late = &room->shared->loss.late;
  if (late->epoch != ticket->epoch) {
    late->count = 0;
    late->epoch = ticket->epoch;
  }
  if (late->count == late->capacity) {
    uint32_t capacity = late->capacity == 0 ? 64 : 2 * late->capacity;
    void *entries = waitq__realloc(&room->context->allocator, late->entries, capacity * sizeof *late->entries);
    if (entries == NULL) {
      return; /* it is not counted as a session; its pass is none the less good */
    }
    late->entries = entries;
    late->capacity = capacity;
  }
  late->entries[late->count++] = (struct waitq__late_entry){ticket->number, now_us};
}

/* This context's share of what is left in the bucket, and of the rate: as many contexts as kept the room when it was last heard of. */
static void fill_share(waitq_room_t *room, int64_t now_us) {
  struct waitq__loss *loss = &room->shared->loss;
  const struct waitq__state *state = &room->state;
  uint64_t nodes = room->shared->nodes > 0 ? room->shared->nodes : 1;
  uint64_t burst = state->burst < nodes ? 1 : state->burst / nodes;
  uint64_t left = waitq__bucket_available(&state->entries, now_us) / nodes;
  double rate_per_s = waitq__state_admits(state) ? state->rate_per_s / (double)nodes : 0.0;
  waitq__bucket_init(&loss->bucket, rate_per_s, burst, now_us);
  waitq__bucket_take(&loss->bucket, left < burst ? burst - left : 0, now_us);
  loss->is_counting = 1;
}

static int take_share(waitq_room_t *room, int64_t now_us, int64_t *wait_us) {
  struct waitq__loss *loss = &room->shared->loss;
  if (!loss->is_counting) {
    fill_share(room, now_us);
  }
  if (waitq__bucket_available(&loss->bucket, now_us) == 0 || waitq__bucket_is_dry(&loss->bucket.terms)) {
    *wait_us = waitq__bucket_wait_for(&loss->bucket, 1, now_us);
    return 0;
  }
  waitq__bucket_take(&loss->bucket, 1, now_us);
  return 1;
}

/* The pass that a ticket would have got, had it entered at that moment. */
static void let_in(const waitq_room_t *room, const struct waitq__ticket *ticket, int64_t entered_us, waitq_pass *pass,
                   struct waitq__pass_content *content) {
  memcpy(content->room, room->named.name, strlen(room->named.name) + 1);
  content->epoch = ticket->epoch;
  content->number = ticket->number;
  content->issued_at_s = entered_us / US_PER_S;
  content->not_before_s = content->issued_at_s;
  content->expires_at_s = (entered_us + room->state.session.ttl_us + US_PER_S - 1) / US_PER_S;
  pass->state = WAITQ_STATE_ENTERED;
  pass->expires_at_ms = content->expires_at_s * 1000;
}

static uint32_t standing(const waitq_room_t *room, const struct waitq__ticket *ticket) {
  const struct waitq__state *state = &room->state;
  if (waitq__is_stand_in(ticket)) {
    return state->on_store_loss == WAITQ_LOSS_OPEN ? WAITQ_STATE_READY : WAITQ_STATE_STALE;
  }
  uint64_t epoch = waitq__word(&room->ledger.epoch);
  if (ticket->epoch != epoch || ticket->number >= waitq__word(&room->ledger.next)) {
    return ticket->epoch >= epoch ? WAITQ_STATE_WAITING : WAITQ_STATE_STALE;
  }
  const struct waitq__view view = {.head = state->head, .floor = state->floor, .trim = state->trim};
  return waitq__room_ticket_state(&room->ledger, &view, ticket->number);
}

void waitq__loss_enter(waitq_room_t *room, const struct waitq__ticket *ticket, int64_t now_us, waitq_pass *pass,
                       struct waitq__pass_content *content) {
  const struct waitq__state *state = &room->state;
  int64_t wait_us = state->max_poll_us;
  *pass = (waitq_pass)WAITQ_PASS_INIT;
  pass->state = standing(room, ticket);
  if (pass->state == WAITQ_STATE_ENTERED) {
    waitq__session_pass(room, state, ticket->number, pass, content);
    return;
  }
  const struct waitq__late_entry *earlier = find(&room->shared->loss.late, ticket);
  if (earlier != NULL && now_us < earlier->entered_us + state->session.ttl_us) {
    let_in(room, ticket, earlier->entered_us, pass, content);
    return;
  }
  int may_enter =
      (pass->state == WAITQ_STATE_WAITING || pass->state == WAITQ_STATE_READY) && !waitq__state_stands_still(state);
  if (may_enter && (state->on_store_loss == WAITQ_LOSS_OPEN ||
                    (state->on_store_loss == WAITQ_LOSS_LOCAL && take_share(room, now_us, &wait_us)))) {
    let_in(room, ticket, now_us, pass, content);
    if (earlier == NULL && !waitq__is_stand_in(ticket)) {
      note(room, ticket, now_us);
    }
    return;
  }
  pass->reason = WAITQ_REASON_STALLED;
  pass->retry_after_ms = wait_us < state->max_poll_us ? (wait_us + 999) / 1000 : state->max_poll_us / 1000;
}

int waitq__loss_is_due(const waitq_room_t *room) {
  return room->shared->loss.late.count > 0 || room->shared->loss.is_counting;
}

struct telling {
  struct waitq__request request;
  uint32_t count;
};

/* Entries that were not paid for are paid for afterwards, as far as there is something in the bucket. */
static void pay(struct waitq__bucket *bucket, int64_t now_us) {
  if (waitq__bucket_available(bucket, now_us) > 0) {
    waitq__bucket_take(bucket, 1, now_us);
  }
}

/* Who entered is inside, whether or not its turn had come; where it had not, head does not stop at it. */
static int plan_one(struct waitq__round *round, uint64_t number) {
  waitq_room_t *room = round->room;
  struct waitq__state *state = waitq__round_change(round);
  const struct waitq__view view = {.head = state->head, .floor = state->floor, .trim = state->trim};
  if (number >= waitq__word(&room->ledger.next) || number < waitq__word(&room->ledger.first)) {
    return WAITQ_OK;
  }
  uint32_t was = waitq__room_ticket_state(&room->ledger, &view, number);
  if (was != WAITQ_STATE_WAITING && was != WAITQ_STATE_READY) {
    return WAITQ_OK;
  }
  int code = waitq__ledger_reserve_session(&room->ledger, number);
  if (code != WAITQ_OK) {
    return code;
  }
  waitq__round_bit(round, WAITQ__PLANE_RENEWED + waitq__wheel_slot(state->session.current), number);
  waitq__round_bit(round, WAITQ__PLANE_ENTERED, number);
  pay(&state->entries, state->now_us);
  if (was == WAITQ_STATE_WAITING) {
    waitq__round_bit(round, WAITQ__PLANE_GONE, number);
    pay(&state->turns, state->now_us);
  } else {
    waitq__state_end_turn(state);
  }
  round->commits = 1;
  return WAITQ_OK;
}

static enum waitq__verdict plan_telling(struct waitq__round *round, struct waitq__request *request) {
  struct telling *telling = (struct telling *)request;
  const struct waitq__late *late = &round->room->shared->loss.late;
  if (round->member_count > 0) {
    return WAITQ__LATER;
  }
  round->is_exclusive = 1;
  round->refreshes = 1;
  telling->count = 0;
  if (late->count > 0) {
    waitq__advance_time(waitq__round_change(round), round->now_us);
  }
  int is_of_epoch = late->epoch == waitq__word(&round->room->ledger.epoch);
  while (telling->count < late->count && telling->count < TOLD_AT_ONCE) {
    int code = is_of_epoch ? plan_one(round, late->entries[late->count - 1 - telling->count].number) : WAITQ_OK;
    if (code != WAITQ_OK) {
      return waitq__request_fail(request, code);
    }
    telling->count++;
  }
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_telling(struct waitq__round *round, struct waitq__request *request) {
  const struct telling *telling = (const struct telling *)request;
  struct waitq__loss *loss = &round->room->shared->loss;
  loss->late.count -= telling->count;
  loss->is_counting = 0;
  return loss->late.count > 0 ? WAITQ__LATER : WAITQ__DONE;
}

int waitq__loss_tell(waitq_room_t *room, int64_t now_us, waitq_error *error) {
  struct telling telling = {{.plan = plan_telling,
                             .settle = settle_telling,
                             .holds_step = 1,
                             .goes_first = 1,
                             .now_us = now_us,
                             .error = error},
                            0};
  return waitq__room_run(room, &telling.request);
}

void waitq__loss_free(struct waitq__loss *loss, const waitq_allocator *allocator) {
  waitq__free(allocator, loss->late.entries);
}
