/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "core/state.h"
#include "near.h"

#define SECOND INT64_C(1000000)
#define T0 INT64_C(1700000000000000)

static struct waitq__state room;
static waitq_policy policy;

static int setup(void **state) {
  (void)state;
  policy = (waitq_policy)WAITQ_POLICY_INIT;
  waitq__state_init(&room, &policy, 3, T0);
  return 0;
}

static void expect_refusal(const char *field) {
  waitq_error error = WAITQ_ERROR_INIT;
  assert_int_equal(waitq__policy_check(&policy, &error), WAITQ_E_INVALID);
  if (strstr(error.text, field) != error.text) {
    fail_msg("\"%s\" does not begin with %s", error.text, field);
  }
  policy = (waitq_policy)WAITQ_POLICY_INIT;
}

static void expect_taken(void) {
  waitq_error error = WAITQ_ERROR_INIT;
  if (waitq__policy_check(&policy, &error) != WAITQ_OK) {
    fail_msg("%s", error.text);
  }
  policy = (waitq_policy)WAITQ_POLICY_INIT;
}

static void test_policy__rates_are_numbers_from_0_to_1e9(void **state) {
  (void)state;
  const double good[] = {0.0, 1e-9, 0.5, 1e9};
  const double bad[] = {-1e-9, -1.0, nextafter(1e9, 2e9), (double)INFINITY, -(double)INFINITY, (double)NAN};
  for (unsigned i = 0; i < 4; i++) {
    policy.rate_per_s = good[i];
    expect_taken();
  }
  for (unsigned i = 0; i < 6; i++) {
    policy.rate_per_s = bad[i];
    expect_refusal("rate_per_s");
    assert_int_equal(waitq__rate_check(bad[i], NULL), WAITQ_E_INVALID);
  }
}

static void test_policy__bursts_are_from_1_to_1e9(void **state) {
  (void)state;
  const uint64_t bursts[] = {0, 1, 1000000000, 1000000001, UINT64_MAX};
  for (unsigned i = 0; i < 5; i++) {
    policy.burst = bursts[i];
    i == 1 || i == 2 ? expect_taken() : expect_refusal("burst");
  }
}

static void test_policy__time_limits_are_from_1_ms_to_ten_years(void **state) {
  (void)state;
  static const size_t fields[] = {offsetof(waitq_policy, claim_ttl_ms), offsetof(waitq_policy, session_ttl_ms),
                                  offsetof(waitq_policy, heartbeat_ttl_ms), offsetof(waitq_policy, min_poll_ms),
                                  offsetof(waitq_policy, max_poll_ms)};
  static const char *const names[] = {"claim_ttl_ms", "session_ttl_ms", "heartbeat_ttl_ms", "min_poll_ms",
                                      "max_poll_ms"};
  const int64_t bad[] = {INT64_MIN, -1, 0, INT64_C(315360000001), INT64_MAX};
  for (unsigned field = 0; field < 5; field++) {
    for (unsigned i = 0; i < 5; i++) {
      memcpy((unsigned char *)&policy + fields[field], &bad[i], sizeof bad[i]);
      expect_refusal(names[field]);
    }
  }
  policy.claim_ttl_ms = policy.session_ttl_ms = policy.heartbeat_ttl_ms = INT64_C(315360000000);
  expect_taken();
  policy.claim_ttl_ms = policy.session_ttl_ms = policy.min_poll_ms = policy.max_poll_ms = 1;
  policy.heartbeat_ttl_ms = 3;
  expect_taken();
}

static void test_policy__who_polls_as_asked_is_never_taken_for_gone(void **state) {
  (void)state;
  policy.heartbeat_ttl_ms = 30000;
  policy.max_poll_ms = 10000;
  expect_taken();
  policy.heartbeat_ttl_ms = 29999;
  policy.max_poll_ms = 10000;
  expect_refusal("max_poll_ms");
  policy.min_poll_ms = 10001;
  expect_refusal("min_poll_ms");
  policy.min_poll_ms = 10000;
  expect_taken();
}

