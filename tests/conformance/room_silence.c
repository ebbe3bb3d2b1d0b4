/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Heartbeats: visitors who stop polling, and when the others are asked to poll. */

#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "room_bench.h"

/* Almost nobody has a turn; silence of 80 s, in generations of 10 s. */
static waitq_policy quiet_room(void) {
  waitq_policy policy = room_policy(0.0001, 1);
  policy.heartbeat_ttl_ms = 80000;
  policy.claim_ttl_ms = 3600000;
  return policy;
}

static void test_silence__shorter_than_the_limit_is_forgiven(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 20);
  for (int round = 0; round < 30; round++) {
    world_advance_ms(world, 79999);
    for (unsigned i = 1; i < 20; i++) {
      assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_WAITING);
      assert_int_equal(guests[i].status.position, i);
    }
  }
  free(guests);
}

static void test_silence__longer_than_the_limit_and_an_eighth_ends_the_wait(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  waitq_room_t *room = world_room(world, "concert", &policy);
  for (unsigned round = 0; round < 30; round++) {
    struct guest silent;
    world_advance_ms(world, (int64_t)rng_below(&world->rng, 40000));
    guest_join_numbered(room, "first", round, &silent);
    guest_join_numbered(room, "silent", round, &silent);
    world_advance_ms(world, 90001);
    assert_state(guest_poll(room, &silent), WAITQ_STATE_EXPIRED);
  }
}

static void test_silence__is_found_by_whoever_polls(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 101);
  for (int i = 0; i < 8; i++) {
    guest_poll(room, &guests[100]);
    assert_int_equal(guests[100].status.position, 100);
    world_advance_ms(world, 9999);
  }
  guest_poll(room, &guests[100]);
  world_advance_ms(world, 10009);
  guest_poll(room, &guests[100]);
  assert_int_equal(guests[100].status.position, 1);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.expired, 99);
  assert_int_equal(stats.waiting, 1);
  free(guests);
}

static void test_silence__lets_nobody_fall_who_polls_at_the_longest_interval_asked(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  policy.heartbeat_ttl_ms = 30000;
  policy.max_poll_ms = 10000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  enum { COUNT = 300 };
  struct guest *guests = crowd_join(room, COUNT);
  int64_t next[COUNT];
  for (unsigned i = 0; i < COUNT; i++) {
    next[i] = world_now_ms(world) + guests[i].status.next_poll_ms;
  }
  for (int step = 0; step < 400; step++) {
    world_advance_ms(world, 1000);
    for (unsigned i = 1; i < COUNT; i++) {
      if (next[i] <= world_now_ms(world)) {
        assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_WAITING);
        next[i] = world_now_ms(world) + guests[i].status.next_poll_ms;
      }
    }
  }
  assert_int_equal(line_stats(room).waiting, COUNT - 1);
  free(guests);
}

static void test_silence__intervals_stay_within_their_bounds_and_are_spread(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(100, 1);
  policy.min_poll_ms = 2000;
  policy.max_poll_ms = 20000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  enum { COUNT = 5000 };
  struct guest *guests = crowd_join(room, COUNT);
  unsigned differing = 0;
  for (unsigned i = 1; i < COUNT; i++) {
    guest_poll(room, &guests[i]);
    assert_in_range(guests[i].status.next_poll_ms, 2000, 20000);
    differing += guests[i].status.next_poll_ms != guests[i - 1].status.next_poll_ms;
  }
  assert_true(differing > COUNT / 2);
  /* Far from the turn there is less to ask. */
  assert_true(guests[COUNT - 1].status.next_poll_ms > guests[1].status.next_poll_ms);
  free(guests);
}

