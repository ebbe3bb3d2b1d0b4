/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/fake_memory.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "store/visitors.h"

#define NONE WAITQ_STORE_NO_NUMBER
#define PEOPLE 3000
#define TICKETS 200000

/* The map again: each person's last ticket, and each ticket's person (-1: anonymous), in plain arrays. */
static struct {
  uint64_t base;
  uint64_t begin;
  uint64_t end;
  uint64_t last[PEOPLE];
  int people[TICKETS];
} plain;

static struct fake_memory memory;
static struct waitq__visitors visitors;
static unsigned char ids[PEOPLE][WAITQ_STORE_VISITOR_SIZE];
static struct rng rng;

static void begin_at(uint64_t next) {
  waitq__visitors_free(&visitors);
  waitq__visitors_init(&visitors, &memory.allocator, next);
  plain.base = plain.begin = plain.end = next;
  for (unsigned i = 0; i < PEOPLE; i++) {
    plain.last[i] = NONE;
  }
}

/* Any two people differ in one byte, or in two. */
static int setup(void **state) {
  (void)state;
  fake_memory_init(&memory);
  memset(ids, 0x77, sizeof ids);
  for (unsigned i = 0; i < PEOPLE; i++) {
    ids[i][i % 16] ^= (unsigned char)(1 + i / 16);
  }
  waitq__visitors_init(&visitors, &memory.allocator, 0);
  begin_at(0);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq__visitors_free(&visitors);
  return fake_memory_blocks(&memory) != 0;
}

static int64_t joined_at(uint64_t number) {
  return (int64_t)(number * 1000 + 17);
}

static void check_person(int person) {
  uint64_t number = 4711;
  const struct waitq__visitor_record *record = waitq__visitors_find(&visitors, ids[person], &number);
  uint64_t expected = plain.last[person];
  if (expected == NONE || expected < plain.begin) {
    assert_null(record);
    return;
  }
  assert_non_null(record);
  assert_int_equal(number, expected);
  assert_int_equal(record->joined_us, joined_at(number));
  assert_memory_equal(record->visitor, ids[person], WAITQ_STORE_VISITOR_SIZE);
}

static void check_all(void) {
  for (int person = 0; person < PEOPLE; person++) {
    check_person(person);
  }
  assert_int_equal(waitq__visitors_bytes(&visitors), fake_memory_bytes(&memory));
  assert_int_equal(visitors.end, plain.end);
}

static void add(int person) {
  const unsigned char *id = person < 0 ? NULL : ids[person];
  assert_int_equal(waitq__visitors_reserve(&visitors, id), WAITQ_OK);
  assert_int_equal(visitors.end, plain.end);
  waitq__visitors_add(&visitors, id, joined_at(plain.end));
  plain.people[plain.end - plain.base] = person;
  if (person >= 0) {
    plain.last[person] = plain.end;
  }
  plain.end++;
}

static void trim(uint64_t below) {
  waitq__visitors_trim(&visitors, below);
  uint64_t begin = below < plain.end ? below : plain.end;
  plain.begin = begin > plain.begin ? begin : plain.begin;
}

static void test_visitors__nobody_is_in_an_empty_map(void **state) {
  (void)state;
  check_all();
  assert_int_equal(fake_memory_requests(&memory), 0);
}

static void test_visitors__who_joins_is_found_with_number_and_time(void **state) {
  (void)state;
  for (int person = 0; person < PEOPLE; person++) {
    add(person);
  }
  check_all();
}

static void test_visitors__a_later_ticket_takes_the_place_of_an_earlier_one(void **state) {
  (void)state;
  for (unsigned round = 0; round < 5; round++) {
    for (int person = 0; person < 700; person++) {
      add(person);
    }
    check_all();
  }
}

static void test_visitors__anonymous_ones_are_never_found(void **state) {
  (void)state;
  const unsigned char zero[WAITQ_STORE_VISITOR_SIZE] = {0};
  uint64_t number;
  for (unsigned i = 0; i < 2000; i++) {
    add(-1);
  }
  assert_null(waitq__visitors_find(&visitors, zero, &number));
  check_all();
  trim(1500);
  for (unsigned i = 0; i < 100; i++) {
    trim(1500);
  }
  check_all();
}