static void test_policy__openings_orders_and_models_are_those_there_are(void **state) {
  (void)state;
  policy.opens_at_ms = -1;
  expect_refusal("opens_at_ms");
  policy.opens_at_ms = INT64_C(253402300800000);
  expect_refusal("opens_at_ms");
  policy.opens_at_ms = INT64_C(253402300799999);
  expect_taken();
  policy.order = 0;
  expect_refusal("order");
  policy.order = 2;
  expect_refusal("order");
  policy.eta_model = 0;
  expect_refusal("eta_model");
  policy.eta_model = 3;
  expect_refusal("eta_model");
  policy.eta_model = WAITQ_ETA_REFERENCE;
  expect_taken();
}

static void test_policy__comes_out_of_the_state_as_it_went_in(void **state) {
  (void)state;
  const waitq_policy given = {sizeof given,
                              12.5,
                              77,
                              5,
                              6,
                              1234,
                              2345,
                              9999,
                              10,
                              3333,
                              1700000060000,
                              WAITQ_ORDER_FIFO,
                              WAITQ_ETA_REFERENCE,
                              WAITQ_LOSS_LOCAL,
                              0,
                              {1.0, 0.01, 100.0, 0.0}};
  waitq_policy read;
  memset(&read, 0x55, sizeof read);
  waitq__state_init(&room, &given, 3, T0);
  waitq__state_policy(&room, &read);
  assert_memory_equal(&read, &given, sizeof read);
  assert_int_equal(room.visitor_key, 3);
  assert_int_equal(room.phase, WAITQ_PHASE_SCHEDULED);
  waitq__state_init(&room, &given, 3, given.opens_at_ms * 1000);
  assert_int_equal(room.phase, WAITQ_PHASE_OPEN);
}

static void test_policy__configured_takes_the_place_of_the_old(void **state) {
  (void)state;
  waitq_policy given = {
      sizeof given,    12.5, 77, 5, 6, 1234, 2345, 9999, 10, 3333, 1700000060000, WAITQ_ORDER_FIFO, WAITQ_ETA_REFERENCE,
      WAITQ_LOSS_OPEN, 0,    {0}};
  waitq_policy read;
  memset(&read, 0x55, sizeof read);
  room.now_us += SECOND;
  waitq__state_configure(&room, &given);
  waitq__state_policy(&room, &read);
  given.opens_at_ms = 0; /* the room has been open all along */
  assert_memory_equal(&read, &given, sizeof read);
  assert_int_equal(room.phase, WAITQ_PHASE_OPEN);
  assert_int_equal(room.rate_changed_us, T0 + SECOND);
  room.now_us += SECOND;
  waitq__state_configure(&room, &given);
  assert_int_equal(room.rate_changed_us, T0 + SECOND);
}

static void test_state__a_scheduled_room_may_be_given_another_opening(void **state) {
  (void)state;
  policy.opens_at_ms = T0 / 1000 + 60000;
  waitq__state_init(&room, &policy, 0, T0);
  policy.opens_at_ms += 60000;
  waitq__state_configure(&room, &policy);
  assert_int_equal(room.opens_at_us, T0 + 120 * SECOND);
  assert_true(waitq__bucket_is_dry(&room.turns.terms));
  waitq__state_open(&room, T0 + 120 * SECOND);
  assert_int_equal(room.phase, WAITQ_PHASE_OPEN);
  assert_false(waitq__bucket_is_dry(&room.turns.terms));
}

