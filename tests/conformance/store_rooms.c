/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Rooms of one store: names, independence, reopening, and how many there may be. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/scale.h"
#include "conformance.h"
#include "store_bench.h"

#define MANY_ROOMS (UNDER_SANITIZER ? 500U : 5000U)

static void test_store__without_an_initial_head_an_unknown_room_is_not_found_and_not_made(void **state) {
  struct bench *bench = *state;
  for (int i = 0; i < 2; i++) {
    void *room = &room;
    assert_code(bench->ops->room_open(bench->store, "nowhere", NULL, &room, NULL), WAITQ_OK);
    assert_null(room);
  }
}

static void test_store__without_an_initial_head_a_known_room_is_found(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 6);
  bench_mark(bench, bench->room, 0, 5);
  bench_room_close(bench, bench->room);
  bench->room = bench_room(bench, "room", NULL);
  struct capture *capture = bench_load(bench, bench->room);
  assert_true(capture_has(capture, 0, 5));
  capture_free(capture);
}

static void test_store__a_room_opened_again_keeps_its_content_and_ignores_the_initial_head(void **state) {
  struct bench *bench = *state;
  assert_int_equal(bench_join(bench, bench->room, bench_visitor(1)).number, 0);
  bench_mark(bench, bench->room, 4, 0);
  struct capture *before = bench_load(bench, bench->room);
  waitq_store_commit commit = bench_commit_of(before);
  bench_commit(bench, bench->room, &commit, WAITQ_OK);
  capture_free(before);
  before = bench_load(bench, bench->room);
  bench_room_close(bench, bench->room);
  waitq_store_head other = bench_initial();
  other.epoch = 9;
  other.join_limit = 3;
  other.state = "other";
  other.state_size = 6;
  bench->room = bench_room(bench, "room", &other);
  assert_unchanged(bench, bench->room, before);
  assert_int_equal(bench_join(bench, bench->room, bench_visitor(1)).outcome, WAITQ_STORE_EXISTING);
  assert_int_equal(bench_join(bench, bench->room, bench_visitor(2)).number, 1);
}

static void test_store__what_happens_in_one_room_is_not_seen_in_another(void **state) {
  struct bench *bench = *state;
  waitq_store_head initial = bench_initial();
  void *other = bench_room(bench, "other", &initial);
  struct capture *before = bench_load(bench, other);
  for (uint64_t i = 0; i < 10; i++) {
    bench_join(bench, bench->room, bench_visitor(i));
  }
  bench_mark(bench, bench->room, 0, 3);
  struct capture *capture = bench_load(bench, bench->room);
  waitq_store_commit commit = bench_commit_of(capture);
  commit.join_limit = 4;
  commit.state = "changed";
  commit.state_size = 8;
  bench_commit(bench, bench->room, &commit, WAITQ_OK);
  capture_free(capture);
  assert_unchanged(bench, other, before);
  waitq_store_join join = bench_join(bench, other, bench_visitor(5));
  assert_int_equal(join.outcome, WAITQ_STORE_NEW);
  assert_int_equal(join.number, 0);
  bench_room_close(bench, other);
}

static void test_store__names_that_differ_in_anything_are_different_rooms(void **state) {
  struct bench *bench = *state;
  static const char *const names[] = {
      "a",
      "A",
      "aa",
      "a.",
      ".",
      "..",
      "-",
      "_",
      "0",
      "00",
      "Room",
      "room.",
      "next",
      "head",
      "0123456789012345678901234567890123456789012345678901234567890123",
      "0123456789012345678901234567890123456789012345678901234567890124",
      "0123456789012345678901234567890123456789012345678901234567890",
      "con.cert-2026_A",
  };
  enum { COUNT = sizeof names / sizeof names[0] };
  waitq_store_head initial = bench_initial();
  void *rooms[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    initial.epoch = 1 + i;
    rooms[i] = bench_room(bench, names[i], &initial);
  }
  for (size_t i = 0; i < COUNT; i++) {
    assert_int_equal(bench_join_at(bench, rooms[i], bench_visitor(1), 1 + i, 0).number, 0);
    bench_room_close(bench, rooms[i]);
  }
}

