/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "base/name.h"

static void test_name__each_byte_is_allowed_or_not_wherever_it_stands(void **state) {
  (void)state;
  const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  for (int c = 1; c < 256; c++) {
    for (size_t at = 0; at < 3; at++) {
      char name[] = "xyz";
      name[at] = (char)c;
      int is_allowed = strchr(allowed, c) != NULL;
      assert_int_equal(waitq__is_name(name, 8), is_allowed);
      assert_int_equal(waitq__name_check(name, 8, "room", NULL), is_allowed ? WAITQ_OK : WAITQ_E_INVALID);
    }
  }
}

static void test_name__the_longest_is_taken_and_one_more_is_not(void **state) {
  (void)state;
  char name[66];
  memset(name, 'n', sizeof name);
  for (size_t length = 0; length <= 65; length++) {
    name[length] = '\0';
    int is_allowed = length >= 1 && length <= 64;
    assert_int_equal(waitq__is_name(name, 64), is_allowed);
    assert_int_equal(waitq__name_check(name, 64, "room", NULL), is_allowed ? WAITQ_OK : WAITQ_E_INVALID);
    name[length] = 'n';
  }
}

static void test_name__is_read_no_further_than_one_byte_beyond_the_longest(void **state) {
  (void)state;
  char *bytes = malloc(5);
  assert_non_null(bytes);
  memset(bytes, 'n', 5);
  assert_false(waitq__is_name(bytes, 4));
  assert_int_equal(waitq__name_check(bytes, 4, "room", NULL), WAITQ_E_INVALID);
  free(bytes);
}

static void expect_text(const char *name, const char *text) {
  waitq_error error = WAITQ_ERROR_INIT;
  assert_int_equal(waitq__name_check(name, 4, "room", &error), WAITQ_E_INVALID);
  assert_int_equal(error.code, WAITQ_E_INVALID);
  assert_string_equal(error.text, text);
}

static void test_name__a_refusal_says_whose_name_and_why(void **state) {
  (void)state;
  expect_text(NULL, "the name of a room is NULL");
  expect_text("", "the name of a room is empty");
  expect_text("abcde", "the name of a room has more than 4 characters");
  expect_text("ab:d", "the name of a room has the byte 0x3a at 2: only A-Z a-z 0-9 _ . - are allowed");
  expect_text("\xc3\xa9", "the name of a room has the byte 0xc3 at 0: only A-Z a-z 0-9 _ . - are allowed");
}

static void test_name__that_is_good_leaves_the_error_alone(void **state) {
  (void)state;
  waitq_error error = WAITQ_ERROR_INIT;
  assert_int_equal(waitq__name_check("a.-_", 4, "room", &error), WAITQ_OK);
  assert_int_equal(error.code, 0);
  assert_string_equal(error.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_name__each_byte_is_allowed_or_not_wherever_it_stands),
      cmocka_unit_test(test_name__the_longest_is_taken_and_one_more_is_not),
      cmocka_unit_test(test_name__is_read_no_further_than_one_byte_beyond_the_longest),
      cmocka_unit_test(test_name__a_refusal_says_whose_name_and_why),
      cmocka_unit_test(test_name__that_is_good_leaves_the_error_alone),
  };
  return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
