/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Names and texts of numbers: states, reasons, errors, the version. */

#include <stdio.h>
#include <string.h>

#include <waitq/waitq.h>

#include "../support/test.h"

static void test_texts__every_state_has_its_name(void **state) {
  (void)state;
  static const char *const names[] = {"none", "waiting", "ready", "entered", "left", "expired", "stale"};
  for (uint32_t i = 0; i <= WAITQ_STATE_STALE; i++) {
    assert_string_equal(waitq_state_name(i), names[i]);
  }
  assert_string_equal(waitq_state_name(WAITQ_STATE_STALE + 1), "unknown");
  assert_string_equal(waitq_state_name(UINT32_MAX), "unknown");
}

static void test_texts__every_reason_has_words_of_its_own(void **state) {
  (void)state;
  for (uint32_t i = 0; i <= WAITQ_REASON_RESTORED; i++) {
    assert_string_not_equal(waitq_reason_text(i), "");
    assert_string_not_equal(waitq_reason_text(i), "unknown reason");
    for (uint32_t k = 0; k < i; k++) {
      assert_string_not_equal(waitq_reason_text(i), waitq_reason_text(k));
    }
  }
  assert_string_equal(waitq_reason_text(WAITQ_REASON_RESTORED + 1), "unknown reason");
  assert_string_equal(waitq_reason_text(UINT32_MAX), "unknown reason");
}

static void test_texts__every_error_has_its_name_and_words(void **state) {
  (void)state;
#define CHECK(name, number, text)                                \
  assert_int_equal(WAITQ_##name, number);                        \
  assert_string_equal(waitq_error_name(number), "WAITQ_" #name); \
  assert_string_equal(waitq_error_text(number), text);
  WAITQ_ERROR_MAP(CHECK)
#undef CHECK
  static const int32_t none[] = {1, -9, -19, -25, -39, -47, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    assert_string_equal(waitq_error_name(none[i]), "WAITQ_E_UNKNOWN");
    assert_string_equal(waitq_error_text(none[i]), "unknown error");
  }
}

static void test_texts__the_version_is_that_of_the_headers(void **state) {
  (void)state;
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", WAITQ_VERSION_MAJOR, WAITQ_VERSION_MINOR, WAITQ_VERSION_PATCH);
  assert_int_equal(waitq_version_number(), WAITQ_VERSION_NUMBER);
  assert_string_equal(waitq_version_string(), text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_texts__every_state_has_its_name),
      cmocka_unit_test(test_texts__every_reason_has_words_of_its_own),
      cmocka_unit_test(test_texts__every_error_has_its_name_and_words),
      cmocka_unit_test(test_texts__the_version_is_that_of_the_headers),
  };
  return cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
