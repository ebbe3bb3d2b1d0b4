/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/fake_memory.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "core/advance.h"
#include "core/entry.h"
#include "core/number.h"
#include "near.h"

#define CHUNK ((uint64_t)WAITQ__CHUNK_TICKETS)
#define SECOND INT64_C(1000000)
#define T0 INT64_C(1700000000000000)

static struct fake_memory memory;
static struct waitq__state room;
static struct waitq__ledger ledger;
static waitq_policy policy;

/* One a second, burst 5; claims of 8 s, in generations of one. Nobody falls silent, no session ends by itself. */
static int setup(void **state) {
  (void)state;
  policy = (waitq_policy)WAITQ_POLICY_INIT;
  policy.rate_per_s = 1.0;
  policy.burst = 5;
  policy.claim_ttl_ms = 8000;
  policy.session_ttl_ms = policy.heartbeat_ttl_ms = 100000000;
  waitq__state_init(&room, &policy, 0, T0);
  fake_memory_init(&memory);
  return waitq__ledger_init(&ledger, &memory.allocator);
}

static int teardown(void **state) {
  (void)state;
  waitq__ledger_free(&ledger);
  return fake_memory_blocks(&memory) != 0;
}

static void join(uint64_t count) {
  uint64_t next = waitq__word(&ledger.next) + count;
  assert_int_equal(waitq__ledger_reserve(&ledger, next), WAITQ_OK);
  waitq__ledger_extend(&ledger, next);
}

static void advance_to(int64_t now_us) {
  waitq__advance_time(&room, now_us);
  waitq__advance_generations(&room, &ledger);
  waitq__advance_turns(&room, &ledger);
}

static void advance_s(double after_s) {
  advance_to(T0 + (int64_t)(after_s * 1e6));
}

static void enter(uint64_t number) {
  assert_true(number >= room.floor && number < room.head);
  assert_int_equal(waitq__ledger_reserve_session(&ledger, number), WAITQ_OK);
  assert_true(waitq__ledger_set(&ledger, WAITQ__PLANE_ENTERED, number));
  room.ready--;
}

static void leave(uint64_t number) {
  assert_true(waitq__ledger_set(&ledger, WAITQ__PLANE_LEFT, number));
  if (number >= room.head) {
    waitq__ledger_set_gone(&ledger, number);
  } else {
    room.ready--;
    waitq__bucket_give(&room.turns, 1);
  }
}

static void expect(uint64_t head, uint64_t ready, uint64_t waiting) {
  assert_int_equal(room.head, head);
  assert_int_equal(room.ready, ready);
  assert_int_equal(waitq__waiting(&room, &ledger), waiting);
}

static void test_advance__gives_as_many_turns_as_there_are_tokens(void **state) {
  (void)state;
  join(20);
  advance_s(0);
  expect(5, 5, 15);
  advance_s(0.999999);
  expect(5, 5, 15);
  advance_s(1);
  expect(6, 6, 14);
  advance_s(3.5);
  expect(8, 8, 12);
}

static void test_advance__those_who_left_take_no_turn_and_no_token(void **state) {
  (void)state;
  join(20);
  leave(1);
  leave(2);
  leave(19);
  advance_s(0);
  expect(7, 5, 12);
}

static void test_advance__an_empty_line_takes_no_token(void **state) {
  (void)state;
  advance_s(1);
  join(2);
  advance_s(1);
  expect(2, 2, 0);
  assert_int_equal(waitq__bucket_available(&room.turns, room.now_us), 3);
}

static void test_advance__sessions_and_unclaimed_turns_stay_below_the_limit(void **state) {
  (void)state;
  room.max_active = 3;
  assert_int_equal(waitq__free_slots(&room, &ledger), 3);
  join(20);
  advance_s(0);
  expect(3, 3, 17);
  enter(0);
  enter(1);
  assert_int_equal(waitq__active(&ledger), 2);
  advance_s(1);
  expect(3, 1, 17);
  assert_true(waitq__ledger_set(&ledger, WAITQ__PLANE_ENDED, 0));
  advance_s(1);
  expect(4, 2, 16);
  room.max_active = 1;
  assert_int_equal(waitq__free_slots(&room, &ledger), 0);
  room.max_active = 0;
  assert_int_equal(waitq__free_slots(&room, &ledger), UINT64_MAX);
}

static void test_advance__time_that_runs_backward_changes_nothing(void **state) {
  (void)state;
  join(20);
  advance_s(3);
  const struct waitq__state before = room;
  advance_s(-1000);
  assert_memory_equal(&room, &before, sizeof room);
}

static void test_advance__turns_that_nobody_claims_give_their_tokens_back(void **state) {
  (void)state;
  join(100);
  advance_s(0.5);
  expect(5, 5, 95);
  enter(2);
  leave(3); /* its token comes back at once */
  int64_t deadline_us = waitq__claim_deadline(&room, 0);
  assert_in_range(deadline_us - room.now_us, 8 * SECOND, 9 * SECOND);
  room.rate_per_s = 1e-9;
  waitq__state_set_terms(&room, room.now_us);
  advance_to(deadline_us - 1);
  expect(6, 4, 94);
  assert_int_equal(room.floor, 0);
  advance_to(deadline_us);
  assert_int_equal(room.floor, 5);
  expect(9, 4, 91); /* three lapsed; ticket 5, which got the token that came back, has its own time */
}

