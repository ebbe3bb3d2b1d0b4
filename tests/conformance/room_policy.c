/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Policies: read back, refused, changed; and what estimates say under them. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "room_bench.h"

static waitq_policy unusual_policy(struct world *world) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 12.5;
  policy.burst = 17;
  policy.max_active = 23;
  policy.max_waiting = 1234567;
  policy.claim_ttl_ms = 7001;
  policy.session_ttl_ms = 123457;
  policy.heartbeat_ttl_ms = 76543;
  policy.min_poll_ms = 1511;
  policy.max_poll_ms = 7331;
  policy.opens_at_ms = world_now_ms(world) + 100003;
  policy.eta_model = WAITQ_ETA_REFERENCE;
  return policy;
}

static void assert_policy(waitq_room_t *room, const waitq_policy *expected) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  assert_code(waitq_room_policy(room, &policy, NULL), WAITQ_OK);
  assert_true(fabs(policy.rate_per_s - expected->rate_per_s) < 1e-9);
  assert_int_equal(policy.burst, expected->burst);
  assert_int_equal(policy.max_active, expected->max_active);
  assert_int_equal(policy.max_waiting, expected->max_waiting);
  assert_int_equal(policy.claim_ttl_ms, expected->claim_ttl_ms);
  assert_int_equal(policy.session_ttl_ms, expected->session_ttl_ms);
  assert_int_equal(policy.heartbeat_ttl_ms, expected->heartbeat_ttl_ms);
  assert_int_equal(policy.min_poll_ms, expected->min_poll_ms);
  assert_int_equal(policy.max_poll_ms, expected->max_poll_ms);
  assert_int_equal(policy.opens_at_ms, expected->opens_at_ms);
  assert_int_equal(policy.order, expected->order);
  assert_int_equal(policy.eta_model, expected->eta_model);
}

static void test_policy__is_read_as_it_was_given(void **state) {
  struct world *world = *state;
  waitq_policy policy = unusual_policy(world);
  assert_policy(world_room(world, "concert", &policy), &policy);
  waitq_policy defaults = WAITQ_POLICY_INIT;
  assert_policy(world_room(world, "plain", NULL), &defaults);
}

static void test_policy__of_a_room_that_exists_is_ignored_when_it_is_opened(void **state) {
  struct world *world = *state;
  waitq_policy policy = unusual_policy(world);
  waitq_policy other = room_policy(1, 1);
  world_room(world, "concert", &policy);
  assert_policy(world_room(world, "concert", &other), &policy);
  assert_policy(world_room(world, "concert", NULL), &policy);
}

static void test_policy__configured_is_read_by_all_handles(void **state) {
  struct world *world = *state;
  waitq_room_t *one = world_room(world, "concert", NULL);
  waitq_room_t *two = world_room(world, "concert", NULL);
  waitq_policy policy = unusual_policy(world);
  policy.opens_at_ms = 0;
  assert_code(waitq_room_configure(one, &policy, NULL), WAITQ_OK);
  assert_policy(one, &policy);
  assert_policy(two, &policy);
}

struct wrong_policy {
  const char *field;
  waitq_policy policy;
};

