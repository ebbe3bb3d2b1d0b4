/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "made_up.h"

#include <stdio.h>
#include <waitq/waitq.h>

#include "../support/test.h"

const struct rules made_up_rules = {.rate_per_s = 10,
                                    .burst = 2,
                                    .max_active = 3,
                                    .session_us = 10000 * MS,
                                    .claim_us = 1800 * MS,
                                    .on_time_us = 2000 * MS,
                                    .slack_us = 1 * MS,
                                    .unflushed_us = 500 * MS};

struct event *call(struct history *history, uint32_t op, uint64_t number, int64_t start_ms, int64_t end_ms,
                   uint32_t state) {
  struct event event = {.op = op,
                        .number = number,
                        .visitor = 100 + number,
                        .epoch = 7,
                        .mark = 1000 + number,
                        .state = state,
                        .start_us = start_ms * MS,
                        .end_us = end_ms * MS};
  history_add(history, &event);
  return &history->events[history->count - 1];
}

struct event *turn(struct history *history, uint64_t number, int64_t start_ms, int64_t end_ms, int64_t by_ms) {
  struct event *event = call(history, EVENT_POLL, number, start_ms, end_ms, WAITQ_STATE_READY);
  event->as.ticket.until_us = by_ms * MS;
  return event;
}

struct event *enter(struct history *history, uint64_t number, int64_t start_ms, int64_t end_ms, int64_t until_ms) {
  struct event *event = call(history, EVENT_ENTER, number, start_ms, end_ms, WAITQ_STATE_ENTERED);
  event->as.ticket.until_us = until_ms * MS;
  event->as.ticket.pass_number = number;
  event->as.ticket.pass_epoch = 7;
  return event;
}

struct event *waits(struct history *history, uint64_t number, int64_t start_ms, int64_t end_ms, uint64_t position) {
  struct event *event = call(history, EVENT_POLL, number, start_ms, end_ms, WAITQ_STATE_WAITING);
  event->as.ticket.position = position;
  return event;
}

void visit(struct history *history, uint64_t number, int64_t at_ms, int64_t end_ms) {
  call(history, EVENT_JOIN, number, at_ms, at_ms + 1, WAITQ_STATE_READY)->as.ticket.until_us = (at_ms + 2000) * MS;
  enter(history, number, at_ms + 2, at_ms + 3, at_ms + 5000);
  call(history, EVENT_EXIT, number, end_ms, end_ms + 1, 0);
}

struct event * final(struct history *history, uint64_t entered, uint64_t left, uint64_t expired, uint64_t waiting) {
  struct event event = {.op = EVENT_FINAL, .number = EVENT_NO_NUMBER, .start_us = 60000 * MS, .end_us = 60001 * MS};
  event.as.room.entered = entered;
  event.as.room.left = left;
  event.as.room.expired = expired;
  event.as.room.waiting = waiting;
  event.as.room.issued = entered + left + expired + waiting;
  history_add(history, &event);
  return &history->events[history->count - 1];
}

void loss(struct history *history, int64_t at_ms, int64_t well_ms, int64_t window_ms) {
  struct event event = {.op = EVENT_LOSS, .number = EVENT_NO_NUMBER, .start_us = at_ms * MS, .end_us = well_ms * MS};
  event.as.window_us = window_ms * MS;
  history_add(history, &event);
}

void expect_with(struct history *history, const struct rules *by, unsigned broken) {
  struct verdict verdict;
  history_sort(history);
  check_history(history, by, &verdict);
  history_free(history);
  for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
    if ((verdict.violations[rule] > 0) != (rule == broken)) {
      verdict_print(&verdict, stderr);
      fail_msg("%s: %s", rule_text(rule), rule == broken ? "not found" : verdict.first[rule]);
    }
  }
  assert_int_equal(verdict_is_good(&verdict), broken == RULE_COUNT);
}

void expect(struct history *history, unsigned broken) {
  expect_with(history, &made_up_rules, broken);
}

struct event *set_rate(struct history *history, int64_t start_ms, int64_t end_ms, double rate_per_s) {
  struct event event = {.op = EVENT_SET_RATE, .number = EVENT_NO_NUMBER};
  event.start_us = start_ms * MS;
  event.end_us = end_ms * MS;
  event.as.rate_per_s = rate_per_s;
  history_add(history, &event);
  return &history->events[history->count - 1];
}
