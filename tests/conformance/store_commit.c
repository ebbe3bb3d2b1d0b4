/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* commit: a compare-and-swap of the state, with bits. */

#include "../support/line.h"
#include "conformance.h"
#include "store_bench.h"

/* A commit prepared from what the room is now; the capture that it points into is freed with it. */
struct proposal {
  struct capture *capture;
  waitq_store_commit commit;
};

static struct proposal propose(struct bench *bench) {
  struct proposal proposal = {.capture = bench_load(bench, bench->room)};
  proposal.commit = bench_commit_of(proposal.capture);
  return proposal;
}

static void decide(struct bench *bench, struct proposal *proposal) {
  bench_commit(bench, bench->room, &proposal->commit, WAITQ_OK);
  capture_free(proposal->capture);
}

static void test_commit__replaces_state_and_limit_and_raises_the_version_by_one(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  bench_mark(bench, bench->room, 2, 0);
  struct proposal proposal = propose(bench);
  proposal.commit.state = "another state, somewhat longer than the first";
  proposal.commit.state_size = 46;
  proposal.commit.join_limit = 12;
  decide(bench, &proposal);
  struct capture *after = bench_load(bench, bench->room);
  assert_int_equal(after->head.version, 1);
  assert_int_equal(after->head.join_limit, 12);
  assert_int_equal(after->head.epoch, BENCH_EPOCH);
  assert_int_equal(after->head.next, 1);
  assert_int_equal(after->head.state_size, 46);
  assert_memory_equal(after->state, "another state, somewhat longer than the first", 46);
  assert_true(capture_has(after, 2, 0));
  assert_int_equal(capture_total(after), 1);
  capture_free(after);
}

static void test_commit__a_thousand_commits_raise_the_version_by_a_thousand(void **state) {
  struct bench *bench = *state;
  struct proposal proposal = propose(bench);
  for (uint64_t i = 0; i < 1000; i++) {
    proposal.commit.version = i;
    bench_commit(bench, bench->room, &proposal.commit, WAITQ_OK);
  }
  capture_free(proposal.capture);
  struct capture *after = bench_load(bench, bench->room);
  assert_int_equal(after->head.version, 1000);
  capture_free(after);
}

static void expect_conflict(struct bench *bench, uint64_t version, uint64_t epoch) {
  struct capture *before = bench_load(bench, bench->room);
  uint64_t word = UINT64_C(0x1f);
  waitq_store_bits bits = {9, 1, 0, &word};
  waitq_store_commit commit = bench_commit_of(before);
  commit.version = version;
  commit.epoch = epoch;
  commit.join_limit = 1;
  commit.state = "stale";
  commit.state_size = 6;
  commit.clear_planes = UINT32_C(0xffffff);
  commit.bits = &bits;
  commit.bits_count = 1;
  commit.trim_below = 1000;
  bench_commit(bench, bench->room, &commit, WAITQ_E_CONFLICT);
  assert_unchanged(bench, bench->room, before);
}

static void test_commit__of_another_version_is_a_conflict_that_changes_nothing(void **state) {
  struct bench *bench = *state;
  for (uint64_t i = 0; i < 5; i++) {
    bench_join(bench, bench->room, bench_visitor(i));
    bench_mark(bench, bench->room, 1, i);
    struct proposal proposal = propose(bench);
    decide(bench, &proposal);
  }
  static const uint64_t versions[] = {0, 4, 6, UINT64_MAX};
  for (size_t i = 0; i < 4; i++) {
    expect_conflict(bench, versions[i], BENCH_EPOCH);
    expect_conflict(bench, versions[i], BENCH_EPOCH + 1);
  }
  assert_int_equal(bench_join(bench, bench->room, bench_visitor(3)).outcome, WAITQ_STORE_EXISTING);
  assert_int_equal(bench_join(bench, bench->room, bench_visitor(99)).number, 5);
}

static void test_commit__repeated_is_a_conflict_and_has_one_effect(void **state) {
  struct bench *bench = *state;
  struct proposal proposal = propose(bench);
  proposal.commit.state = "once";
  proposal.commit.state_size = 5;
  bench_commit(bench, bench->room, &proposal.commit, WAITQ_OK);
  struct capture *before = bench_load(bench, bench->room);
  bench_commit(bench, bench->room, &proposal.commit, WAITQ_E_CONFLICT);
  assert_unchanged(bench, bench->room, before);
  capture_free(proposal.capture);
}

static void test_commit__sets_its_bits_beside_those_that_are_set(void **state) {
  struct bench *bench = *state;
  uint64_t far = bench_many() - 64;
  uint64_t words[2] = {4, 8};
  waitq_store_bits bits[] = {{4, 2, 0, words}, {5, 1, far, words}};
  bench_issue(bench, bench->room, bench_many());
  bench_mark(bench, bench->room, 4, 1);
  struct proposal proposal = propose(bench);
  proposal.commit.bits = bits;
  proposal.commit.bits_count = 2;
  decide(bench, &proposal);
  struct capture *after = bench_load(bench, bench->room);
  assert_true(capture_has(after, 4, 1));
  assert_true(capture_has(after, 4, 2));
  assert_true(capture_has(after, 4, 67));
  assert_true(capture_has(after, 5, far + 2));
  assert_int_equal(capture_total(after), 4);
  capture_free(after);
}

