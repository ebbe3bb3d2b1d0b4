/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Turns: in which order and how fast they come, and what becomes of those that nobody claims. */

#include <stdlib.h>

#include "conformance.h"
#include "room_bench.h"

static void test_turns__come_in_order_as_the_rate_allows(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(10, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 50);
  for (unsigned turns = 1; turns < 50; turns++) {
    world_advance_ms(world, 99);
    assert_state(guest_poll(room, &guests[turns]), WAITQ_STATE_WAITING);
    assert_int_equal(guests[turns].status.position, 1);
    world_advance_ms(world, 1);
    for (unsigned i = 0; i < 50; i++) {
      assert_state(guest_poll(room, &guests[i]), i <= turns ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
    }
  }
  free(guests);
}

static void test_turns__are_as_many_in_a_long_time_as_the_rate_says(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(3, 3);
  waitq_room_t *room = world_room(world, "concert", &policy);
  enum { COUNT = 1000 };
  struct guest *guests = crowd_join(room, COUNT);
  unsigned entered = 0;
  for (int look = 0; look < 811; look++) {
    while (guest_poll(room, &guests[entered]) == WAITQ_STATE_READY &&
           guest_enter(room, &guests[entered]) == WAITQ_STATE_ENTERED) {
      entered++;
    }
    world_advance_ms(world, 370);
  }
  /* The burst, and what the rate makes from the first look to the last: 3 + floor(3 * 810 * 0.37). */
  assert_int_equal(entered, 902);
  free(guests);
}

static void test_turns__a_turn_can_be_used_once(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 2);
  assert_state(guest_enter(room, &guests[1]), WAITQ_STATE_WAITING);
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  for (int i = 0; i < 5; i++) {
    assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  }
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.entered, 1);
  assert_int_equal(stats.active, 1);
  assert_state(guest_enter(room, &guests[1]), WAITQ_STATE_WAITING);
  free(guests);
}

static void test_turns__nobody_enters_before_the_turn(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 20);
  for (unsigned i = 1; i < 20; i++) {
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_WAITING);
  }
  assert_int_equal(line_stats(room).entered, 0);
  free(guests);
}

static void test_turns__entries_that_gathered_are_paced(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(10, 1);
  policy.claim_ttl_ms = 60000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 10);
  for (int i = 0; i < 20; i++) {
    world_advance_ms(world, 100);
    line_stats(room);
  }
  assert_int_equal(crowd_count(room, guests, 10, WAITQ_STATE_READY), 10);
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  for (unsigned i = 1; i < 10; i++) {
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_READY);
    assert_reason(guests[i].pass.reason, WAITQ_REASON_PACING);
    assert_in_range(guests[i].pass.retry_after_ms, 1, 100);
    assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_READY);
    world_advance_ms(world, guests[i].pass.retry_after_ms);
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_ENTERED);
  }
  free(guests);
}

/* A turn claimed by nobody: its token serves the next in line, though the rate makes none. */
static void test_turns__a_turn_that_nobody_claims_gives_its_token_back(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 1);
  policy.claim_ttl_ms = 16000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  for (unsigned i = 0; i < 3; i++) {
    int64_t by_ms = guests[i].status.enter_by_ms;
    assert_in_range(by_ms, world_now_ms(world) + 16000, world_now_ms(world) + 18000);
    world_set_ms(world, by_ms - 1);
    assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_READY);
    assert_int_equal(guests[i].status.enter_by_ms, by_ms);
    assert_state(guest_poll(room, &guests[i + 1]), WAITQ_STATE_WAITING);
    world_set_ms(world, by_ms + 1);
    assert_state(guest_poll(room, &guests[i + 1]), WAITQ_STATE_READY);
    assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_EXPIRED);
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_EXPIRED);
  }
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.expired, 3);
  assert_int_equal(stats.ready, 1);
  free(guests);
}

static void test_turns__who_leaves_with_a_turn_gives_its_token_back(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 3);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 12);
  for (unsigned i = 0; i < 9; i++) {
    assert_state(guest_poll(room, &guests[i + 2]), WAITQ_STATE_READY);
    assert_state(guest_poll(room, &guests[i + 3]), WAITQ_STATE_WAITING);
    guest_leave(room, &guests[i]);
    assert_state(guest_poll(room, &guests[i + 3]), WAITQ_STATE_READY);
  }
  free(guests);
}