static size_t wrong_policies(struct wrong_policy *out) {
  size_t count = 0;
#define WRONG(member, value)                 \
  do {                                       \
    out[count].field = #member;              \
    out[count].policy = room_policy(10, 10); \
    out[count].policy.member = (value);      \
    count++;                                 \
  } while (0)
  WRONG(rate_per_s, -1.0);
  WRONG(rate_per_s, -1e-300);
  WRONG(rate_per_s, (double)NAN);
  WRONG(rate_per_s, (double)INFINITY);
  WRONG(rate_per_s, -(double)INFINITY);
  WRONG(rate_per_s, 1.001e9);
  WRONG(rate_per_s, 1e300);
  WRONG(burst, 0);
  WRONG(burst, 1000000001);
  WRONG(burst, UINT64_MAX);
  WRONG(claim_ttl_ms, 0);
  WRONG(claim_ttl_ms, -1);
  WRONG(claim_ttl_ms, INT64_MAX);
  WRONG(claim_ttl_ms, INT64_MIN);
  WRONG(session_ttl_ms, 0);
  WRONG(session_ttl_ms, -5);
  WRONG(session_ttl_ms, INT64_MAX);
  WRONG(session_ttl_ms, INT64_MAX / 1000);
  WRONG(heartbeat_ttl_ms, 0);
  WRONG(heartbeat_ttl_ms, -1);
  WRONG(heartbeat_ttl_ms, INT64_MAX);
  WRONG(min_poll_ms, 0);
  WRONG(min_poll_ms, -1);
  WRONG(min_poll_ms, 10001); /* more than max_poll_ms */
  WRONG(max_poll_ms, 0);
  WRONG(max_poll_ms, -1);
  WRONG(max_poll_ms, 100001); /* more than a third of heartbeat_ttl_ms */
  WRONG(opens_at_ms, -1);
  WRONG(opens_at_ms, INT64_MAX);
  WRONG(order, 0);
  WRONG(order, 77);
  WRONG(eta_model, 0);
  WRONG(eta_model, 77);
#undef WRONG
  return count;
}

static void test_policy__that_makes_no_sense_is_refused_by_the_name_of_its_field(void **state) {
  struct world *world = *state;
  struct wrong_policy wrong[64];
  size_t count = wrong_policies(wrong);
  waitq_policy policy = unusual_policy(world);
  waitq_room_t *room = world_room(world, "concert", &policy);
  for (size_t i = 0; i < count; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    waitq_room_t *fresh = NULL;
    int code = waitq_room_open(world->context, "wrong", &wrong[i].policy, &fresh, &error);
    if (code != WAITQ_E_INVALID || strstr(error.text, wrong[i].field) == NULL) {
      fail_msg("%zu: %s: %s, \"%s\"", i, wrong[i].field, waitq_error_name(code), error.text);
    }
    assert_null(fresh);
    assert_int_equal(error.code, WAITQ_E_INVALID);
    error = (waitq_error)WAITQ_ERROR_INIT;
    code = waitq_room_configure(room, &wrong[i].policy, &error);
    if (code != WAITQ_E_INVALID || strstr(error.text, wrong[i].field) == NULL) {
      fail_msg("configure %zu: %s: %s, \"%s\"", i, wrong[i].field, waitq_error_name(code), error.text);
    }
    assert_policy(room, &policy);
  }
}

static void test_policy__of_the_smallest_limits_works(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1e-6, 1);
  policy.claim_ttl_ms = 1;
  policy.session_ttl_ms = 1;
  policy.heartbeat_ttl_ms = 3;
  policy.min_poll_ms = 1;
  policy.max_poll_ms = 1;
  waitq_room_t *room = world_room(world, "concert", &policy);
  for (unsigned i = 0; i < 50; i++) {
    struct guest guest;
    guest_join_numbered(room, "v", i, &guest);
    line_stats(room);
    world_advance_ms(world, 1);
  }
  world_advance_ms(world, 10);
  assert_int_equal(line_stats(room).waiting, 0);
}

static void test_policy__of_the_largest_limits_works(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1e9, 1000000000);
  policy.max_active = UINT64_MAX;
  policy.max_waiting = UINT64_MAX;
  policy.claim_ttl_ms = INT64_C(31536000000);
  policy.session_ttl_ms = INT64_C(31536000000);
  policy.heartbeat_ttl_ms = INT64_C(31536000000);
  policy.max_poll_ms = INT64_C(10512000000);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  guest_join(room, "ann", &guest);
  assert_state(guest.status.state, WAITQ_STATE_READY);
  assert_state(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
  world_advance_ms(world, INT64_C(31535999999));
  assert_int_equal(line_stats(room).active, 1);
}

