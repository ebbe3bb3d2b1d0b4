/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "lives.h"

#include <stdarg.h>
#include <stdlib.h>
#include <waitq/waitq.h>

#include "../support/child.h"

/* Who is asked to come again because the store does not answer may have had its way all the same. */
int event_is_unknown(const struct event *event) {
  int is_held = (event->op == EVENT_JOIN || event->op == EVENT_ENTER) && event->code == WAITQ_OK &&
                event->reason == WAITQ_REASON_STALLED && event->state != WAITQ_STATE_ENTERED;
  return is_held || event->code == EVENT_KILLED || event->code == WAITQ_E_STORE || event->code == WAITQ_E_TIMEOUT;
}

int event_tells_state(const struct event *event) {
  return event->code == WAITQ_OK && !event_is_unknown(event) && event->op >= EVENT_JOIN && event->op <= EVENT_LEAVE &&
         event->number != EVENT_NO_NUMBER;
}

int64_t event_view_us(const struct event *event, const struct rules *rules) {
  return event->start_us - event->as.ticket.age_us - rules->slack_us;
}

void check_violation(struct check *check, enum rule rule, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (check->verdict->violations[rule]++ == 0) {
    vsnprintf(check->verdict->first[rule], sizeof check->verdict->first[rule], format, arguments);
  }
  va_end(arguments);
}

int check_was_loss(const struct check *check, int64_t from_us, int64_t to_us) {
  for (size_t i = 0; i < check->history->count; i++) {
    const struct event *event = &check->history->events[i];
    if (event->op == EVENT_LOSS && event->end_us >= from_us && event->start_us - event->as.window_us <= to_us) {
      return 1;
    }
  }
  return 0;
}

static int by_ticket(const void *a, const void *b) {
  const struct event *left = *(const struct event *const *)a;
  const struct event *right = *(const struct event *const *)b;
  if (left->epoch != right->epoch) {
    return left->epoch < right->epoch ? -1 : 1;
  }
  if (left->number != right->number) {
    return left->number < right->number ? -1 : 1;
  }
  if (left->start_us != right->start_us) {
    return left->start_us < right->start_us ? -1 : 1;
  }
  return (left > right) - (left < right);
}

static int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* The moment of entry lies between the beginning of the first call that may have done it and the end of the first that
 * told of it. A refusal in between says that it had not happened by then; a call without an answer may still be on its way. */
static void see_entry(struct life *life, const struct event *event, int64_t *pending_us) {
  if (life->entry_to_us != NEVER) {
    return;
  }
  if (event->op == EVENT_ENTER && event_is_unknown(event)) {
    *pending_us = least(*pending_us, event->start_us);
    life->may_have_entered = 1;
  } else if (event_tells_state(event) && event->state == WAITQ_STATE_ENTERED) {
    life->entry_from_us = least(*pending_us, event->start_us);
    life->entry_to_us = event->end_us;
  } else if (event->op == EVENT_ENTER && event->code == WAITQ_OK && *pending_us != NEVER) {
    *pending_us = event->start_us;
  }
}

static void see(struct life *life, const struct event *event, int64_t *pending_us) {
  see_entry(life, event, pending_us);
  if (event->op == EVENT_LEAVE && event_is_unknown(event)) {
    life->may_have_left = 1;
  }
  if (!event_tells_state(event)) {
    return;
  }
  if (event->op == EVENT_JOIN) {
    life->joined_us = least(life->joined_us, event->end_us);
  }
  if (event->state == WAITQ_STATE_READY || event->state == WAITQ_STATE_ENTERED) {
    life->ready_by_us = least(life->ready_by_us, event->end_us);
  }
  life->has_left |= event->state == WAITQ_STATE_LEFT;
  life->has_expired |= event->state == WAITQ_STATE_EXPIRED;
}

static void make_life(struct lives *lives, size_t first, size_t end) {
  struct life life = {.epoch = lives->events[first]->epoch,
                      .number = lives->events[first]->number,
                      .visitor = lives->events[first]->visitor,
                      .first = first,
                      .count = end - first,
                      .joined_us = NEVER,
                      .ready_by_us = NEVER,
                      .entry_from_us = NEVER,
                      .entry_to_us = NEVER};
  int64_t pending_us = NEVER;
  for (size_t i = first; i < end; i++) {
    see(&life, lives->events[i], &pending_us);
  }
  lives->lives[lives->count++] = life;
}

void lives_make(struct lives *lives, const struct history *history) {
  size_t count = 0;
  *lives = (struct lives){calloc(history->count + 1, sizeof *lives->events), NULL, 0};
  lives->lives = calloc(history->count + 1, sizeof *lives->lives);
  if (lives->events == NULL || lives->lives == NULL) {
    child_fail("out of memory");
  }
  for (size_t i = 0; i < history->count; i++) {
    const struct event *event = &history->events[i];
    if (event->op <= EVENT_EXIT && event->number != EVENT_NO_NUMBER) {
      lives->events[count++] = event;
    }
  }
  qsort(lives->events, count, sizeof *lives->events, by_ticket);
  for (size_t first = 0, end = 0; first < count; first = end) {
    while (end < count && lives->events[end]->number == lives->events[first]->number &&
           lives->events[end]->epoch == lives->events[first]->epoch) {
      end++;
    }
    make_life(lives, first, end);
  }
}

void lives_free(struct lives *lives) {
  free(lives->events);
  free(lives->lives);
}
