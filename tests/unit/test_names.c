/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <string.h>

#include <waitq/queue.h>

#include "../support/test.h"

static void test_names__of_the_states_are_the_enumerators_in_small_letters(void **state) {
  (void)state;
  assert_string_equal(waitq_state_name(WAITQ_STATE_NONE), "none");
  assert_string_equal(waitq_state_name(WAITQ_STATE_WAITING), "waiting");
  assert_string_equal(waitq_state_name(WAITQ_STATE_READY), "ready");
  assert_string_equal(waitq_state_name(WAITQ_STATE_ENTERED), "entered");
  assert_string_equal(waitq_state_name(WAITQ_STATE_LEFT), "left");
  assert_string_equal(waitq_state_name(WAITQ_STATE_EXPIRED), "expired");
  assert_string_equal(waitq_state_name(WAITQ_STATE_STALE), "stale");
}

/* What each reason is about: a word that its text must have. */
static const struct {
  uint32_t reason;
  const char *word;
} reasons[] = {
    {WAITQ_REASON_NONE, "nothing to say"},
    {WAITQ_REASON_BUCKET, "rate of admissions"},
    {WAITQ_REASON_SLOTS, "session"},
    {WAITQ_REASON_NO_SAMPLES, "nothing is known"},
    {WAITQ_REASON_RATE_CHANGED, "rate was changed"},
    {WAITQ_REASON_PAUSED, "paused"},
    {WAITQ_REASON_STALLED, "store"},
    {WAITQ_REASON_SCHEDULED, "opens later"},
    {WAITQ_REASON_DRAINING, "takes nobody"},
    {WAITQ_REASON_CLOSED, "closed"},
    {WAITQ_REASON_FULL, "as many wait as may"},
    {WAITQ_REASON_PACING, "others enter"},
    {WAITQ_REASON_RATE_ZERO, "rate is zero"},
    {WAITQ_REASON_RESTORED, "put back"},
};

#define REASON_COUNT (sizeof reasons / sizeof reasons[0])

static void test_names__each_reason_says_what_it_is_about(void **state) {
  (void)state;
  for (uint32_t i = 0; i < REASON_COUNT; i++) {
    assert_int_equal(reasons[i].reason, i);
    assert_non_null(strstr(waitq_reason_text(i), reasons[i].word));
  }
}

static void test_names__differ_from_each_other(void **state) {
  (void)state;
  for (uint32_t i = 0; i <= REASON_COUNT; i++) {
    for (uint32_t j = 0; j < i; j++) {
      assert_string_not_equal(waitq_reason_text(i), waitq_reason_text(j));
    }
  }
  for (uint32_t i = 0; i <= WAITQ_STATE_STALE + 1; i++) {
    for (uint32_t j = 0; j < i; j++) {
      assert_string_not_equal(waitq_state_name(i), waitq_state_name(j));
    }
  }
}

static void test_names__a_number_without_one_is_unknown(void **state) {
  (void)state;
  const uint32_t numbers[] = {100, 0x7fffffff, 0x80000000, UINT32_MAX};
  assert_string_equal(waitq_state_name(WAITQ_STATE_STALE + 1), "unknown");
  assert_string_equal(waitq_reason_text(REASON_COUNT), "unknown reason");
  for (unsigned i = 0; i < 4; i++) {
    assert_string_equal(waitq_state_name(numbers[i]), "unknown");
    assert_string_equal(waitq_reason_text(numbers[i]), "unknown reason");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names__of_the_states_are_the_enumerators_in_small_letters),
      cmocka_unit_test(test_names__each_reason_says_what_it_is_about),
      cmocka_unit_test(test_names__differ_from_each_other),
      cmocka_unit_test(test_names__a_number_without_one_is_unknown),
  };
  return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
