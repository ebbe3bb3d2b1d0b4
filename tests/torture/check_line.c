/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What visitors are promised: the order, their places, and that nobody is forgotten. */

#include <inttypes.h>
#include <stdlib.h>
#include <waitq/waitq.h>

#include "../support/child.h"
#include "lives.h"

static int is_alive(const struct event *event) {
  return event->state == WAITQ_STATE_WAITING || event->state == WAITQ_STATE_READY;
}

static int is_gone(const struct event *event) {
  return event->state == WAITQ_STATE_LEFT || event->state == WAITQ_STATE_EXPIRED;
}

/* A time in which nothing was lost. */
struct calm {
  int64_t from_us;
  int64_t to_us;
};

static int is_within(const struct event *event, const struct calm *calm, const struct rules *rules) {
  return event_view_us(event, rules) >= calm->from_us && event->end_us <= calm->to_us;
}

/* Since when a ticket's turn had come for certain; NEVER. */
static int64_t turn_by(const struct check *check, const struct life *life, const struct calm *calm) {
  int64_t by_us = NEVER;
  for (size_t i = 0; i < life->count; i++) {
    const struct event *event = check->lives.events[life->first + i];
    if (event_tells_state(event) && event->end_us < by_us && is_within(event, calm, check->rules) &&
        (event->state == WAITQ_STATE_READY || event->state == WAITQ_STATE_ENTERED)) {
      by_us = event->end_us;
    }
  }
  return by_us;
}

/* Until when a ticket was waiting for certain. Only joins and polls say how old their view is. */
static int64_t waiting_at(const struct check *check, const struct life *life, const struct calm *calm) {
  int64_t at_us = INT64_MIN;
  for (size_t i = 0; i < life->count; i++) {
    const struct event *event = check->lives.events[life->first + i];
    if (event_tells_state(event) && event->op <= EVENT_POLL && event->state == WAITQ_STATE_WAITING &&
        is_within(event, calm, check->rules) && event_view_us(event, check->rules) > at_us) {
      at_us = event_view_us(event, check->rules);
    }
  }
  return at_us;
}

/* From the last number to the first: has a later one had its turn while this one waited? */
static void check_order_in(struct check *check, const struct calm *calm) {
  int64_t later_us = NEVER;
  const struct life *later = NULL;
  for (size_t i = check->lives.count; i-- > 0;) {
    const struct life *life = &check->lives.lives[i];
    if (later != NULL && later->epoch != life->epoch) {
      later_us = NEVER;
      later = NULL;
    }
    int64_t waited_us = waiting_at(check, life, calm);
    if (later != NULL && waited_us > later_us) {
      check_violation(check, RULE_ORDER,
                      "ticket %" PRIu64 " still waited at %" PRId64 " us, and the turn of %" PRIu64
                      " had come by %" PRId64 " us",
                      life->number, waited_us, later->number, later_us);
    }
    int64_t by_us = turn_by(check, life, calm);
    if (by_us < later_us) {
      later_us = by_us;
      later = life;
    }
  }
}

void check_order(struct check *check) {
  struct calm calm = {INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    if (event->op == EVENT_LOSS) {
      calm.to_us = event->start_us - event->as.window_us;
      check_order_in(check, &calm);
      calm = (struct calm){event->end_us, INT64_MAX};
    }
  }
  check_order_in(check, &calm);
}

/* A heartbeat that a killed node may have kept to itself. */
static int died_with_its_node(const struct check *check, const struct event *event) {
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *kill = &check->history->events[i];
    if (kill->op == EVENT_KILL && kill->node == event->node && event->end_us <= kill->end_us &&
        event->end_us > kill->start_us - check->rules->unflushed_us) {
      return 1;
    }
  }
  return 0;
}

/* Was silent for too long, or let the turn pass: then a ticket may be gone. */
struct excuse {
  int64_t last_us;  /* beginning of the last heartbeat */
  int64_t view_us;  /* a moment at which it waited still */
  int64_t claim_us; /* the claim deadline; NEVER before the turn was seen */
  int was_silent;
};

static void see_heartbeat(struct check *check, struct excuse *excuse, const struct event *event) {
  if (excuse->last_us != NEVER && event->end_us - excuse->last_us > check->rules->on_time_us) {
    excuse->was_silent = 1;
  }
  if (!died_with_its_node(check, event)) {
    excuse->last_us = event->start_us;
  }
  excuse->view_us = event_view_us(event, check->rules);
  if (event->state == WAITQ_STATE_READY && event->as.ticket.until_us > 0) {
    excuse->claim_us = event->as.ticket.until_us;
  }
}

/* The turn was seen, and its deadline has passed; or it may have come and gone since the last view. */
static int has_missed(const struct check *check, const struct excuse *excuse, const struct event *event) {
  if (excuse->claim_us != NEVER) {
    return event->end_us + check->rules->slack_us >= excuse->claim_us;
  }
  return excuse->view_us != NEVER && event->end_us - excuse->view_us >= check->rules->claim_us;
}

static void check_gone(struct check *check, const struct life *life, const struct excuse *excuse,
                       const struct event *event) {
  int is_silent = excuse->was_silent || excuse->last_us == NEVER ||
                  event->end_us - excuse->last_us > check->rules->on_time_us || life->may_have_left;
  if (has_missed(check, excuse, event)) {
    check->verdict->missed_turns++;
  } else if (!is_silent) {
    check_violation(check, RULE_LOST, "ticket %" PRIu64 " was gone at %" PRId64 " us, with a call at %" PRId64 " us",
                    life->number, event->start_us, excuse->last_us);
  }
}

