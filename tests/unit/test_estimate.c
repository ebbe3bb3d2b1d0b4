/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <waitq/queue.h>

#include "eta/estimate.h"
#include "near.h"

#define SECOND INT64_C(1000000)
#define T0 INT64_C(1700000000000000)

static struct waitq__state room;

/* Ten a second, the burst of ten used up at T0. */
static int setup(void **state) {
  (void)state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq__state_init(&room, &policy, 0, T0);
  waitq__bucket_take(&room.turns, 10, T0);
  return 0;
}

static void expect(struct waitq__estimate estimate, double eta_s, double low_s, double high_s) {
  assert_near((double)estimate.eta_us * 1e-6, eta_s, 2e-6);
  assert_near((double)estimate.low_us * 1e-6, low_s, 2e-6);
  assert_near((double)estimate.high_us * 1e-6, high_s, 2e-6);
}

static void expect_unknown(struct waitq__estimate estimate) {
  assert_int_equal(estimate.eta_us, -1);
  assert_int_equal(estimate.low_us, -1);
  assert_int_equal(estimate.high_us, -1);
  assert_near(estimate.confidence, 0.0, 0.0);
}

static void test_estimate__the_bucket_gives_turn_p_when_it_has_made_p_tokens(void **state) {
  (void)state;
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 0.0, 0.0);
  assert_int_equal(forecast.reason, WAITQ_REASON_BUCKET);
  expect(waitq__estimate(&forecast, 1, T0), 0.1, 0.0, 1.1);
  expect(waitq__estimate(&forecast, 600, T0), 60.0, 59.0, 61.0);
  expect(waitq__estimate(&forecast, 600, T0 + 10 * SECOND), 50.0, 49.0, 51.0);
  expect(waitq__estimate(&forecast, 600, T0 + 61 * SECOND), 0.0, 0.0, 1.0);
  assert_near(waitq__estimate(&forecast, 600, T0).confidence, 0.9, 0.0);
}

static void test_estimate__tokens_in_the_bucket_count(void **state) {
  (void)state;
  room.now_us = T0 + SECOND / 2;
  waitq__bucket_give(&room.turns, 3);
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 0.0, 0.0);
  /* Five tokens made and three given back: turn 28 waits for twenty more. */
  expect(waitq__estimate(&forecast, 28, room.now_us), 2.0, 1.0, 3.0);
}

static void test_estimate__those_ahead_may_leave_as_others_did(void **state) {
  (void)state;
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 0.0, 0.25);
  expect(waitq__estimate(&forecast, 1000, T0), 100.0, 74.0, 101.0);
}

static void test_estimate__sessions_that_bind_are_answered_by_the_pace(void **state) {
  (void)state;
  struct waitq__forecast forecast = waitq__forecast(&room, 1, 4.0, 0.0);
  assert_int_equal(forecast.reason, WAITQ_REASON_SLOTS);
  expect(waitq__estimate(&forecast, 40, T0), 10.0, 4.0, 21.0);
  expect(waitq__estimate(&forecast, 40, T0 + 100 * SECOND), 10.0, 4.0, 21.0);
  assert_near(forecast.confidence, 0.5, 0.0);
  forecast = waitq__forecast(&room, 1, 0.0, 0.0);
  expect(waitq__estimate(&forecast, 40, T0), 80.0, 39.0, 161.0);
  assert_near(forecast.confidence, 0.2, 0.0);
}

static void test_estimate__a_paused_or_closed_room_has_none(void **state) {
  (void)state;
  const uint32_t phases[] = {WAITQ_PHASE_PAUSED, WAITQ_PHASE_CLOSED};
  const uint64_t reasons[] = {WAITQ_REASON_PAUSED, WAITQ_REASON_CLOSED};
  for (unsigned i = 0; i < 2; i++) {
    room.phase = phases[i];
    struct waitq__forecast forecast = waitq__forecast(&room, 1, 5.0, 0.0);
    assert_int_equal(forecast.reason, reasons[i]);
    expect_unknown(waitq__estimate(&forecast, 1, T0));
    expect_unknown(waitq__estimate_planned(&forecast, &room, 1, T0));
  }
}

