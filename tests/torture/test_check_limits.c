/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The checker finds what is wrong with made-up histories, and nothing else: limits, counts, errors. */

#include <waitq/waitq.h>

#include "../support/test.h"
#include "made_up.h"

static void test_check__a_good_history_breaks_no_rule(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 300);
  visit(&h, 1, 100, 400);
  call(&h, EVENT_JOIN, 2, 150, 151, WAITQ_STATE_WAITING)->as.ticket.position = 2;
  waits(&h, 2, 160, 161, 1);
  turn(&h, 2, 200, 201, 2200);
  enter(&h, 2, 202, 203, 5000);
  call(&h, EVENT_JOIN, 3, 210, 211, WAITQ_STATE_WAITING)->as.ticket.position = 1;
  call(&h, EVENT_LEAVE, 3, 220, 221, WAITQ_STATE_LEFT);
  call(&h, EVENT_LEAVE, 3, 230, 231, WAITQ_STATE_LEFT);
  final(&h, 3, 1, 0, 0);
  expect(&h, RULE_COUNT);
}

static void test_check_rate__entries_beyond_the_limit_are_found(void **state) {
  (void)state;
  struct history h = {0};
  for (uint64_t n = 0; n < 3; n++) {
    visit(&h, n, 10 * (int64_t)n, 500);
  }
  final(&h, 3, 0, 0, 0);
  expect(&h, RULE_RATE); /* 3 in 25 ms, where 2.25 may be */
}

static void test_check_rate__a_call_that_reaches_out_of_an_interval_is_not_counted_in_it(void **state) {
  (void)state;
  struct history h = {0};
  for (uint64_t n = 0; n < 3; n++) {
    call(&h, EVENT_JOIN, n, 0, 1, WAITQ_STATE_READY)->as.ticket.until_us = 2000 * MS;
  }
  enter(&h, 0, 1, 2, 5000);
  enter(&h, 1, 3, 4, 5000);
  enter(&h, 2, 5, 105, 5000); /* it may have happened at 105 ms, when a third token was there */
  final(&h, 3, 0, 0, 0);
  expect(&h, RULE_COUNT);
}

/* Five entries, 25 ms apart. */
static void five_entries(struct history *history, int64_t from_ms) {
  for (uint64_t n = 0; n < 5; n++) {
    visit(history, n, from_ms + 25 * (int64_t)n, from_ms + 25 * (int64_t)n + 20);
  }
  final(history, 5, 0, 0, 0);
}

static void test_check_rate__a_rate_that_was_raised_allows_more(void **state) {
  (void)state;
  struct history h = {0};
  set_rate(&h, 100, 101, 40);
  five_entries(&h, 200);
  expect(&h, RULE_COUNT);
}

static void test_check_rate__a_rate_that_was_lowered_allows_less(void **state) {
  (void)state;
  struct history h = {0};
  struct rules fast = made_up_rules;
  fast.rate_per_s = 40;
  set_rate(&h, 100, 101, 10);
  five_entries(&h, 200);
  expect_with(&h, &fast, RULE_RATE);
}

static void test_check_rate__a_change_without_an_answer_may_have_happened(void **state) {
  (void)state;
  struct history h = {0};
  struct rules faulty = made_up_rules;
  faulty.allow_errors = 1;
  set_rate(&h, 100, 101, 40)->code = WAITQ_E_TIMEOUT;
  five_entries(&h, 200);
  expect_with(&h, &faulty, RULE_COUNT);
}

static void test_check_rate__an_entry_may_be_that_of_an_earlier_call_without_an_answer(void **state) {
  (void)state;
  struct history h = {0};
  struct rules faulty = made_up_rules;
  faulty.allow_errors = 1;
  for (uint64_t n = 0; n < 3; n++) {
    call(&h, EVENT_JOIN, n, 0, 1, WAITQ_STATE_READY)->as.ticket.until_us = 2000 * MS;
    enter(&h, n, 2 + 200 * (int64_t)n, 3 + 200 * (int64_t)n, 5000)->code = WAITQ_E_TIMEOUT;
    enter(&h, n, 600, 601, 5000);
  }
  final(&h, 3, 0, 0, 0);
  expect_with(&h, &faulty, RULE_COUNT);
}

