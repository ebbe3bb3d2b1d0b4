/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Ages at which sessions end: cohorts, bins, the curve of survival and the fit behind it. */

#include <math.h>
#include <string.h>

#include "../support/rng.h"
#include "../support/test.h"
#include "eta/lifetime.h"
#include "near.h"

#define SECOND INT64_C(1000000)
#define T0 INT64_C(1700000000000000)
#define SESSIONS 4000

static struct waitq__ages ages;
static struct waitq__mixture mixture;
static struct rng rng;
static double ends_s[SESSIONS];

static int setup(void **state) {
  (void)state;
  waitq__ages_init(&ages, T0);
  memset(&mixture, 0, sizeof mixture);
  rng_init(&rng, 11);
  return 0;
}

static double normal(void) {
  double first = rng_fraction(&rng);
  double second = rng_fraction(&rng);
  return sqrt(-2.0 * log(first + 1e-12)) * cos(6.283185307179586 * second);
}

static double exponential_100(void) {
  return -100.0 * log(1.0 - rng_fraction(&rng));
}

static double long_or_short(void) {
  return rng_fraction(&rng) < 0.5 ? 20.0 * exp(0.3 * normal()) : 200.0 * exp(0.3 * normal());
}

/* 4,000 sessions, twenty a second from the start; each that ends is followed by none. Folds up to a time. */
static void live(double (*draw)(void), int seconds) {
  waitq__ages_begin(&ages, T0, 0);
  for (unsigned i = 0; i < SESSIONS; i++) {
    ends_s[i] = i / 20 + draw();
  }
  for (int second = 1; second <= seconds; second++) {
    int64_t now_us = T0 + second * SECOND;
    for (unsigned c = 0; c < ages.cohorts; c++) {
      uint64_t count = 0;
      for (uint64_t n = waitq__cohort_begin(&ages, c); n < waitq__cohort_end(&ages, c); n++) {
        count += ends_s[n] > second;
      }
      waitq__cohort_recount(&ages, c, now_us, INFINITY, count);
    }
    if (second * 20 <= SESSIONS) {
      uint64_t count = 0;
      for (unsigned n = (unsigned)(second - 1) * 20; n < (unsigned)second * 20; n++) {
        count += ends_s[n] > second;
      }
      waitq__ages_young(&ages, 1.0, 20, count);
      waitq__ages_open(&ages, now_us - SECOND / 2, now_us, (uint64_t)second * 20, count);
    }
    waitq__lifetime_fit(&mixture, &ages, now_us, 0.0);
  }
}

static void test_ages__bins_follow_each_other_without_a_gap(void **state) {
  (void)state;
  assert_int_equal(waitq__age_bin(-1.0), 0);
  assert_int_equal(waitq__age_bin(0.0), 0);
  assert_int_equal(waitq__age_bin(1e30), WAITQ__AGE_BINS - 1);
  for (unsigned bin = 1; bin < WAITQ__AGE_BINS; bin++) {
    assert_int_equal(waitq__age_bin(waitq__age_begin(bin) * 1.0001), bin);
    assert_int_equal(waitq__age_bin(waitq__age_begin(bin) * 0.9999), bin - 1);
  }
}

static void test_ages__of_sessions_give_their_survival(void **state) {
  (void)state;
  struct waitq__lifetime lifetime;
  live(exponential_100, 400);
  waitq__lifetime_of_sessions(&ages, &mixture, T0 + 400 * SECOND, 0.0, &lifetime);
  assert_near(exp(-waitq__lifetime_summed(&lifetime, 50.0)), exp(-0.5), 0.03);
  assert_near(exp(-waitq__lifetime_summed(&lifetime, 200.0)), exp(-2.0), 0.03);
  assert_near(waitq__lifetime_mean(&lifetime), 100.0, 10.0);
  assert_near(waitq__lifetime_lived(&lifetime, 50.0), 100.0 * (1.0 - exp(-0.5)), 1.5);
}

