/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "base/error.h"

struct code {
  int32_t number;
  const char *name;
  const char *text;
};

static const struct code codes[] = {
#define CODE(name, number, text) {number, "WAITQ_" #name, text},
    WAITQ_ERROR_MAP(CODE)
#undef CODE
};

#define CODE_COUNT (sizeof codes / sizeof codes[0])

static void test_error__every_code_has_its_name_and_its_text(void **state) {
  (void)state;
  assert_int_equal(CODE_COUNT, 21);
  for (size_t i = 0; i < CODE_COUNT; i++) {
    assert_string_equal(waitq_error_name(codes[i].number), codes[i].name);
    assert_string_equal(waitq_error_text(codes[i].number), codes[i].text);
  }
  assert_string_equal(waitq_error_name(0), "WAITQ_OK");
  assert_string_equal(waitq_error_name(-46), "WAITQ_E_BINDING");
  assert_string_equal(waitq_error_text(-41), "the signature does not match");
}

static void test_error__codes_differ_and_none_but_ok_is_without_a_minus(void **state) {
  (void)state;
  for (size_t i = 0; i < CODE_COUNT; i++) {
    assert_true(i == 0 ? codes[i].number == 0 : codes[i].number < 0);
    for (size_t j = 0; j < i; j++) {
      assert_int_not_equal(codes[i].number, codes[j].number);
    }
  }
}

static void test_error__a_number_that_is_no_code_has_texts_too(void **state) {
  (void)state;
  const int32_t numbers[] = {1, -9, -19, -25, -39, -47, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    assert_string_equal(waitq_error_name(numbers[i]), "WAITQ_E_UNKNOWN");
    assert_string_equal(waitq_error_text(numbers[i]), "unknown error");
  }
}

static void test_error__init_prepares_an_empty_error_of_the_callers_size(void **state) {
  (void)state;
  const waitq_error empty = WAITQ_ERROR_INIT;
  waitq_error error;
  memset(&error, 0x55, sizeof error);
  waitq_error_init(&error, sizeof error);
  assert_memory_equal(&error, &empty, sizeof error);
  waitq_error_init(NULL, sizeof error);
}

static void test_error__fail_returns_the_code_and_tells_what_happened(void **state) {
  (void)state;
  waitq_error error = WAITQ_ERROR_INIT;
  assert_int_equal(waitq__fail(NULL, WAITQ_E_STORE, "nobody asks"), WAITQ_E_STORE);
  assert_int_equal(waitq__fail(&error, WAITQ_E_INVALID, "%s is %d", "burst", 7), WAITQ_E_INVALID);
  assert_int_equal(error.code, WAITQ_E_INVALID);
  assert_string_equal(error.text, "burst is 7");
}

static void test_error__says_which_failures_may_pass(void **state) {
  (void)state;
  for (size_t i = 1; i < CODE_COUNT; i++) {
    int32_t code = codes[i].number;
    int may_pass = code == WAITQ_E_NOMEM || code == WAITQ_E_RANDOM || code == WAITQ_E_STORE ||
                   code == WAITQ_E_TIMEOUT || code == WAITQ_E_CONFLICT || code == WAITQ_E_EARLY;
    waitq_error error = WAITQ_ERROR_INIT;
    error.retriable = 7;
    waitq__fail(&error, code, "x");
    assert_int_equal(error.retriable, may_pass);
  }
}

static void test_error__a_long_text_is_cut_and_ends(void **state) {
  (void)state;
  char text[1000];
  memset(text, 't', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  waitq_error error = WAITQ_ERROR_INIT;
  waitq__fail(&error, WAITQ_E_STORE, "%s", text);
  assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

static void test_error__only_as_much_is_written_as_the_caller_has(void **state) {
  (void)state;
  const size_t before_text = offsetof(waitq_error, text);
  for (size_t size = sizeof(size_t); size < before_text + 6; size++) {
    unsigned char *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 0x55, size);
    memcpy(bytes, &size, sizeof size);
    assert_int_equal(waitq__fail((waitq_error *)(void *)bytes, WAITQ_E_STORE, "abcdefgh"), WAITQ_E_STORE);
    if (size > before_text) {
      const int32_t code = WAITQ_E_STORE;
      assert_memory_equal(bytes + offsetof(waitq_error, code), &code, sizeof code);
      assert_memory_equal(bytes + before_text, "abcdefgh", size - before_text - 1);
      assert_int_equal(bytes[size - 1], 0);
    }
    assert_memory_equal(bytes, &size, sizeof size);
    free(bytes);
  }
}

static void test_error__a_newer_callers_error_is_written_as_far_as_this_version_knows_it(void **state) {
  (void)state;
  unsigned char bytes[sizeof(waitq_error) + 16];
  memset(bytes, 0x55, sizeof bytes);
  waitq_error *error = (waitq_error *)(void *)bytes;
  error->size = sizeof bytes;
  char text[500];
  memset(text, 't', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  waitq__fail(error, WAITQ_E_STORE, "%s", text);
  assert_int_equal(strlen(error->text), sizeof error->text - 1);
  for (size_t i = sizeof(waitq_error); i < sizeof bytes; i++) {
    assert_int_equal(bytes[i], 0x55);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_error__every_code_has_its_name_and_its_text),
      cmocka_unit_test(test_error__codes_differ_and_none_but_ok_is_without_a_minus),
      cmocka_unit_test(test_error__a_number_that_is_no_code_has_texts_too),
      cmocka_unit_test(test_error__init_prepares_an_empty_error_of_the_callers_size),
      cmocka_unit_test(test_error__fail_returns_the_code_and_tells_what_happened),
      cmocka_unit_test(test_error__says_which_failures_may_pass),
      cmocka_unit_test(test_error__a_long_text_is_cut_and_ends),
      cmocka_unit_test(test_error__only_as_much_is_written_as_the_caller_has),
      cmocka_unit_test(test_error__a_newer_callers_error_is_written_as_far_as_this_version_knows_it),
  };
  return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