static void test_silence__who_has_nothing_to_wait_for_need_not_poll_again(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  guest_enter(room, &guests[0]);
  assert_state(guest_poll(room, &guests[0]), WAITQ_STATE_ENTERED);
  assert_int_equal(guests[0].status.next_poll_ms, 0);
  guest_leave(room, &guests[2]);
  assert_int_equal(guests[2].status.next_poll_ms, 0);
  assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_LEFT);
  assert_int_equal(guests[2].status.next_poll_ms, 0);
  world_advance_ms(world, 40000);
  assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_EXPIRED);
  assert_int_equal(guests[1].status.next_poll_ms, 0);
  assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
  assert_state(guest_poll(room, &guests[3]), WAITQ_STATE_STALE);
  assert_int_equal(guests[3].status.next_poll_ms, 0);
  free(guests);
}

static void test_silence__joining_again_is_a_sign_of_life(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 2);
  for (int i = 0; i < 10; i++) {
    struct guest again;
    world_advance_ms(world, 70000);
    guest_join_numbered(room, "v", 1, &again);
    assert_same_ticket(&again, &guests[1]);
    assert_state(again.status.state, WAITQ_STATE_WAITING);
  }
  free(guests);
}

static void test_silence__who_fell_silent_joins_at_the_end(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  struct guest again;
  for (int i = 0; i < 10; i++) {
    world_advance_ms(world, 9500);
    guest_poll(room, &guests[2]);
    guest_poll(room, &guests[3]);
  }
  guest_join_numbered(room, "v", 1, &again);
  assert_other_ticket(&again, &guests[1]);
  assert_int_equal(again.status.position, 3);
  assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_EXPIRED);
  free(guests);
}

static void test_silence__a_ticket_that_expired_stays_expired(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 3);
  world_advance_ms(world, 95000);
  for (int i = 0; i < 10; i++) {
    assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_EXPIRED);
    assert_state(guest_leave(room, &guests[1]), WAITQ_STATE_EXPIRED);
    assert_state(guest_enter(room, &guests[1]), WAITQ_STATE_EXPIRED);
    world_advance_ms(world, 1000);
  }
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.left, 0);
  assert_int_equal(stats.entered, 0);
  free(guests);
}

static void test_silence__of_the_first_in_line_does_not_hold_up_the_others(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.01, 1); /* a turn in 100 s */
  policy.heartbeat_ttl_ms = 40000;
  policy.max_poll_ms = 10000;
  policy.claim_ttl_ms = 20000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 12);
  guest_enter(room, &guests[0]);
  for (int i = 0; i < 10; i++) {
    assert_state(guest_poll(room, &guests[11]), WAITQ_STATE_WAITING);
    world_advance_ms(world, 10000);
  }
  assert_state(guest_poll(room, &guests[11]), WAITQ_STATE_READY);
  assert_int_equal(line_stats(room).expired, 10);
  free(guests);
}

static void test_silence__a_longer_limit_holds_from_now_on(void **state) {
  struct world *world = *state;
  waitq_policy policy = quiet_room();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 3);
  policy.heartbeat_ttl_ms = 800000;
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  world_advance_ms(world, 15000);
  guest_poll(room, &guests[1]);
  world_advance_ms(world, 799999);
  assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_WAITING);
  free(guests);
}

int conformance_room_silence(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_silence__shorter_than_the_limit_is_forgiven),
      ROOM_TEST(test_silence__longer_than_the_limit_and_an_eighth_ends_the_wait),
      ROOM_TEST(test_silence__is_found_by_whoever_polls),
      ROOM_TEST(test_silence__lets_nobody_fall_who_polls_at_the_longest_interval_asked),
      ROOM_TEST(test_silence__intervals_stay_within_their_bounds_and_are_spread),
      ROOM_TEST(test_silence__who_has_nothing_to_wait_for_need_not_poll_again),
      ROOM_TEST(test_silence__joining_again_is_a_sign_of_life),
      ROOM_TEST(test_silence__who_fell_silent_joins_at_the_end),
      ROOM_TEST(test_silence__a_ticket_that_expired_stays_expired),
      ROOM_TEST(test_silence__of_the_first_in_line_does_not_hold_up_the_others),
      ROOM_TEST(test_silence__a_longer_limit_holds_from_now_on),
  };
  return cmocka_run_group_tests_name("room: silence", tests, NULL, NULL);
}
