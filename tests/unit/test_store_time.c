/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The time of a shared store, as a room follows it. The exchanges are made up: when they began, by both clocks, and what time the store told. */

#include "room/store_time.h"

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "room/shared.h"

#define S INT64_C(1000000)
#define MS INT64_C(1000)
#define HOUR (3600 * S)

/* A room of a context on a shared store, as far as time is concerned. */
struct bench {
  waitq_t context;
  waitq_room_t room;
  struct waitq__shared shared;
  int64_t monotonic_us; /* made up */
  unsigned lines;
  char last[256];
};

static void keep_line(void *user, int32_t level, const char *line) {
  struct bench *bench = user;
  (void)level;
  bench->lines++;
  strncpy(bench->last, line, sizeof bench->last - 1);
}

static int setup(void **state) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  waitq__clock_init(&bench->context.default_clock);
  bench->context.clock = waitq__clock_now;
  bench->context.clock_user = &bench->context.default_clock;
  bench->context.log = (struct waitq__log){keep_line, bench, WAITQ_LOG_INFO};
  memcpy(bench->room.named.name, "room", 5);
  bench->room.context = &bench->context;
  bench->room.shared = &bench->shared;
  bench->monotonic_us = 1000 * S;
  *state = bench;
  return 0;
}

static int teardown(void **state) {
  free(*state);
  return 0;
}

/* So much later, an exchange takes no time at all, and tells that the store is so far ahead of the context. */
static void hear(struct bench *bench, int64_t later_us, int64_t ahead_us) {
  bench->monotonic_us += later_us;
  const struct waitq__store_moment begin = {waitq__now(&bench->context), bench->monotonic_us};
  waitq__store_moment_end(&bench->room, &begin, WAITQ_OK, begin.context_us + ahead_us);
  waitq__store_told(&bench->room, bench->room.shared->asked_us);
}

static void miss(struct bench *bench, int64_t later_us, int code) {
  bench->monotonic_us += later_us;
  const struct waitq__store_moment begin = {waitq__now(&bench->context), bench->monotonic_us};
  waitq__store_moment_end(&bench->room, &begin, code, 0);
}

/* How far the room's time is ahead of the context's. */
static int64_t ahead(const struct bench *bench) {
  return atomic_load_explicit(&bench->shared.offset_us, memory_order_relaxed);
}

static void assert_near(int64_t actual_us, int64_t expected_us) {
  /* Between the two readings of a made-up exchange the real clock goes on. */
  assert_in_range(actual_us - expected_us + 20 * MS, 0, 40 * MS);
}

static void test_store_time__the_first_word_is_believed(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 3 * HOUR);
  assert_near(ahead(bench), 3 * HOUR);
  assert_near(waitq__room_now(&bench->room) - waitq__now(&bench->context), 3 * HOUR);
  assert_int_equal(bench->lines, 0);
}

static void test_store_time__a_jump_is_followed_by_a_tenth_of_the_time_that_passes(void **state) {
  struct bench *bench = *state;
  for (int sign = -1; sign <= 1; sign += 2) {
    bench->shared.has_offset = 0;
    hear(bench, 0, 0);
    int64_t before_us = ahead(bench);
    for (unsigned i = 1; i <= 20; i++) {
      hear(bench, S, sign * 10 * S);
      int64_t moved_us = ahead(bench) - before_us;
      assert_int_equal(moved_us, sign * (int64_t)i * 100 * MS);
    }
  }
}

static void test_store_time__a_jump_is_made_up_for_and_not_exceeded(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 0);
  for (unsigned i = 0; i < 200; i++) {
    hear(bench, S, 10 * S);
    assert_true(ahead(bench) <= 10 * S + 20 * MS);
  }
  assert_near(ahead(bench), 10 * S);
  for (unsigned i = 0; i < 400; i++) {
    hear(bench, S, -10 * S);
    assert_true(ahead(bench) >= -10 * S - 20 * MS);
  }
  assert_near(ahead(bench), -10 * S);
}

/* An hour of exchanges that found no difference is no leave to jump by six minutes. */
static void test_store_time__a_jump_after_a_long_calm_is_followed_as_slowly(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 0);
  for (unsigned i = 0; i < 3600; i++) {
    bench->monotonic_us += S;
    const struct waitq__store_moment begin = {waitq__now(&bench->context) - 100 * MS, bench->monotonic_us};
    waitq__store_moment_end(&bench->room, &begin, WAITQ_OK, begin.context_us + 50 * MS);
  }
  int64_t before_us = ahead(bench);
  hear(bench, S, HOUR);
  assert_int_equal(ahead(bench) - before_us, 100 * MS);
}

/* However far the store's clock goes back: the room's goes on, at nine tenths of its pace at least. */
static void test_store_time__the_rooms_time_never_stands_still(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 0);
  int64_t before_us = bench->monotonic_us + ahead(bench);
  for (unsigned i = 0; i < 100; i++) {
    hear(bench, 250 * MS, -100 * HOUR);
    int64_t now_us = bench->monotonic_us + ahead(bench);
    assert_true(now_us - before_us >= 225 * MS);
    assert_true(now_us - before_us <= 275 * MS);
    before_us = now_us;
  }
}

