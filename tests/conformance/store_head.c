/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The head of a room, and how load hands it over. */

#include <string.h>

#include "../support/line.h"
#include "conformance.h"
#include "store_bench.h"

static void test_store__the_table_is_complete(void **state) {
  struct bench *bench = *state;
  const waitq_store_ops *ops = bench->ops;
  assert_true(ops->size >= sizeof *ops);
  assert_int_equal(ops->flags & ~(uint32_t)WAITQ_STORE_IN_PROCESS, 0);
  assert_int_equal(ops->reserved, 0);
  assert_true(ops->open != NULL && ops->close != NULL);
  assert_true(ops->room_open != NULL);
  assert_true(ops->load != NULL && ops->append != NULL && ops->mark != NULL && ops->commit != NULL);
}

static void test_store__a_new_room_is_made_from_its_initial_head(void **state) {
  struct bench *bench = *state;
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture->head.version, 0);
  assert_int_equal(capture->head.epoch, BENCH_EPOCH);
  assert_int_equal(capture->head.next, 0);
  assert_int_equal(capture->head.join_limit, UINT64_MAX - 1);
  assert_int_equal(capture->head.state_size, sizeof BENCH_STATE);
  assert_memory_equal(capture->state, BENCH_STATE, sizeof BENCH_STATE);
  assert_int_equal(capture->count, 0);
  capture_free(capture);
}

static void test_store__a_new_room_begins_with_version_0_whatever_its_initial_head_says(void **state) {
  struct bench *bench = *state;
  waitq_store_head initial = bench_initial();
  initial.version = 7;
  void *room = bench_room(bench, "seven", &initial);
  struct capture *capture = bench_load(bench, room);
  assert_int_equal(capture->head.version, 0);
  capture_free(capture);
  bench_room_close(bench, room);
}

static void test_store__epochs_and_limits_of_64_bits_come_back_whole(void **state) {
  struct bench *bench = *state;
  waitq_store_head initial = bench_initial();
  initial.epoch = UINT64_C(0xfedcba9876543210);
  initial.join_limit = UINT64_C(0x123456789abcdef1);
  void *room = bench_room(bench, "wide", &initial);
  struct capture *capture = bench_load(bench, room);
  assert_int_equal(capture->head.epoch, initial.epoch);
  assert_int_equal(capture->head.join_limit, initial.join_limit);
  capture_free(capture);
  bench_room_close(bench, room);
}

static void test_store__states_of_every_size_come_back_byte_by_byte(void **state) {
  struct bench *bench = *state;
  static const size_t sizes[] = {1, 2, 7, 8, 63, 64, 65, 255, 256, 777, 4095, 4096, 3, 1000};
  unsigned char bytes[WAITQ_STORE_STATE_MAX];
  struct rng rng;
  rng_init(&rng, 2);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct capture *before = bench_load(bench, bench->room);
    waitq_store_commit commit = bench_commit_of(before);
    rng_fill(&rng, bytes, sizeof bytes);
    bytes[0] = 0;
    commit.state = bytes;
    commit.state_size = sizes[i];
    bench_commit(bench, bench->room, &commit, WAITQ_OK);
    struct capture *after = bench_load(bench, bench->room);
    assert_int_equal(after->head.state_size, sizes[i]);
    assert_memory_equal(after->state, bytes, sizes[i]);
    capture_free(before);
    capture_free(after);
  }
}

static void test_store__the_state_is_copied_and_not_pointed_to(void **state) {
  struct bench *bench = *state;
  char text[] = "before";
  waitq_store_head initial = bench_initial();
  initial.state = text;
  initial.state_size = sizeof text;
  void *room = bench_room(bench, "copied", &initial);
  memcpy(text, "after!", sizeof text);
  struct capture *capture = bench_load(bench, room);
  assert_memory_equal(capture->state, "before", sizeof text);
  capture_free(capture);
  bench_room_close(bench, room);
}

/* A sink that refuses at the call with a given number, and counts. */
struct refusal {
  unsigned calls;
  unsigned at;
};

static int refuse(struct refusal *refusal) {
  refusal->calls++;
  assert_true(refusal->calls <= refusal->at);
  return refusal->calls == refusal->at ? WAITQ_E_DAMAGED : WAITQ_OK;
}

static int refuse_head(void *user, const waitq_store_head *head) {
  (void)head;
  return refuse(user);
}

static int refuse_bits(void *user, const waitq_store_bits *bits) {
  (void)bits;
  return refuse(user);
}

static void test_store__load_returns_at_once_what_the_sink_returns(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 200);
  bench_mark(bench, bench->room, 0, 1);
  bench_mark(bench, bench->room, 1, 1);
  bench_mark(bench, bench->room, 2, 150);
  struct capture *before = bench_load(bench, bench->room);
  for (unsigned at = 1; at <= 4; at++) {
    struct refusal refusal = {0, at};
    waitq_store_sink sink = {sizeof sink, &refusal, refuse_head, refuse_bits};
    assert_code(bench->ops->load(bench->room, &sink, NULL), WAITQ_E_DAMAGED);
    assert_int_equal(refusal.calls, at);
  }
  assert_unchanged(bench, bench->room, before);
}

static void test_store__load_changes_nothing(void **state) {
  struct bench *bench = *state;
  bench_join(bench, bench->room, bench_visitor(1));
  bench_mark(bench, bench->room, 3, 0);
  struct capture *before = bench_load(bench, bench->room);
  for (int i = 0; i < 10; i++) {
    capture_free(bench_load(bench, bench->room));
  }
  assert_unchanged(bench, bench->room, before);
}

int conformance_store_head(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(test_store__the_table_is_complete),
      BENCH_TEST(test_store__a_new_room_is_made_from_its_initial_head),
      BENCH_TEST(test_store__a_new_room_begins_with_version_0_whatever_its_initial_head_says),
      BENCH_TEST(test_store__epochs_and_limits_of_64_bits_come_back_whole),
      BENCH_TEST(test_store__states_of_every_size_come_back_byte_by_byte),
      BENCH_TEST(test_store__the_state_is_copied_and_not_pointed_to),
      BENCH_TEST(test_store__load_returns_at_once_what_the_sink_returns),
      BENCH_TEST(test_store__load_changes_nothing),
  };
  return cmocka_run_group_tests_name("store: head", tests, NULL, NULL);
}
