/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Phases: scheduled, open, paused, draining, closed; and a new epoch. */

#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "room_bench.h"

static void set_phase(waitq_room_t *room, uint32_t phase) {
  assert_code(waitq_room_set_phase(room, phase, NULL), WAITQ_OK);
  assert_int_equal(line_stats(room).phase, phase);
}

static void test_phases__in_a_paused_room_visitors_join_and_nobody_moves(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(10, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  set_phase(room, WAITQ_PHASE_PAUSED);
  world_advance_ms(world, 5000);
  assert_state(guest_poll(room, &guests[0]), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_WAITING);
  assert_reason(guests[2].status.reason, WAITQ_REASON_PAUSED);
  assert_int_equal(guests[2].status.eta_ms, WAITQ_UNKNOWN_MS);
  assert_int_equal(guests[2].status.phase, WAITQ_PHASE_PAUSED);
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_READY);
  assert_reason(guests[0].pass.reason, WAITQ_REASON_PAUSED);
  assert_true(guests[0].pass.retry_after_ms > 0);
  struct guest late;
  guest_join(room, "late", &late);
  assert_state(late.status.state, WAITQ_STATE_WAITING);
  assert_int_equal(late.status.position, 4);
  set_phase(room, WAITQ_PHASE_OPEN);
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  free(guests);
}

static void test_phases__while_paused_claim_deadlines_stand_still(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 3);
  world_advance_ms(world, 29000);
  set_phase(room, WAITQ_PHASE_PAUSED);
  for (int i = 0; i < 10; i++) {
    world_advance_ms(world, 30000);
    assert_state(guest_poll(room, &guests[0]), WAITQ_STATE_READY);
    assert_true(guests[0].status.enter_by_ms > world_now_ms(world));
  }
  set_phase(room, WAITQ_PHASE_OPEN);
  guest_poll(room, &guests[0]);
  assert_in_range(guests[0].status.enter_by_ms, world_now_ms(world) + 1000, world_now_ms(world) + 4750);
  world_advance_ms(world, 999);
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  world_advance_ms(world, 3752);
  assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_EXPIRED);
  free(guests);
}

static void test_phases__a_pause_makes_no_tokens(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(10, 50);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 60);
  set_phase(room, WAITQ_PHASE_PAUSED);
  world_advance_ms(world, 20000);
  set_phase(room, WAITQ_PHASE_OPEN);
  assert_int_equal(crowd_count(room, guests, 60, WAITQ_STATE_READY), 50);
  world_advance_ms(world, 100);
  assert_int_equal(crowd_count(room, guests, 60, WAITQ_STATE_READY), 51);
  free(guests);
}

static void test_phases__pausing_twice_is_pausing_once(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 2);
  int64_t by_ms = guests[0].status.enter_by_ms;
  set_phase(room, WAITQ_PHASE_PAUSED);
  world_advance_ms(world, 10000);
  set_phase(room, WAITQ_PHASE_PAUSED);
  world_advance_ms(world, 10000);
  set_phase(room, WAITQ_PHASE_OPEN);
  set_phase(room, WAITQ_PHASE_OPEN);
  guest_poll(room, &guests[0]);
  assert_int_equal(guests[0].status.enter_by_ms, by_ms + 20000);
  free(guests);
}

static void test_phases__silence_counts_in_a_pause(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  policy.heartbeat_ttl_ms = 40000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 3);
  set_phase(room, WAITQ_PHASE_PAUSED);
  for (int i = 0; i < 10; i++) {
    world_advance_ms(world, 10000);
    assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_WAITING);
  }
  assert_int_equal(guests[2].status.position, 1);
  free(guests);
}

