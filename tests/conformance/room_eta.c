/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What rooms say of the wait, and what they know of how right it was. */

#include <math.h>
#include <stdlib.h>

#include "conformance.h"
#include "room_bench.h"

static double eta_s(waitq_room_t *room, struct guest *guest) {
  assert_state(guest_poll(room, guest), WAITQ_STATE_WAITING);
  line_check_status(&guest->status);
  return (double)guest->status.eta_ms * 1e-3;
}

static void assert_about(double actual, double expected, double margin) {
  if (!(fabs(actual - expected) <= margin)) {
    fail_msg("%.3f is not within %.3f of %.3f", actual, margin, expected);
  }
}

/* A second of a room that somebody looks after. */
static waitq_stats pass_second(struct world *world, waitq_room_t *room) {
  world_advance_ms(world, 1000);
  return line_stats(room);
}

static void test_eta__the_rate_gives_the_wait(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(2, 20);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 120);
  /* The first twenty had the turn at once. */
  assert_about(eta_s(room, &guests[119]), 50.0, 0.6);
  assert_reason(guests[119].status.reason, WAITQ_REASON_BUCKET);
  assert_true(guests[119].status.confidence > 0.5);
  assert_true(guests[119].status.eta_high_ms < 60000);
  world_advance_ms(world, 10000);
  line_stats(room);
  assert_about(eta_s(room, &guests[119]), 40.0, 0.6);
  free(guests);
}

static void test_eta__a_pause_with_an_end_ends_by_itself_and_estimates_know_it(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  policy.claim_ttl_ms = 600000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 31);
  int64_t until_ms = world_now_ms(world) + 60000;
  assert_code(waitq_room_pause_until(room, until_ms, NULL), WAITQ_OK);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.phase, WAITQ_PHASE_PAUSED);
  assert_int_equal(stats.goes_on_at_ms, until_ms);
  assert_about(eta_s(room, &guests[20]), 80.0, 1.5);
  assert_reason(guests[20].status.reason, WAITQ_REASON_PAUSED);
  world_advance_ms(world, 59000);
  assert_int_equal(line_stats(room).phase, WAITQ_PHASE_PAUSED);
  assert_about(eta_s(room, &guests[20]), 21.0, 1.5);
  world_advance_ms(world, 2000);
  stats = line_stats(room);
  assert_int_equal(stats.phase, WAITQ_PHASE_OPEN);
  assert_int_equal(stats.goes_on_at_ms, 0);
  assert_about(eta_s(room, &guests[20]), 19.0, 1.5);
  free(guests);
}

static void test_eta__a_pause_with_an_end_is_over_when_another_phase_is_set(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  int64_t until_ms = world_now_ms(world) + 60000;
  assert_code(waitq_room_pause_until(room, until_ms, NULL), WAITQ_OK);
  assert_code(waitq_room_set_phase(room, WAITQ_PHASE_PAUSED, NULL), WAITQ_OK);
  world_advance_ms(world, 61000);
  assert_int_equal(line_stats(room).phase, WAITQ_PHASE_PAUSED);
  assert_code(waitq_room_pause_until(room, 1, NULL), WAITQ_OK); /* has passed: open */
  assert_int_equal(line_stats(room).phase, WAITQ_PHASE_OPEN);
  assert_code(waitq_room_pause_until(room, -1, NULL), WAITQ_E_INVALID);
  assert_code(waitq_room_pause_until(room, INT64_MAX, NULL), WAITQ_E_INVALID);
}

static void test_eta__a_pause_without_an_end_has_no_estimate(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  assert_code(waitq_room_set_phase(room, WAITQ_PHASE_PAUSED, NULL), WAITQ_OK);
  guest_poll(room, &guests[4]);
  assert_int_equal(guests[4].status.eta_ms, WAITQ_UNKNOWN_MS);
  assert_int_equal(guests[4].status.eta_low_ms, WAITQ_UNKNOWN_MS);
  assert_int_equal(guests[4].status.eta_high_ms, WAITQ_UNKNOWN_MS);
  assert_reason(guests[4].status.reason, WAITQ_REASON_PAUSED);
  free(guests);
}

static void test_eta__planned_rates_are_known_at_once(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 41);
  assert_about(eta_s(room, &guests[40]), 40.0, 0.6);
  assert_code(waitq_room_set_rate_at(room, 0, world_now_ms(world) + 20000, NULL), WAITQ_OK);
  guest_poll(room, &guests[40]);
  assert_int_equal(guests[40].status.eta_ms, WAITQ_UNKNOWN_MS);
  assert_code(waitq_room_set_rate_at(room, 2, world_now_ms(world) + 50000, NULL), WAITQ_OK);
  assert_about(eta_s(room, &guests[40]), 60.0, 0.6);
  assert_about(eta_s(room, &guests[10]), 10.0, 0.6);
  free(guests);
}

