/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* append: who gets which number. */

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "conformance.h"
#include "store_bench.h"

static void expect(waitq_store_join join, uint32_t outcome, uint64_t number) {
  assert_int_equal(join.outcome, outcome);
  assert_int_equal(join.number, number);
}

static void set_join_limit(struct bench *bench, uint64_t join_limit) {
  struct capture *capture = bench_load(bench, bench->room);
  waitq_store_commit commit = bench_commit_of(capture);
  commit.join_limit = join_limit;
  bench_commit(bench, bench->room, &commit, WAITQ_OK);
  capture_free(capture);
}

static uint64_t next_of(struct bench *bench) {
  struct capture *capture = bench_load(bench, bench->room);
  uint64_t next = capture->head.next;
  capture_free(capture);
  return next;
}

static void test_append__numbers_go_up_by_one_from_next(void **state) {
  struct bench *bench = *state;
  for (uint64_t i = 0; i < 300; i++) {
    expect(bench_join(bench, bench->room, bench_visitor(i)), WAITQ_STORE_NEW, i);
    assert_int_equal(next_of(bench), i + 1);
  }
}

static void test_append__a_new_ticket_is_issued_at_the_time_that_was_given(void **state) {
  struct bench *bench = *state;
  waitq_store_join join = bench_join_at(bench, bench->room, bench_visitor(1), BENCH_EPOCH, 12345);
  assert_int_equal(join.joined_us, 12345);
}

static void test_append__a_visitor_who_has_a_ticket_gets_its_number_and_time_again(void **state) {
  struct bench *bench = *state;
  bench_join_at(bench, bench->room, bench_visitor(1), BENCH_EPOCH, 100);
  bench_join_at(bench, bench->room, bench_visitor(2), BENCH_EPOCH, 200);
  waitq_store_join again = bench_join_at(bench, bench->room, bench_visitor(1), BENCH_EPOCH, 300);
  expect(again, WAITQ_STORE_EXISTING, 0);
  assert_int_equal(again.joined_us, 100);
  assert_int_equal(next_of(bench), 2);
}

static void test_append__a_repeated_batch_has_no_second_effect(void **state) {
  struct bench *bench = *state;
  waitq_store_join joins[50];
  for (int round = 0; round < 3; round++) {
    for (uint64_t i = 0; i < 50; i++) {
      joins[i] = bench_visitor(i);
    }
    assert_code(bench->ops->append(bench->room, BENCH_EPOCH, BENCH_NOW + round, joins, 50, NULL), WAITQ_OK);
    for (uint64_t i = 0; i < 50; i++) {
      expect(joins[i], round == 0 ? WAITQ_STORE_NEW : WAITQ_STORE_EXISTING, i);
      assert_int_equal(joins[i].joined_us, BENCH_NOW);
    }
    assert_int_equal(next_of(bench), 50);
  }
}

static void test_append__a_visitor_who_stands_twice_in_a_batch_gets_one_number(void **state) {
  struct bench *bench = *state;
  waitq_store_join joins[] = {bench_visitor(1), bench_visitor(2), bench_visitor(1), bench_visitor(3)};
  assert_code(bench->ops->append(bench->room, BENCH_EPOCH, BENCH_NOW, joins, 4, NULL), WAITQ_OK);
  expect(joins[0], WAITQ_STORE_NEW, 0);
  expect(joins[1], WAITQ_STORE_NEW, 1);
  expect(joins[2], WAITQ_STORE_EXISTING, 0);
  expect(joins[3], WAITQ_STORE_NEW, 2);
}

static void test_append__a_ticket_that_is_named_gives_way_to_a_new_one(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  bench_join(bench, bench->room, bench_visitor(2));
  waitq_store_join join = bench_visitor(1);
  join.replaces = 0;
  join = bench_join_at(bench, bench->room, join, BENCH_EPOCH, 777);
  expect(join, WAITQ_STORE_NEW, 2);
  assert_int_equal(join.joined_us, 777);
  waitq_store_join again = bench_join(bench, bench->room, bench_visitor(1));
  expect(again, WAITQ_STORE_EXISTING, 2);
  assert_int_equal(again.joined_us, 777);
}

static void test_append__a_replacement_repeated_gives_the_same_number(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  waitq_store_join ask = bench_visitor(1);
  ask.replaces = 0;
  expect(bench_join(bench, bench->room, ask), WAITQ_STORE_NEW, 1);
  expect(bench_join(bench, bench->room, ask), WAITQ_STORE_EXISTING, 1);
  assert_int_equal(next_of(bench), 2);
}

static void test_append__a_ticket_of_another_number_does_not_give_way(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  bench_join(bench, bench->room, bench_visitor(2));
  waitq_store_join join = bench_visitor(1);
  join.replaces = 1;
  expect(bench_join(bench, bench->room, join), WAITQ_STORE_EXISTING, 0);
  expect(bench_join(bench, bench->room, bench_visitor(2)), WAITQ_STORE_EXISTING, 1);
}