static void check_expiry(struct check *check, const struct life *life) {
  struct excuse excuse = {NEVER, NEVER, NEVER, 0};
  for (size_t i = 0; i < life->count; i++) {
    const struct event *event = check->lives.events[life->first + i];
    if (!event_tells_state(event)) {
      continue;
    }
    if (is_alive(event) && event->op <= EVENT_POLL) {
      see_heartbeat(check, &excuse, event);
    }
    if (event->state == WAITQ_STATE_EXPIRED) {
      check_gone(check, life, &excuse, event);
    }
    if (!is_alive(event)) {
      return;
    }
  }
}

void check_lost(struct check *check) {
  for (size_t i = 0; i < check->lives.count; i++) {
    check_expiry(check, &check->lives.lives[i]);
  }
}

/* Reports an answer whose view is younger than one that it contradicts. */
static void check_change(struct check *check, const struct life *life, const struct event *event, int64_t known_us,
                         const char *what) {
  int64_t view_us = event_view_us(event, check->rules);
  if (known_us != NEVER && view_us > known_us && event->op <= EVENT_POLL &&
      !check_was_loss(check, known_us, event->end_us)) {
    check_violation(check, RULE_STATE, "ticket %" PRIu64 " is %s at %" PRId64 " us, and %s at %" PRId64 " us",
                    life->number, waitq_state_name(event->state), view_us, what, known_us);
  }
}

/* The first moments at which a ticket was known to be so. */
struct known {
  int64_t gone_us, entered_us, ready_us;
  int asked_to_leave, asked_to_enter;
};

static void check_state(struct check *check, const struct life *life, const struct event *event,
                        const struct known *known) {
  if (is_alive(event)) {
    check_change(check, life, event, known->gone_us, "was gone");
    check_change(check, life, event, known->entered_us, "had entered");
  }
  if (event->state == WAITQ_STATE_WAITING) {
    check_change(check, life, event, known->ready_us, "had its turn");
  }
  if (event->state == WAITQ_STATE_LEFT && !known->asked_to_leave) {
    check_violation(check, RULE_STATE, "ticket %" PRIu64 " left at %" PRId64 " us, and did not ask to", life->number,
                    event->start_us);
  }
  if (event->state == WAITQ_STATE_ENTERED && !known->asked_to_enter) {
    check_violation(check, RULE_STATE, "ticket %" PRIu64 " entered at %" PRId64 " us, and did not ask to", life->number,
                    event->start_us);
  }
  if (event->state == WAITQ_STATE_STALE || event->state == WAITQ_STATE_NONE) {
    check_violation(check, RULE_STATE, "ticket %" PRIu64 " is %s at %" PRId64 " us", life->number,
                    waitq_state_name(event->state), event->start_us);
  }
}

static void keep_least(int64_t *least_us, int64_t us) {
  *least_us = us < *least_us ? us : *least_us;
}

static void check_states_of(struct check *check, const struct life *life) {
  struct known known = {NEVER, NEVER, NEVER, 0, 0};
  for (size_t i = 0; i < life->count; i++) {
    const struct event *event = check->lives.events[life->first + i];
    known.asked_to_leave |= event->op == EVENT_LEAVE;
    known.asked_to_enter |= event->op == EVENT_ENTER;
    if (!event_tells_state(event)) {
      continue;
    }
    check_state(check, life, event, &known);
    if (is_gone(event)) {
      keep_least(&known.gone_us, event->end_us);
    }
    if (event->state == WAITQ_STATE_ENTERED) {
      keep_least(&known.entered_us, event->end_us);
    }
    if (event->state == WAITQ_STATE_READY) {
      keep_least(&known.ready_us, event->end_us);
    }
  }
}

void check_states(struct check *check) {
  for (size_t i = 0; i < check->lives.count; i++) {
    check_states_of(check, &check->lives.lives[i]);
  }
}

static void check_position(struct check *check, const struct life *life, size_t at) {
  const struct event *event = check->lives.events[life->first + at];
  for (size_t i = 0; i < at; i++) {
    const struct event *before = check->lives.events[life->first + i];
    if (event_tells_state(before) && before->op <= EVENT_POLL && before->state == WAITQ_STATE_WAITING &&
        before->end_us < event_view_us(event, check->rules) && event->as.ticket.position > before->as.ticket.position &&
        !check_was_loss(check, before->start_us, event->end_us)) {
      check_violation(check, RULE_POSITION,
                      "ticket %" PRIu64 " was at %" PRIu64 ", and at %" PRIu64 " at %" PRId64 " us", life->number,
                      before->as.ticket.position, event->as.ticket.position, event->start_us);
      return;
    }
  }
}

void check_positions(struct check *check) {
  for (size_t i = 0; i < check->lives.count; i++) {
    const struct life *life = &check->lives.lives[i];
    for (size_t at = 0; at < life->count; at++) {
      const struct event *event = check->lives.events[life->first + at];
      if (event_tells_state(event) && event->op <= EVENT_POLL && event->state == WAITQ_STATE_WAITING) {
        check_position(check, life, at);
      }
    }
  }
}
