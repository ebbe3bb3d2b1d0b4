/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Rates: fractions, zero, changes now and later, and time that does not run as it should. */

#include <math.h>
#include <stdlib.h>

#include "conformance.h"
#include "room_bench.h"

static unsigned turns_given(waitq_room_t *room) {
  waitq_stats stats = line_stats(room);
  return (unsigned)(stats.ready + stats.entered);
}

/* A line of anonymous visitors that neither fall silent nor miss their turns. */
static waitq_room_t *patient_line(struct world *world, double rate_per_s, uint64_t burst, unsigned count) {
  waitq_policy policy = room_policy(rate_per_s, burst);
  policy.heartbeat_ttl_ms = 100000000;
  policy.claim_ttl_ms = 100000000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  for (unsigned i = 0; i < count; i++) {
    struct guest guest;
    guest_join(room, NULL, &guest);
  }
  return room;
}

static void test_rates__fractions_of_one_a_second_are_kept(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 0.25, 1, 30);
  for (unsigned turns = 1; turns < 20; turns++) {
    assert_int_equal(turns_given(room), turns);
    world_advance_ms(world, 3999);
    assert_int_equal(turns_given(room), turns);
    world_advance_ms(world, 1);
  }
}

static void test_rates__that_no_fraction_holds_exactly_do_not_drift(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1.0 / 3, 5, 2000);
  for (int i = 0; i < 5000; i++) { /* 3000 s in steps of 600 ms */
    world_advance_ms(world, 600);
    turns_given(room);
  }
  world_advance_ms(world, 1);
  assert_in_range(turns_given(room), 1004, 1005);
}

static void test_rates__with_a_burst_of_one_nobody_ever_enters_together(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 10, 1, 0);
  world_advance_ms(world, 3600000);
  struct guest *guests = crowd_join(room, 5);
  for (unsigned i = 0; i < 5; i++) {
    for (unsigned k = 0; k < 5; k++) {
      guest_enter(room, &guests[k]);
    }
    assert_int_equal(line_stats(room).entered, i + 1);
    world_advance_ms(world, 99);
    for (unsigned k = 0; k < 5; k++) {
      guest_enter(room, &guests[k]);
    }
    assert_int_equal(line_stats(room).entered, i + 1);
    world_advance_ms(world, 1);
  }
  free(guests);
}

static void test_rates__of_zero_let_nobody_in(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 0, 3, 10);
  struct guest last;
  assert_int_equal(turns_given(room), 0);
  world_advance_ms(world, 1000000);
  assert_int_equal(turns_given(room), 0);
  guest_join(room, "last", &last);
  assert_state(last.status.state, WAITQ_STATE_WAITING);
  assert_int_equal(last.status.position, 11);
  assert_reason(last.status.reason, WAITQ_REASON_RATE_ZERO);
  assert_int_equal(last.status.eta_ms, WAITQ_UNKNOWN_MS);
  assert_code(waitq_room_set_rate(room, 1, NULL), WAITQ_OK);
  assert_int_equal(turns_given(room), 3);
  world_advance_ms(world, 2000);
  assert_int_equal(turns_given(room), 5);
}

static void test_rates__of_zero_keep_those_out_whose_turn_has_come(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(10, 5);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  assert_code(waitq_room_set_rate(room, 0, NULL), WAITQ_OK);
  for (unsigned i = 1; i < 5; i++) {
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_READY);
    assert_reason(guests[i].pass.reason, WAITQ_REASON_RATE_ZERO);
  }
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  assert_code(waitq_room_set_rate(room, 10, NULL), WAITQ_OK);
  for (unsigned i = 1; i < 5; i++) {
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_ENTERED);
  }
  free(guests);
}

static void test_rates__set_live_hold_from_that_moment_on(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1, 100, 1000);
  assert_int_equal(turns_given(room), 100);
  world_advance_ms(world, 10000);
  assert_code(waitq_room_set_rate(room, 5, NULL), WAITQ_OK);
  assert_int_equal(turns_given(room), 110);
  world_advance_ms(world, 10000);
  assert_int_equal(turns_given(room), 160);
  assert_true(fabs(line_stats(room).rate_per_s - 5) < 1e-9);
  assert_code(waitq_room_set_rate(room, 0.5, NULL), WAITQ_OK);
  world_advance_ms(world, 10000);
  assert_int_equal(turns_given(room), 165);
}

