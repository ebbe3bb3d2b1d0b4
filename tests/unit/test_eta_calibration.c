/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What is learnt from how right estimates were; and the table that they are read from. */

#include <math.h>
#include <string.h>

#include "../support/rng.h"
#include "../support/test.h"
#include "eta/table.h"
#include "near.h"

#define SECOND INT64_C(1000000)

static struct waitq__calibration calibration;
static struct rng rng;

static int setup(void **state) {
  (void)state;
  waitq__calibration_init(&calibration);
  rng_init(&rng, 7);
  return 0;
}

static double normal(void) {
  double first = rng_fraction(&rng);
  double second = rng_fraction(&rng);
  return sqrt(-2.0 * log(first + 1e-12)) * cos(6.283185307179586 * second);
}

/* Says 100 s with a standard error of so much, and sees what is so far from it. Returns whether the interval held it. */
static int try(double error_s, double truth_s, double *confidence, int *is_hit) {
  int is_fair;
  struct waitq__guess guess = waitq__calibration_guess(&calibration, 100.0, error_s, 0.0);
  struct waitq__span span = {(int64_t)(guess.eta_s * 1e6), (int64_t)(guess.low_s * 1e6), (int64_t)(guess.high_s * 1e6),
                             guess.confidence, guess.trust};
  struct waitq__probe *probe = waitq__calibration_free_probe(&calibration, &is_fair);
  waitq__probe_begin(probe, 1, 0, &span);
  waitq__probe_score(&calibration, probe, (int64_t)(truth_s * 1e6));
  *confidence = guess.confidence;
  *is_hit = fabs(truth_s - 100.0) <= fmax(5.0, 0.1 * truth_s);
  return truth_s >= guess.low_s && truth_s <= guess.high_s;
}

/* After a thousand tries with errors of a deviation where another was claimed. */
static void expect_honest(double claimed_s, double deviation_s) {
  double confidence;
  int is_hit;
  for (unsigned i = 0; i < 1000; i++) {
    try(claimed_s, 100.0 + deviation_s * normal(), &confidence, &is_hit);
  }
  double covered = 0.0;
  double sure = 0.0;
  double hits = 0.0;
  for (unsigned i = 0; i < 2000; i++) {
    covered += try(claimed_s, 100.0 + deviation_s * normal(), &confidence, &is_hit);
    sure += confidence;
    hits += is_hit;
  }
  assert_near(covered / 2000, 0.92, 0.05);
  assert_near(sure / 2000, hits / 2000, 0.1);
  assert_near(calibration.cov90, covered / 2000, 0.06);
  assert_near(calibration.hit, hits / 2000, 0.06);
}

static void test_calibration__widens_intervals_that_were_too_narrow(void **state) {
  (void)state;
  expect_honest(2.0, 20.0);
}

static void test_calibration__narrows_intervals_that_were_too_wide(void **state) {
  (void)state;
  expect_honest(10.0, 4.0);
}

static void test_calibration__tells_the_bias(void **state) {
  (void)state;
  double confidence;
  int is_hit;
  for (unsigned i = 0; i < 200; i++) {
    try(5.0, 80.0, &confidence, &is_hit);
  }
  assert_near(calibration.bias, 0.25, 0.001);
  assert_near(calibration.acc, 0.75, 0.001);
  assert_near(calibration.hit, 0.0, 0.001);
}

static void test_calibration__has_so_many_probes_and_no_more(void **state) {
  (void)state;
  const struct waitq__span span = {10 * SECOND, 9 * SECOND, 11 * SECOND, 0.5, 0.5};
  int is_fair;
  unsigned fair = 0;
  for (unsigned i = 0; i < WAITQ__PROBES; i++) {
    struct waitq__probe *probe = waitq__calibration_free_probe(&calibration, &is_fair);
    assert_non_null(probe);
    waitq__probe_begin(probe, i, 0, &span);
    fair += is_fair != 0;
  }
  assert_null(waitq__calibration_free_probe(&calibration, &is_fair));
  assert_int_equal(fair, WAITQ__PROBES / 2);
  waitq__calibration_drop_probes(&calibration);
  assert_non_null(waitq__calibration_free_probe(&calibration, &is_fair));
}

static void test_calibration__that_is_no_number_is_not_sound(void **state) {
  (void)state;
  assert_true(waitq__calibration_is_sound(&calibration));
  calibration.bias = NAN;
  assert_false(waitq__calibration_is_sound(&calibration));
  calibration.bias = 0.0;
  calibration.below[2] = 0.0F;
  assert_false(waitq__calibration_is_sound(&calibration));
}

static _Atomic uint64_t words[WAITQ__TABLE_WORDS];

static void publish(const struct waitq__curve *curve) {
  struct waitq__table table;
  waitq__table_make(&table, curve, &calibration);
  for (unsigned i = 0; i < WAITQ__TABLE_WORDS; i++) {
    words[i] = table.words[i];
  }
}

static void test_table__is_straight_between_knots(void **state) {
  (void)state;
  const struct waitq__curve curve = {.count = 4,
                                     .is_open = 1,
                                     .ahead = {0, 100, 100, 300},
                                     .wait_s = {0, 10, 190, 200},
                                     .error_s = {0.3, 0.3, 0.3, 1.0}};
  struct waitq__guess guess;
  publish(&curve);
  assert_true(waitq__table_find(words, 50.0, &guess));
  assert_near(guess.eta_s, 5.0, 1e-4);
  assert_true(waitq__table_find(words, 100.0, &guess));
  assert_near(guess.eta_s, 10.0, 1e-4);
  assert_true(waitq__table_find(words, 101.0, &guess)); /* a pause lies between */
  assert_near(guess.eta_s, 190.05, 1e-3);
  assert_true(waitq__table_find(words, 500.0, &guess)); /* goes on as it ended */
  assert_near(guess.eta_s, 210.0, 1e-3);
  for (double ahead = 1.0; ahead < 1e9; ahead *= 1.7) {
    assert_true(waitq__table_find(words, ahead, &guess));
    assert_true(guess.low_s <= guess.eta_s && guess.eta_s <= guess.high_s);
    assert_true(guess.confidence >= 0.0 && guess.confidence <= 1.0);
  }
}

static void test_table__that_ends_knows_nothing_beyond(void **state) {
  (void)state;
  const struct waitq__curve curve = {
      .count = 2, .is_open = 0, .ahead = {0, 100}, .wait_s = {0, 10}, .error_s = {0.3, 0.3}};
  struct waitq__guess guess;
  publish(&curve);
  assert_true(waitq__table_find(words, 100.0, &guess));
  assert_false(waitq__table_find(words, 101.0, &guess));
  memset(words, 0, sizeof words);
  assert_false(waitq__table_find(words, 1.0, &guess));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_calibration__widens_intervals_that_were_too_narrow, setup),
      cmocka_unit_test_setup(test_calibration__narrows_intervals_that_were_too_wide, setup),
      cmocka_unit_test_setup(test_calibration__tells_the_bias, setup),
      cmocka_unit_test_setup(test_calibration__has_so_many_probes_and_no_more, setup),
      cmocka_unit_test_setup(test_calibration__that_is_no_number_is_not_sound, setup),
      cmocka_unit_test_setup(test_table__is_straight_between_knots, setup),
      cmocka_unit_test_setup(test_table__that_ends_knows_nothing_beyond, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
