/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* What a ticket's status is, by the newest view and the ledger. No lock, no store, no memory. */

#include <stddef.h>
#include <string.h>

#include "base/sized.h"
#include "core/advance.h"
#include "room/foresee.h"
#include "room/loss.h"
#include "room/room.h"
#include "room/shared.h"

#define MS 1000

/* A shared store that was not heard for so long does not answer. */
#define STALLED_MS 2000

/* So long after an epoch has begun every context that hears the store has heard of it, and the clocks that say so agree so far. */
#define NEWS_US 2000000

/* So long a room that was made gives way to one that was there before and was lost. */
#define YOUNG_US 10000000

/* A visitor is asked to poll about ten times on the way to its turn. */
#define POLLS_TO_TURN 10

void waitq_status_init(waitq_status *status, size_t size) {
  waitq__sized_init(status, size, &(waitq_status)WAITQ_STATUS_INIT, sizeof(waitq_status));
}

uint32_t waitq__room_ticket_state(const struct waitq__ledger *ledger, const struct waitq__view *view, uint64_t number) {
  if (number < view->trim) {
    return WAITQ_STATE_EXPIRED;
  }
  int has_had_turn = number < view->head;
  if (has_had_turn && waitq__ledger_test(ledger, WAITQ__PLANE_ENTERED, number)) {
    return WAITQ_STATE_ENTERED;
  }
  int is_gone = waitq__ledger_test(ledger, WAITQ__PLANE_GONE, number);
  if (!has_had_turn && !is_gone) {
    return WAITQ_STATE_WAITING;
  }
  if (!has_had_turn && waitq__ledger_test(ledger, WAITQ__PLANE_ENTERED, number)) {
    return WAITQ_STATE_ENTERED; /* let in while a shared store was away */
  }
  if (waitq__ledger_test(ledger, WAITQ__PLANE_LEFT, number)) {
    return WAITQ_STATE_LEFT;
  }
  return is_gone || number < view->floor ? WAITQ_STATE_EXPIRED : WAITQ_STATE_READY;
}

/* Whether nobody has heard of a ticket in any generation that has not expired: while a sweep is under way, it may not have
 * come to this ticket yet. */
static int is_silent(const struct waitq__ledger *ledger, const struct waitq__view *view, uint64_t number,
                     int64_t now_us) {
  uint32_t live = waitq__wheel_live_slots(&view->state.heartbeat, now_us);
  for (unsigned slot = 0; slot < WAITQ__WHEEL_SLOTS; slot++) {
    if ((live >> slot & 1) != 0 && waitq__ledger_test(ledger, WAITQ__PLANE_SEEN + slot, number)) {
      return 0;
    }
  }
  return 1;
}

/* A number from 0 to 1 that differs from ticket to ticket and from poll to poll (SplitMix64). */
static double spread(uint64_t number, int64_t now_us) {
  uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)now_us;
  mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
  return (double)(mixed >> 11) * 0x1p-53;
}

/* A tenth of the wait, within the policy's bounds, a fifth of it either way at random. */
static int64_t poll_interval_us(const struct waitq__view *view, int64_t eta_us, uint64_t number, int64_t now_us) {
  int64_t wanted = eta_us < 0 ? view->max_poll_us : eta_us / POLLS_TO_TURN;
  wanted = wanted > view->max_poll_us ? view->max_poll_us : wanted;
  wanted = wanted < view->min_poll_us ? view->min_poll_us : wanted;
  int64_t low = wanted - wanted / 5;
  int64_t high = wanted + wanted / 5;
  if (low < view->min_poll_us) {
    low = view->min_poll_us;
  }
  if (high > view->max_poll_us) {
    high = view->max_poll_us;
  }
  return low + (int64_t)((double)(high - low) * spread(number, now_us));
}

/* The estimate for a ticket that waits. Returns the median in microseconds; -1 where there is none. */
static int64_t fill_estimate(const waitq_room_t *room, const struct waitq__view *view, int64_t now_us,
                             waitq_status *status) {
  struct waitq__span span;
  if (!waitq__foresee(room, &view->forecast, view->had_turn, status->ahead, now_us, &span)) {
    status->eta_ms = status->eta_low_ms = status->eta_high_ms = WAITQ_UNKNOWN_MS;
    status->confidence = 0.0;
    return -1;
  }
  status->eta_ms = waitq__ms_up(span.eta_us);
  status->eta_low_ms = waitq__ms_up(span.low_us);
  status->eta_high_ms = waitq__ms_up(span.high_us);
  status->confidence = span.confidence;
  return span.eta_us;
}

