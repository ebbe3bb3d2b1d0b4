/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/fake_memory.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "core/advance.h"
#include "core/sweep.h"

#define CHUNK ((uint64_t)WAITQ__CHUNK_TICKETS)
#define TICKETS (4 * CHUNK)
#define MS INT64_C(1000)
#define T0 INT64_C(1700000000000000)

/* Limits of 800 ms for silence and sessions: generations of 100 ms. */
static struct fake_memory memory;
static struct waitq__state room;
static struct waitq__ledger ledger;
static struct waitq__sweep silent;
static struct waitq__sweep sessions;

static int setup(void **state) {
  (void)state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.heartbeat_ttl_ms = 800;
  policy.session_ttl_ms = 800;
  waitq__state_init(&room, &policy, 0, T0);
  waitq__wheel_init(&room.heartbeat, 800 * MS, 1, T0);
  waitq__wheel_init(&room.session, 800 * MS, 1, T0);
  silent = (struct waitq__sweep){.kind = WAITQ__SWEEP_SILENT};
  sessions = (struct waitq__sweep){.kind = WAITQ__SWEEP_SESSIONS};
  fake_memory_init(&memory);
  return waitq__ledger_init(&ledger, &memory.allocator);
}

static int teardown(void **state) {
  (void)state;
  waitq__ledger_free(&ledger);
  return fake_memory_blocks(&memory) != 0;
}

static void move_to(int64_t now_us) {
  room.now_us = now_us;
  waitq__advance_generations(&room, &ledger);
}

static void poll_one(uint64_t number) {
  waitq__ledger_see(waitq__ledger_chunk(&ledger, number), waitq__wheel_slot(room.heartbeat.current), number);
}

static void join(uint64_t count) {
  uint64_t next = waitq__word(&ledger.next);
  assert_int_equal(waitq__ledger_reserve(&ledger, next + count), WAITQ_OK);
  waitq__ledger_extend(&ledger, next + count);
  for (uint64_t number = next; number < next + count; number++) {
    poll_one(number);
  }
}

static void renew(uint64_t number) {
  assert_int_equal(waitq__ledger_reserve_session(&ledger, number), WAITQ_OK);
  waitq__ledger_set(&ledger, WAITQ__PLANE_RENEWED + waitq__wheel_slot(room.session.current), number);
  waitq__ledger_set(&ledger, WAITQ__PLANE_ENTERED, number);
}

/* One chunk of a sweep. Returns whether the sweep is over. */
static int step(struct waitq__sweep *sweep) {
  uint64_t words[WAITQ__CHUNK_WORDS];
  assert_true(sweep->running);
  if (!waitq__sweep_is_done(sweep, &ledger)) {
    int found = waitq__sweep_find(sweep, &room, &ledger, words);
    waitq__sweep_step(sweep, &ledger, found ? words : NULL);
  }
  if (!waitq__sweep_is_done(sweep, &ledger)) {
    return 0;
  }
  waitq__wheel_retire(waitq__sweep_wheel(sweep->kind, &room), sweep->done_slots);
  sweep->running = 0;
  return 1;
}

static void sweep_all(struct waitq__sweep *sweep) {
  if (waitq__sweep_begin(sweep, &room, &ledger)) {
    while (!step(sweep)) {
    }
  }
}

static int is_gone(uint64_t number) {
  return waitq__ledger_test(&ledger, WAITQ__PLANE_GONE, number);
}

static void test_sweep__turns_the_wheel_of_its_kind(void **state) {
  (void)state;
  assert_ptr_equal(waitq__sweep_wheel(WAITQ__SWEEP_SILENT, &room), &room.heartbeat);
  assert_ptr_equal(waitq__sweep_wheel(WAITQ__SWEEP_SESSIONS, &room), &room.session);
}

static void test_sweep__begins_when_a_generation_has_expired_and_not_before(void **state) {
  (void)state;
  join(10);
  move_to(T0 + 150 * MS);
  move_to(T0 + 900 * MS - 1);
  assert_false(waitq__sweep_begin(&silent, &room, &ledger));
  assert_false(waitq__sweep_begin(&sessions, &room, &ledger));
  move_to(T0 + 900 * MS);
  assert_true(waitq__sweep_begin(&silent, &room, &ledger));
  assert_true(waitq__sweep_begin(&sessions, &room, &ledger));
}