static void test_commit__clears_the_planes_that_it_names_and_no_other(void **state) {
  struct bench *bench = *state;
  uint64_t last = bench_many() - 1;
  bench_issue(bench, bench->room, bench_many());
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    bench_mark(bench, bench->room, plane, 10);
    bench_mark(bench, bench->room, plane, last);
  }
  struct proposal proposal = propose(bench);
  proposal.commit.clear_planes = (UINT32_C(1) << 0) | (UINT32_C(1) << 7) | (UINT32_C(1) << 23);
  decide(bench, &proposal);
  struct capture *after = bench_load(bench, bench->room);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    int kept = plane != 0 && plane != 7 && plane != 23;
    assert_int_equal(capture_has(after, plane, 10), kept);
    assert_int_equal(capture_has(after, plane, last), kept);
  }
  capture_free(after);
}

static void test_commit__clears_planes_before_it_sets_bits(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 10);
  bench_mark(bench, bench->room, 6, 3);
  uint64_t word = 32;
  waitq_store_bits bits = {6, 1, 0, &word};
  struct proposal proposal = propose(bench);
  proposal.commit.clear_planes = UINT32_C(1) << 6;
  proposal.commit.bits = &bits;
  proposal.commit.bits_count = 1;
  decide(bench, &proposal);
  struct capture *after = bench_load(bench, bench->room);
  assert_true(capture_has(after, 6, 5));
  assert_int_equal(capture_total(after), 1);
  capture_free(after);
  bench_mark(bench, bench->room, 6, 3);
  after = bench_load(bench, bench->room);
  assert_int_equal(capture_total(after), 2);
  capture_free(after);
}

static void start_epoch(struct bench *bench) {
  struct proposal proposal = propose(bench);
  proposal.commit.epoch = proposal.commit.epoch + 1;
  decide(bench, &proposal);
}

static void test_commit__a_new_epoch_empties_planes_visitors_and_next(void **state) {
  struct bench *bench = *state;
  for (uint64_t i = 0; i < 1000; i++) {
    bench_join(bench, bench->room, bench_visitor(i));
    bench_mark(bench, bench->room, (uint32_t)(i % WAITQ_STORE_PLANES), i);
  }
  start_epoch(bench);
  struct capture *after = bench_load(bench, bench->room);
  assert_int_equal(after->head.epoch, BENCH_EPOCH + 1);
  assert_int_equal(after->head.next, 0);
  assert_int_equal(after->head.version, 1);
  assert_int_equal(after->count, 0);
  capture_free(after);
  waitq_store_join join = bench_join_at(bench, bench->room, bench_visitor(500), BENCH_EPOCH + 1, 42);
  assert_int_equal(join.outcome, WAITQ_STORE_NEW);
  assert_int_equal(join.number, 0);
  assert_int_equal(join.joined_us, 42);
}

static void test_commit__tickets_of_a_new_epoch_have_none_of_the_old_bits(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 200);
  for (uint64_t number = 0; number < 200; number++) {
    bench_mark(bench, bench->room, (uint32_t)(number % WAITQ_STORE_PLANES), number);
  }
  start_epoch(bench);
  for (uint64_t i = 0; i < 300; i++) {
    bench_join_at(bench, bench->room, bench_visitor(i), BENCH_EPOCH + 1, 0);
  }
  struct capture *after = bench_load(bench, bench->room);
  assert_int_equal(after->head.next, 300);
  assert_int_equal(capture_total(after), 0);
  capture_free(after);
}

static void test_commit__after_a_new_epoch_the_old_one_is_a_conflict(void **state) {
  struct bench *bench = *state;
  start_epoch(bench);
  struct capture *before = bench_load(bench, bench->room);
  waitq_store_join join = bench_visitor(1);
  uint64_t word = 1;
  waitq_store_bits bits = {0, 1, 0, &word};
  assert_code(bench->ops->append(bench->room, BENCH_EPOCH, 0, &join, 1, NULL), WAITQ_E_CONFLICT);
  assert_code(bench->ops->mark(bench->room, BENCH_EPOCH, &bits, 1, NULL), WAITQ_E_CONFLICT);
  assert_unchanged(bench, bench->room, before);
  bench_join_at(bench, bench->room, join, BENCH_EPOCH + 1, 0);
  assert_code(bench->ops->mark(bench->room, BENCH_EPOCH + 1, &bits, 1, NULL), WAITQ_OK);
}

static void test_commit__an_epoch_may_go_back_to_a_lower_number(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  struct proposal proposal = propose(bench);
  proposal.commit.epoch = 5;
  decide(bench, &proposal);
  assert_int_equal(bench_join_at(bench, bench->room, bench_visitor(1), 5, 0).outcome, WAITQ_STORE_NEW);
}