static void test_visitors__ids_that_differ_in_one_byte_are_different_visitors(void **state) {
  (void)state;
  unsigned char id[WAITQ_STORE_VISITOR_SIZE];
  uint64_t next = 0;
  for (unsigned pass = 0; pass < 2; pass++) {
    for (unsigned i = 0; i < 16 * 255; i++) {
      uint64_t number;
      memset(id, 0x77, sizeof id);
      id[i % 16] ^= (unsigned char)(1 + i / 16);
      if (pass == 0) {
        assert_null(waitq__visitors_find(&visitors, id, &number));
        assert_int_equal(waitq__visitors_reserve(&visitors, id), WAITQ_OK);
        waitq__visitors_add(&visitors, id, joined_at(next++));
      } else {
        assert_non_null(waitq__visitors_find(&visitors, id, &number));
        assert_int_equal(number, i);
      }
    }
  }
}

/* An id that the index cannot tell from others with the same low half after mixing: only the records can. */
static void colliding_id(unsigned char id[WAITQ_STORE_VISITOR_SIZE], uint64_t high) {
  uint64_t low = high * UINT64_C(0x9e3779b97f4a7c15) ^ UINT64_C(0x1234567890abcdef);
  memcpy(id, &low, 8);
  memcpy(id + 8, &high, 8);
}

static void check_collided(unsigned count) {
  unsigned char id[WAITQ_STORE_VISITOR_SIZE];
  for (unsigned i = 0; i < 100; i++) {
    uint64_t number;
    colliding_id(id, i);
    assert_int_equal(waitq__visitors_find(&visitors, id, &number) != NULL, i < count);
    assert_true(i >= count || number == i);
  }
}

static void test_visitors__of_one_hash_are_told_apart_by_their_records(void **state) {
  (void)state;
  unsigned char id[WAITQ_STORE_VISITOR_SIZE];
  unsigned count = 0;
  while (count < 54) {
    colliding_id(id, count);
    assert_int_equal(waitq__visitors_reserve(&visitors, id), WAITQ_OK);
    waitq__visitors_add(&visitors, id, joined_at(count++));
    check_collided(count);
  }
  /* No split parts them, and one more would be too many: it is refused once memory is, and hurts nobody. */
  colliding_id(id, count);
  fake_memory_fail_at(&memory, 20);
  assert_int_equal(waitq__visitors_reserve(&visitors, id), WAITQ_E_NOMEM);
  assert_int_equal(fake_memory_recover(&memory), 1);
  check_collided(count);
  waitq__visitors_undo(&visitors, NONE);
  check_collided(count - 1);
}

static void test_visitors__what_is_taken_back_was_never_there(void **state) {
  (void)state;
  add(0);
  add(1);
  add(1);
  waitq__visitors_undo(&visitors, 1);
  plain.end = 2;
  plain.last[1] = 1;
  check_all();
  waitq__visitors_undo(&visitors, NONE);
  plain.end = 1;
  plain.last[1] = NONE;
  check_all();
  add(-1);
  waitq__visitors_undo(&visitors, NONE);
  plain.end = 1;
  check_all();
  add(2);
  waitq__visitors_undo(&visitors, 0); /* ticket 0 is another's */
  plain.end = 1;
  plain.last[2] = NONE;
  check_all();
}

static void test_visitors__without_memory_nobody_is_lost(void **state) {
  (void)state;
  unsigned refused = 0;
  assert_int_equal(waitq__visitors_reserve(&visitors, NULL), WAITQ_OK);
  fake_memory_fail_at(&memory, 1);
  assert_int_equal(waitq__visitors_reserve(&visitors, ids[0]), WAITQ_E_NOMEM);
  fake_memory_recover(&memory);
  for (int person = 0; person < PEOPLE; person++) {
    for (uint64_t n = 1; n <= 4; n++) {
      fake_memory_fail_at(&memory, n);
      int code = waitq__visitors_reserve(&visitors, ids[person]);
      uint64_t failed = fake_memory_recover(&memory);
      assert_int_equal(code, failed != 0 ? WAITQ_E_NOMEM : WAITQ_OK);
      refused += failed != 0;
    }
    check_person(person / 2);
    add(person);
  }
  check_all();
  assert_true(refused > 30);
}