static void test_turns__tokens_given_back_do_not_exceed_the_burst(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  for (unsigned i = 0; i < 20; i++) {
    struct guest guest;
    guest_join_numbered(room, "passing", i, &guest);
    assert_state(guest.status.state, WAITQ_STATE_READY);
    guest_leave(room, &guest);
  }
  struct guest *guests = crowd_join(room, 5);
  assert_int_equal(crowd_count(room, guests, 5, WAITQ_STATE_READY), 2);
  free(guests);
}

static void test_turns__who_missed_the_turn_joins_at_the_end(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 3);
  world_advance_ms(world, 34000);
  assert_state(guest_poll(room, &guests[0]), WAITQ_STATE_EXPIRED);
  struct guest again;
  guest_join_numbered(room, "v", 0, &again);
  assert_other_ticket(&again, &guests[0]);
  assert_state(again.status.state, WAITQ_STATE_WAITING);
  assert_int_equal(again.status.position, 2);
  assert_state(guest_poll(room, &guests[0]), WAITQ_STATE_EXPIRED);
  assert_state(guest_leave(room, &guests[0]), WAITQ_STATE_EXPIRED);
  free(guests);
}

static void test_turns__skip_those_who_have_left(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 10);
  for (unsigned i = 1; i < 8; i++) {
    guest_leave(room, &guests[i]);
  }
  world_advance_ms(world, 1000);
  assert_state(guest_poll(room, &guests[8]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[9]), WAITQ_STATE_WAITING);
  world_advance_ms(world, 1000);
  assert_state(guest_poll(room, &guests[9]), WAITQ_STATE_READY);
  free(guests);
}

static void test_turns__come_to_whoever_looks_first_however_late(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 5);
  policy.heartbeat_ttl_ms = 3600000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 30);
  for (unsigned i = 0; i < 5; i++) {
    guest_enter(room, &guests[i]);
  }
  world_advance_ms(world, 600000); /* ten minutes in which nobody comes by: the bucket is full again, and no more */
  assert_state(guest_poll(room, &guests[29]), WAITQ_STATE_WAITING);
  assert_int_equal(guests[29].status.position, 20);
  for (unsigned i = 5; i < 30; i++) {
    assert_state(guest_poll(room, &guests[i]), i < 10 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
  }
  assert_in_range(guests[5].status.enter_by_ms, world_now_ms(world) + 30000, world_now_ms(world) + 33750);
  free(guests);
}

static void test_turns__a_late_room_reports_where_its_head_is(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 6);
  assert_int_equal(line_stats(room).head, 2);
  guest_leave(room, &guests[2]);
  world_advance_ms(world, 1000);
  assert_true(line_stats(room).head >= 4);
  assert_state(guest_poll(room, &guests[3]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[4]), WAITQ_STATE_WAITING);
  free(guests);
}

int conformance_room_turns(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_turns__come_in_order_as_the_rate_allows),
      ROOM_TEST(test_turns__are_as_many_in_a_long_time_as_the_rate_says),
      ROOM_TEST(test_turns__a_turn_can_be_used_once),
      ROOM_TEST(test_turns__nobody_enters_before_the_turn),
      ROOM_TEST(test_turns__entries_that_gathered_are_paced),
      ROOM_TEST(test_turns__a_turn_that_nobody_claims_gives_its_token_back),
      ROOM_TEST(test_turns__who_leaves_with_a_turn_gives_its_token_back),
      ROOM_TEST(test_turns__tokens_given_back_do_not_exceed_the_burst),
      ROOM_TEST(test_turns__who_missed_the_turn_joins_at_the_end),
      ROOM_TEST(test_turns__skip_those_who_have_left),
      ROOM_TEST(test_turns__come_to_whoever_looks_first_however_late),
      ROOM_TEST(test_turns__a_late_room_reports_where_its_head_is),
  };
  return cmocka_run_group_tests_name("room: turns", tests, NULL, NULL);
}