static void test_append__an_unknown_visitor_who_replaces_gets_a_new_number(void **state) {
  struct bench *bench = *state;
  waitq_store_join join = bench_visitor(1);
  join.replaces = 55;
  expect(bench_join(bench, bench->room, join), WAITQ_STORE_NEW, 0);
}

static void test_append__anonymous_joins_are_never_remembered_and_never_looked_up(void **state) {
  struct bench *bench = *state;
  waitq_store_join named = bench_visitor(7);
  waitq_store_join anonymous = named;
  anonymous.anonymous = 1;
  expect(bench_join(bench, bench->room, anonymous), WAITQ_STORE_NEW, 0);
  expect(bench_join(bench, bench->room, anonymous), WAITQ_STORE_NEW, 1);
  expect(bench_join(bench, bench->room, named), WAITQ_STORE_NEW, 2);
  expect(bench_join(bench, bench->room, anonymous), WAITQ_STORE_NEW, 3);
  expect(bench_join(bench, bench->room, named), WAITQ_STORE_EXISTING, 2);
}

static void test_append__from_the_join_limit_on_a_join_is_full_and_changes_nothing(void **state) {
  struct bench *bench = *state;
  set_join_limit(bench, 2);
  waitq_store_join joins[] = {bench_visitor(1),  bench_visitor(2), bench_visitor(3),
                              bench_anonymous(), bench_visitor(1), bench_visitor(4)};
  assert_code(bench->ops->append(bench->room, BENCH_EPOCH, BENCH_NOW, joins, 6, NULL), WAITQ_OK);
  expect(joins[0], WAITQ_STORE_NEW, 0);
  expect(joins[1], WAITQ_STORE_NEW, 1);
  assert_int_equal(joins[2].outcome, WAITQ_STORE_FULL);
  assert_int_equal(joins[3].outcome, WAITQ_STORE_FULL);
  expect(joins[4], WAITQ_STORE_EXISTING, 0);
  assert_int_equal(joins[5].outcome, WAITQ_STORE_FULL);
  assert_int_equal(next_of(bench), 2);
  set_join_limit(bench, 3);
  expect(bench_join(bench, bench->room, bench_visitor(4)), WAITQ_STORE_NEW, 2);
  assert_int_equal(bench_join(bench, bench->room, bench_visitor(3)).outcome, WAITQ_STORE_FULL);
}

static void test_append__a_ticket_does_not_give_way_in_a_full_room(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  set_join_limit(bench, 1);
  waitq_store_join join = bench_visitor(1);
  join.replaces = 0;
  assert_int_equal(bench_join(bench, bench->room, join).outcome, WAITQ_STORE_FULL);
  expect(bench_join(bench, bench->room, bench_visitor(1)), WAITQ_STORE_EXISTING, 0);
}

static void test_append__a_join_limit_below_next_is_full(void **state) {
  struct bench *bench = *state;
  for (uint64_t i = 0; i < 5; i++) {
    bench_join(bench, bench->room, bench_visitor(i));
  }
  set_join_limit(bench, 0);
  assert_int_equal(bench_join(bench, bench->room, bench_anonymous()).outcome, WAITQ_STORE_FULL);
  assert_int_equal(next_of(bench), 5);
}

static void test_append__another_epoch_is_a_conflict_that_changes_nothing(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  struct capture *before = bench_load(bench, bench->room);
  static const uint64_t epochs[] = {0, BENCH_EPOCH - 1, BENCH_EPOCH + 1, UINT64_MAX};
  for (size_t i = 0; i < 4; i++) {
    waitq_store_join joins[] = {bench_visitor(1), bench_visitor(2), bench_anonymous()};
    assert_code(bench->ops->append(bench->room, epochs[i], BENCH_NOW, joins, 3, NULL), WAITQ_E_CONFLICT);
  }
  assert_unchanged(bench, bench->room, before);
  expect(bench_join(bench, bench->room, bench_visitor(2)), WAITQ_STORE_NEW, 1);
}

static void test_append__leaves_version_state_and_planes_as_they_are(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 10);
  bench_mark(bench, bench->room, 2, 9);
  struct capture *before = bench_load(bench, bench->room);
  bench_join(bench, bench->room, bench_visitor(1));
  before->head.next = 11;
  assert_unchanged(bench, bench->room, before);
}