static void test_advance__a_paused_room_lets_no_turn_lapse_and_gives_none(void **state) {
  (void)state;
  join(20);
  advance_s(0);
  int64_t deadline_us = waitq__claim_deadline(&room, 4);
  assert_int_equal(waitq__state_set_phase(&room, WAITQ_PHASE_PAUSED, NULL), WAITQ_OK);
  advance_s(3600);
  expect(5, 5, 15);
  assert_int_equal(waitq__state_set_phase(&room, WAITQ_PHASE_OPEN, NULL), WAITQ_OK);
  assert_int_equal(waitq__claim_deadline(&room, 4), deadline_us + 3600 * SECOND);
  advance_to(deadline_us + 3600 * SECOND - 1);
  assert_int_equal(room.floor, 0);
  advance_to(deadline_us + 3600 * SECOND);
  assert_int_equal(room.floor, 5);
}

static void test_advance__each_turn_has_the_deadline_of_its_generation(void **state) {
  (void)state;
  join(20);
  for (int64_t s = 0; s < 8; s++) {
    advance_to(T0 + s * SECOND + SECOND / 2);
  }
  for (uint64_t number = 0; number < room.head; number++) {
    int64_t turn_s = number < 5 ? 0 : (int64_t)number - 4;
    assert_int_equal(waitq__claim_deadline(&room, number), T0 + (turn_s + 9) * SECOND);
  }
}

static void test_advance__plans_come_into_force_each_at_its_moment(void **state) {
  (void)state;
  policy.burst = 1000;
  policy.claim_ttl_ms = 100000000;
  waitq__state_init(&room, &policy, 0, T0);
  waitq__bucket_take(&room.turns, 995, T0);
  join(1000);
  assert_int_equal(waitq__state_plan_rate(&room, 10.0, T0 + 10 * SECOND, NULL), WAITQ_OK);
  assert_int_equal(waitq__state_plan_rate(&room, 2.0, T0 + 12 * SECOND, NULL), WAITQ_OK);
  advance_s(20); /* 10 s at 1/s, 2 s at 10/s, 8 s at 2/s */
  assert_int_equal(room.head, 5 + 10 + 20 + 16);
  assert_int_equal(room.plan_count, 0);
  assert_near(room.rate_per_s, 2.0, 0.0);
  assert_int_equal(room.rate_changed_us, T0 + 12 * SECOND);
}

static void test_advance__a_scheduled_room_opens_at_its_moment(void **state) {
  (void)state;
  policy.opens_at_ms = T0 / 1000 + 10000;
  waitq__state_init(&room, &policy, 0, T0);
  waitq__bucket_take(&room.turns, 5, T0);
  waitq__state_set_terms(&room, T0);
  assert_int_equal(waitq__state_plan_rate(&room, 2.0, T0 + 5 * SECOND, NULL), WAITQ_OK);
  join(100);
  advance_s(9.999999);
  assert_int_equal(room.phase, WAITQ_PHASE_SCHEDULED);
  expect(0, 0, 100);
  advance_s(12);
  assert_int_equal(room.phase, WAITQ_PHASE_OPEN);
  expect(4, 4, 96);
}

static void test_advance__what_is_due_is_the_earliest_of_all(void **state) {
  (void)state;
  join(6);
  advance_s(0);
  assert_int_equal(waitq__advance_due(&room, &ledger), T0 + SECOND); /* the next token, and the end of a generation */
  advance_s(0.25);
  room.max_active = 5;
  room.claim.ends_us += 100 * SECOND;
  assert_int_equal(waitq__advance_due(&room, &ledger), room.claim.ends_us); /* no place: no turn is due */
  room.max_active = 6;
  assert_int_equal(waitq__advance_due(&room, &ledger), T0 + SECOND);
  assert_int_equal(waitq__state_plan_rate(&room, 2.0, T0 + SECOND / 2, NULL), WAITQ_OK);
  assert_int_equal(waitq__advance_due(&room, &ledger), T0 + SECOND / 2);
  room.plan_count = 0;
  room.phase = WAITQ_PHASE_PAUSED;
  assert_int_equal(waitq__advance_due(&room, &ledger), waitq__wheel_next(&room.heartbeat));
  room.phase = WAITQ_PHASE_SCHEDULED;
  room.opens_at_us = T0 + 3 * SECOND;
  assert_int_equal(waitq__advance_due(&room, &ledger), T0 + 3 * SECOND);
}