static void test_phases__a_scheduled_room_opens_by_itself(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 3);
  policy.opens_at_ms = world_now_ms(world) + 60000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 10);
  for (unsigned i = 0; i < 10; i++) {
    assert_state(guests[i].status.state, WAITQ_STATE_WAITING);
    assert_int_equal(guests[i].status.phase, WAITQ_PHASE_SCHEDULED);
    assert_reason(guests[i].status.reason, WAITQ_REASON_SCHEDULED);
    assert_int_equal(guests[i].status.position, i + 1);
  }
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_WAITING);
  world_advance_ms(world, 59999);
  assert_state(guest_poll(room, &guests[0]), WAITQ_STATE_WAITING);
  world_advance_ms(world, 1);
  for (unsigned i = 0; i < 10; i++) {
    assert_state(guest_poll(room, &guests[i]), i < 3 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
    assert_int_equal(guests[i].status.phase, WAITQ_PHASE_OPEN);
  }
  free(guests);
}

static void test_phases__a_scheduled_opening_can_be_moved_and_brought_forward(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  policy.opens_at_ms = world_now_ms(world) + 10000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  waitq_room_t *other = world_room(world, "other", &policy);
  struct guest first;
  struct guest second;
  guest_join(room, "ann", &first);
  guest_join(other, "ann", &second);
  policy.opens_at_ms += 10000;
  assert_code(waitq_room_configure(room, &policy, NULL), WAITQ_OK);
  set_phase(other, WAITQ_PHASE_OPEN);
  assert_state(guest_poll(other, &second), WAITQ_STATE_READY);
  world_advance_ms(world, 15000);
  assert_state(guest_poll(room, &first), WAITQ_STATE_WAITING);
  world_advance_ms(world, 5000);
  assert_state(guest_poll(room, &first), WAITQ_STATE_READY);
}

static void test_phases__the_opening_counts_from_its_own_moment(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 10);
  policy.opens_at_ms = world_now_ms(world) + 10000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 20);
  world_advance_ms(world, 10000);
  assert_int_equal(crowd_count(room, guests, 20, WAITQ_STATE_READY), 10);
  world_advance_ms(world, 3000);
  assert_int_equal(crowd_count(room, guests, 20, WAITQ_STATE_READY), 13);
  free(guests);
}

static void test_phases__a_draining_room_takes_nobody_and_serves_its_line(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(10, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 3);
  set_phase(room, WAITQ_PHASE_DRAINING);
  struct guest late;
  guest_join(room, "late", &late);
  assert_state(late.status.state, WAITQ_STATE_NONE);
  assert_reason(late.status.reason, WAITQ_REASON_DRAINING);
  struct guest again;
  guest_join_numbered(room, "v", 2, &again);
  assert_same_ticket(&again, &guests[2]);
  for (unsigned i = 0; i < 3; i++) {
    assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_READY);
    assert_state(guest_enter(room, &guests[i]), WAITQ_STATE_ENTERED);
    world_advance_ms(world, 100);
  }
  set_phase(room, WAITQ_PHASE_OPEN);
  guest_join(room, "late", &late);
  assert_state(late.status.state, WAITQ_STATE_READY);
  free(guests);
}

