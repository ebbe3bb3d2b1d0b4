/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Whose a ticket is, what it is good for, and how many there are. */

#include <inttypes.h>
#include <stdlib.h>
#include <waitq/waitq.h>

#include "../support/child.h"
#include "lives.h"

void check_numbers(struct check *check) {
  for (size_t i = 0; i < check->lives.count; i++) {
    const struct life *life = &check->lives.lives[i];
    const struct event *first = check->lives.events[life->first];
    for (size_t k = 1; k < life->count; k++) {
      const struct event *event = check->lives.events[life->first + k];
      if (event->visitor != first->visitor) {
        check_violation(check, RULE_NUMBER, "number %" PRIu64 " is of the visitors %" PRIu64 " and %" PRIu64,
                        life->number, first->visitor, event->visitor);
      } else if (event->mark != first->mark && check->verdict->losses == 0) {
        check_violation(check, RULE_NUMBER, "number %" PRIu64 " of visitor %" PRIu64 " is two tickets", life->number,
                        first->visitor);
      }
    }
  }
}

static int by_visitor(const void *a, const void *b) {
  const struct life *left = *(const struct life *const *)a;
  const struct life *right = *(const struct life *const *)b;
  if (left->visitor != right->visitor) {
    return left->visitor < right->visitor ? -1 : 1;
  }
  return (left->joined_us > right->joined_us) - (left->joined_us < right->joined_us);
}

/* The call that gave a ticket out. */
static const struct event *find_join(const struct check *check, const struct life *life) {
  for (size_t i = 0; i < life->count; i++) {
    const struct event *event = check->lives.events[life->first + i];
    if (event->op == EVENT_JOIN && event->code == WAITQ_OK) {
      return event;
    }
  }
  return NULL;
}

/* Whether the older ticket lived when the newer one was given out: a later view of it tells, or a heartbeat shortly before. */
static int lived_on(const struct check *check, const struct life *older, const struct event *join) {
  int lives = 0;
  for (size_t i = 0; i < older->count; i++) {
    const struct event *event = check->lives.events[older->first + i];
    if (!event_tells_state(event) || event->op > EVENT_POLL) {
      continue;
    }
    int is_alive = event->state == WAITQ_STATE_WAITING || event->state == WAITQ_STATE_READY;
    if (is_alive && event_view_us(event, check->rules) > join->end_us) {
      return 1;
    }
    if (event->end_us <= join->start_us) {
      int is_claimable =
          event->state != WAITQ_STATE_READY || event->as.ticket.until_us - check->rules->slack_us > join->end_us;
      lives = is_alive && is_claimable && join->end_us - event->start_us < check->rules->on_time_us &&
              !older->may_have_left && !older->may_have_entered;
    }
  }
  return lives && !older->has_left && older->entry_to_us > join->start_us && !older->has_expired;
}

void check_one_ticket(struct check *check) {
  const struct life **by = calloc(check->lives.count + 1, sizeof *by);
  if (by == NULL) {
    child_fail("out of memory");
  }
  for (size_t i = 0; i < check->lives.count; i++) {
    by[i] = &check->lives.lives[i];
  }
  qsort(by, check->lives.count, sizeof *by, by_visitor);
  for (size_t i = 1; i < check->lives.count; i++) {
    const struct life *older = by[i - 1];
    const struct life *newer = by[i];
    const struct event *join = find_join(check, newer);
    if (older->visitor != newer->visitor || join == NULL || !lived_on(check, older, join)) {
      continue;
    }
    if (check->verdict->losses > 0) {
      check->verdict->second_tickets++;
    } else {
      check_violation(check, RULE_TICKET, "visitor %" PRIu64 " got ticket %" PRIu64 " while %" PRIu64 " lived",
                      newer->visitor, newer->number, older->number);
    }
  }
  free(by);
}

void check_one_entry(struct check *check) {
  for (size_t i = 0; i < check->lives.count; i++) {
    const struct life *life = &check->lives.lives[i];
    for (size_t k = 0; k < life->count; k++) {
      const struct event *event = check->lives.events[life->first + k];
      int has_pass = event->code == WAITQ_OK && event->state == WAITQ_STATE_ENTERED &&
                     (event->op == EVENT_ENTER || event->op == EVENT_RENEW);
      if (has_pass && (event->as.ticket.pass_number != life->number || event->as.ticket.pass_epoch != life->epoch)) {
        check_violation(check, RULE_ENTRY, "ticket %" PRIu32 "-%" PRIu64 " has the pass %" PRIu32 "-%" PRIu64,
                        life->epoch, life->number, event->as.ticket.pass_epoch, event->as.ticket.pass_number);
      }
    }
  }
}