static void test_estimate__a_rate_of_zero_has_none_and_says_so(void **state) {
  (void)state;
  waitq__state_set_rate(&room, 0.0, T0);
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 5.0, 0.0);
  assert_int_equal(forecast.reason, WAITQ_REASON_RATE_ZERO);
  expect_unknown(waitq__estimate(&forecast, 1, T0));
}

static void test_estimate__the_reason_says_for_a_while_that_the_rate_was_changed(void **state) {
  (void)state;
  waitq__state_set_rate(&room, 5.0, T0);
  assert_int_equal(waitq__forecast(&room, 0, 0.0, 0.0).reason, WAITQ_REASON_RATE_CHANGED);
  assert_int_equal(waitq__forecast(&room, 1, 0.0, 0.0).reason, WAITQ_REASON_SLOTS);
  room.now_us = T0 + 30 * SECOND - 1;
  assert_int_equal(waitq__forecast(&room, 0, 0.0, 0.0).reason, WAITQ_REASON_RATE_CHANGED);
  room.now_us = T0 + 30 * SECOND;
  assert_int_equal(waitq__forecast(&room, 0, 0.0, 0.0).reason, WAITQ_REASON_BUCKET);
}

static void test_estimate__before_the_opening_it_counts_from_there(void **state) {
  (void)state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.opens_at_ms = T0 / 1000 + 60000;
  waitq__state_init(&room, &policy, 0, T0);
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 0.0, 0.0);
  assert_int_equal(forecast.reason, WAITQ_REASON_SCHEDULED);
  expect(waitq__estimate(&forecast, 10, T0), 60.0, 59.0, 61.0);
  expect(waitq__estimate(&forecast, 110, T0 + 20 * SECOND), 50.0, 49.0, 51.0);
}

static void test_estimate__of_more_than_a_hundred_years_is_none(void **state) {
  (void)state;
  waitq__state_set_rate(&room, 1e-9, T0);
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 0.0, 0.0);
  assert_true(waitq__estimate(&forecast, 3, T0).eta_us > 0);
  expect_unknown(waitq__estimate(&forecast, 4, T0));
  expect_unknown(waitq__estimate(&forecast, UINT64_MAX, T0));
}

static void plan(double rate_per_s, int64_t after_s) {
  assert_int_equal(waitq__state_plan_rate(&room, rate_per_s, T0 + after_s * SECOND, NULL), WAITQ_OK);
}

static struct waitq__estimate planned(uint64_t position, int64_t now_us) {
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 0.0, 0.0);
  return waitq__estimate_planned(&forecast, &room, position, now_us);
}

static void test_estimate__planned_changes_are_walked_through(void **state) {
  (void)state;
  plan(5.0, 5);
  plan(20.0, 15);
  expect(planned(40, T0), 4.0, 3.0, 5.0);
  expect(planned(50, T0), 5.0, 4.0, 6.0);
  expect(planned(100, T0), 15.0, 14.0, 16.0); /* 50 in 5 s, 50 at 5/s */
  expect(planned(140, T0), 17.0, 16.0, 18.0); /* and 40 at 20/s */
  expect(planned(140, T0 + 7 * SECOND), 10.0, 9.0, 11.0);
}

static void test_estimate__a_plan_to_stop_leaves_those_behind_without_one(void **state) {
  (void)state;
  plan(0.0, 5);
  expect(planned(50, T0), 5.0, 4.0, 6.0);
  expect_unknown(planned(51, T0));
  plan(1.0, 65);
  expect(planned(51, T0), 66.0, 65.0, 67.0);
}

static void test_estimate__a_plan_to_begin_is_known(void **state) {
  (void)state;
  waitq__state_set_rate(&room, 0.0, T0);
  expect_unknown(planned(1, T0));
  plan(2.0, 60);
  expect(planned(4, T0), 62.0, 61.0, 63.0);
  expect(planned(4, T0 + 30 * SECOND), 32.0, 31.0, 33.0);
}