static void test_ages__of_two_kinds_of_sessions_are_told_apart(void **state) {
  (void)state;
  live(long_or_short, 230); /* of the longer ones not half have ended */
  assert_true(mixture.merit_gained > 100.0F);
  unsigned shorter = mixture.middle[0] < mixture.middle[1] ? 0 : 1;
  assert_near(exp(mixture.middle[shorter]), 20.0, 4.0);
  assert_near(exp(mixture.middle[1 - shorter]), 200.0, 40.0);
  struct waitq__lifetime lifetime;
  waitq__lifetime_of_sessions(&ages, &mixture, T0 + 230 * SECOND, 0.0, &lifetime);
  assert_near(waitq__lifetime_mean(&lifetime), 0.5 * (20.9 + 209.2), 15.0);
}

static void test_ages__beyond_the_longest_nobody_lives(void **state) {
  (void)state;
  struct waitq__lifetime lifetime;
  waitq__lifetime_of_sessions(&ages, &mixture, T0, 60.0, &lifetime);
  assert_true(exp(-waitq__lifetime_summed(&lifetime, 61.0)) < 1e-20);
  assert_true(waitq__lifetime_mean(&lifetime) <= 60.0);
}

static void test_ages__cohorts_keep_their_count_when_they_become_one(void **state) {
  (void)state;
  uint64_t all = 0;
  for (unsigned i = 1; i <= 500; i++) {
    waitq__ages_open(&ages, T0 + i * SECOND, T0 + i * SECOND, i * 10, 7);
    all += 7;
    uint64_t sum = 0;
    for (unsigned c = 0; c < ages.cohorts; c++) {
      sum += ages.cohort[c].count;
    }
    assert_int_equal(sum, all);
    assert_int_equal(waitq__cohort_end(&ages, ages.cohorts - 1), i * 10);
  }
  assert_int_equal(ages.cohorts, WAITQ__COHORTS);
  assert_int_equal(waitq__cohort_begin(&ages, 0), 0);
  assert_true(waitq__ages_are_sound(&ages));
}

static void test_ages__a_count_that_has_grown_teaches_nothing(void **state) {
  (void)state;
  waitq__ages_open(&ages, T0, T0, 100, 50);
  waitq__cohort_recount(&ages, 0, T0 + 10 * SECOND, INFINITY, 60);
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    assert_near(ages.ended[bin], 0.0, 0.0);
    assert_near(ages.lived[bin], 0.0, 0.0);
  }
  assert_int_equal(ages.cohort[0].count, 60);
}

static void test_ages__cohorts_that_are_over_are_dropped(void **state) {
  (void)state;
  waitq__ages_open(&ages, T0, T0, 100, 50);
  waitq__ages_open(&ages, T0 + SECOND, T0 + SECOND, 200, 50);
  waitq__ages_open(&ages, T0 + 2 * SECOND, T0 + 2 * SECOND, 300, 50);
  waitq__ages_drop(&ages, 150);
  assert_int_equal(ages.cohorts, 2);
  assert_int_equal(waitq__cohort_begin(&ages, 0), 100);
  assert_int_equal(waitq__cohort_end(&ages, 1), 300);
  waitq__cohort_correct(&ages, 0, T0 + 3 * SECOND, 0);
  waitq__ages_drop(&ages, 0);
  assert_int_equal(ages.cohorts, 1);
  assert_int_equal(waitq__cohort_begin(&ages, 0), 200);
}

static void test_ages__visitors_stay_where_nobody_was_seen_to_leave(void **state) {
  (void)state;
  struct waitq__lifetime lifetime;
  assert_false(waitq__lifetime_of_visitors(&ages, &lifetime));
  assert_near(waitq__lifetime_summed(&lifetime, 1e6), 0.0, 0.0);
  ages.lived[10] = 1000.0F;
  ages.ended[10] = 10.0F;
  assert_true(waitq__lifetime_of_visitors(&ages, &lifetime));
  assert_near(lifetime.hazard[10], 0.01, 0.001);
  assert_true(lifetime.hazard[20] < lifetime.hazard[10]);
}