/* What the visitors saw, and what they cannot know. */
struct seen {
  uint64_t tickets, highest, joins_unknown, entered, entries_unknown, left, leaves_unknown;
};

static struct seen count_seen(const struct check *check) {
  struct seen seen = {0};
  seen.tickets = check->lives.count;
  for (size_t i = 0; i < check->lives.count; i++) {
    const struct life *life = &check->lives.lives[i];
    seen.highest = life->number + 1 > seen.highest ? life->number + 1 : seen.highest;
    int has_entered = life->entry_to_us != NEVER;
    seen.entered += (uint64_t)has_entered;
    seen.entries_unknown += (uint64_t)(!has_entered && life->may_have_entered);
    seen.left += (uint64_t)life->has_left;
    seen.leaves_unknown += (uint64_t)(!life->has_left && life->may_have_left);
  }
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    seen.joins_unknown += event->op == EVENT_JOIN && event_is_unknown(event);
  }
  return seen;
}

static void check_between(struct check *check, const char *what, uint64_t value, uint64_t low, uint64_t high) {
  if (value < low || value > high) {
    check_violation(check, RULE_COUNTS,
                    "%" PRIu64 " %s by the room's count, %" PRIu64 " to %" PRIu64 " by the visitors'", value, what, low,
                    high);
  }
}

static void check_final(struct check *check, const struct event *final) {
  struct seen seen = count_seen(check);
  check_between(check, "issued", final->as.room.issued, seen.highest, UINT64_MAX);
  if (check->verdict->losses > 0) {
    return;
  }
  check_between(check, "issued", final->as.room.issued, seen.tickets,
                check->rules->may_skip ? UINT64_MAX : seen.tickets + seen.joins_unknown);
  check_between(check, "entered", final->as.room.entered, seen.entered, seen.entered + seen.entries_unknown);
  check_between(check, "left", final->as.room.left, seen.left, seen.left + seen.leaves_unknown);
}

void check_counts(struct check *check) {
  int has_final = 0;
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    if ((event->op != EVENT_STATS && event->op != EVENT_FINAL) || event->code != WAITQ_OK) {
      continue;
    }
    uint64_t sum = event->as.room.waiting + event->as.room.ready + event->as.room.entered + event->as.room.left +
                   event->as.room.expired;
    if (sum != event->as.room.issued) {
      check_violation(check, RULE_COUNTS, "%" PRIu64 " issued, and %" PRIu64 " in all states, at %" PRId64 " us",
                      event->as.room.issued, sum, event->start_us);
    }
    if (event->op == EVENT_FINAL) {
      has_final = 1;
      check_final(check, event);
    }
  }
  if (!has_final) {
    check_violation(check, RULE_COMPLETE, "there are no statistics from the end");
  }
}

void check_times(struct check *check) {
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    int64_t most_us = event->op == EVENT_POLL ? check->rules->poll_us : check->rules->call_us;
    if (most_us > 0 && event->op <= EVENT_FINAL && event->code != EVENT_KILLED &&
        event->end_us - event->start_us > most_us) {
      check_violation(check, RULE_TIME, "%s at %" PRId64 " us took %" PRId64 " us", event_name(event->op),
                      event->start_us, event->end_us - event->start_us);
    }
  }
}

/* A pass may have ended before it is renewed; the store may fail where faults are made. */
static int is_excused(const struct check *check, const struct event *event) {
  return (event->op == EVENT_RENEW && event->code == WAITQ_E_EXPIRED) || event->code == EVENT_KILLED ||
         (check->rules->allow_errors && (event->code == WAITQ_E_STORE || event->code == WAITQ_E_TIMEOUT));
}

void check_errors(struct check *check) {
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    check->verdict->unknown += (uint64_t)event_is_unknown(event);
    check->verdict->errors += event->code != WAITQ_OK && event->code != EVENT_KILLED;
    if (event->code != WAITQ_OK && !is_excused(check, event)) {
      check_violation(check, RULE_ERRORS, "%s at %" PRId64 " us returned %s", event_name(event->op), event->start_us,
                      waitq_error_name(event->code));
    }
  }
}