static void test_sweep__those_who_wait_in_silence_are_gone_and_nobody_else(void **state) {
  (void)state;
  join(2 * CHUNK + 100);
  room.head = 70;
  move_to(T0 + 150 * MS);
  for (uint64_t number = 0; number < 2 * CHUNK + 100; number += 3) {
    poll_one(number);
  }
  move_to(T0 + 900 * MS);
  join(100);
  sweep_all(&silent);
  for (uint64_t number = 0; number < 2 * CHUNK + 200; number++) {
    assert_int_equal(is_gone(number), number >= 70 && number < 2 * CHUNK + 100 && number % 3 != 0);
  }
}

static void test_sweep__who_comes_while_it_runs_is_left_alone(void **state) {
  (void)state;
  join(CHUNK + 10);
  move_to(T0 + 900 * MS);
  assert_true(waitq__sweep_begin(&silent, &room, &ledger));
  join(CHUNK);
  assert_false(step(&silent));
  assert_true(waitq__sweep_begin(&silent, &room, &ledger));
  assert_true(step(&silent));
  assert_int_equal(waitq__word(&ledger.gone), CHUNK + 10);
  for (uint64_t number = CHUNK + 10; number < 2 * CHUNK + 10; number++) {
    assert_false(is_gone(number));
  }
}

static void test_sweep__who_got_a_turn_while_it_runs_is_left_alone(void **state) {
  (void)state;
  join(2 * CHUNK);
  move_to(T0 + 900 * MS);
  assert_true(waitq__sweep_begin(&silent, &room, &ledger));
  room.head = CHUNK + 130;
  while (!step(&silent)) {
  }
  for (uint64_t number = 0; number < 2 * CHUNK; number++) {
    assert_int_equal(is_gone(number), number >= CHUNK + 130);
  }
}

static void test_sweep__empties_the_planes_it_is_done_with_and_no_other(void **state) {
  (void)state;
  join(CHUNK + 10);
  move_to(T0 + 150 * MS);
  poll_one(5);
  poll_one(CHUNK + 5);
  move_to(T0 + 900 * MS);
  sweep_all(&silent);
  for (uint64_t number = 0; number < CHUNK + 10; number++) {
    assert_false(waitq__ledger_test(&ledger, WAITQ__PLANE_SEEN, number));
    assert_int_equal(waitq__ledger_test(&ledger, WAITQ__PLANE_SEEN + 1, number), number % CHUNK == 5);
  }
  assert_int_equal(room.heartbeat.oldest, 1);
}

static void test_sweep__sessions_end_when_nobody_renews_them(void **state) {
  (void)state;
  join(3 * CHUNK);
  room.head = 2 * CHUNK + 50;
  for (uint64_t number = 0; number < 2 * CHUNK + 50; number += 2) {
    renew(number);
  }
  move_to(T0 + 150 * MS);
  for (uint64_t number = 0; number < 2 * CHUNK + 50; number += 6) {
    renew(number);
  }
  assert_true(waitq__ledger_set(&ledger, WAITQ__PLANE_ENDED, 2));
  move_to(T0 + 900 * MS);
  sweep_all(&sessions);
  uint64_t ended = 0;
  for (uint64_t number = 0; number < 3 * CHUNK; number++) {
    int entered = number < room.head && number % 2 == 0;
    ended += (uint64_t)(entered && number % 6 != 0);
    assert_int_equal(waitq__ledger_test(&ledger, WAITQ__PLANE_ENDED, number), entered && number % 6 != 0);
    assert_false(waitq__ledger_test(&ledger, WAITQ__PLANE_RENEWED, number));
    assert_false(is_gone(number));
  }
  assert_int_equal(ledger.ended, ended);
}

static void test_sweep__goes_on_behind_what_was_dropped_meanwhile(void **state) {
  (void)state;
  join(3 * CHUNK);
  room.head = 3 * CHUNK;
  renew(2 * CHUNK + 1);
  move_to(T0 + 900 * MS);
  assert_true(waitq__sweep_begin(&sessions, &room, &ledger));
  waitq__ledger_drop(&ledger);
  waitq__ledger_drop(&ledger);
  assert_true(step(&sessions));
  assert_true(waitq__ledger_test(&ledger, WAITQ__PLANE_ENDED, 2 * CHUNK + 1));
}