static void test_store__the_name_is_copied_and_not_pointed_to(void **state) {
  struct bench *bench = *state;
  char name[] = "first";
  waitq_store_head initial = bench_initial();
  void *room = bench_room(bench, name, &initial);
  bench_issue(bench, room, 2);
  bench_mark(bench, room, 0, 1);
  memcpy(name, "other", sizeof name);
  bench_room_close(bench, room);
  room = bench_room(bench, "first", NULL);
  struct capture *capture = bench_load(bench, room);
  assert_true(capture_has(capture, 0, 1));
  capture_free(capture);
  bench_room_close(bench, room);
}

static void fill_rooms(struct bench *bench, void **rooms) {
  waitq_store_head initial = bench_initial();
  for (unsigned i = 0; i < MANY_ROOMS; i++) {
    char name[32];
    snprintf(name, sizeof name, "room-%u", i);
    initial.epoch = 1000 + i;
    rooms[i] = bench_room(bench, name, &initial);
    bench_join_at(bench, rooms[i], bench_visitor(i), 1000 + i, BENCH_NOW + i);
  }
}

static void test_store__thousands_of_rooms_are_kept_apart(void **state) {
  struct bench *bench = *state;
  void **rooms = calloc(MANY_ROOMS, sizeof *rooms);
  assert_non_null(rooms);
  fill_rooms(bench, rooms);
  for (unsigned i = 0; i < MANY_ROOMS; i++) {
    bench_room_close(bench, rooms[i]);
  }
  for (unsigned i = 0; i < MANY_ROOMS; i++) {
    char name[32];
    unsigned number = (i * 7919u) % MANY_ROOMS;
    snprintf(name, sizeof name, "room-%u", number);
    void *room = bench_room(bench, name, NULL);
    waitq_store_join join = bench_join_at(bench, room, bench_visitor(number), 1000 + number, BENCH_NOW + 999999);
    assert_int_equal(join.outcome, WAITQ_STORE_EXISTING);
    assert_int_equal(join.joined_us, BENCH_NOW + number);
    bench_room_close(bench, room);
  }
  free(rooms);
}

static void test_store__memory_that_is_told_grows_with_what_is_kept(void **state) {
  struct bench *bench = *state;
  if (bench->ops->memory_bytes == NULL) {
    printf("this store does not tell how much memory a room takes\n");
    return;
  }
  uint64_t before = bench->ops->memory_bytes(bench->room);
  for (uint64_t i = 0; i < bench_many() / 10; i++) {
    bench_join(bench, bench->room, bench_visitor(i));
  }
  uint64_t after = bench->ops->memory_bytes(bench->room);
  printf("memory of a room: %" PRIu64 " bytes empty, %" PRIu64 " with %" PRIu64 " visitors\n", before, after,
         bench_many() / 10);
  assert_true(after >= before);
}

static void test_store__a_store_in_this_process_starts_empty_each_time_it_is_opened(void **state) {
  struct bench *bench = *state;
  if ((bench->ops->flags & WAITQ_STORE_IN_PROCESS) == 0) {
    printf("this store is not within the process\n");
    return;
  }
  void *second = NULL;
  void *room = &room;
  assert_code(bench->ops->open(bench->uri, &bench->env, &second, NULL), WAITQ_OK);
  assert_code(bench->ops->room_open(second, "room", NULL, &room, NULL), WAITQ_OK);
  assert_null(room);
  bench->ops->close(second);
}

int conformance_store_rooms(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(test_store__without_an_initial_head_an_unknown_room_is_not_found_and_not_made),
      BENCH_TEST(test_store__without_an_initial_head_a_known_room_is_found),
      BENCH_TEST(test_store__a_room_opened_again_keeps_its_content_and_ignores_the_initial_head),
      BENCH_TEST(test_store__what_happens_in_one_room_is_not_seen_in_another),
      BENCH_TEST(test_store__names_that_differ_in_anything_are_different_rooms),
      BENCH_TEST(test_store__the_name_is_copied_and_not_pointed_to),
      BENCH_TEST(test_store__thousands_of_rooms_are_kept_apart),
      BENCH_TEST(test_store__memory_that_is_told_grows_with_what_is_kept),
      BENCH_TEST(test_store__a_store_in_this_process_starts_empty_each_time_it_is_opened),
  };
  return cmocka_run_group_tests_name("store: rooms", tests, NULL, NULL);
}