static void test_check_active__more_sessions_than_slots_are_found(void **state) {
  (void)state;
  struct history h = {0};
  for (uint64_t n = 0; n < 4; n++) {
    visit(&h, n, 200 * (int64_t)n, 1000);
  }
  final(&h, 4, 0, 0, 0);
  expect(&h, RULE_ACTIVE);
}

static void test_check_active__a_turn_takes_a_slot_until_its_deadline(void **state) {
  (void)state;
  for (int64_t by_ms = 500; by_ms <= 1500; by_ms += 1000) {
    struct history h = {0};
    call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_READY)->as.ticket.until_us = by_ms * MS;
    call(&h, EVENT_POLL, 0, 2000, 2001, WAITQ_STATE_EXPIRED);
    for (uint64_t n = 1; n < 4; n++) {
      visit(&h, n, 400 + 200 * (int64_t)n, 1400);
    }
    final(&h, 3, 0, 1, 0);
    expect(&h, by_ms == 500 ? (unsigned)RULE_COUNT : (unsigned)RULE_ACTIVE);
  }
}

static void test_check_active__an_exit_gives_the_slot_back_when_it_is_called(void **state) {
  (void)state;
  struct history h = {0};
  for (uint64_t n = 0; n < 3; n++) {
    visit(&h, n, 200 * (int64_t)n, n == 0 ? 590 : 1000);
  }
  visit(&h, 3, 600, 1000);
  final(&h, 4, 0, 0, 0);
  expect(&h, RULE_COUNT);
}

static void test_check_active__what_the_room_says_counts_too(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  final(&h, 1, 0, 0, 0)->as.room.active = 4;
  expect(&h, RULE_ACTIVE);
}

static void test_check_counts__a_sum_that_does_not_add_up_is_found(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  final(&h, 1, 0, 0, 0)->as.room.expired = 1;
  expect(&h, RULE_COUNTS);
}

static void test_check_counts__numbers_that_nobody_got_are_found(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  final(&h, 1, 0, 0, 1);
  expect(&h, RULE_COUNTS);
}

static void test_check_counts__numbers_may_be_skipped_where_the_store_may_have_lost_some(void **state) {
  (void)state;
  for (uint64_t entered = 0; entered < 2; entered++) {
    struct history h = {0};
    struct rules lax = made_up_rules;
    lax.may_skip = 1;
    visit(&h, 0, 0, 10);
    final(&h, entered, 0, 1000, 0);
    expect_with(&h, &lax, entered == 1 ? (unsigned)RULE_COUNT : (unsigned)RULE_COUNTS);
  }
}

static void test_check_counts__a_join_without_an_answer_may_have_got_a_number(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  call(&h, EVENT_JOIN, EVENT_NO_NUMBER, 20, 21, 0)->code = EVENT_KILLED;
  final(&h, 1, 0, 0, 1);
  expect(&h, RULE_COUNT);
}

static void test_check_counts__an_entry_that_the_room_does_not_count_is_found(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  final(&h, 0, 0, 0, 1);
  expect(&h, RULE_COUNTS);
}

static void test_check_counts__a_leave_that_the_room_does_not_count_is_found(void **state) {
  (void)state;
  struct history h = {0};
  call(&h, EVENT_JOIN, 0, 0, 1, WAITQ_STATE_WAITING)->as.ticket.position = 1;
  call(&h, EVENT_LEAVE, 0, 50, 51, WAITQ_STATE_LEFT);
  final(&h, 0, 0, 1, 0);
  expect(&h, RULE_COUNTS);
}

static void test_check_time__a_call_that_takes_too_long_is_found(void **state) {
  (void)state;
  struct rules strict = made_up_rules;
  strict.poll_us = 50 * MS;
  strict.call_us = 500 * MS;
  for (int64_t took_ms = 40; took_ms <= 60; took_ms += 20) {
    struct history h = {0};
    visit(&h, 0, 0, 10);
    call(&h, EVENT_POLL, 0, 100, 100 + took_ms, WAITQ_STATE_ENTERED);
    call(&h, EVENT_LEAVE, 0, 200, 200 + 10 * took_ms, WAITQ_STATE_ENTERED);
    final(&h, 1, 0, 0, 0);
    expect_with(&h, &strict, took_ms == 40 ? (unsigned)RULE_COUNT : (unsigned)RULE_TIME);
  }
}

