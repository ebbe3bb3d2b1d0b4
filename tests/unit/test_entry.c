/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include "../support/fake_memory.h"
#include "../support/test.h"
#include "core/advance.h"
#include "core/entry.h"

#define T0 INT64_C(1700000000000000)
#define TOKEN_US INT64_C(100000)
#define SPACING_US (TOKEN_US - TOKEN_US / 8)

static struct fake_memory memory;
static struct waitq__state room;
static struct waitq__ledger ledger;

/* Ten a second. A hundred have their turn, and the door has just let in as many as the bucket held. */
static int setup(void **state) {
  (void)state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.burst = 100;
  waitq__state_init(&room, &policy, 0, T0);
  fake_memory_init(&memory);
  if (waitq__ledger_init(&ledger, &memory.allocator) != WAITQ_OK || waitq__ledger_reserve(&ledger, 200) != WAITQ_OK) {
    return -1;
  }
  waitq__ledger_extend(&ledger, 200);
  waitq__advance_turns(&room, &ledger);
  waitq__bucket_take(&room.entries, 100, T0);
  return room.ready != 100;
}

static int teardown(void **state) {
  (void)state;
  waitq__ledger_free(&ledger);
  return fake_memory_blocks(&memory) != 0;
}

static int64_t ask(uint64_t number) {
  return waitq__entry_wait(&room, &ledger, number);
}

static void test_entry__a_token_lets_anybody_in_whose_turn_has_come(void **state) {
  (void)state;
  room.now_us = T0 + TOKEN_US;
  assert_int_equal(ask(99), 0);
  assert_int_equal(ask(0), 0);
  assert_int_equal(room.promised_us, 0);
  waitq__bucket_take(&room.entries, 1, room.now_us);
  assert_true(ask(99) > 0);
}

static void test_entry__with_a_rate_of_zero_nobody_is_told_a_time(void **state) {
  (void)state;
  waitq__state_set_rate(&room, 0.0, T0);
  assert_int_equal(ask(0), WAITQ__NEVER_US);
  assert_int_equal(room.promised_us, 0);
}

static void test_entry__who_comes_again_gets_an_instant_of_its_own(void **state) {
  (void)state;
  for (int64_t i = 0; i < 100; i++) {
    assert_int_equal(ask((uint64_t)i), TOKEN_US + i * SPACING_US);
  }
  assert_int_equal(room.promised_us, T0 + TOKEN_US + 100 * SPACING_US);
}

static void test_entry__nobody_is_sent_behind_the_end_of_the_queue(void **state) {
  (void)state;
  assert_int_equal(ask(99), TOKEN_US);
  assert_int_equal(ask(50), TOKEN_US + SPACING_US);
  assert_int_equal(ask(0), TOKEN_US);
  assert_int_equal(ask(1), TOKEN_US + SPACING_US);
  assert_int_equal(room.promised_us, T0 + TOKEN_US + 4 * SPACING_US); /* four promises, the displaced among them */
}

static void test_entry__asking_again_moves_nobody_back(void **state) {
  (void)state;
  int64_t wait_us[100];
  for (uint64_t i = 0; i < 100; i++) {
    wait_us[i] = ask(i);
  }
  for (uint64_t round = 0; round < 10; round++) {
    for (uint64_t i = 0; i < 99; i++) {
      assert_true(ask(i) <= wait_us[i]);
    }
  }
}

static void test_entry__turns_go_on_while_the_door_is_caught_up(void **state) {
  (void)state;
  assert_true(waitq__entries_caught_up(&room) <= room.now_us);
  for (uint64_t i = 0; i < 100; i++) {
    ask(i);
  }
  assert_int_equal(waitq__entries_caught_up(&room), room.promised_us - room.claim.ttl_us / 4);
  room.ready = 10; /* the others left: they will not come */
  assert_int_equal(waitq__entries_caught_up(&room), room.now_us + 10 * TOKEN_US - room.claim.ttl_us / 4);
  room.ready = 0;
  assert_true(waitq__entries_caught_up(&room) <= room.now_us);
}

static void test_entry__the_slowest_rate_overflows_nothing(void **state) {
  (void)state;
  waitq__state_set_rate(&room, 1e-9, T0);
  for (uint64_t i = 0; i < 100; i++) {
    int64_t wait_us = ask(i);
    assert_true(wait_us > 0 && wait_us < INT64_MAX - room.now_us);
    assert_true(room.promised_us > 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_entry__a_token_lets_anybody_in_whose_turn_has_come, setup, teardown),
      UNIT_TEST(test_entry__with_a_rate_of_zero_nobody_is_told_a_time, setup, teardown),
      UNIT_TEST(test_entry__who_comes_again_gets_an_instant_of_its_own, setup, teardown),
      UNIT_TEST(test_entry__nobody_is_sent_behind_the_end_of_the_queue, setup, teardown),
      UNIT_TEST(test_entry__asking_again_moves_nobody_back, setup, teardown),
      UNIT_TEST(test_entry__turns_go_on_while_the_door_is_caught_up, setup, teardown),
      UNIT_TEST(test_entry__the_slowest_rate_overflows_nothing, setup, teardown),
  };
  return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