/* The status of a ticket that waits, in the chunk that holds it. */
static void fill_waiting(const waitq_room_t *room, const struct waitq__view *view, uint64_t number, int64_t now_us,
                         waitq_status *status) {
  uint64_t gone_before = waitq__ledger_gone_before(&room->ledger, number);
  uint64_t live = waitq__word(&room->ledger.next) - waitq__word(&room->ledger.gone);
  uint64_t before = number - gone_before;
  status->ahead = before > view->had_turn ? before - view->had_turn : 0;
  status->position = status->ahead + 1;
  status->behind = live > before + 1 ? live - before - 1 : 0;
  status->reason = view->forecast.reason;
  int64_t eta_us = fill_estimate(room, view, now_us, status);
  status->next_poll_ms = poll_interval_us(view, eta_us, number, now_us) / MS;
}

static void fill_ready(const struct waitq__view *view, uint64_t number, int64_t now_us, waitq_status *status) {
  const struct waitq__state *state = &view->state;
  int64_t deadline_us = waitq__claim_deadline(state, number);
  if (waitq__state_stands_still(state)) {
    deadline_us += now_us > state->stood_since_us ? now_us - state->stood_since_us : 0;
    status->reason = state->phase == WAITQ_PHASE_PAUSED ? WAITQ_REASON_PAUSED : WAITQ_REASON_CLOSED;
  }
  status->enter_by_ms = deadline_us / MS;
  status->next_poll_ms = view->min_poll_us / MS;
}

/* A ticket that waits, as almost all that are polled do: no more than its chunk and the hot part of the view are looked at. */
static int look_at_waiting(const waitq_room_t *room, const struct waitq__view *view, uint64_t number, int64_t now_us,
                           waitq_status *status) {
  struct waitq__chunk *chunk = waitq__ledger_chunk(&room->ledger, number);
  if (chunk == NULL) {
    return 0;
  }
  unsigned bit = (unsigned)(number % WAITQ__CHUNK_TICKETS);
  if ((waitq__word(&chunk->gone[bit / 64]) >> bit % 64 & 1) != 0) {
    status->state = waitq__room_ticket_state(&room->ledger, view, number);
    return 1;
  }
  if ((view->flags & WAITQ__VIEW_SWEEPING) != 0 && is_silent(&room->ledger, view, number, now_us)) {
    status->state = WAITQ_STATE_EXPIRED;
    return 1;
  }
  status->state = WAITQ_STATE_WAITING;
  fill_waiting(room, view, number, now_us, status);
  waitq__ledger_see(chunk, (unsigned)view->seen_slot, number);
  return 1;
}

/* A ticket whose turn has come and, perhaps, gone. */
static int look_at_turned(const waitq_room_t *room, struct waitq__view *view, uint64_t number, int64_t now_us,
                          waitq_status *status) {
  status->state = waitq__room_ticket_state(&room->ledger, view, number);
  if (status->state == WAITQ_STATE_READY) {
    fill_ready(view, number, now_us, status);
  }
  return 1;
}

/* Good for an entry, as long as the store is away and the policy lets everybody in. */
static void look_at_stand_in(const waitq_room_t *room, struct waitq__view *view, int64_t now_us, waitq_status *status) {
  waitq__views_read(&room->views, view, WAITQ__VIEW_WORDS);
  if (waitq__loss_is_open(room, view)) {
    status->state = WAITQ_STATE_READY;
    status->enter_by_ms = (now_us + view->state.claim.ttl_us) / MS;
    status->next_poll_ms = view->max_poll_us / MS;
  }
}

/* Whether a ticket that is not known here may yet turn out to be good. One of a later epoch may until the store has been heard well after it
 * was issued: an epoch that has not come by then never comes. It was that of a room which gave way to this one after a loss. One that is
 * older than the room may as long as this room could give way in its turn; and while it does, what is known is partly of the other. */
static int may_be_good(const waitq_room_t *room, const struct waitq__view *view, const struct waitq__ticket *ticket,
                       uint64_t next) {
  if (waitq__room_is_in_process(room) || waitq__is_stand_in(ticket) ||
      ticket->epoch <= atomic_load_explicit(&room->shared->over_epoch, memory_order_relaxed)) {
    return 0;
  }
  if (ticket->epoch == view->epoch) {
    return ticket->number >= next;
  }
  int64_t heard_us = atomic_load_explicit(&room->shared->heard_us, memory_order_relaxed);
  int64_t born_us = atomic_load_explicit(&room->shared->born_us, memory_order_acquire);
  if (waitq__word(&room->ledger.epoch) != view->epoch) {
    return 1;
  }
  return ticket->epoch > view->epoch ? heard_us < ticket->joined_us + NEWS_US
                                     : ticket->joined_us < born_us && heard_us < born_us + YOUNG_US;
}

