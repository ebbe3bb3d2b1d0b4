/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <string.h>

#include "../support/rng.h"
#include "eta/reference.h"
#include "near.h"

#define SECOND INT64_C(1000000)
#define T0 (INT64_C(1700000000) * SECOND) /* 22:13:20 UTC */

static struct waitq__reference reference;

static int setup(void **state) {
  (void)state;
  waitq__reference_init(&reference, T0);
  return 0;
}

static void admit(int64_t at_s, uint64_t count) {
  waitq__reference_observe(&reference, T0 + at_s * SECOND, count);
}

static struct waitq__reference_rate rate_at(int64_t at_s) {
  return waitq__reference_rate(&reference, T0 + at_s * SECOND);
}

static void expect(int64_t at_s, double seconds_per_position, double confidence) {
  struct waitq__reference_rate rate = rate_at(at_s);
  assert_near(rate.seconds_per_position, seconds_per_position, 1e-6);
  assert_near(rate.confidence, confidence, 0.0);
  assert_false(rate.is_fallback);
}

static void expect_fallback(int64_t at_s) {
  struct waitq__reference_rate rate = rate_at(at_s);
  assert_near(rate.seconds_per_position, 2.0, 0.0);
  assert_near(rate.confidence, 0.2, 0.0);
  assert_true(rate.is_fallback);
}

static void test_reference__the_example_of_its_header(void **state) {
  (void)state;
  admit(0, 60);
  /* 0.5 * 60/60 + 0.3 * 60/300 + 0.2 * 60/900 = 0.573333; 1.1 / 0.573333 = 1.918605 */
  expect(0, 1.918605, 1.0);
  assert_near(100 * rate_at(0).seconds_per_position, 191.9, 0.05);
}

static void test_reference__without_data_a_position_takes_two_seconds(void **state) {
  (void)state;
  expect_fallback(0);
  admit(0, 0);
  expect_fallback(1);
  admit(5, 10);
  assert_false(rate_at(904).is_fallback);
  expect_fallback(905);
}

static void test_reference__three_windows_are_weighted_50_30_and_20(void **state) {
  (void)state;
  admit(0, 90);   /* in 15 minutes alone */
  admit(400, 60); /* in 5 minutes as well */
  admit(650, 30); /* in all three */
  /* 0.5 * 30/60 + 0.3 * 90/300 + 0.2 * 180/900 = 0.25 + 0.09 + 0.04 = 0.38 */
  expect(690, 1.1 / 0.38, 1.0);
}

static void test_reference__each_rate_is_of_the_full_window_from_the_first_second_on(void **state) {
  (void)state;
  admit(0, 6);
  /* Six in the first second are 6/60, 6/300 and 6/900, not 6 a second. */
  expect(0, 1.1 / (0.5 * 0.1 + 0.3 * 0.02 + 0.2 * 6 / 900), 0.6);
}

static void test_reference__weights_are_spread_over_the_windows_that_have_data(void **state) {
  (void)state;
  admit(0, 30);
  /* Two minutes later: (0.3 * 30/300 + 0.2 * 30/900) / 0.5 = 0.0733333; 1.1 / 0.0733333 = 15 */
  expect(120, 15.0, 1.0);
  /* Ten minutes later: 0.2 * (30/900) / 0.2 = 0.0333333; 1.1 / 0.0333333 = 33 */
  expect(600, 33.0, 1.0);
}

static void test_reference__a_window_is_the_current_second_and_those_before_it(void **state) {
  (void)state;
  admit(0, 10);
  const double in_all = 1.1 / (0.5 / 6 + 0.3 / 30 + 0.2 / 90);
  const double in_two = 1.1 * 0.5 / (0.3 / 30 + 0.2 / 90);
  const double in_one = 1.1 * 90;
  expect(59, in_all, 0.8);
  expect(60, in_two, 0.8);
  expect(299, in_two, 0.8);
  expect(300, in_one, 0.2);
  expect(899, in_one, 0.2);
  expect_fallback(900);
}

static void test_reference__confidence_goes_in_steps(void **state) {
  (void)state;
  static const struct {
    uint64_t last_minute;
    uint64_t four_minutes_ago;
    uint64_t ten_minutes_ago;
    double confidence;
  } steps[] = {{1, 0, 0, 0.2},  {2, 0, 0, 0.2},  {3, 0, 0, 0.6},  {9, 0, 0, 0.6},  {10, 0, 0, 0.8}, {29, 0, 0, 0.8},
               {30, 0, 0, 1.0}, {0, 9, 0, 0.2},  {0, 10, 0, 0.8}, {1, 9, 0, 0.8},  {0, 29, 0, 0.8}, {0, 30, 0, 1.0},
               {0, 0, 29, 0.2}, {0, 0, 30, 1.0}, {2, 7, 20, 0.2}, {3, 6, 20, 0.6}, {3, 7, 19, 0.8}, {3, 7, 20, 1.0}};
  for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    waitq__reference_init(&reference, T0);
    admit(0, steps[i].ten_minutes_ago);
    admit(360, steps[i].four_minutes_ago);
    admit(600, steps[i].last_minute);
    assert_near(rate_at(600).confidence, steps[i].confidence, 0.0);
  }
}