static void test_estimate__a_plan_before_the_opening_counts_from_the_opening(void **state) {
  (void)state;
  const double rates[] = {10.0, 0.0};
  for (unsigned i = 0; i < 2; i++) {
    waitq_policy policy = WAITQ_POLICY_INIT;
    policy.rate_per_s = rates[i];
    policy.opens_at_ms = T0 / 1000 + 60000;
    waitq__state_init(&room, &policy, 0, T0);
    waitq__bucket_take(&room.turns, 10, T0);
    waitq__state_set_terms(&room, T0);
    plan(2.0, 30);
    expect(planned(20, T0), 70.0, 69.0, 71.0);
  }
}

static void test_estimate__plans_do_not_move_what_sessions_bind(void **state) {
  (void)state;
  plan(100.0, 1);
  struct waitq__forecast forecast = waitq__forecast(&room, 1, 4.0, 0.0);
  expect(waitq__estimate_planned(&forecast, &room, 40, T0), 10.0, 4.0, 21.0);
}

static void test_estimate__the_reference_knows_its_rate_and_nothing_else(void **state) {
  (void)state;
  struct waitq__forecast forecast = waitq__forecast(&room, 0, 0.0, 0.5);
  struct waitq__reference_rate rate = {.seconds_per_position = 1.5, .confidence = 0.8};
  struct waitq__forecast known = waitq__forecast_reference(&forecast, &rate);
  assert_int_equal(known.reason, WAITQ_REASON_BUCKET);
  expect(waitq__estimate(&known, 40, T0 + 999 * SECOND), 60.0, 59.0, 61.0);
  assert_near(waitq__estimate(&known, 40, T0).confidence, 0.8, 0.0);
  rate = (struct waitq__reference_rate){2.0, 0.2, 1};
  known = waitq__forecast_reference(&forecast, &rate);
  assert_int_equal(known.reason, WAITQ_REASON_NO_SAMPLES);
  expect(waitq__estimate(&known, 40, T0), 80.0, 79.0, 81.0);
  room.phase = WAITQ_PHASE_PAUSED;
  forecast = waitq__forecast(&room, 0, 0.0, 0.0);
  assert_int_equal(waitq__forecast_reference(&forecast, &rate).reason, WAITQ_REASON_PAUSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_estimate__the_bucket_gives_turn_p_when_it_has_made_p_tokens, setup, NULL),
      UNIT_TEST(test_estimate__tokens_in_the_bucket_count, setup, NULL),
      UNIT_TEST(test_estimate__those_ahead_may_leave_as_others_did, setup, NULL),
      UNIT_TEST(test_estimate__sessions_that_bind_are_answered_by_the_pace, setup, NULL),
      UNIT_TEST(test_estimate__a_paused_or_closed_room_has_none, setup, NULL),
      UNIT_TEST(test_estimate__a_rate_of_zero_has_none_and_says_so, setup, NULL),
      UNIT_TEST(test_estimate__the_reason_says_for_a_while_that_the_rate_was_changed, setup, NULL),
      UNIT_TEST(test_estimate__before_the_opening_it_counts_from_there, setup, NULL),
      UNIT_TEST(test_estimate__of_more_than_a_hundred_years_is_none, setup, NULL),
      UNIT_TEST(test_estimate__planned_changes_are_walked_through, setup, NULL),
      UNIT_TEST(test_estimate__a_plan_to_stop_leaves_those_behind_without_one, setup, NULL),
      UNIT_TEST(test_estimate__a_plan_to_begin_is_known, setup, NULL),
      UNIT_TEST(test_estimate__a_plan_before_the_opening_counts_from_the_opening, setup, NULL),
      UNIT_TEST(test_estimate__plans_do_not_move_what_sessions_bind, setup, NULL),
      UNIT_TEST(test_estimate__the_reference_knows_its_rate_and_nothing_else, setup, NULL),
  };
  return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
