/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* How many may wait, and how many may be inside. */

#include <stdlib.h>

#include "conformance.h"
#include "room_bench.h"

static void test_limits__a_full_room_refuses_without_a_ticket(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  policy.max_waiting = 3;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 6);
  for (unsigned i = 0; i < 4; i++) {
    assert_state(guests[i].status.state, i == 0 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
  }
  for (unsigned i = 4; i < 6; i++) {
    assert_state(guests[i].status.state, WAITQ_STATE_NONE);
    assert_reason(guests[i].status.reason, WAITQ_REASON_FULL);
    assert_string_equal(guests[i].ticket.text, "");
  }
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.issued, 4);
  assert_int_equal(stats.waiting, 3);
  free(guests);
}

static void test_limits__who_waits_in_a_full_room_keeps_the_ticket(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  policy.max_waiting = 2;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  for (unsigned i = 0; i < 3; i++) {
    struct guest again;
    guest_join_numbered(room, "v", i, &again);
    assert_same_ticket(&again, &guests[i]);
  }
  free(guests);
}

static void test_limits__a_place_that_becomes_free_is_taken(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  policy.max_waiting = 2;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  assert_state(guests[3].status.state, WAITQ_STATE_NONE);
  guest_leave(room, &guests[1]);
  guest_join(room, "late", &guests[3]);
  assert_state(guests[3].status.state, WAITQ_STATE_WAITING);
  assert_int_equal(guests[3].status.position, 2);
  struct guest refused;
  guest_join(room, "later", &refused);
  assert_reason(refused.status.reason, WAITQ_REASON_FULL);
  world_advance_ms(world, 1000); /* one has its turn, and waits no more */
  guest_join(room, "later", &refused);
  assert_state(refused.status.state, WAITQ_STATE_WAITING);
  free(guests);
}

static void test_limits__only_those_who_wait_count_against_max_waiting(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 20);
  policy.max_waiting = 1;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 22);
  assert_state(guests[19].status.state, WAITQ_STATE_READY);
  assert_state(guests[20].status.state, WAITQ_STATE_WAITING);
  assert_reason(guests[21].status.reason, WAITQ_REASON_FULL);
  free(guests);
}

static void test_limits__unclaimed_turns_and_sessions_together_stay_within_max_active(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1000, 100);
  policy.max_active = 3;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 6);
  for (unsigned i = 0; i < 6; i++) {
    assert_state(guest_poll(room, &guests[i]), i < 3 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
  }
  assert_true(guests[3].status.reason == WAITQ_REASON_SLOTS || guests[3].status.reason == WAITQ_REASON_NO_SAMPLES);
  for (unsigned i = 0; i < 3; i++) {
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_ENTERED);
    world_advance_ms(world, 100);
    waitq_stats stats = line_stats(room);
    assert_int_equal(stats.active, i + 1);
    assert_int_equal(stats.ready, 2 - i);
    assert_int_equal(stats.waiting, 3);
  }
  free(guests);
}

static void test_limits__the_end_of_a_session_gives_the_next_turn_at_once(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1000, 100);
  policy.max_active = 2;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  guest_enter(room, &guests[0]);
  guest_enter(room, &guests[1]);
  assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_WAITING);
  guest_exit(room, &guests[0]);
  assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[3]), WAITQ_STATE_WAITING);
  guest_exit(room, &guests[0]); /* ends nothing a second time */
  assert_state(guest_poll(room, &guests[3]), WAITQ_STATE_WAITING);
  assert_int_equal(line_stats(room).active, 1);
  guest_exit(room, &guests[1]);
  assert_state(guest_poll(room, &guests[3]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[4]), WAITQ_STATE_WAITING);
  free(guests);
}

static void test_limits__who_leaves_with_a_turn_gives_the_slot_to_the_next(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1000, 100);
  policy.max_active = 1;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  for (unsigned i = 0; i < 3; i++) {
    assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_READY);
    assert_state(guest_poll(room, &guests[i + 1]), WAITQ_STATE_WAITING);
    assert_state(guest_leave(room, &guests[i]), WAITQ_STATE_LEFT);
  }
  assert_state(guest_poll(room, &guests[3]), WAITQ_STATE_READY);
  free(guests);
}

static void test_limits__a_lower_limit_evicts_nobody(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1000, 100);
  policy.max_active = 4;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 8);
  guest_enter(room, &guests[0]);
  guest_enter(room, &guests[1]);
  policy.max_active = 1;
  policy.max_waiting = 2;
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.active, 2);
  assert_int_equal(stats.ready, 2);
  assert_int_equal(stats.waiting, 4);
  assert_state(guest_enter(room, &guests[2]), WAITQ_STATE_ENTERED);
  struct guest late;
  guest_join(room, "late", &late);
  assert_reason(late.status.reason, WAITQ_REASON_FULL);
  guest_exit(room, &guests[0]);
  guest_exit(room, &guests[1]);
  assert_state(guest_poll(room, &guests[4]), WAITQ_STATE_WAITING);
  guest_exit(room, &guests[2]);
  guest_leave(room, &guests[3]);
  assert_state(guest_poll(room, &guests[4]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[5]), WAITQ_STATE_WAITING);
  free(guests);
}

static void test_limits__a_higher_limit_gives_turns_at_once(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1000, 100);
  policy.max_active = 1;
  policy.max_waiting = 3;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 6);
  assert_reason(guests[4].status.reason, WAITQ_REASON_FULL);
  policy.max_active = 3;
  policy.max_waiting = 0;
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[3]), WAITQ_STATE_WAITING);
  guest_join(room, "late", &guests[4]);
  assert_state(guests[4].status.state, WAITQ_STATE_WAITING);
  free(guests);
}

int conformance_room_limits(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_limits__a_full_room_refuses_without_a_ticket),
      ROOM_TEST(test_limits__who_waits_in_a_full_room_keeps_the_ticket),
      ROOM_TEST(test_limits__a_place_that_becomes_free_is_taken),
      ROOM_TEST(test_limits__only_those_who_wait_count_against_max_waiting),
      ROOM_TEST(test_limits__unclaimed_turns_and_sessions_together_stay_within_max_active),
      ROOM_TEST(test_limits__the_end_of_a_session_gives_the_next_turn_at_once),
      ROOM_TEST(test_limits__who_leaves_with_a_turn_gives_the_slot_to_the_next),
      ROOM_TEST(test_limits__a_lower_limit_evicts_nobody),
      ROOM_TEST(test_limits__a_higher_limit_gives_turns_at_once),
  };
  return cmocka_run_group_tests_name("room: limits", tests, NULL, NULL);
}