static void test_reference__the_hours_weight_counts_by_the_hour_in_utc(void **state) {
  (void)state;
  admit(0, 60);
  double plain = rate_at(0).seconds_per_position;
  reference.hour_weight[22] = 1.5;
  assert_near(rate_at(0).seconds_per_position, 1.5 * plain, 1e-9);
  reference.hour_weight[22] = 1.0;
  reference.hour_weight[23] = 3.0;
  /* 23:00:00 is 2,800 s after 22:13:20 */
  admit(2800 - 1, 60);
  assert_near(rate_at(2800 - 1).seconds_per_position, plain, 1e-9);
  assert_near(rate_at(2800).seconds_per_position, 3.0 * plain, 1e-9);
}

static void test_reference__the_hours_weight_does_not_touch_the_fallback(void **state) {
  (void)state;
  for (unsigned hour = 0; hour < 24; hour++) {
    assert_near(reference.hour_weight[hour], 1.0, 0.0);
    reference.hour_weight[hour] = 4.0;
  }
  expect_fallback(0);
}

static void test_reference__time_that_runs_backward_counts_as_the_latest(void **state) {
  (void)state;
  admit(1000, 20);
  struct waitq__reference_rate before = rate_at(1000);
  struct waitq__reference_rate back = rate_at(100);
  assert_memory_equal(&back.seconds_per_position, &before.seconds_per_position, sizeof(double));
  admit(3, 10); /* counts as of second 1000 */
  expect(1059, 1.1 / (0.5 / 2 + 0.3 / 10 + 0.2 / 30), 1.0);
  expect(1060, 1.1 * 0.5 / (0.3 / 10 + 0.2 / 30), 1.0);
}

static void test_reference__admissions_of_one_second_add_up_and_overflow_nothing(void **state) {
  (void)state;
  admit(0, 20);
  admit(0, 40);
  expect(0, 1.918605, 1.0);
  admit(0, UINT64_MAX);
  admit(0, 7);
  const double all = 4294967295.0;
  expect(0, 1.1 / (0.5 * all / 60 + 0.3 * all / 300 + 0.2 * all / 900), 1.0);
}

/* The specification over a plain list of admissions. */
#define ADMISSIONS 20000
static int64_t seconds[ADMISSIONS];

static double plain_seconds_per_position(unsigned count, int64_t now_s) {
  static const double weights[] = {0.5, 0.3, 0.2};
  static const int64_t lengths[] = {60, 300, 900};
  double weighted = 0;
  double total = 0;
  for (unsigned window = 0; window < 3; window++) {
    unsigned admitted = 0;
    for (unsigned i = count; i-- > 0 && seconds[i] > now_s - lengths[window];) {
      admitted++;
    }
    weighted += admitted > 0 ? weights[window] * admitted / (double)lengths[window] : 0.0;
    total += admitted > 0 ? weights[window] : 0.0;
  }
  return total > 0 ? 1.1 / (weighted / total) : 2.0;
}

static void test_reference__random_admissions_agree_with_a_plain_list(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("reference", 1));
  int64_t now_s = 0;
  for (unsigned i = 0; i < ADMISSIONS; i++) {
    now_s += (int64_t)rng_below(&rng, rng_once_in(&rng, 50) ? 2000 : 4);
    double expected = plain_seconds_per_position(i, now_s);
    assert_near(rate_at(now_s).seconds_per_position, expected, expected * 1e-9);
    seconds[i] = now_s;
    admit(now_s, 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_reference__the_example_of_its_header, setup, NULL),
      UNIT_TEST(test_reference__without_data_a_position_takes_two_seconds, setup, NULL),
      UNIT_TEST(test_reference__three_windows_are_weighted_50_30_and_20, setup, NULL),
      UNIT_TEST(test_reference__each_rate_is_of_the_full_window_from_the_first_second_on, setup, NULL),
      UNIT_TEST(test_reference__weights_are_spread_over_the_windows_that_have_data, setup, NULL),
      UNIT_TEST(test_reference__a_window_is_the_current_second_and_those_before_it, setup, NULL),
      UNIT_TEST(test_reference__confidence_goes_in_steps, setup, NULL),
      UNIT_TEST(test_reference__the_hours_weight_counts_by_the_hour_in_utc, setup, NULL),
      UNIT_TEST(test_reference__the_hours_weight_does_not_touch_the_fallback, setup, NULL),
      UNIT_TEST(test_reference__time_that_runs_backward_counts_as_the_latest, setup, NULL),
      UNIT_TEST(test_reference__admissions_of_one_second_add_up_and_overflow_nothing, setup, NULL),
      UNIT_TEST(test_reference__random_admissions_agree_with_a_plain_list, setup, NULL),
  };
  return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
