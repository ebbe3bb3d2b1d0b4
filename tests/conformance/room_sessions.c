/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Sessions: from entry to exit, or to their end in time. */

#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "room_bench.h"

/* One slot, tokens enough; sessions of 80 s in generations of 10 s. */
static waitq_policy one_slot(void) {
  waitq_policy policy = room_policy(1000, 100);
  policy.max_active = 1;
  policy.session_ttl_ms = 80000;
  return policy;
}

static void keep_alive(struct world *world, waitq_room_t *room, struct guest *guest, int64_t ms) {
  for (; ms > 0; ms -= 10000) {
    world_advance_ms(world, ms < 10000 ? ms : 10000);
    guest_poll(room, guest);
  }
}

static void test_sessions__last_at_least_their_time_and_an_eighth_more_at_most(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  for (unsigned i = 0; i < 20; i++) {
    struct guest inside;
    struct guest next;
    guest_join_numbered(room, "inside", i, &inside);
    guest_enter(room, &inside);
    assert_state(inside.pass.state, WAITQ_STATE_ENTERED);
    guest_join_numbered(room, "next", i, &next);
    keep_alive(world, room, &next, 79999);
    assert_state(next.status.state, WAITQ_STATE_WAITING);
    assert_int_equal(line_stats(room).active, 1);
    keep_alive(world, room, &next, 11002);
    assert_state(next.status.state, WAITQ_STATE_READY);
    assert_int_equal(line_stats(room).active, 0);
    guest_leave(room, &next);
    world_advance_ms(world, (int64_t)rng_below(&world->rng, 30000));
  }
}

static void test_sessions__end_when_the_pass_ends(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  world_advance_ms(world, 3217);
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  world_set_ms(world, guest.pass.expires_at_ms - 1);
  assert_int_equal(line_stats(room).active, 1);
  assert_state(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
  world_set_ms(world, guest.pass.expires_at_ms);
  assert_int_equal(line_stats(room).active, 0);
}

static void test_sessions__renewed_in_time_run_on(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest inside;
  struct guest next;
  guest_join(room, "inside", &inside);
  guest_enter(room, &inside);
  guest_join(room, "next", &next);
  for (int i = 0; i < 20; i++) {
    keep_alive(world, room, &next, 79000);
    assert_state(guest_renew(room, &inside), WAITQ_STATE_ENTERED);
    assert_true(inside.pass.expires_at_ms >= world_now_ms(world) + 80000);
    assert_state(guest_poll(room, &next), WAITQ_STATE_WAITING);
  }
  keep_alive(world, room, &next, 90001);
  assert_state(next.status.state, WAITQ_STATE_READY);
}

static void test_sessions__that_ended_cannot_be_renewed(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  guest_exit(room, &guest);
  assert_state(guest_renew(room, &guest), WAITQ_STATE_EXPIRED);
  assert_int_equal(line_stats(room).active, 0);
  for (int i = 0; i < 10; i++) {
    world_advance_ms(world, 20000);
    waitq_pass pass = WAITQ_PASS_INIT;
    int code = waitq_renew(room, guest.pass.text, &pass, NULL);
    assert_true(code == WAITQ_E_EXPIRED || (code == WAITQ_OK && pass.state == WAITQ_STATE_EXPIRED));
    assert_string_equal(pass.text, "");
  }
}

static void test_sessions__end_once(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  policy.max_active = 3;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 3);
  for (unsigned i = 0; i < 3; i++) {
    guest_enter(room, &guests[i]);
  }
  for (int i = 0; i < 4; i++) {
    guest_exit(room, &guests[1]);
    assert_int_equal(line_stats(room).active, 2);
  }
  world_advance_ms(world, 100000);
  guest_exit(room, &guests[1]); /* an expired pass ends a session too, and here none */
  guest_exit(room, &guests[0]);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.active, 0);
  assert_int_equal(stats.entered, 3);
  free(guests);
}

