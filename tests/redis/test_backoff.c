/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <string.h>

#include "../support/test.h"
#include "base/error.h"
#include "store/redis/backoff.h"

static struct waitq__backoff backoff;
static waitq_error error;

static int setup(void **state) {
  (void)state;
  error = (waitq_error)WAITQ_ERROR_INIT;
  return waitq__backoff_init(&backoff);
}

static int teardown(void **state) {
  (void)state;
  waitq__backoff_destroy(&backoff);
  return 0;
}

static enum waitq__backoff_advice ask(int64_t now_us) {
  return waitq__backoff_ask(&backoff, now_us, &error);
}

static unsigned failed(int64_t now_us) {
  waitq_error why = WAITQ_ERROR_INIT;
  waitq__fail(&why, WAITQ_E_STORE, "refused");
  return waitq__backoff_failed(&backoff, now_us, &why);
}

static void test_backoff__any_number_try_what_has_never_failed(void **state) {
  (void)state;
  for (int i = 0; i < 100; i++) {
    assert_int_equal(ask(i), WAITQ__BACKOFF_TRY);
  }
}

static void test_backoff__what_failed_is_left_alone_and_tells_why(void **state) {
  (void)state;
  assert_int_equal(failed(1000), 0);
  assert_int_equal(ask(1000), WAITQ__BACKOFF_LATER);
  assert_int_equal(error.code, WAITQ_E_STORE);
  assert_string_equal(error.text, "refused");
  assert_int_equal(ask(1000 + WAITQ__BACKOFF_LEAST_US / 2 - 1), WAITQ__BACKOFF_LATER);
  assert_int_equal(ask(1000 + WAITQ__BACKOFF_LEAST_US), WAITQ__BACKOFF_TRY);
}

static void test_backoff__one_tries_for_all(void **state) {
  (void)state;
  failed(0);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US), WAITQ__BACKOFF_TRY);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US), WAITQ__BACKOFF_LATER);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US * 100), WAITQ__BACKOFF_LATER);
  assert_int_equal(waitq__backoff_succeeded(&backoff), 1);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US), WAITQ__BACKOFF_TRY);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US), WAITQ__BACKOFF_TRY);
}

static void test_backoff__each_failure_doubles_the_moment_up_to_a_second(void **state) {
  (void)state;
  int64_t now_us = 0;
  int64_t most_us = WAITQ__BACKOFF_LEAST_US;
  for (unsigned i = 0; i < 40; i++) {
    assert_int_equal(failed(now_us), i);
    assert_true(backoff.until_us - now_us >= most_us / 2);
    assert_true(backoff.until_us - now_us <= most_us);
    now_us = backoff.until_us;
    assert_int_equal(ask(now_us), WAITQ__BACKOFF_TRY);
    most_us = most_us * 2 < WAITQ__BACKOFF_MOST_US ? most_us * 2 : WAITQ__BACKOFF_MOST_US;
  }
  assert_int_equal(most_us, WAITQ__BACKOFF_MOST_US);
  assert_int_equal(waitq__backoff_succeeded(&backoff), 40);
  failed(now_us);
  assert_true(backoff.until_us - now_us <= WAITQ__BACKOFF_LEAST_US);
}

static void test_backoff__many_that_fail_at_one_moment_are_one_failure(void **state) {
  (void)state;
  for (int i = 0; i < 50; i++) {
    failed(i);
  }
  assert_int_equal(backoff.failures, 1);
  assert_true(backoff.until_us <= WAITQ__BACKOFF_LEAST_US);
}

static void test_backoff__what_is_doubtful_is_tried_by_one_and_the_others_come_back_soon(void **state) {
  (void)state;
  waitq__backoff_doubt(&backoff);
  assert_int_equal(ask(5), WAITQ__BACKOFF_TRY);
  assert_int_equal(ask(5), WAITQ__BACKOFF_SOON);
  waitq__backoff_doubt(&backoff);
  assert_int_equal(ask(6), WAITQ__BACKOFF_SOON);
  failed(7);
  assert_int_equal(ask(8), WAITQ__BACKOFF_LATER);
  waitq__backoff_doubt(&backoff);
  assert_int_equal(ask(9), WAITQ__BACKOFF_LATER);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US + 7), WAITQ__BACKOFF_TRY);
  waitq__backoff_succeeded(&backoff);
  assert_int_equal(ask(9), WAITQ__BACKOFF_TRY);
  assert_int_equal(ask(9), WAITQ__BACKOFF_TRY);
}

static void test_backoff__want_of_memory_here_is_no_failure_there(void **state) {
  (void)state;
  waitq_error why = WAITQ_ERROR_INIT;
  waitq__fail(&why, WAITQ_E_NOMEM, "no memory");
  waitq__backoff_failed(&backoff, 0, &why);
  assert_int_equal(ask(1), WAITQ__BACKOFF_TRY);
  failed(2);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US + 2), WAITQ__BACKOFF_TRY);
  waitq__backoff_failed(&backoff, WAITQ__BACKOFF_LEAST_US + 3, &why);
  assert_int_equal(ask(WAITQ__BACKOFF_LEAST_US + 4), WAITQ__BACKOFF_TRY);
}

static void test_backoff__moments_differ(void **state) {
  (void)state;
  int64_t least = INT64_MAX;
  int64_t most = 0;
  for (int i = 0; i < 1000; i++) {
    int64_t us = waitq__backoff_jitter(100000);
    assert_in_range(us, 50000, 100000);
    least = us < least ? us : least;
    most = us > most ? us : most;
  }
  assert_true(least < 60000);
  assert_true(most > 90000);
  assert_int_equal(waitq__backoff_jitter(0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_backoff__any_number_try_what_has_never_failed, setup, teardown),
      UNIT_TEST(test_backoff__what_failed_is_left_alone_and_tells_why, setup, teardown),
      UNIT_TEST(test_backoff__one_tries_for_all, setup, teardown),
      UNIT_TEST(test_backoff__each_failure_doubles_the_moment_up_to_a_second, setup, teardown),
      UNIT_TEST(test_backoff__many_that_fail_at_one_moment_are_one_failure, setup, teardown),
      UNIT_TEST(test_backoff__what_is_doubtful_is_tried_by_one_and_the_others_come_back_soon, setup, teardown),
      UNIT_TEST(test_backoff__want_of_memory_here_is_no_failure_there, setup, teardown),
      UNIT_TEST(test_backoff__moments_differ, setup, teardown),
  };
  return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