static void test_ages__that_are_no_numbers_are_not_sound(void **state) {
  (void)state;
  assert_true(waitq__ages_are_sound(&ages));
  ages.lived[3] = NAN;
  assert_false(waitq__ages_are_sound(&ages));
  ages.lived[3] = 0.0F;
  ages.cohorts = WAITQ__COHORTS + 1;
  assert_false(waitq__ages_are_sound(&ages));
  ages.cohorts = 0;
  ages.surprise = NAN;
  assert_false(waitq__ages_are_sound(&ages));
  mixture.spread[1] = INFINITY;
  assert_false(waitq__mixture_is_sound(&mixture));
}

/* A wave of sessions, all begun at once, that has just come into a bin. Hazards double from its beginning to its end. */
static void test_ages__of_a_wave_are_not_taken_for_the_middle_of_their_bin(void **state) {
  (void)state;
  int64_t now_us = T0;
  struct waitq__lifetime lifetime;
  waitq__ages_open(&ages, T0, T0, 1000000, 1000000);
  for (int step = 1; step <= 187; step++) { /* to 46.75 s; a bin begins at 44.8 s */
    double alive = 0.5 * erfc(log(step * 0.25 / 150.0) / 0.8 * 0.7071067811865476);
    now_us = T0 + step * SECOND / 4;
    waitq__cohort_recount(&ages, 0, now_us, INFINITY, (uint64_t)(1e6 * alive));
    waitq__lifetime_fit(&mixture, &ages, now_us, 0.0);
  }
  waitq__lifetime_of_sessions(&ages, &mixture, now_us, 0.0, &lifetime);
  assert_near(waitq__lifetime_mean(&lifetime), 150.0 * exp(0.32), 15.0);
}

/* Counts a cohort of ten seconds forty times in two seconds, of whom a part ends each time; a hundredth a second was known. */
static void count_at_ten(double part) {
  unsigned bin = waitq__age_bin(10.0);
  double count = 100000.0;
  waitq__ages_init(&ages, T0);
  waitq__ages_open(&ages, T0, T0, 1000000, 1000000);
  waitq__cohort_correct(&ages, 0, T0 + 9 * SECOND, 100000);
  ages.ended[bin] = 10000.0F;
  ages.lived[bin] = 1e6F;
  for (int step = 1; step <= 40; step++) {
    count *= 1.0 - part;
    waitq__cohort_recount(&ages, 0, T0 + 9 * SECOND + step * SECOND / 20, INFINITY, (uint64_t)count);
    waitq__ages_doubt(&ages);
  }
}

static void test_ages__that_no_longer_hold_are_half_forgotten(void **state) {
  (void)state;
  unsigned bin = waitq__age_bin(10.0);
  count_at_ten(0.0005);
  assert_true(ages.lived[bin] > 1e6F); /* as before: nothing is forgotten */
  count_at_ten(0.002);
  assert_true(ages.lived[bin] < 0.8e6F);
  assert_true(ages.ended[bin] >= 2000.0F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_ages__bins_follow_each_other_without_a_gap, setup),
      cmocka_unit_test_setup(test_ages__of_sessions_give_their_survival, setup),
      cmocka_unit_test_setup(test_ages__of_two_kinds_of_sessions_are_told_apart, setup),
      cmocka_unit_test_setup(test_ages__beyond_the_longest_nobody_lives, setup),
      cmocka_unit_test_setup(test_ages__cohorts_keep_their_count_when_they_become_one, setup),
      cmocka_unit_test_setup(test_ages__a_count_that_has_grown_teaches_nothing, setup),
      cmocka_unit_test_setup(test_ages__cohorts_that_are_over_are_dropped, setup),
      cmocka_unit_test_setup(test_ages__visitors_stay_where_nobody_was_seen_to_leave, setup),
      cmocka_unit_test_setup(test_ages__that_are_no_numbers_are_not_sound, setup),
      cmocka_unit_test_setup(test_ages__of_a_wave_are_not_taken_for_the_middle_of_their_bin, setup),
      cmocka_unit_test_setup(test_ages__that_no_longer_hold_are_half_forgotten, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