static void test_policy__a_smaller_burst_cuts_what_is_in_the_bucket(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 100);
  waitq_room_t *room = world_room(world, "concert", &policy);
  policy.burst = 5;
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  policy.burst = 100;
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  struct guest *guests = crowd_join(room, 20);
  assert_int_equal(crowd_count(room, guests, 20, WAITQ_STATE_READY), 5);
  free(guests);
}

static void test_policy__whoever_waits_keeps_the_place_when_it_changes(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 50);
  for (unsigned round = 0; round < 20; round++) {
    policy.rate_per_s = 0.0001 * (round + 1);
    policy.claim_ttl_ms = 30000 + 1000 * round;
    policy.session_ttl_ms = 60000 + 1000 * round;
    policy.heartbeat_ttl_ms = 300000 - 10000 * round;
    policy.max_waiting = round;
    assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
    world_advance_ms(world, 500);
    for (unsigned i = 1; i < 50; i++) {
      assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_WAITING);
      assert_int_equal(guests[i].status.position, i);
    }
  }
  assert_state(guest_poll(room, &guests[0]), WAITQ_STATE_READY);
  free(guests);
}

/* After half a minute of steady turns: truth is a tenth of a second a position. */
static struct guest *steady_line(struct world *world, uint32_t model, unsigned count, unsigned *at) {
  waitq_policy policy = room_policy(10, 1);
  policy.eta_model = model;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, count);
  *at = 0;
  for (int step = 0; step < 300; step++) {
    while (guest_poll(room, &guests[*at]) == WAITQ_STATE_READY &&
           guest_enter(room, &guests[*at]) == WAITQ_STATE_ENTERED) {
      (*at)++;
    }
    world_advance_ms(world, 100);
  }
  for (unsigned i = *at; i < count; i++) {
    guest_poll(room, &guests[i]);
  }
  return guests;
}

static void test_policy__the_default_estimate_of_a_steady_line_is_near_the_truth(void **state) {
  unsigned at;
  struct guest *guests = steady_line(*state, WAITQ_ETA_DEFAULT, 600, &at);
  for (unsigned i = at + 20; i < 600; i++) {
    const waitq_status *status = &guests[i].status;
    int64_t truth_ms = (int64_t)status->position * 100;
    assert_true(status->eta_ms >= truth_ms * 8 / 10 && status->eta_ms <= truth_ms * 12 / 10);
    assert_true(status->eta_low_ms <= truth_ms && status->eta_high_ms >= truth_ms);
    assert_true(status->confidence > 0.5);
  }
  free(guests);
}

static void test_policy__the_reference_estimate_grows_with_the_position(void **state) {
  unsigned at;
  struct guest *guests = steady_line(*state, WAITQ_ETA_REFERENCE, 600, &at);
  for (unsigned i = at + 20; i + 1 < 600; i++) {
    assert_true(guests[i].status.eta_ms > 0);
    assert_true(guests[i].status.eta_ms < guests[i + 1].status.eta_ms);
  }
  free(guests);
}

int conformance_room_policy(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_policy__is_read_as_it_was_given),
      ROOM_TEST(test_policy__of_a_room_that_exists_is_ignored_when_it_is_opened),
      ROOM_TEST(test_policy__configured_is_read_by_all_handles),
      ROOM_TEST(test_policy__that_makes_no_sense_is_refused_by_the_name_of_its_field),
      ROOM_TEST(test_policy__of_the_smallest_limits_works),
      ROOM_TEST(test_policy__of_the_largest_limits_works),
      ROOM_TEST(test_policy__a_smaller_burst_cuts_what_is_in_the_bucket),
      ROOM_TEST(test_policy__whoever_waits_keeps_the_place_when_it_changes),
      ROOM_TEST(test_policy__the_default_estimate_of_a_steady_line_is_near_the_truth),
      ROOM_TEST(test_policy__the_reference_estimate_grows_with_the_position),
  };
  return cmocka_run_group_tests_name("room: policy", tests, NULL, NULL);
}