static void test_rates__set_live_keep_the_tokens_that_are_in_the_bucket(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1, 100, 0);
  for (int i = 0; i < 10; i++) {
    assert_code(waitq_room_set_rate(room, i % 2 == 0 ? 1000 : 0, NULL), WAITQ_OK);
    assert_true(fabs(line_stats(room).tokens - 100) < 0.01);
  }
  assert_code(waitq_room_set_rate(room, 1e-6, NULL), WAITQ_OK);
  struct guest *guests = crowd_join(room, 90);
  assert_true(fabs(line_stats(room).tokens - 10) < 0.01);
  assert_code(waitq_room_set_rate(room, 0, NULL), WAITQ_OK);
  assert_true(fabs(line_stats(room).tokens - 10) < 0.01);
  free(guests);
}

static void test_rates__planned_come_into_force_at_their_moment_though_nobody_looks(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1e-9, 1, 1000);
  int64_t start_ms = world_now_ms(world);
  waitq_policy policy = room_policy(1e-9, 1000);
  policy.heartbeat_ttl_ms = 100000000;
  policy.claim_ttl_ms = 100000000;
  assert_int_equal(turns_given(room), 1);
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  assert_code(waitq_room_set_rate_at(room, 20, start_ms + 30000, NULL), WAITQ_OK);
  assert_code(waitq_room_set_rate_at(room, 10, start_ms + 10000, NULL), WAITQ_OK);
  assert_code(waitq_room_set_rate_at(room, 1, start_ms + 40000, NULL), WAITQ_OK);
  assert_true(fabs(line_stats(room).rate_per_s) < 2e-9);
  world_advance_ms(world, 50000);
  /* The 1 that was in the bucket, and 20 s at 10, 10 s at 20, 10 s at 1. */
  assert_int_equal(turns_given(room), 1 + 200 + 200 + 10);
  assert_true(fabs(line_stats(room).rate_per_s - 1) < 1e-9);
}

static void test_rates__planned_for_a_time_that_has_passed_hold_now(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1, 1, 10);
  assert_code(waitq_room_set_rate_at(room, 7, world_now_ms(world) - 5000, NULL), WAITQ_OK);
  assert_true(fabs(line_stats(room).rate_per_s - 7) < 1e-9);
  assert_code(waitq_room_set_rate_at(room, 8, world_now_ms(world), NULL), WAITQ_OK);
  assert_true(fabs(line_stats(room).rate_per_s - 8) < 1e-9);
}

static void test_rates__a_second_plan_for_one_time_replaces_the_first(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1, 1, 10);
  int64_t at_ms = world_now_ms(world) + 1000;
  for (int i = 0; i < 3 * WAITQ_RATE_PLANS_MAX; i++) {
    assert_code(waitq_room_set_rate_at(room, 2 + i, at_ms, NULL), WAITQ_OK);
  }
  world_advance_ms(world, 1000);
  assert_true(fabs(line_stats(room).rate_per_s - (1 + 3 * WAITQ_RATE_PLANS_MAX)) < 1e-9);
}

static void test_rates__as_many_plans_as_there_is_room_for(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1, 1, 10);
  waitq_error error = WAITQ_ERROR_INIT;
  int64_t start_ms = world_now_ms(world);
  for (int i = 1; i <= WAITQ_RATE_PLANS_MAX; i++) {
    assert_code(waitq_room_set_rate_at(room, 10 * i, start_ms + 1000 * i, NULL), WAITQ_OK);
  }
  assert_code(waitq_room_set_rate_at(room, 99, start_ms + 500, &error), WAITQ_E_EXHAUSTED);
  assert_string_not_equal(error.text, "");
  for (int i = 1; i <= WAITQ_RATE_PLANS_MAX; i++) {
    world_advance_ms(world, 999);
    assert_true(fabs(line_stats(room).rate_per_s - (i == 1 ? 1 : 10 * (i - 1))) < 1e-9);
    world_advance_ms(world, 1);
    assert_true(fabs(line_stats(room).rate_per_s - 10 * i) < 1e-9);
  }
  assert_code(waitq_room_set_rate_at(room, 99, start_ms + 100000, NULL), WAITQ_OK);
}

static void test_rates__planned_stay_planned_when_the_policy_changes(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1, 1, 0);
  assert_code(waitq_room_set_rate_at(room, 42, world_now_ms(world) + 1000, NULL), WAITQ_OK);
  waitq_policy policy = room_policy(3, 3);
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  assert_true(fabs(line_stats(room).rate_per_s - 3) < 1e-9);
  world_advance_ms(world, 1000);
  assert_true(fabs(line_stats(room).rate_per_s - 42) < 1e-9);
  assert_code(waitq_room_policy(room, &policy, NULL), WAITQ_OK);
  assert_true(fabs(policy.rate_per_s - 42) < 1e-9);
}