static void test_check_errors__one_without_a_fault_is_found(void **state) {
  (void)state;
  struct rules faulty = made_up_rules;
  faulty.allow_errors = 1;
  static const int32_t codes[] = {WAITQ_E_TIMEOUT, WAITQ_E_FORGED};
  for (unsigned i = 0; i < 4; i++) {
    struct history h = {0};
    visit(&h, 0, 0, 10);
    call(&h, EVENT_POLL, 0, 20, 21, 0)->code = codes[i % 2];
    final(&h, 1, 0, 0, 0);
    expect_with(&h, i < 2 ? &made_up_rules : &faulty, i == 2 ? (unsigned)RULE_COUNT : (unsigned)RULE_ERRORS);
  }
}

static void test_check_complete__a_history_with_gaps_proves_nothing(void **state) {
  (void)state;
  struct history h = {0};
  visit(&h, 0, 0, 10);
  final(&h, 1, 0, 0, 0);
  h.dropped = 1;
  expect(&h, RULE_COMPLETE);
  visit(&h, 0, 0, 10);
  expect(&h, RULE_COMPLETE);
}

static void test_check_loss__excuses_a_burst_and_the_entries_of_its_window(void **state) {
  (void)state;
  for (uint64_t more = 0; more < 2; more++) {
    struct history h = {0};
    /* In no time, while the store comes back: 2 of the burst, 2 of the loss's burst, and 10 of its window. */
    uint64_t count = 14 + more;
    for (uint64_t n = 0; n < count; n++) {
      visit(&h, n, 950, 954);
    }
    loss(&h, 900, 1000, 1000);
    final(&h, count, 0, 0, 0);
    struct rules wide = made_up_rules;
    wide.max_active = 100;
    expect_with(&h, &wide, more == 0 ? (unsigned)RULE_COUNT : (unsigned)RULE_RATE);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_check__a_good_history_breaks_no_rule),
      cmocka_unit_test(test_check_rate__entries_beyond_the_limit_are_found),
      cmocka_unit_test(test_check_rate__a_call_that_reaches_out_of_an_interval_is_not_counted_in_it),
      cmocka_unit_test(test_check_rate__a_rate_that_was_raised_allows_more),
      cmocka_unit_test(test_check_rate__a_rate_that_was_lowered_allows_less),
      cmocka_unit_test(test_check_rate__a_change_without_an_answer_may_have_happened),
      cmocka_unit_test(test_check_rate__an_entry_may_be_that_of_an_earlier_call_without_an_answer),
      cmocka_unit_test(test_check_active__more_sessions_than_slots_are_found),
      cmocka_unit_test(test_check_active__a_turn_takes_a_slot_until_its_deadline),
      cmocka_unit_test(test_check_active__an_exit_gives_the_slot_back_when_it_is_called),
      cmocka_unit_test(test_check_active__what_the_room_says_counts_too),
      cmocka_unit_test(test_check_counts__a_sum_that_does_not_add_up_is_found),
      cmocka_unit_test(test_check_counts__numbers_that_nobody_got_are_found),
      cmocka_unit_test(test_check_counts__numbers_may_be_skipped_where_the_store_may_have_lost_some),
      cmocka_unit_test(test_check_counts__a_join_without_an_answer_may_have_got_a_number),
      cmocka_unit_test(test_check_counts__an_entry_that_the_room_does_not_count_is_found),
      cmocka_unit_test(test_check_counts__a_leave_that_the_room_does_not_count_is_found),
      cmocka_unit_test(test_check_time__a_call_that_takes_too_long_is_found),
      cmocka_unit_test(test_check_errors__one_without_a_fault_is_found),
      cmocka_unit_test(test_check_complete__a_history_with_gaps_proves_nothing),
      cmocka_unit_test(test_check_loss__excuses_a_burst_and_the_entries_of_its_window),
  };
  return cmocka_run_group_tests_name("torture's checker: limits", tests, NULL, NULL);
}