/* A genuine ticket that is not known here: another context has issued it a moment ago, or the store has lost it. */
static int look_at_unknown(const waitq_room_t *room, struct waitq__view *view, const struct waitq__ticket *ticket,
                           int64_t now_us, waitq_status *status) {
  uint64_t next = waitq__word(&room->ledger.next);
  if (!may_be_good(room, view, ticket, next)) {
    status->state = WAITQ_STATE_STALE;
    if (waitq__is_stand_in(ticket)) {
      look_at_stand_in(room, view, now_us, status);
    }
    return 1;
  }
  status->state = WAITQ_STATE_WAITING;
  if (ticket->epoch != view->epoch) {
    status->ahead = ticket->number;
    status->eta_ms = status->eta_low_ms = status->eta_high_ms = WAITQ_UNKNOWN_MS;
    status->reason = WAITQ_REASON_NO_SAMPLES;
    status->next_poll_ms = view->min_poll_us / MS;
  } else {
    fill_waiting(room, view, next, now_us, status);
    status->ahead += ticket->number - next;
    status->behind = 0;
    waitq__shown_put(&room->shared->shown, ticket);
  }
  status->position = status->ahead + 1;
  return 1;
}

/* After a loss every ticket is shown to the store, and one from the gap has its place again. */
static int look_after_loss(const waitq_room_t *room, struct waitq__view *view, const struct waitq__ticket *ticket,
                           int64_t now_us, waitq_status *status) {
  const struct waitq__state *state = &view->state;
  uint64_t number = ticket->number;
  if (now_us >= state->gap_until_us) {
    return 0;
  }
  waitq__shown_put(&room->shared->shown, ticket);
  if (number < state->gap_begin || number >= state->gap_end || number < view->floor ||
      !waitq__ledger_test(&room->ledger, WAITQ__PLANE_GONE, number) ||
      waitq__ledger_test(&room->ledger, WAITQ__PLANE_LEFT, number)) {
    return 0;
  }
  status->state = WAITQ_STATE_WAITING;
  fill_waiting(room, view, number, now_us, status);
  status->reason = WAITQ_REASON_RESTORED;
  return 1;
}

/* One look. Returns whether what it saw was the ticket's own. */
static int look(const waitq_room_t *room, struct waitq__view *view, const struct waitq__ticket *ticket,
                int64_t clock_us, waitq_status *status) {
  uint64_t number = ticket->number;
  int64_t now_us = clock_us > view->now_us ? clock_us : view->now_us;
  *status = (waitq_status)WAITQ_STATUS_INIT;
  status->phase = (uint32_t)view->phase;
  status->waited_ms = now_us > ticket->joined_us ? (now_us - ticket->joined_us) / MS : 0;
  if (ticket->epoch != view->epoch || number >= waitq__word(&room->ledger.next)) {
    return look_at_unknown(room, view, ticket, now_us, status);
  }
  if (number < view->trim) {
    status->state = WAITQ_STATE_EXPIRED;
    return 1;
  }
  if (view->flags != 0 || number < view->head) {
    waitq__views_read(&room->views, view, WAITQ__VIEW_WORDS);
    if (view->epoch != ticket->epoch || number < view->trim) {
      return 0;
    }
  }
  if ((view->flags & WAITQ__VIEW_RESTORING) != 0 && look_after_loss(room, view, ticket, now_us, status)) {
    return waitq__ledger_holds(&room->ledger, ticket->epoch, number);
  }
  int is_seen = number < view->head ? look_at_turned(room, view, number, now_us, status)
                                    : look_at_waiting(room, view, number, now_us, status);
  return is_seen && waitq__ledger_holds(&room->ledger, ticket->epoch, number);
}

/* What a shared store adds to an answer: how old it is, and that it may be old for longer. */
static void add_age(const waitq_room_t *room, const struct waitq__view *view, int64_t now_us, waitq_status *status) {
  status->age_ms = now_us > view->heard_us ? (now_us - view->heard_us) / MS : 0;
  if (status->age_ms >= STALLED_MS || waitq__room_is_cut_off(room)) {
    status->reason = WAITQ_REASON_STALLED;
  }
}

void waitq__room_status_by(const waitq_room_t *room, struct waitq__view *view, const struct waitq__ticket *ticket,
                           int64_t now_us, waitq_status *status) {
  /* A look fails when the room moved on under it; what it moved on to is then seen by the next. */
  for (int attempt = 0; attempt < 8; attempt++) {
    if (look(room, view, ticket, now_us, status)) {
      if (!waitq__room_is_in_process(room)) {
        add_age(room, view, now_us, status);
      }
      return;
    }
    waitq__views_read(&room->views, view, WAITQ__VIEW_HOT_WORDS);
  }
  status->state = WAITQ_STATE_EXPIRED;
  status->position = 0;
}

void waitq__room_status(const waitq_room_t *room, const struct waitq__ticket *ticket, int64_t now_us,
                        waitq_status *status) {
  struct waitq__view view;
  waitq__views_read(&room->views, &view, WAITQ__VIEW_HOT_WORDS);
  waitq__room_status_by(room, &view, ticket, now_us, status);
}