static void test_rates__at_the_limit_of_what_is_allowed_serve_everybody(void **state) {
  struct world *world = *state;
  waitq_room_t *room = patient_line(world, 1e9, 1000000000, 5000);
  assert_int_equal(turns_given(room), 5000);
  world_advance_ms(world, 86400000);
  assert_int_equal(turns_given(room), 5000);
}

static void test_time__that_runs_backward_changes_nothing(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 10);
  guest_enter(room, &guests[0]);
  world_advance_ms(world, 5000);
  assert_int_equal(crowd_count(room, guests, 10, WAITQ_STATE_READY), 3); /* one was left, the burst is two */
  struct guest before[10];
  for (unsigned i = 0; i < 10; i++) {
    guest_poll(room, &guests[i]);
    before[i] = guests[i];
  }
  waitq_stats stats = line_stats(room);
  static const int64_t back_ms[] = {1, 1000, 3600000, 86400000, FAKE_CLOCK_START_MS / 2};
  for (size_t b = 0; b < sizeof back_ms / sizeof back_ms[0]; b++) {
    world_advance_ms(world, -back_ms[b]);
    for (unsigned i = 0; i < 10; i++) {
      guest_poll(room, &guests[i]);
      assert_state(guests[i].status.state, before[i].status.state);
      assert_int_equal(guests[i].status.position, before[i].status.position);
      assert_int_equal(guests[i].status.enter_by_ms, before[i].status.enter_by_ms);
    }
    waitq_stats after = line_stats(room);
    assert_true(after.now_ms >= stats.now_ms);
    assert_int_equal(after.ready, stats.ready);
    assert_int_equal(after.active, stats.active);
    assert_true(after.tokens <= stats.tokens + 1e-6);
    struct guest late;
    guest_join_numbered(room, "late", (unsigned)b, &late);
    assert_state(late.status.state, WAITQ_STATE_WAITING);
    assert_state(guest_leave(room, &late), WAITQ_STATE_LEFT);
    world_advance_ms(world, back_ms[b]);
  }
  world_advance_ms(world, 1000);
  assert_int_equal(crowd_count(room, guests, 10, WAITQ_STATE_READY), 4);
  free(guests);
}

static void test_time__that_jumps_far_ahead_expires_and_refills_but_overflows_nothing(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1000000, 5);
  waitq_room_t *room = world_room(world, "concert", &policy);
  for (unsigned year = 0; year < 20; year++) {
    struct guest *guests = crowd_join(room, 10);
    assert_int_equal(crowd_count(room, guests, 10, WAITQ_STATE_READY), 5);
    assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
    world_advance_ms(world, INT64_C(31557600000));
    waitq_stats stats = line_stats(room);
    assert_int_equal(stats.active, 0);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.entered, year + 1);
    free(guests);
  }
}

int conformance_room_rates(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_rates__fractions_of_one_a_second_are_kept),
      ROOM_TEST(test_rates__that_no_fraction_holds_exactly_do_not_drift),
      ROOM_TEST(test_rates__with_a_burst_of_one_nobody_ever_enters_together),
      ROOM_TEST(test_rates__of_zero_let_nobody_in),
      ROOM_TEST(test_rates__of_zero_keep_those_out_whose_turn_has_come),
      ROOM_TEST(test_rates__set_live_hold_from_that_moment_on),
      ROOM_TEST(test_rates__set_live_keep_the_tokens_that_are_in_the_bucket),
      ROOM_TEST(test_rates__planned_come_into_force_at_their_moment_though_nobody_looks),
      ROOM_TEST(test_rates__planned_for_a_time_that_has_passed_hold_now),
      ROOM_TEST(test_rates__a_second_plan_for_one_time_replaces_the_first),
      ROOM_TEST(test_rates__as_many_plans_as_there_is_room_for),
      ROOM_TEST(test_rates__planned_stay_planned_when_the_policy_changes),
      ROOM_TEST(test_rates__at_the_limit_of_what_is_allowed_serve_everybody),
      ROOM_TEST(test_time__that_runs_backward_changes_nothing),
      ROOM_TEST(test_time__that_jumps_far_ahead_expires_and_refills_but_overflows_nothing),
  };
  return cmocka_run_group_tests_name("room: rates and time", tests, NULL, NULL);
}