static void test_append__batches_of_every_size_are_numbered_in_their_order(void **state) {
  struct bench *bench = *state;
  static const size_t sizes[] = {1, 2, 3, 7, 8, 63, 64, 65, 255, 256, 257, 511, 999, 1000};
  waitq_store_join *joins = calloc(1000, sizeof *joins);
  assert_non_null(joins);
  uint64_t number = 0;
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    for (size_t i = 0; i < sizes[s]; i++) {
      joins[i] = i % 5 == 4 ? bench_anonymous() : bench_visitor(number + i);
    }
    assert_code(bench->ops->append(bench->room, BENCH_EPOCH, (int64_t)s, joins, sizes[s], NULL), WAITQ_OK);
    for (size_t i = 0; i < sizes[s]; i++) {
      expect(joins[i], WAITQ_STORE_NEW, number + i);
      assert_int_equal(joins[i].joined_us, s);
    }
    number += sizes[s];
  }
  assert_int_equal(next_of(bench), number);
  free(joins);
}

static void test_append__very_many_visitors_are_all_found_again(void **state) {
  struct bench *bench = *state;
  enum { BATCH = 1000 };
  uint64_t batches = bench_many() / 2 / BATCH;
  waitq_store_join *joins = calloc(BATCH, sizeof *joins);
  assert_non_null(joins);
  for (int round = 0; round < 2; round++) {
    for (uint64_t b = 0; b < batches; b++) {
      for (uint64_t i = 0; i < BATCH; i++) {
        joins[i] = bench_visitor(b * BATCH + i);
      }
      int64_t now_us = (int64_t)b + 1000 * round;
      assert_code(bench->ops->append(bench->room, BENCH_EPOCH, now_us, joins, BATCH, NULL), WAITQ_OK);
      for (uint64_t i = 0; i < BATCH; i++) {
        expect(joins[i], round == 0 ? WAITQ_STORE_NEW : WAITQ_STORE_EXISTING, b * BATCH + i);
        assert_int_equal(joins[i].joined_us, b);
      }
    }
  }
  free(joins);
}

/* Hashes are keyed, but a store may not rely on which of their bytes differ. */
static void test_append__visitors_that_differ_in_one_bit_are_different(void **state) {
  struct bench *bench = *state;
  waitq_store_join zero = {.replaces = WAITQ_STORE_NO_NUMBER};
  expect(bench_join(bench, bench->room, zero), WAITQ_STORE_NEW, 0);
  for (int round = 0; round < 2; round++) {
    for (uint64_t bit = 0; bit < 8 * WAITQ_STORE_VISITOR_SIZE; bit++) {
      waitq_store_join join = {.replaces = WAITQ_STORE_NO_NUMBER};
      join.visitor[bit / 8] = (unsigned char)(1u << (bit % 8));
      expect(bench_join(bench, bench->room, join), round == 0 ? WAITQ_STORE_NEW : WAITQ_STORE_EXISTING, bit + 1);
    }
  }
  waitq_store_join ones = {.replaces = WAITQ_STORE_NO_NUMBER};
  memset(ones.visitor, 0xff, sizeof ones.visitor);
  expect(bench_join(bench, bench->room, ones), WAITQ_STORE_NEW, 129);
  expect(bench_join(bench, bench->room, zero), WAITQ_STORE_EXISTING, 0);
}

int conformance_store_append(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(test_append__numbers_go_up_by_one_from_next),
      BENCH_TEST(test_append__a_new_ticket_is_issued_at_the_time_that_was_given),
      BENCH_TEST(test_append__a_visitor_who_has_a_ticket_gets_its_number_and_time_again),
      BENCH_TEST(test_append__a_repeated_batch_has_no_second_effect),
      BENCH_TEST(test_append__a_visitor_who_stands_twice_in_a_batch_gets_one_number),
      BENCH_TEST(test_append__a_ticket_that_is_named_gives_way_to_a_new_one),
      BENCH_TEST(test_append__a_replacement_repeated_gives_the_same_number),
      BENCH_TEST(test_append__a_ticket_of_another_number_does_not_give_way),
      BENCH_TEST(test_append__an_unknown_visitor_who_replaces_gets_a_new_number),
      BENCH_TEST(test_append__anonymous_joins_are_never_remembered_and_never_looked_up),
      BENCH_TEST(test_append__from_the_join_limit_on_a_join_is_full_and_changes_nothing),
      BENCH_TEST(test_append__a_ticket_does_not_give_way_in_a_full_room),
      BENCH_TEST(test_append__a_join_limit_below_next_is_full),
      BENCH_TEST(test_append__another_epoch_is_a_conflict_that_changes_nothing),
      BENCH_TEST(test_append__leaves_version_state_and_planes_as_they_are),
      BENCH_TEST(test_append__batches_of_every_size_are_numbered_in_their_order),
      BENCH_TEST(test_append__very_many_visitors_are_all_found_again),
      BENCH_TEST(test_append__visitors_that_differ_in_one_bit_are_different),
  };
  return cmocka_run_group_tests_name("store: append", tests, NULL, NULL);
}
