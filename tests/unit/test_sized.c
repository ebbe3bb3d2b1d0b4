/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "base/sized.h"

/* A structure as this version knows it: 32 bytes. */
struct known {
  size_t size;
  uint64_t a;
  uint64_t b;
  uint64_t c;
};

static const struct known defaults = {sizeof(struct known), 10, 20, 30};

/* A block of exactly size bytes that says so, all other bytes 0x55: a byte too many read or written is noticed. */
static unsigned char *caller_of(size_t size) {
  unsigned char *bytes = malloc(size);
  assert_non_null(bytes);
  memset(bytes, 0x55, size);
  memcpy(bytes, &size, sizeof size);
  return bytes;
}

static void test_sized__an_older_callers_structure_is_filled_up_with_defaults(void **state) {
  (void)state;
  unsigned char *theirs = caller_of(24);
  struct known known = defaults;
  assert_int_equal(waitq__sized_read(&known, sizeof known, theirs, "options", NULL), WAITQ_OK);
  assert_int_equal(known.size, sizeof known);
  assert_int_equal(known.a, UINT64_C(0x5555555555555555));
  assert_int_equal(known.b, UINT64_C(0x5555555555555555));
  assert_int_equal(known.c, 30);
  free(theirs);
}

static void test_sized__a_newer_callers_structure_is_taken_when_what_is_unknown_is_zero(void **state) {
  (void)state;
  for (size_t size = sizeof(struct known) + 1; size < 80; size++) {
    unsigned char *theirs = caller_of(size);
    memset(theirs + sizeof(struct known), 0, size - sizeof(struct known));
    struct known known = defaults;
    assert_int_equal(waitq__sized_read(&known, sizeof known, theirs, "options", NULL), WAITQ_OK);
    assert_int_equal(known.size, sizeof known);
    assert_int_equal(known.c, UINT64_C(0x5555555555555555));
    free(theirs);
  }
}

static void test_sized__any_unknown_byte_that_is_not_zero_is_refused(void **state) {
  (void)state;
  for (size_t at = sizeof(struct known); at < 64; at++) {
    unsigned char *theirs = caller_of(64);
    memset(theirs + sizeof(struct known), 0, 64 - sizeof(struct known));
    theirs[at] = 1;
    struct known known = defaults;
    waitq_error error = WAITQ_ERROR_INIT;
    assert_int_equal(waitq__sized_read(&known, sizeof known, theirs, "options", &error), WAITQ_E_VERSION);
    assert_string_equal(error.text, "options asks for something that this version does not know");
    assert_memory_equal(&known, &defaults, sizeof known);
    free(theirs);
  }
}

static void test_sized__a_structure_that_was_not_initialised_is_refused(void **state) {
  (void)state;
  const size_t sizes[] = {0, 1, 15, ((size_t)1 << 20) + 1, SIZE_MAX};
  struct known known = defaults;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct known theirs = {.size = sizes[i]};
    waitq_error error = WAITQ_ERROR_INIT;
    assert_int_equal(waitq__sized_check(&theirs, "policy", &error), WAITQ_E_VERSION);
    assert_non_null(strstr(error.text, "policy says that its size is"));
    assert_int_equal(waitq__sized_read(&known, sizeof known, &theirs, "policy", NULL), WAITQ_E_VERSION);
  }
  waitq_error error = WAITQ_ERROR_INIT;
  assert_int_equal(waitq__sized_check(NULL, "policy", &error), WAITQ_E_INVALID);
  assert_string_equal(error.text, "policy is NULL");
  assert_memory_equal(&known, &defaults, sizeof known);
}

static void test_sized__the_smallest_structure_has_a_size_and_one_field(void **state) {
  (void)state;
  unsigned char *theirs = caller_of(16);
  assert_int_equal(waitq__sized_check(theirs, "policy", NULL), WAITQ_OK);
  free(theirs);
}

static void test_sized__writing_stays_within_the_callers_structure(void **state) {
  (void)state;
  for (size_t size = 16; size < sizeof(struct known); size++) {
    unsigned char *theirs = caller_of(size);
    waitq__sized_write(theirs, &defaults, sizeof defaults);
    assert_memory_equal(theirs, &size, sizeof size);
    assert_memory_equal(theirs + sizeof size, &defaults.a, size - sizeof size);
    free(theirs);
  }
}

static void test_sized__writing_zeroes_what_this_version_does_not_know(void **state) {
  (void)state;
  const unsigned char zeros[32] = {0};
  unsigned char *theirs = caller_of(64);
  waitq__sized_write(theirs, &defaults, sizeof defaults);
  assert_int_equal(((struct known *)theirs)->size, 64);
  assert_int_equal(((struct known *)theirs)->c, 30);
  assert_memory_equal(theirs + sizeof(struct known), zeros, sizeof zeros);
  free(theirs);
}

static void test_sized__initialising_writes_the_defaults_that_fit_and_the_callers_size(void **state) {
  (void)state;
  for (size_t size = sizeof(size_t); size < 64; size++) {
    unsigned char *theirs = caller_of(size);
    waitq__sized_init(theirs, size, &defaults, sizeof defaults);
    assert_memory_equal(theirs, &size, sizeof size);
    size_t common = size < sizeof defaults ? size : sizeof defaults;
    assert_memory_equal(theirs + sizeof size, &defaults.a, common - sizeof size);
    for (size_t i = common; i < size; i++) {
      assert_int_equal(theirs[i], 0);
    }
    free(theirs);
  }
}

static void test_sized__initialising_nothing_or_less_than_a_size_does_nothing(void **state) {
  (void)state;
  unsigned char bytes[7] = {1, 2, 3, 4, 5, 6, 7};
  const unsigned char before[7] = {1, 2, 3, 4, 5, 6, 7};
  waitq__sized_init(NULL, 32, &defaults, sizeof defaults);
  waitq__sized_init(bytes, sizeof bytes, &defaults, sizeof defaults);
  assert_memory_equal(bytes, before, sizeof bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sized__an_older_callers_structure_is_filled_up_with_defaults),
      cmocka_unit_test(test_sized__a_newer_callers_structure_is_taken_when_what_is_unknown_is_zero),
      cmocka_unit_test(test_sized__any_unknown_byte_that_is_not_zero_is_refused),
      cmocka_unit_test(test_sized__a_structure_that_was_not_initialised_is_refused),
      cmocka_unit_test(test_sized__the_smallest_structure_has_a_size_and_one_field),
      cmocka_unit_test(test_sized__writing_stays_within_the_callers_structure),
      cmocka_unit_test(test_sized__writing_zeroes_what_this_version_does_not_know),
      cmocka_unit_test(test_sized__initialising_writes_the_defaults_that_fit_and_the_callers_size),
      cmocka_unit_test(test_sized__initialising_nothing_or_less_than_a_size_does_nothing),
  };
  return cmocka_run_group_tests_name("sized", tests, NULL, NULL);
}