static void test_state__phases_say_who_may_do_what(void **state) {
  (void)state;
  static const struct {
    uint32_t phase;
    int takes_joins;
    int admits;
    int stands_still;
  } phases[] = {{WAITQ_PHASE_SCHEDULED, 1, 0, 0},
                {WAITQ_PHASE_OPEN, 1, 1, 0},
                {WAITQ_PHASE_PAUSED, 1, 0, 1},
                {WAITQ_PHASE_DRAINING, 0, 1, 0},
                {WAITQ_PHASE_CLOSED, 0, 0, 1}};
  for (unsigned i = 0; i < 5; i++) {
    room.phase = phases[i].phase;
    assert_int_equal(waitq__state_takes_joins(&room), phases[i].takes_joins);
    assert_int_equal(waitq__state_admits(&room), phases[i].admits);
    assert_int_equal(waitq__state_stands_still(&room), phases[i].stands_still);
  }
}

static void test_state__no_room_becomes_scheduled_or_anything_unknown(void **state) {
  (void)state;
  const uint32_t phases[] = {0, WAITQ_PHASE_SCHEDULED, WAITQ_PHASE_CLOSED + 1, UINT32_MAX};
  const struct waitq__state before = room;
  for (unsigned i = 0; i < 4; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    assert_int_equal(waitq__state_set_phase(&room, phases[i], &error), WAITQ_E_INVALID);
    assert_non_null(strstr(error.text, "phase is"));
    assert_memory_equal(&room, &before, sizeof room);
  }
}

static void set_phase(uint32_t phase, int64_t after_s) {
  room.now_us = T0 + after_s * SECOND;
  assert_int_equal(waitq__state_set_phase(&room, phase, NULL), WAITQ_OK);
}

static void test_state__while_it_is_paused_nothing_drips_and_no_deadline_comes_nearer(void **state) {
  (void)state;
  waitq__bucket_take(&room.turns, 10, T0);
  int64_t deadline_us = waitq__wheel_deadline(&room.claim, 0);
  set_phase(WAITQ_PHASE_PAUSED, 0);
  assert_int_equal(waitq__bucket_available(&room.turns, T0 + 50 * SECOND), 0);
  set_phase(WAITQ_PHASE_CLOSED, 50);
  set_phase(WAITQ_PHASE_OPEN, 100);
  assert_int_equal(waitq__bucket_available(&room.turns, T0 + 100 * SECOND), 0);
  assert_int_equal(waitq__bucket_available(&room.turns, T0 + 101 * SECOND), 10);
  assert_int_equal(waitq__wheel_deadline(&room.claim, 0), deadline_us + 100 * SECOND);
  set_phase(WAITQ_PHASE_DRAINING, 110);
  assert_int_equal(waitq__wheel_deadline(&room.claim, 0), deadline_us + 100 * SECOND);
}

static void test_state__a_new_epoch_while_it_is_paused_lengthens_no_turn(void **state) {
  (void)state;
  set_phase(WAITQ_PHASE_PAUSED, 0);
  room.now_us = T0 + 3600 * SECOND;
  waitq__state_reset(&room);
  set_phase(WAITQ_PHASE_OPEN, 3601);
  assert_true(waitq__wheel_deadline(&room.claim, room.claim.current) <= room.now_us + 33750 * SECOND / 1000);
}

static void test_state__a_claim_limit_set_while_it_is_paused_holds_within_an_eighth_of_it(void **state) {
  (void)state;
  set_phase(WAITQ_PHASE_PAUSED, 0);
  room.now_us = T0 + 3600 * SECOND;
  policy.claim_ttl_ms = 8000;
  waitq__state_configure(&room, &policy);
  set_phase(WAITQ_PHASE_OPEN, 3601);
  assert_int_equal(room.claim.ends_us, room.now_us + SECOND);
}