static void test_commit__trimming_keeps_all_bits_from_there_on(void **state) {
  struct bench *bench = *state;
  uint64_t many = bench_many();
  const uint64_t trims[] = {1, 63, 64, 65, many / 3, many / 2 - 1, many / 2, many / 2 + 1, many - 64, many - 1};
  bench_issue(bench, bench->room, many);
  for (uint64_t number = 0; number < many; number += 61) {
    bench_mark(bench, bench->room, (uint32_t)(number % 3), number);
  }
  for (size_t t = 0; t < sizeof trims / sizeof trims[0]; t++) {
    struct proposal proposal = propose(bench);
    proposal.commit.trim_below = trims[t];
    decide(bench, &proposal);
    struct capture *after = bench_load(bench, bench->room);
    for (uint64_t number = 0; number < many; number += 61) {
      if (number >= trims[t]) {
        assert_true(capture_has(after, (uint32_t)(number % 3), number));
      }
    }
    capture_free(after);
  }
}

static void test_commit__trimming_keeps_all_visitors_from_there_on(void **state) {
  struct bench *bench = *state;
  for (uint64_t i = 0; i < 3000; i++) {
    bench_join(bench, bench->room, bench_visitor(i));
  }
  struct proposal proposal = propose(bench);
  proposal.commit.trim_below = 1500;
  decide(bench, &proposal);
  for (uint64_t i = 1500; i < 3000; i++) {
    waitq_store_join join = bench_join(bench, bench->room, bench_visitor(i));
    assert_int_equal(join.outcome, WAITQ_STORE_EXISTING);
    assert_int_equal(join.number, i);
  }
  waitq_store_join join = bench_join(bench, bench->room, bench_visitor(3000));
  assert_int_equal(join.number, 3000);
  /* A visitor below may have been forgotten or not: the number tells which. */
  join = bench_join(bench, bench->room, bench_visitor(3));
  assert_int_equal(join.number, join.outcome == WAITQ_STORE_NEW ? 3001 : 3);
}

static void test_commit__bits_below_a_trim_may_still_be_marked(void **state) {
  struct bench *bench = *state;
  uint64_t trim = bench_many() / 2;
  bench_issue(bench, bench->room, bench_many());
  bench_mark(bench, bench->room, 0, bench_many() - 1);
  struct proposal proposal = propose(bench);
  proposal.commit.trim_below = trim;
  decide(bench, &proposal);
  bench_mark(bench, bench->room, 0, 100);
  bench_mark(bench, bench->room, 0, trim);
  struct capture *after = bench_load(bench, bench->room);
  assert_true(capture_has(after, 0, trim));
  assert_true(capture_has(after, 0, bench_many() - 1));
  capture_free(after);
}

static void test_commit__a_trim_and_bits_on_both_sides_of_it_go_together(void **state) {
  struct bench *bench = *state;
  uint64_t trim = bench_many() / 2 - bench_many() / 2 % 64;
  uint64_t words[3] = {UINT64_C(1) << 63, UINT64_MAX, 1};
  waitq_store_bits bits = {0, 3, trim - 64, words};
  bench_issue(bench, bench->room, bench_many());
  bench_mark(bench, bench->room, 0, bench_many() - 1);
  struct proposal proposal = propose(bench);
  proposal.commit.trim_below = trim;
  proposal.commit.bits = &bits;
  proposal.commit.bits_count = 1;
  decide(bench, &proposal);
  struct capture *after = bench_load(bench, bench->room);
  for (uint64_t number = trim; number <= trim + 64; number++) {
    assert_true(capture_has(after, 0, number));
  }
  assert_false(capture_has(after, 0, trim + 65));
  assert_true(capture_has(after, 0, bench_many() - 1));
  capture_free(after);
}

int conformance_store_commit(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(test_commit__replaces_state_and_limit_and_raises_the_version_by_one),
      BENCH_TEST(test_commit__a_thousand_commits_raise_the_version_by_a_thousand),
      BENCH_TEST(test_commit__of_another_version_is_a_conflict_that_changes_nothing),
      BENCH_TEST(test_commit__repeated_is_a_conflict_and_has_one_effect),
      BENCH_TEST(test_commit__sets_its_bits_beside_those_that_are_set),
      BENCH_TEST(test_commit__clears_the_planes_that_it_names_and_no_other),
      BENCH_TEST(test_commit__clears_planes_before_it_sets_bits),
      BENCH_TEST(test_commit__a_new_epoch_empties_planes_visitors_and_next),
      BENCH_TEST(test_commit__tickets_of_a_new_epoch_have_none_of_the_old_bits),
      BENCH_TEST(test_commit__after_a_new_epoch_the_old_one_is_a_conflict),
      BENCH_TEST(test_commit__an_epoch_may_go_back_to_a_lower_number),
      BENCH_TEST(test_commit__trimming_keeps_all_bits_from_there_on),
      BENCH_TEST(test_commit__trimming_keeps_all_visitors_from_there_on),
      BENCH_TEST(test_commit__bits_below_a_trim_may_still_be_marked),
      BENCH_TEST(test_commit__a_trim_and_bits_on_both_sides_of_it_go_together),
  };
  return cmocka_run_group_tests_name("store: commit", tests, NULL, NULL);
}