static void test_visitors__trimmed_memory_comes_back_a_little_at_a_time(void **state) {
  (void)state;
  for (unsigned i = 0; i < 20000; i++) {
    add((int)(i % PEOPLE));
  }
  int64_t before = fake_memory_bytes(&memory);
  for (unsigned i = 0; i < 20000 / 32 + 1; i++) {
    uint64_t swept = visitors.swept;
    trim(19000);
    assert_true(visitors.swept - swept <= 32);
    check_person((int)(i % PEOPLE));
  }
  check_all();
  assert_int_equal(visitors.swept, 19000);
  assert_true(fake_memory_bytes(&memory) < before / 2);
  trim(UINT64_MAX);
  check_all();
  assert_int_equal(plain.begin, 20000);
}

static void random_batch(void) {
  int batch[40];
  uint64_t before[40];
  unsigned count = (unsigned)rng_below(&rng, 40);
  for (unsigned i = 0; i < count; i++) {
    batch[i] = rng_once_in(&rng, 5) ? -1 : (int)rng_below(&rng, rng_once_in(&rng, 2) ? 30 : PEOPLE);
    before[i] = batch[i] < 0 ? NONE : plain.last[batch[i]];
    add(batch[i]);
  }
  uint64_t undone = rng_once_in(&rng, 4) ? rng_below(&rng, count + 1) : 0;
  while (undone-- > 0) {
    count--;
    waitq__visitors_undo(&visitors, before[count]);
    plain.end--;
    if (batch[count] >= 0) {
      plain.last[batch[count]] = before[count];
    }
  }
}

static void random_rounds(uint64_t next) {
  begin_at(next);
  while (plain.end - plain.base < TICKETS - 100) {
    if (rng_once_in(&rng, 3)) {
      uint64_t back = rng_below(&rng, rng_once_in(&rng, 4) ? 10 : 5000);
      trim(plain.end - plain.base > back ? plain.end - back : 0);
    }
    random_batch();
    for (unsigned i = 0; i < 5; i++) {
      check_person((int)rng_below(&rng, rng_once_in(&rng, 2) ? 30 : PEOPLE));
    }
    if (rng_once_in(&rng, 500)) {
      check_all();
    }
  }
  check_all();
}

static void test_visitors__random_use_agrees_with_plain_arrays(void **state) {
  (void)state;
  rng_init(&rng, rng_seed("visitors", 1));
  random_rounds(0);
}

static void test_visitors__numbers_may_pass_32_bits(void **state) {
  (void)state;
  rng_init(&rng, rng_seed("visitors beyond 32 bits", 2));
  random_rounds((UINT64_C(1) << 32) - TICKETS / 2);
  random_rounds((UINT64_C(77) << 32) - TICKETS / 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_visitors__nobody_is_in_an_empty_map, setup, teardown),
      UNIT_TEST(test_visitors__who_joins_is_found_with_number_and_time, setup, teardown),
      UNIT_TEST(test_visitors__a_later_ticket_takes_the_place_of_an_earlier_one, setup, teardown),
      UNIT_TEST(test_visitors__anonymous_ones_are_never_found, setup, teardown),
      UNIT_TEST(test_visitors__ids_that_differ_in_one_byte_are_different_visitors, setup, teardown),
      UNIT_TEST(test_visitors__of_one_hash_are_told_apart_by_their_records, setup, teardown),
      UNIT_TEST(test_visitors__what_is_taken_back_was_never_there, setup, teardown),
      UNIT_TEST(test_visitors__without_memory_nobody_is_lost, setup, teardown),
      UNIT_TEST(test_visitors__trimmed_memory_comes_back_a_little_at_a_time, setup, teardown),
      UNIT_TEST(test_visitors__random_use_agrees_with_plain_arrays, setup, teardown),
      UNIT_TEST(test_visitors__numbers_may_pass_32_bits, setup, teardown),
  };
  return cmocka_run_group_tests_name("visitors", tests, NULL, NULL);
}