static void test_state__a_new_epoch_empties_the_line_and_keeps_the_rest(void **state) {
  (void)state;
  waitq__bucket_take(&room.turns, 4, T0);
  waitq__bucket_give(&room.turns, 2);
  assert_int_equal(waitq__state_plan_rate(&room, 5.0, T0 + 99 * SECOND, NULL), WAITQ_OK);
  room.head = 50;
  room.floor = 40;
  room.ready = 7;
  room.trim = room.trimmed_left = room.trimmed_entered = 3;
  room.claim_end[0] = 50;
  room.promised_us = T0 + 600 * SECOND;
  room.now_us = T0 + 5 * SECOND;
  waitq__state_reset(&room);
  assert_int_equal(room.head + room.floor + room.ready + room.trim + room.trimmed_left + room.trimmed_entered, 0);
  assert_int_equal(room.claim_end[0], 0);
  assert_true(room.promised_us <= room.now_us); /* nobody of the old epoch is waited for */
  assert_int_equal(room.plan_count, 1);
  assert_int_equal(waitq__bucket_available(&room.turns, room.now_us), 10);
  assert_int_equal(waitq__wheel_begin(&room.heartbeat, 0), room.now_us);
}

static int plan(double rate_per_s, int64_t after_s) {
  return waitq__state_plan_rate(&room, rate_per_s, T0 + after_s * SECOND, NULL);
}

static void test_state__plans_stand_in_their_order_and_eight_are_enough(void **state) {
  (void)state;
  const int64_t times_s[] = {50, 10, 80, 20, 70, 30, 60, 40};
  for (unsigned i = 0; i < 8; i++) {
    assert_int_equal(plan((double)times_s[i], times_s[i]), WAITQ_OK);
  }
  assert_int_equal(plan(7.0, 45), WAITQ_E_EXHAUSTED);
  assert_int_equal(plan(7.0, 30), WAITQ_OK);
  assert_int_equal(room.plan_count, 8);
  for (unsigned i = 0; i < 8; i++) {
    assert_int_equal(room.plans[i].at_us, T0 + 10 * SECOND * (i + 1));
    assert_near(room.plans[i].rate_per_s, i == 2 ? 7.0 : 10.0 * (i + 1), 0.0);
  }
}

static void test_state__a_plan_for_a_time_that_has_passed_holds_now(void **state) {
  (void)state;
  assert_int_equal(plan(3.0, 0), WAITQ_OK);
  assert_int_equal(room.plan_count, 0);
  assert_near(room.rate_per_s, 3.0, 0.0);
  assert_int_equal(room.rate_changed_us, T0);
  assert_int_equal(plan(4.0, -100), WAITQ_OK);
  assert_near(room.rate_per_s, 4.0, 0.0);
}

static void test_state__comes_out_of_the_store_as_it_went_in(void **state) {
  (void)state;
  struct waitq__state read;
  memset(&read, 0x55, sizeof read);
  assert_int_equal(waitq__state_read(&read, &room, sizeof room, NULL), WAITQ_OK);
  assert_memory_equal(&read, &room, sizeof read);
}

static void expect_unread(uint64_t size, int code) {
  struct waitq__state read;
  waitq_error error = WAITQ_ERROR_INIT;
  void *bytes = malloc(size + 1);
  assert_non_null(bytes);
  memcpy(bytes, &room, size < sizeof room ? size : sizeof room);
  assert_int_equal(waitq__state_read(&read, bytes, size, &error), code);
  assert_int_equal(error.code, code);
  assert_true(error.text[0] != '\0');
  free(bytes);
}

static void test_state__of_another_format_or_size_is_not_read(void **state) {
  (void)state;
  for (uint64_t size = 0; size < sizeof room; size += 3) {
    expect_unread(size, WAITQ_E_DAMAGED);
  }
  expect_unread(sizeof room + 8, WAITQ_E_DAMAGED);
  room.format = WAITQ__STATE_FORMAT + 1;
  expect_unread(sizeof room, WAITQ_E_VERSION);
  expect_unread(sizeof room + 8, WAITQ_E_VERSION);
  room.format = 0;
  expect_unread(sizeof room, WAITQ_E_DAMAGED);
}

#define EXPECT_DAMAGED(field, value)             \
  do {                                           \
    const struct waitq__state whole = room;      \
    room.field = (value);                        \
    expect_unread(sizeof room, WAITQ_E_DAMAGED); \
    room = whole;                                \
  } while (0)

