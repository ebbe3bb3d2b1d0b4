/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <math.h>

#include "../support/test.h"
#include "eta/ratio.h"
#include "near.h"

static void add_seconds(struct waitq__ratio *ratio, unsigned seconds, double events, double units) {
  for (unsigned i = 0; i < seconds; i++) {
    waitq__ratio_add(ratio, 1.0, events, units);
  }
}

static void test_ratio__of_nothing_rests_on_nothing(void **state) {
  (void)state;
  struct waitq__ratio ratio = {{0}, {0}};
  struct waitq__ratio_value value = waitq__ratio_read(&ratio);
  assert_near(value.events, 0.0, 0.0);
  assert_near(value.value, 0.0, 0.0);
}

static void test_ratio__grows_more_exact_with_time(void **state) {
  (void)state;
  struct waitq__ratio ratio = {{0}, {0}};
  add_seconds(&ratio, 5, 350, 500);
  struct waitq__ratio_value early = waitq__ratio_read(&ratio);
  add_seconds(&ratio, 300, 350, 500);
  struct waitq__ratio_value late = waitq__ratio_read(&ratio);
  assert_near(early.value, 0.7, 1e-6);
  assert_near(late.value, 0.7, 1e-6);
  assert_true(late.error < 0.3 * early.error);
}

static void test_ratio__follows_a_change_within_seconds(void **state) {
  (void)state;
  struct waitq__ratio ratio = {{0}, {0}};
  add_seconds(&ratio, 1000, 500, 500);
  add_seconds(&ratio, 8, 350, 500);
  assert_near(waitq__ratio_read(&ratio).value, 0.7, 0.05);
}

static void test_ratio__is_not_misled_by_chance(void **state) {
  (void)state;
  struct waitq__ratio ratio = {{0}, {0}};
  for (unsigned i = 0; i < 600; i++) {
    waitq__ratio_add(&ratio, 1.0, i % 3 == 0 ? 3.0 : 0.0, 1.0);
  }
  assert_near(waitq__ratio_read(&ratio).value, 1.0, 0.05);
}

static void test_ratio__that_is_no_number_is_not_sound(void **state) {
  (void)state;
  struct waitq__ratio ratio = {{0}, {0}};
  assert_true(waitq__ratio_is_sound(&ratio));
  ratio.units[2] = NAN;
  assert_false(waitq__ratio_is_sound(&ratio));
  ratio.units[2] = -1.0F;
  assert_false(waitq__ratio_is_sound(&ratio));
  waitq__ratio_reset(&ratio);
  assert_true(waitq__ratio_is_sound(&ratio));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ratio__of_nothing_rests_on_nothing),
      cmocka_unit_test(test_ratio__grows_more_exact_with_time),
      cmocka_unit_test(test_ratio__follows_a_change_within_seconds),
      cmocka_unit_test(test_ratio__is_not_misled_by_chance),
      cmocka_unit_test(test_ratio__that_is_no_number_is_not_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
