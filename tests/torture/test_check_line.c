/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The checker finds what is wrong with made-up histories, and nothing else: the line and its tickets. */

#include <waitq/waitq.h>

#include "../support/test.h"
#include "made_up.h"

/* Ticket 1 has its turn at 101 ms; ticket 0 still waits by a view of this age at 200 ms. */
static void overtake(struct history *history, int64_t age_ms) {
  call(history, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
  call(history, EVENT_JOIN, 1, 2, 3, WAITQ_STATE_WAITING)->as.ticket.position = 2;
  turn(history, 1, 100, 101, 2000);
  waits(history, 0, 200, 201, 1)->as.ticket.age_us = age_ms * MS;
  enter(history, 1, 205, 206, 5000);
  final(history, 1, 0, 0, 1);
}

static void test_check_order__a_ticket_that_was_overtaken_is_found(void **state) {
  (void)state;
  struct history h = {0};
  overtake(&h, 50);
  expect(&h, RULE_ORDER);
}

static void test_check_order__an_old_view_proves_nothing(void **state) {
  (void)state;
  struct history h = {0};
  overtake(&h, 150);
  expect(&h, RULE_COUNT);
}

static void test_check_number__two_visitors_with_one_number_are_found(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  call(&h, EVENT_JOIN, 0, 5, 6, WAITQ_STATE_ENTERED)->visitor = 999;
  final(&h, 1, 0, 0, 0);
  expect(&h, RULE_NUMBER);
}

static void test_check_number__one_number_with_two_texts_is_found(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  call(&h, EVENT_JOIN, 0, 5, 6, WAITQ_STATE_ENTERED)->mark = 999;
  final(&h, 1, 0, 0, 0);
  expect(&h, RULE_NUMBER);
}

static void test_check_ticket__a_second_ticket_while_the_first_lives_is_found(void **state) {
  (void)state;
  struct history h = {0};
  call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
  struct event *join = waits(&h, 1, 100, 101, 2);
  join->op = EVENT_JOIN;
  join->visitor = 100;
  waits(&h, 1, 200, 201, 2)->visitor = 100;
  final(&h, 0, 0, 0, 2);
  expect(&h, RULE_TICKET);
}

static void test_check_ticket__a_second_ticket_after_the_first_is_gone_is_right(void **state) {
  (void)state;
  struct history h = {0};
  call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
  call(&h, EVENT_LEAVE, 0, 50, 51, WAITQ_STATE_LEFT);
  call(&h, EVENT_JOIN, 1, 100, 101, WAITQ_STATE_WAITING)->visitor = 100;
  call(&h, EVENT_JOIN, 2, 102, 103, WAITQ_STATE_WAITING);
  call(&h, EVENT_JOIN, 3, 5000, 5001, WAITQ_STATE_WAITING)->visitor = 102; /* silent for five seconds */
  final(&h, 0, 1, 1, 2);
  expect(&h, RULE_COUNT);
}

static void test_check_entry__a_pass_that_is_not_the_tickets_is_found(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  enter(&h, 0, 4, 5, 5000)->as.ticket.pass_number = 1;
  final(&h, 1, 0, 0, 0);
  expect(&h, RULE_ENTRY);
}

/* Ticket 0 polls each so many milliseconds, and is gone in the end. */
static void expire(struct history *history, int64_t every_ms) {
  call(history, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
  for (int64_t i = 1; i < 4; i++) {
    waits(history, 0, i * every_ms, i * every_ms + 1, 1);
  }
  call(history, EVENT_POLL, 0, 4 * every_ms, 4 * every_ms + 1, WAITQ_STATE_EXPIRED);
  final(history, 0, 0, 1, 0);
}

static void test_check_lost__a_visitor_who_polled_and_is_gone_is_found(void **state) {
  (void)state;
  struct history h = {0};
  expire(&h, 1000);
  expect(&h, RULE_LOST);
}

static void test_check_lost__a_silent_visitor_may_be_gone(void **state) {
  (void)state;
  struct history h = {0};
  expire(&h, 2500);
  expect(&h, RULE_COUNT);
}

static void test_check_lost__a_missed_turn_may_be_gone_after_its_deadline(void **state) {
  (void)state;
  for (int64_t by_ms = 1000; by_ms <= 3000; by_ms += 2000) {
    struct history h = {0};
    call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_READY)->as.ticket.until_us = by_ms * MS;
    turn(&h, 0, 900, 901, by_ms);
    call(&h, EVENT_POLL, 0, 1500, 1501, WAITQ_STATE_EXPIRED);
    final(&h, 0, 0, 1, 0);
    expect(&h, by_ms == 1000 ? (unsigned)RULE_COUNT : (unsigned)RULE_LOST);
  }
}

static void test_check_lost__a_turn_that_nobody_saw_may_have_passed(void **state) {
  (void)state;
  for (int64_t after_ms = 1700; after_ms <= 1900; after_ms += 200) {
    struct history h = {0};
    call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
    call(&h, EVENT_POLL, 0, after_ms, after_ms + 1, WAITQ_STATE_EXPIRED);
    final(&h, 0, 0, 1, 0);
    expect(&h, after_ms == 1900 ? (unsigned)RULE_COUNT : (unsigned)RULE_LOST);
  }
}

static void test_check_lost__a_heartbeat_dies_with_its_node(void **state) {
  (void)state;
  for (uint32_t node = 0; node < 2; node++) {
    struct history h = {0};
    struct event kill = {.op = EVENT_KILL, .node = node, .start_us = 3100 * MS, .end_us = 3101 * MS};
    kill.number = EVENT_NO_NUMBER;
    history_add(&h, &kill);
    expire(&h, 1500);
    /* The polls at 1.5, 3.0 and 4.5 s are of node 0: without that at 3.0 s, it was silent for three seconds. */
    expect(&h, node == 0 ? (unsigned)RULE_COUNT : (unsigned)RULE_LOST);
  }
}

static void test_check_state__a_ticket_that_was_gone_and_waits_again_is_found(void **state) {
  (void)state;
  struct history h = {0};
  call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
  call(&h, EVENT_LEAVE, 0, 50, 51, WAITQ_STATE_LEFT);
  waits(&h, 0, 100, 101, 1);
  final(&h, 0, 1, 0, 0);
  expect(&h, RULE_STATE);
}

static void test_check_state__a_turn_that_is_taken_back_is_found(void **state) {
  (void)state;
  struct history h = {0};
  turn(&h, 0, 0, 1, 2000);
  waits(&h, 0, 100, 101, 1);
  final(&h, 0, 0, 0, 1);
  expect(&h, RULE_STATE);
}

static void test_check_state__an_old_view_of_a_ticket_proves_nothing(void **state) {
  (void)state;
  struct history h = {0};
  turn(&h, 0, 0, 1, 2000);
  waits(&h, 0, 100, 101, 1)->as.ticket.age_us = 250 * MS;
  final(&h, 0, 0, 0, 1);
  expect(&h, RULE_COUNT);
}

static void test_check_state__states_that_nobody_asked_for_are_found(void **state) {
  (void)state;
  static const uint32_t states[] = {WAITQ_STATE_LEFT, WAITQ_STATE_ENTERED, WAITQ_STATE_STALE};
  for (unsigned i = 0; i < 3; i++) {
    struct history h = {0};
    call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
    call(&h, EVENT_POLL, 0, 100, 101, states[i]);
    final(&h, states[i] == WAITQ_STATE_ENTERED, states[i] == WAITQ_STATE_LEFT, 0, states[i] == WAITQ_STATE_STALE);
    expect(&h, RULE_STATE);
  }
}

static void test_check_position__one_that_rises_is_found(void **state) {
  (void)state;
  struct history h = {0};
  waits(&h, 0, 0, 1, 5);
  waits(&h, 0, 100, 101, 6);
  final(&h, 0, 0, 0, 1);
  expect(&h, RULE_POSITION);
}

static void test_check_position__an_old_view_may_show_a_higher_one(void **state) {
  (void)state;
  struct history h = {0};
  waits(&h, 0, 0, 1, 5);
  waits(&h, 0, 100, 101, 6)->as.ticket.age_us = 200 * MS;
  final(&h, 0, 0, 0, 1);
  expect(&h, RULE_COUNT);
}

static void test_check_loss__the_order_holds_before_it_and_after_it(void **state) {
  (void)state;
  for (int64_t at_ms = 0; at_ms <= 150; at_ms += 150) {
    struct history h = {0};
    overtake(&h, 50);
    loss(&h, at_ms, at_ms + 1, 0); /* before both, or between them */
    expect(&h, at_ms == 0 ? (unsigned)RULE_ORDER : (unsigned)RULE_COUNT);
  }
}

static void test_check_loss__does_not_excuse_a_number_given_twice(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  loss(&h, 20, 30, 10);
  call(&h, EVENT_JOIN, 0, 50, 51, WAITQ_STATE_WAITING)->visitor = 999;
  final(&h, 1, 0, 0, 0);
  expect(&h, RULE_NUMBER);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_check_order__a_ticket_that_was_overtaken_is_found),
      cmocka_unit_test(test_check_order__an_old_view_proves_nothing),
      cmocka_unit_test(test_check_number__two_visitors_with_one_number_are_found),
      cmocka_unit_test(test_check_number__one_number_with_two_texts_is_found),
      cmocka_unit_test(test_check_ticket__a_second_ticket_while_the_first_lives_is_found),
      cmocka_unit_test(test_check_ticket__a_second_ticket_after_the_first_is_gone_is_right),
      cmocka_unit_test(test_check_entry__a_pass_that_is_not_the_tickets_is_found),
      cmocka_unit_test(test_check_lost__a_visitor_who_polled_and_is_gone_is_found),
      cmocka_unit_test(test_check_lost__a_silent_visitor_may_be_gone),
      cmocka_unit_test(test_check_lost__a_missed_turn_may_be_gone_after_its_deadline),
      cmocka_unit_test(test_check_lost__a_turn_that_nobody_saw_may_have_passed),
      cmocka_unit_test(test_check_lost__a_heartbeat_dies_with_its_node),
      cmocka_unit_test(test_check_state__a_ticket_that_was_gone_and_waits_again_is_found),
      cmocka_unit_test(test_check_state__a_turn_that_is_taken_back_is_found),
      cmocka_unit_test(test_check_state__an_old_view_of_a_ticket_proves_nothing),
      cmocka_unit_test(test_check_state__states_that_nobody_asked_for_are_found),
      cmocka_unit_test(test_check_position__one_that_rises_is_found),
      cmocka_unit_test(test_check_position__an_old_view_may_show_a_higher_one),
      cmocka_unit_test(test_check_loss__the_order_holds_before_it_and_after_it),
      cmocka_unit_test(test_check_loss__does_not_excuse_a_number_given_twice),
  };
  return cmocka_run_group_tests_name("torture's checker: line", tests, NULL, NULL);
}