static void test_state__that_contradicts_itself_is_not_read(void **state) {
  (void)state;
  EXPECT_DAMAGED(bytes, 1);
  EXPECT_DAMAGED(floor, 1);
  EXPECT_DAMAGED(trim, 1);
  EXPECT_DAMAGED(ready, 1);
  EXPECT_DAMAGED(phase, 0);
  EXPECT_DAMAGED(phase, WAITQ_PHASE_CLOSED + 1);
  EXPECT_DAMAGED(plan_count, WAITQ_RATE_PLANS_MAX + 1);
  EXPECT_DAMAGED(burst, 0);
  EXPECT_DAMAGED(burst, WAITQ__BURST_MAX + 1);
  EXPECT_DAMAGED(rate_per_s, -1.0);
  EXPECT_DAMAGED(min_poll_us, 0);
  EXPECT_DAMAGED(max_poll_us, room.min_poll_us - 1);
  EXPECT_DAMAGED(heartbeat.ttl_us, 0);
  EXPECT_DAMAGED(session.grain_us, 0);
  EXPECT_DAMAGED(claim.oldest, 1);
  EXPECT_DAMAGED(session.current, WAITQ__WHEEL_SLOTS);
}

static void test_state__whose_estimates_are_damaged_learns_anew_and_keeps_the_line(void **state) {
  (void)state;
  struct waitq__state read;
  room.history.calibration.scored = 7;
  room.history.visitors.lived[3] = NAN;
  room.head = room.floor = 12;
  assert_int_equal(waitq__state_read(&read, &room, sizeof room, NULL), WAITQ_OK);
  assert_int_equal(read.head, 12);
  assert_int_equal(read.history.calibration.scored, 0);
  assert_true(waitq__history_is_sound(&read.history));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_policy__rates_are_numbers_from_0_to_1e9, setup, NULL),
      UNIT_TEST(test_policy__bursts_are_from_1_to_1e9, setup, NULL),
      UNIT_TEST(test_policy__time_limits_are_from_1_ms_to_ten_years, setup, NULL),
      UNIT_TEST(test_policy__who_polls_as_asked_is_never_taken_for_gone, setup, NULL),
      UNIT_TEST(test_policy__openings_orders_and_models_are_those_there_are, setup, NULL),
      UNIT_TEST(test_policy__comes_out_of_the_state_as_it_went_in, setup, NULL),
      UNIT_TEST(test_policy__configured_takes_the_place_of_the_old, setup, NULL),
      UNIT_TEST(test_state__a_scheduled_room_may_be_given_another_opening, setup, NULL),
      UNIT_TEST(test_state__phases_say_who_may_do_what, setup, NULL),
      UNIT_TEST(test_state__no_room_becomes_scheduled_or_anything_unknown, setup, NULL),
      UNIT_TEST(test_state__while_it_is_paused_nothing_drips_and_no_deadline_comes_nearer, setup, NULL),
      UNIT_TEST(test_state__a_new_epoch_while_it_is_paused_lengthens_no_turn, setup, NULL),
      UNIT_TEST(test_state__a_claim_limit_set_while_it_is_paused_holds_within_an_eighth_of_it, setup, NULL),
      UNIT_TEST(test_state__a_new_epoch_empties_the_line_and_keeps_the_rest, setup, NULL),
      UNIT_TEST(test_state__plans_stand_in_their_order_and_eight_are_enough, setup, NULL),
      UNIT_TEST(test_state__a_plan_for_a_time_that_has_passed_holds_now, setup, NULL),
      UNIT_TEST(test_state__comes_out_of_the_store_as_it_went_in, setup, NULL),
      UNIT_TEST(test_state__of_another_format_or_size_is_not_read, setup, NULL),
      UNIT_TEST(test_state__that_contradicts_itself_is_not_read, setup, NULL),
      UNIT_TEST(test_state__whose_estimates_are_damaged_learns_anew_and_keeps_the_line, setup, NULL),
  };
  return cmocka_run_group_tests_name("state and policy", tests, NULL, NULL);
}