static void test_phases__a_closed_room_lets_nobody_in(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(10, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  guest_enter(room, &guests[0]);
  set_phase(room, WAITQ_PHASE_CLOSED);
  world_advance_ms(world, 1000);
  struct guest late;
  guest_join(room, "late", &late);
  assert_state(late.status.state, WAITQ_STATE_NONE);
  assert_reason(late.status.reason, WAITQ_REASON_CLOSED);
  assert_int_not_equal(guest_enter(room, &guests[1]), WAITQ_STATE_ENTERED);
  assert_reason(guests[1].pass.reason, WAITQ_REASON_CLOSED);
  guest_poll(room, &guests[2]);
  assert_state(guests[2].status.state, WAITQ_STATE_WAITING);
  assert_reason(guests[2].status.reason, WAITQ_REASON_CLOSED);
  assert_int_equal(guests[2].status.eta_ms, WAITQ_UNKNOWN_MS);
  assert_int_equal(line_stats(room).entered, 1);
  assert_state(guest_renew(room, &guests[0]), WAITQ_STATE_ENTERED);
  guest_exit(room, &guests[0]);
  assert_state(guest_leave(room, &guests[2]), WAITQ_STATE_LEFT);
  free(guests);
}

static void test_phases__a_room_cannot_be_scheduled_or_of_no_phase(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  static const uint32_t wrong[] = {0, WAITQ_PHASE_SCHEDULED, 6, UINT32_MAX};
  for (size_t i = 0; i < 4; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    assert_code(waitq_room_set_phase(room, wrong[i], &error), WAITQ_E_INVALID);
    assert_string_not_equal(error.text, "");
    assert_int_equal(line_stats(room).phase, WAITQ_PHASE_OPEN);
  }
}

static void test_phases__a_reset_makes_all_tickets_and_passes_stale(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  guest_enter(room, &guests[0]);
  guest_leave(room, &guests[3]);
  waitq_stats before = line_stats(room);
  assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
  waitq_stats stats = line_stats(room);
  assert_int_not_equal(stats.epoch, before.epoch);
  assert_int_equal(stats.issued + stats.active + stats.head, 0);
  assert_true(stats.tokens >= before.tokens - 0.001 && stats.tokens <= before.tokens + 0.001);
  for (unsigned i = 0; i < 5; i++) {
    assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_STALE);
    assert_state(guest_leave(room, &guests[i]), WAITQ_STATE_STALE);
    struct guest copy = guests[i];
    assert_state(guest_enter(room, &copy), WAITQ_STATE_STALE);
  }
  assert_state(guest_renew(room, &guests[0]), WAITQ_STATE_STALE);
  guest_exit(room, &guests[0]);
  assert_int_equal(line_stats(room).issued, 0);
  free(guests);
}

static void test_phases__after_a_reset_visitors_join_anew(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  set_phase(room, WAITQ_PHASE_DRAINING);
  assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
  assert_int_equal(line_stats(room).phase, WAITQ_PHASE_DRAINING);
  set_phase(room, WAITQ_PHASE_OPEN);
  for (unsigned round = 0; round < 5; round++) {
    struct guest again;
    guest_join_numbered(room, "v", 4 - round, &again);
    assert_other_ticket(&again, &guests[4 - round]);
    assert_state(again.status.state, WAITQ_STATE_WAITING); /* the bucket stays: its two tokens were used */
    assert_int_equal(again.status.position, round + 1);
  }
  free(guests);
}

static void test_phases__every_reset_is_a_new_epoch(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  uint64_t epochs[20];
  char texts[20][WAITQ_TICKET_SIZE];
  for (unsigned i = 0; i < 20; i++) {
    struct guest guest;
    guest_join(room, "ann", &guest);
    memcpy(texts[i], guest.ticket.text, sizeof texts[i]);
    epochs[i] = line_stats(room).epoch;
    for (unsigned k = 0; k < i; k++) {
      assert_int_not_equal(epochs[i], epochs[k]);
      assert_string_not_equal(texts[i], texts[k]);
    }
    assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
  }
}

int conformance_room_phases(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_phases__in_a_paused_room_visitors_join_and_nobody_moves),
      ROOM_TEST(test_phases__while_paused_claim_deadlines_stand_still),
      ROOM_TEST(test_phases__a_pause_makes_no_tokens),
      ROOM_TEST(test_phases__pausing_twice_is_pausing_once),
      ROOM_TEST(test_phases__silence_counts_in_a_pause),
      ROOM_TEST(test_phases__a_scheduled_room_opens_by_itself),
      ROOM_TEST(test_phases__a_scheduled_opening_can_be_moved_and_brought_forward),
      ROOM_TEST(test_phases__the_opening_counts_from_its_own_moment),
      ROOM_TEST(test_phases__a_draining_room_takes_nobody_and_serves_its_line),
      ROOM_TEST(test_phases__a_closed_room_lets_nobody_in),
      ROOM_TEST(test_phases__a_room_cannot_be_scheduled_or_of_no_phase),
      ROOM_TEST(test_phases__a_reset_makes_all_tickets_and_passes_stale),
      ROOM_TEST(test_phases__after_a_reset_visitors_join_anew),
      ROOM_TEST(test_phases__every_reset_is_a_new_epoch),
  };
  return cmocka_run_group_tests_name("room: phases", tests, NULL, NULL);
}
