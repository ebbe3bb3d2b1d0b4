/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <math.h>

#include "eta/pace.h"
#include "near.h"

#define SECOND INT64_C(1000000)
#define T0 INT64_C(1700000000000000)

static struct waitq__pace pace;

static int setup(void **state) {
  (void)state;
  waitq__pace_init(&pace, T0, 500);
  return 0;
}

static void test_pace__is_not_known_at_first(void **state) {
  (void)state;
  assert_near(waitq__pace_per_s(&pace), 0.0, 0.0);
  waitq__pace_observe(&pace, T0 + SECOND - 1, 600);
  assert_near(waitq__pace_per_s(&pace), 0.0, 0.0);
}

static void test_pace__the_first_second_is_taken_at_its_word(void **state) {
  (void)state;
  waitq__pace_observe(&pace, T0 + SECOND, 507);
  assert_near(waitq__pace_per_s(&pace), 7.0, 1e-9);
}

static void test_pace__that_is_steady_is_told_exactly_however_it_is_looked_at(void **state) {
  (void)state;
  for (int64_t ms = 0; ms <= 600000; ms += ms % 3 == 0 ? 70 : 2030) {
    waitq__pace_observe(&pace, T0 + ms * 1000, 500 + (uint64_t)(ms / 10));
    assert_near(waitq__pace_per_s(&pace), ms < 1000 ? 0.0 : 100.0, 1.0);
  }
}

static void test_pace__turns_within_a_second_wait_for_its_end(void **state) {
  (void)state;
  waitq__pace_observe(&pace, T0 + SECOND, 510);
  waitq__pace_observe(&pace, T0 + SECOND * 3 / 2, 530);
  assert_near(waitq__pace_per_s(&pace), 10.0, 1e-9);
  waitq__pace_observe(&pace, T0 + 2 * SECOND, 530);
  /* 20 in the second second, weighted 1/31 to the first one's 30/31 of 1/31: (10 * 30/31 + 20) / (30/31 + 1) */
  assert_near(waitq__pace_per_s(&pace), (10.0 * 30 / 31 + 20.0) / (30.0 / 31 + 1), 1e-9);
}

static void test_pace__forgets_with_a_time_constant_of_half_a_minute(void **state) {
  (void)state;
  uint64_t total = 500;
  int64_t now_us = T0;
  for (unsigned i = 0; i < 600; i++) {
    waitq__pace_observe(&pace, now_us += SECOND, total += 10);
  }
  assert_near(waitq__pace_per_s(&pace), 10.0, 1e-6);
  for (unsigned i = 0; i < 30; i++) {
    waitq__pace_observe(&pace, now_us += SECOND, total);
  }
  assert_near(waitq__pace_per_s(&pace), 10.0 * pow(30.0 / 31, 30), 1e-6);
  assert_near(waitq__pace_per_s(&pace), 10.0 * exp(-1.0), 0.1);
}

static void test_pace__a_long_silence_leaves_little_of_what_was(void **state) {
  (void)state;
  waitq__pace_observe(&pace, T0 + SECOND, 600);
  waitq__pace_observe(&pace, T0 + 3601 * SECOND, 600);
  assert_true(waitq__pace_per_s(&pace) < 0.1);
}

static void test_pace__a_total_that_falls_starts_anew(void **state) {
  (void)state;
  waitq__pace_observe(&pace, T0 + SECOND, 600);
  waitq__pace_observe(&pace, T0 + 2 * SECOND, 3);
  assert_near(waitq__pace_per_s(&pace), 0.0, 0.0);
  waitq__pace_observe(&pace, T0 + 3 * SECOND, 8);
  assert_near(waitq__pace_per_s(&pace), 5.0, 1e-9);
}

static void test_pace__time_that_runs_backward_changes_nothing(void **state) {
  (void)state;
  waitq__pace_observe(&pace, T0 + 2 * SECOND, 520);
  waitq__pace_observe(&pace, T0 - 1000 * SECOND, 600);
  assert_near(waitq__pace_per_s(&pace), 10.0, 1e-9);
  waitq__pace_observe(&pace, T0 + 4 * SECOND, 540);
  assert_near(waitq__pace_per_s(&pace), 10.0, 1e-9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_pace__is_not_known_at_first, setup, NULL),
      UNIT_TEST(test_pace__the_first_second_is_taken_at_its_word, setup, NULL),
      UNIT_TEST(test_pace__that_is_steady_is_told_exactly_however_it_is_looked_at, setup, NULL),
      UNIT_TEST(test_pace__turns_within_a_second_wait_for_its_end, setup, NULL),
      UNIT_TEST(test_pace__forgets_with_a_time_constant_of_half_a_minute, setup, NULL),
      UNIT_TEST(test_pace__a_long_silence_leaves_little_of_what_was, setup, NULL),
      UNIT_TEST(test_pace__a_total_that_falls_starts_anew, setup, NULL),
      UNIT_TEST(test_pace__time_that_runs_backward_changes_nothing, setup, NULL),
  };
  return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
