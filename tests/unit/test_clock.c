/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <time.h>

#include "../support/test.h"
#include "base/clock.h"

static int64_t read_us(clockid_t id) {
  struct timespec time;
  clock_gettime(id, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void test_clock__tells_unix_time(void **state) {
  (void)state;
  struct waitq__clock clock;
  int64_t before_us = read_us(CLOCK_REALTIME);
  waitq__clock_init(&clock);
  int64_t now_us = waitq__clock_now(&clock);
  int64_t after_us = read_us(CLOCK_REALTIME);
  /* The offset is the difference of two readings of whole microseconds, taken one after the other. */
  assert_in_range(now_us, before_us - 2, after_us + 2);
}

static void test_clock__is_the_monotonic_clock_from_its_making_on(void **state) {
  (void)state;
  struct waitq__clock clock;
  waitq__clock_init(&clock);
  for (int i = 0; i < 1000; i++) {
    int64_t before_us = read_us(CLOCK_MONOTONIC);
    int64_t now_us = waitq__clock_now(&clock);
    int64_t after_us = read_us(CLOCK_MONOTONIC);
    assert_in_range(now_us - clock.offset_us, before_us, after_us);
  }
}

static void test_clock__keeps_the_offset_it_was_made_with(void **state) {
  (void)state;
  struct waitq__clock clock = {.offset_us = INT64_C(1000000000000000)};
  int64_t before_us = read_us(CLOCK_MONOTONIC);
  int64_t now_us = waitq__clock_now(&clock);
  assert_true(now_us >= INT64_C(1000000000000000) + before_us);
  assert_int_equal(clock.offset_us, INT64_C(1000000000000000));
}

static void test_clock__never_runs_backward(void **state) {
  (void)state;
  struct waitq__clock clock;
  waitq__clock_init(&clock);
  int64_t latest_us = INT64_MIN;
  for (int i = 0; i < 100000; i++) {
    int64_t now_us = waitq__clock_now(&clock);
    assert_true(now_us >= latest_us);
    latest_us = now_us;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_clock__tells_unix_time),
      cmocka_unit_test(test_clock__is_the_monotonic_clock_from_its_making_on),
      cmocka_unit_test(test_clock__keeps_the_offset_it_was_made_with),
      cmocka_unit_test(test_clock__never_runs_backward),
  };
  return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