static void test_sweep__an_empty_line_is_done_at_once(void **state) {
  (void)state;
  move_to(T0 + 150 * MS);
  move_to(T0 + 2000 * MS);
  assert_true(waitq__sweep_begin(&silent, &room, &ledger));
  assert_true(waitq__sweep_is_done(&silent, &ledger));
  assert_true(waitq__sweep_begin(&sessions, &room, &ledger));
  assert_true(waitq__sweep_is_done(&sessions, &ledger));
  join(CHUNK);
  room.head = CHUNK;
  sweep_all(&silent);
  assert_int_equal(waitq__word(&ledger.gone), 0);
  sessions.running = 0;
  sweep_all(&sessions); /* no ticket of the chunk has entered */
  assert_int_equal(ledger.ended, 0);
}

/* Random polls against the time of each visitor's last one. */
struct crowd {
  struct rng rng;
  int64_t heard_us[TICKETS]; /* the last poll or join; 0: gone */
  uint64_t left;
};

static void check_crowd(struct crowd *crowd) {
  uint64_t next = waitq__word(&ledger.next);
  for (uint64_t number = room.head; number < next; number++) {
    int64_t silence_us = room.now_us - crowd->heard_us[number];
    if (is_gone(number)) {
      assert_true(silence_us >= 800 * MS);
      crowd->left += crowd->heard_us[number] != 0;
      crowd->heard_us[number] = 0;
    } else {
      /* An eighth more, and the longest step of time of this test. */
      assert_true(silence_us <= 900 * MS + 30 * MS);
    }
  }
}

static void test_sweep__random_polls_agree_with_the_time_of_the_last_one(void **state) {
  (void)state;
  struct crowd *crowd = calloc(1, sizeof *crowd);
  assert_non_null(crowd);
  rng_init(&crowd->rng, rng_seed("sweep", 1));
  for (unsigned round = 0; round < 400; round++) {
    move_to(room.now_us + rng_between(&crowd->rng, 0, 30 * MS));
    sweep_all(&silent);
    check_crowd(crowd);
    uint64_t next = waitq__word(&ledger.next);
    uint64_t count = next < TICKETS ? rng_below(&crowd->rng, TICKETS / 300) : 0;
    count = count < TICKETS - next ? count : TICKETS - next;
    join(count);
    for (uint64_t number = next; number < next + count; number++) {
      crowd->heard_us[number] = room.now_us;
    }
    for (unsigned i = 0; i < 2000 && next > 0; i++) {
      uint64_t number = rng_below(&crowd->rng, next);
      if (number >= room.head && !is_gone(number)) {
        poll_one(number);
        crowd->heard_us[number] = room.now_us;
      }
    }
    room.head += rng_below(&crowd->rng, 60);
    room.head = room.head < next ? room.head : next;
  }
  assert_true(crowd->left > 1000);
  free(crowd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_sweep__turns_the_wheel_of_its_kind, setup, teardown),
      UNIT_TEST(test_sweep__begins_when_a_generation_has_expired_and_not_before, setup, teardown),
      UNIT_TEST(test_sweep__those_who_wait_in_silence_are_gone_and_nobody_else, setup, teardown),
      UNIT_TEST(test_sweep__who_comes_while_it_runs_is_left_alone, setup, teardown),
      UNIT_TEST(test_sweep__who_got_a_turn_while_it_runs_is_left_alone, setup, teardown),
      UNIT_TEST(test_sweep__empties_the_planes_it_is_done_with_and_no_other, setup, teardown),
      UNIT_TEST(test_sweep__sessions_end_when_nobody_renews_them, setup, teardown),
      UNIT_TEST(test_sweep__goes_on_behind_what_was_dropped_meanwhile, setup, teardown),
      UNIT_TEST(test_sweep__an_empty_line_is_done_at_once, setup, teardown),
      UNIT_TEST(test_sweep__random_polls_agree_with_the_time_of_the_last_one, setup, teardown),
  };
  return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