/* After a step nothing is due that has passed: otherwise every poll would take the room's lock, until something changes. */
static void test_advance__after_a_shorter_claim_limit_nothing_stays_due(void **state) {
  (void)state;
  join(10000);
  policy.claim_ttl_ms = 800000;
  waitq__state_configure(&room, &policy);
  advance_s(120);
  policy.claim_ttl_ms = 8000;
  waitq__state_configure(&room, &policy);
  for (double s = 120; s < 300; s += 0.5) {
    advance_s(s);
    assert_true(waitq__advance_due(&room, &ledger) > room.now_us);
  }
}

/* The rate was cut while many had their turns: they queue at the door, and most turns lapse. Who then waits is not held up by those
 * who will not come any more. */
static void test_advance__a_door_that_nobody_stands_at_holds_up_no_turn(void **state) {
  (void)state;
  join(1000);
  policy.burst = 500;
  policy.rate_per_s = 500.0;
  waitq__state_init(&room, &policy, 0, T0);
  advance_s(0);
  assert_int_equal(room.ready, 500);
  waitq__bucket_take(&room.entries, 500, T0);
  waitq__state_set_rate(&room, 1.0, T0);
  for (uint64_t number = 0; number < 500; number++) {
    assert_true(waitq__entry_wait(&room, &ledger, number) > 0);
  }
  advance_s(9);
  assert_int_equal(room.floor, 500);
  advance_s(15);
  assert_true(room.head > 500);
}

static void test_advance__joins_stop_at_as_many_as_may_wait(void **state) {
  (void)state;
  assert_int_equal(waitq__join_limit_empty(&room), WAITQ__NUMBER_END);
  assert_int_equal(waitq__join_limit(&room, &ledger), WAITQ__NUMBER_END);
  room.max_waiting = 10;
  assert_int_equal(waitq__join_limit_empty(&room), 10);
  join(8);
  leave(6);
  assert_int_equal(waitq__join_limit(&room, &ledger), 8 + 3);
  advance_s(0);
  assert_int_equal(waitq__join_limit(&room, &ledger), 8 + 8);
  room.max_waiting = 1;
  assert_int_equal(waitq__join_limit(&room, &ledger), 8);
  room.max_waiting = UINT64_MAX;
  assert_int_equal(waitq__join_limit(&room, &ledger), WAITQ__NUMBER_END);
  room.phase = WAITQ_PHASE_DRAINING;
  assert_int_equal(waitq__join_limit(&room, &ledger), 0);
  assert_int_equal(waitq__join_limit_empty(&room), 0);
}

static void test_advance__a_chunk_that_is_over_is_counted_out(void **state) {
  (void)state;
  waitq__bucket_init(&room.turns, 1e6, 1000000, T0);
  join(2 * CHUNK);
  advance_s(0);
  assert_int_equal(room.head, 2 * CHUNK);
  assert_false(waitq__advance_trim(&room, &ledger));
  enter(3);
  leave(4);
  leave(5);
  advance_s(1);
  advance_s(10);
  assert_int_equal(room.floor, 2 * CHUNK);
  assert_false(waitq__advance_trim(&room, &ledger));
  assert_true(waitq__ledger_set(&ledger, WAITQ__PLANE_ENDED, 3));
  assert_true(waitq__advance_trim(&room, &ledger));
  assert_int_equal(room.trim, CHUNK);
  assert_int_equal(room.trimmed_left, 2);
  assert_int_equal(room.trimmed_entered, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_advance__gives_as_many_turns_as_there_are_tokens, setup, teardown),
      UNIT_TEST(test_advance__those_who_left_take_no_turn_and_no_token, setup, teardown),
      UNIT_TEST(test_advance__an_empty_line_takes_no_token, setup, teardown),
      UNIT_TEST(test_advance__sessions_and_unclaimed_turns_stay_below_the_limit, setup, teardown),
      UNIT_TEST(test_advance__time_that_runs_backward_changes_nothing, setup, teardown),
      UNIT_TEST(test_advance__turns_that_nobody_claims_give_their_tokens_back, setup, teardown),
      UNIT_TEST(test_advance__a_paused_room_lets_no_turn_lapse_and_gives_none, setup, teardown),
      UNIT_TEST(test_advance__each_turn_has_the_deadline_of_its_generation, setup, teardown),
      UNIT_TEST(test_advance__plans_come_into_force_each_at_its_moment, setup, teardown),
      UNIT_TEST(test_advance__a_scheduled_room_opens_at_its_moment, setup, teardown),
      UNIT_TEST(test_advance__what_is_due_is_the_earliest_of_all, setup, teardown),
      UNIT_TEST(test_advance__after_a_shorter_claim_limit_nothing_stays_due, setup, teardown),
      UNIT_TEST(test_advance__a_door_that_nobody_stands_at_holds_up_no_turn, setup, teardown),
      UNIT_TEST(test_advance__joins_stop_at_as_many_as_may_wait, setup, teardown),
      UNIT_TEST(test_advance__a_chunk_that_is_over_is_counted_out, setup, teardown),
  };
  return cmocka_run_group_tests_name("advance", tests, NULL, NULL);
}