static void test_store_time__a_silence_gives_no_more_leeway_than_its_tenth(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 0);
  miss(bench, 10 * S, WAITQ_E_STORE);
  miss(bench, 10 * S, WAITQ_E_TIMEOUT);
  int64_t before_us = ahead(bench);
  hear(bench, 10 * S, HOUR);
  assert_int_equal(ahead(bench) - before_us, 3 * S);
}

static void test_store_time__what_lies_within_the_round_trip_is_no_difference(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 0);
  int64_t before_us = ahead(bench);
  bench->monotonic_us += S;
  /* It took 200 ms, and the store's clock was read at some moment of them. */
  for (int64_t at_us = 5 * MS; at_us < 195 * MS; at_us += 10 * MS) {
    const struct waitq__store_moment begin = {waitq__now(&bench->context) - 200 * MS, bench->monotonic_us};
    waitq__store_moment_end(&bench->room, &begin, WAITQ_OK, begin.context_us + before_us + at_us);
    assert_int_equal(ahead(bench), before_us);
  }
}

static void test_store_time__a_jump_is_told_once(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 0);
  hear(bench, S, 900 * MS);
  assert_int_equal(bench->lines, 0);
  hear(bench, S, 60 * S);
  assert_int_equal(bench->lines, 1);
  assert_non_null(strstr(bench->last, "room room: the store's clock is "));
  for (unsigned i = 0; i < 10; i++) {
    hear(bench, S, 60 * S);
  }
  assert_int_equal(bench->lines, 1);
  hear(bench, S, ahead(bench)); /* it is back, */
  hear(bench, S, -60 * S);      /* and away again */
  assert_int_equal(bench->lines, 2);
}

static int64_t own_clock(void *user) {
  return waitq__clock_now(user);
}

static void test_store_time__a_hosts_own_clock_is_left_alone(void **state) {
  struct bench *bench = *state;
  bench->context.clock = own_clock;
  hear(bench, 0, HOUR);
  hear(bench, S, -HOUR);
  assert_int_equal(ahead(bench), 0);
  assert_int_equal(bench->lines, 0);
}

static void test_store_time__what_is_known_grows_old_until_the_store_is_heard(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 5 * HOUR);
  int64_t now_us = waitq__room_now(&bench->room);
  assert_in_range(waitq__room_age_ms(&bench->room, now_us), 0, 1000);
  assert_in_range(waitq__room_age_ms(&bench->room, now_us + 30 * S), 30000, 31000);
  miss(bench, S, WAITQ_E_STORE);
  assert_in_range(waitq__room_age_ms(&bench->room, now_us + 30 * S), 30000, 31000);
  assert_int_equal(waitq__room_age_ms(&bench->room, now_us - HOUR), 0);
}

static void test_store_time__being_cut_off_and_its_end_are_told_once_each(void **state) {
  struct bench *bench = *state;
  hear(bench, 0, 0);
  assert_false(waitq__room_is_cut_off(&bench->room));
  miss(bench, S, WAITQ_E_TIMEOUT);
  miss(bench, S, WAITQ_E_STORE);
  assert_true(waitq__room_is_cut_off(&bench->room));
  assert_int_equal(bench->lines, 1);
  assert_non_null(strstr(bench->last, "cannot be reached"));
  hear(bench, S, 0);
  assert_false(waitq__room_is_cut_off(&bench->room));
  assert_int_equal(bench->lines, 2);
  assert_non_null(strstr(bench->last, "is back"));
}

static void test_store_time__a_store_that_refuses_is_not_away(void **state) {
  struct bench *bench = *state;
  const int codes[] = {WAITQ_E_DAMAGED, WAITQ_E_DENIED, WAITQ_E_VERSION, WAITQ_E_CONFLICT, WAITQ_E_NOMEM};
  hear(bench, 0, 0);
  for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    miss(bench, S, codes[i]);
    assert_false(waitq__room_is_cut_off(&bench->room));
  }
  assert_int_equal(bench->lines, 0);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_store_time__the_first_word_is_believed),
      TEST(test_store_time__a_jump_is_followed_by_a_tenth_of_the_time_that_passes),
      TEST(test_store_time__a_jump_is_made_up_for_and_not_exceeded),
      TEST(test_store_time__a_jump_after_a_long_calm_is_followed_as_slowly),
      TEST(test_store_time__the_rooms_time_never_stands_still),
      TEST(test_store_time__a_silence_gives_no_more_leeway_than_its_tenth),
      TEST(test_store_time__what_lies_within_the_round_trip_is_no_difference),
      TEST(test_store_time__a_jump_is_told_once),
      TEST(test_store_time__a_hosts_own_clock_is_left_alone),
      TEST(test_store_time__what_is_known_grows_old_until_the_store_is_heard),
      TEST(test_store_time__being_cut_off_and_its_end_are_told_once_each),
      TEST(test_store_time__a_store_that_refuses_is_not_away),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