static void test_sessions__give_no_pass_after_their_end(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  guest_exit(room, &guest);
  uint32_t state_now = guest_enter(room, &guest);
  assert_int_not_equal(state_now, WAITQ_STATE_ENTERED);
  assert_int_not_equal(state_now, WAITQ_STATE_READY);
  assert_int_equal(line_stats(room).active, 0);
  assert_int_equal(line_stats(room).entered, 1);
}

static void test_sessions__who_is_inside_and_joins_again_gets_the_ticket_that_entered(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  struct guest again;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  world_advance_ms(world, 5000);
  guest_join(room, "ann", &again);
  assert_same_ticket(&again, &guest);
  assert_state(again.status.state, WAITQ_STATE_ENTERED);
  assert_state(guest_enter(room, &again), WAITQ_STATE_ENTERED);
  assert_string_equal(again.pass.text, guest.pass.text);
  guest_exit(room, &guest);
  guest_join(room, "ann", &again);
  assert_other_ticket(&again, &guest);
  assert_state(again.status.state, WAITQ_STATE_READY);
  assert_state(guest_enter(room, &again), WAITQ_STATE_ENTERED);
  assert_string_not_equal(again.pass.text, guest.pass.text);
}

static void test_sessions__who_was_inside_joins_anew_after_the_session_expired(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  struct guest again;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  world_advance_ms(world, 90001);
  guest_join(room, "ann", &again);
  assert_other_ticket(&again, &guest);
  assert_state(again.status.state, WAITQ_STATE_READY);
}

static void test_sessions__are_not_ended_by_leaving_the_line(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  assert_state(guest_leave(room, &guest), WAITQ_STATE_ENTERED);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.active, 1);
  assert_int_equal(stats.left, 0);
  assert_int_equal(stats.entered, 1);
  assert_state(guest_renew(room, &guest), WAITQ_STATE_ENTERED);
}

static void test_sessions__need_no_polls(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  policy.session_ttl_ms = 3600000;
  policy.heartbeat_ttl_ms = 30000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  world_advance_ms(world, 3500000);
  assert_int_equal(line_stats(room).active, 1);
  assert_int_equal(line_stats(room).expired, 0);
  assert_state(guest_poll(room, &guest), WAITQ_STATE_ENTERED);
}

static void test_sessions__given_their_end_keep_it_when_the_limit_changes(void **state) {
  struct world *world = *state;
  waitq_policy policy = one_slot();
  policy.max_active = 0;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest early;
  struct guest late;
  guest_join(room, "early", &early);
  guest_enter(room, &early);
  world_advance_ms(world, 1000);
  policy.session_ttl_ms = 8000;
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  world_advance_ms(world, 20000);
  guest_join(room, "late", &late);
  guest_enter(room, &late);
  assert_in_range(late.pass.expires_at_ms, world_now_ms(world) + 8000, world_now_ms(world) + 8000 + 10000 + 1000);
  world_set_ms(world, early.pass.expires_at_ms - 1);
  assert_int_equal(line_stats(room).active, 1);
  assert_state(guest_enter(room, &early), WAITQ_STATE_ENTERED);
  world_set_ms(world, early.pass.expires_at_ms);
  assert_int_equal(line_stats(room).active, 0);
}

int conformance_room_sessions(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_sessions__last_at_least_their_time_and_an_eighth_more_at_most),
      ROOM_TEST(test_sessions__end_when_the_pass_ends),
      ROOM_TEST(test_sessions__renewed_in_time_run_on),
      ROOM_TEST(test_sessions__that_ended_cannot_be_renewed),
      ROOM_TEST(test_sessions__end_once),
      ROOM_TEST(test_sessions__give_no_pass_after_their_end),
      ROOM_TEST(test_sessions__who_is_inside_and_joins_again_gets_the_ticket_that_entered),
      ROOM_TEST(test_sessions__who_was_inside_joins_anew_after_the_session_expired),
      ROOM_TEST(test_sessions__are_not_ended_by_leaving_the_line),
      ROOM_TEST(test_sessions__need_no_polls),
      ROOM_TEST(test_sessions__given_their_end_keep_it_when_the_limit_changes),
  };
  return cmocka_run_group_tests_name("room: sessions", tests, NULL, NULL);
}
