/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* How many are still there after how long, learnt from turns that nobody used. */

#include <math.h>
#include <string.h>

#include "../support/test.h"
#include "eta/presence.h"
#include "near.h"

static struct waitq__presence presence;
static struct waitq__lifetime lifetime;

static int setup(void **state) {
  (void)state;
  memset(&presence, 0, sizeof presence);
  return 0;
}

/* A share leaves after an exponential time. */
static double gone_by(double age_s, double share, double time_s) {
  return share * -expm1(-age_s / time_s);
}

/* 500 turns a second, each given to who has waited since the first second; unused ones come back after delay_s. */
static void give(int seconds, int delay_s, double share, double time_s) {
  for (int second = 1; second <= seconds; second++) {
    double back = second > delay_s ? 500.0 * gone_by(second - delay_s, share, time_s) : 0.0;
    waitq__presence_add(&presence, 1.0, 500.0, second, back, delay_s);
  }
}

static double there_at(double age_s) {
  return exp(-waitq__lifetime_summed(&lifetime, age_s));
}

static void test_presence__is_whole_where_all_turns_are_used(void **state) {
  (void)state;
  assert_false(waitq__presence_read(&presence, &lifetime));
  for (int second = 1; second <= 1000; second++) {
    waitq__presence_add(&presence, 1.0, 500.0, second, 0.0, 30.0);
  }
  assert_false(waitq__presence_read(&presence, &lifetime));
}

static void test_presence__is_as_was_seen(void **state) {
  (void)state;
  give(400, 0, 0.3, 80.0);
  assert_true(waitq__presence_read(&presence, &lifetime));
  static const double ages_s[] = {10.0, 20.0, 40.0, 80.0, 160.0, 320.0};
  for (unsigned i = 0; i < sizeof ages_s / sizeof *ages_s; i++) {
    double age_s = ages_s[i];
    assert_near(there_at(age_s), 1.0 - gone_by(age_s, 0.3, 80.0), 0.006);
  }
}

static void test_presence__goes_on_beyond_what_was_seen(void **state) {
  (void)state;
  give(100, 0, 0.3, 80.0);
  assert_true(waitq__presence_read(&presence, &lifetime));
  assert_near(there_at(350.0), 1.0 - gone_by(350.0, 0.3, 80.0), 0.04);
  assert_true(there_at(1e6) <= there_at(350.0));
  assert_true(there_at(1e6) > 0.4);
}

static void test_presence__is_of_when_turns_were_given_and_not_of_when_they_came_back(void **state) {
  (void)state;
  give(400, 30, 0.3, 80.0);
  assert_true(waitq__presence_read(&presence, &lifetime));
  assert_near(there_at(60.0), 1.0 - gone_by(60.0, 0.3, 80.0), 0.015);
  assert_near(there_at(240.0), 1.0 - gone_by(240.0, 0.3, 80.0), 0.015);
}

/* Patience of another family: lognormal. Where something was seen it is as it was. */
static void test_presence__bears_patience_of_another_kind(void **state) {
  (void)state;
  for (int second = 1; second <= 150; second++) {
    double gone = 0.4 * 0.5 * erfc(-log(second / 60.0) / 0.7 * 0.7071067811865476);
    waitq__presence_add(&presence, 1.0, 500.0, second, 500.0 * gone, 0.0);
  }
  assert_true(waitq__presence_read(&presence, &lifetime));
  assert_near(there_at(50.0), 1.0 - 0.4 * 0.397, 0.04);
  assert_near(there_at(130.0), 1.0 - 0.4 * 0.865, 0.04);
  assert_true(there_at(300.0) < there_at(130.0)); /* how many more there will be nobody can know */
}

static void test_presence__that_is_no_number_is_not_sound(void **state) {
  (void)state;
  give(10, 0, 0.3, 80.0);
  assert_true(waitq__presence_is_sound(&presence));
  presence.age_s[0] = NAN;
  assert_false(waitq__presence_is_sound(&presence));
  presence.age_s[0] = 5.0F;
  presence.unused[0] = presence.turns[0] * 2.0F;
  assert_false(waitq__presence_is_sound(&presence));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_presence__is_whole_where_all_turns_are_used, setup),
      cmocka_unit_test_setup(test_presence__is_as_was_seen, setup),
      cmocka_unit_test_setup(test_presence__goes_on_beyond_what_was_seen, setup),
      cmocka_unit_test_setup(test_presence__is_of_when_turns_were_given_and_not_of_when_they_came_back, setup),
      cmocka_unit_test_setup(test_presence__bears_patience_of_another_kind, setup),
      cmocka_unit_test_setup(test_presence__that_is_no_number_is_not_sound, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