/* Twenty slots, sessions of thirty seconds: two turns in three seconds. */
static void run_sessions(struct world *world, waitq_room_t *room, struct guest *guests, unsigned seconds) {
  static unsigned entered_at[400];
  unsigned entered = 0;
  unsigned ended = 0;
  for (unsigned second = 0; second < seconds; second++) {
    while (ended < entered && entered_at[ended] + 30 <= second) {
      guest_exit(room, &guests[ended++]);
    }
    pass_second(world, room);
    while (guest_poll(room, &guests[entered]) == WAITQ_STATE_READY) {
      if (guest_enter(room, &guests[entered]) != WAITQ_STATE_ENTERED) {
        break; /* others enter at this instant */
      }
      entered_at[entered++] = second;
    }
  }
}

static waitq_policy slots_policy(void) {
  waitq_policy policy = room_policy(5, 5);
  policy.max_active = 20;
  policy.heartbeat_ttl_ms = 3600000;
  return policy;
}

static void test_eta__slots_are_estimated_by_how_long_sessions_last(void **state) {
  struct world *world = *state;
  waitq_policy policy = slots_policy();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 250);
  guest_poll(room, &guests[249]);
  run_sessions(world, room, guests, 150);
  guest_poll(room, &guests[249]);
  double position = (double)guests[249].status.position;
  assert_about(eta_s(room, &guests[249]), position * 1.5, 0.15 * position * 1.5);
  assert_reason(guests[249].status.reason, WAITQ_REASON_SLOTS);
  free(guests);
}

static void test_eta__who_opens_a_room_later_knows_what_was_learnt(void **state) {
  struct world *world = *state;
  waitq_policy policy = slots_policy();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 250);
  run_sessions(world, room, guests, 150);
  waitq_stats before = line_stats(room);
  double eta = eta_s(room, &guests[249]);
  world_room_close(world, room);
  room = world_room(world, "concert", NULL);
  assert_about(eta_s(room, &guests[249]), eta, 0.05 * eta);
  assert_reason(guests[249].status.reason, WAITQ_REASON_SLOTS);
  assert_true(line_stats(room).eta_scored >= before.eta_scored);
  assert_true(before.eta_scored > 0);
  free(guests);
}

static void test_eta__a_room_tells_how_right_it_was(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(5, 5);
  policy.claim_ttl_ms = 600000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.eta_scored, 0);
  struct guest *guests = crowd_join(room, 1000);
  for (unsigned second = 0; second < 150; second++) {
    stats = pass_second(world, room);
  }
  assert_true(stats.eta_scored >= 5);
  assert_true(stats.eta_acc > 0.85);
  assert_true(stats.eta_hit > 0.95);
  assert_true(fabs(stats.eta_bias) < 0.1);
  assert_true(stats.eta_cov90 > 0.8 && stats.eta_cov90 <= 1.0);
  assert_true(stats.eta_width > 0.0);
  free(guests);
}

static void test_eta__the_reference_has_its_weights_by_the_hour(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  policy.eta_model = WAITQ_ETA_REFERENCE;
  for (unsigned hour = 0; hour < 24; hour++) {
    policy.eta_hour_weights[hour] = 3.0;
  }
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 11);
  double weighted = eta_s(room, &guests[10]);
  waitq_policy read = WAITQ_POLICY_INIT;
  assert_code(waitq_room_policy(room, &read, NULL), WAITQ_OK);
  assert_about(read.eta_hour_weights[23], 3.0, 0.0);
  for (unsigned hour = 0; hour < 24; hour++) {
    read.eta_hour_weights[hour] = 0.0;
  }
  assert_code(waitq_room_configure(room, &read, NULL), WAITQ_OK);
  assert_about(weighted, 3.0 * eta_s(room, &guests[10]), 0.1);
  read.eta_hour_weights[5] = 1000.0;
  assert_code(waitq_room_configure(room, &read, NULL), WAITQ_E_INVALID);
  free(guests);
}

static void test_eta__a_reset_forgets_the_line_and_not_what_was_learnt(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(5, 5);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 300);
  for (unsigned second = 0; second < 50; second++) {
    pass_second(world, room);
  }
  uint64_t scored = line_stats(room).eta_scored;
  assert_true(scored > 0);
  assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
  assert_int_equal(line_stats(room).eta_scored, scored);
  struct guest *others = crowd_join(room, 50);
  assert_about(eta_s(room, &others[49]), 10.0, 1.5);
  free(others);
  free(guests);
}

int conformance_room_eta(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_eta__the_rate_gives_the_wait),
      ROOM_TEST(test_eta__a_pause_with_an_end_ends_by_itself_and_estimates_know_it),
      ROOM_TEST(test_eta__a_pause_with_an_end_is_over_when_another_phase_is_set),
      ROOM_TEST(test_eta__a_pause_without_an_end_has_no_estimate),
      ROOM_TEST(test_eta__planned_rates_are_known_at_once),
      ROOM_TEST(test_eta__slots_are_estimated_by_how_long_sessions_last),
      ROOM_TEST(test_eta__who_opens_a_room_later_knows_what_was_learnt),
      ROOM_TEST(test_eta__a_room_tells_how_right_it_was),
      ROOM_TEST(test_eta__the_reference_has_its_weights_by_the_hour),
      ROOM_TEST(test_eta__a_reset_forgets_the_line_and_not_what_was_learnt),
  };
  return cmocka_run_group_tests_name("room: estimates", tests, NULL, NULL);
}
