/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The line let run ahead: what it makes of rates, plans, sessions, leavers and turns that nobody uses. */

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <waitq/room.h>

#include "../support/test.h"
#include "eta/curve.h"
#include "near.h"

#define SECOND INT64_C(1000000)
#define T0 INT64_C(1700000000000000)

static struct waitq__line line;
static struct waitq__prospect prospect;
static struct waitq__ages ages;
static struct waitq__lifetime lifetime;

static int setup(void **state) {
  (void)state;
  line = (struct waitq__line){
      .now_us = T0, .goes_on_us = T0, .rate_per_s = 10.0, .burst = 10.0, .waiting = 1000.0, .phase = WAITQ_PHASE_OPEN};
  prospect = (struct waitq__prospect){.line = &line, .factor = 1.0, .claim_s = INFINITY};
  waitq__ages_init(&ages, T0);
  return 0;
}

/* The wait of a place, straight between knots; -1 where the curve has none. */
static double wait_of(double place) {
  struct waitq__curve curve;
  waitq__curve_draw(&prospect, &curve);
  for (unsigned i = 1; i < curve.count; i++) {
    assert_true(curve.ahead[i] >= curve.ahead[i - 1]);
    assert_true(curve.wait_s[i] >= curve.wait_s[i - 1]);
    assert_true(curve.error_s[i] > 0.0 && isfinite(curve.error_s[i]));
    if (curve.ahead[i] >= place) {
      double part = (place - curve.ahead[i - 1]) / (curve.ahead[i] - curve.ahead[i - 1]);
      return curve.wait_s[i - 1] + part * (curve.wait_s[i] - curve.wait_s[i - 1]);
    }
  }
  return -1.0;
}

/* Everybody stays and lasts with this hazard at every age. */
static struct waitq__lifetime of_hazard(double hazard) {
  struct waitq__lifetime made;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    ages.ended[bin] = (float)(hazard * 1e7);
    ages.lived[bin] = 1e7F;
  }
  waitq__lifetime_of_visitors(&ages, &made);
  return made;
}

static void test_curve__of_a_bucket_is_its_rate(void **state) {
  (void)state;
  assert_near(wait_of(1.0), 0.1, 1e-9);
  assert_near(wait_of(1000.0), 100.0, 1e-9);
  line.tokens = 50.0;
  assert_near(wait_of(1000.0), 95.0, 1e-9);
  prospect.factor = 0.5;
  assert_near(wait_of(1000.0), 190.0, 1e-9);
}

static void test_curve__walks_through_plans(void **state) {
  (void)state;
  line.plan_count = 2;
  line.plans[0] = (struct waitq__line_plan){T0 + 30 * SECOND, 0.0};
  line.plans[1] = (struct waitq__line_plan){T0 + 90 * SECOND, 20.0};
  assert_near(wait_of(300.0), 30.0, 1e-6);
  assert_near(wait_of(320.0), 91.0, 1e-6);
  assert_near(wait_of(1000.0), 125.0, 1e-6);
}

static void test_curve__ends_where_a_plan_stops_the_line_for_good(void **state) {
  (void)state;
  line.plan_count = 1;
  line.plans[0] = (struct waitq__line_plan){T0 + 30 * SECOND, 0.0};
  struct waitq__curve curve;
  waitq__curve_draw(&prospect, &curve);
  assert_false(curve.is_open);
  assert_near(curve.ahead[curve.count - 1], 300.0, 1e-6);
}

static void test_curve__begins_when_the_line_goes_on(void **state) {
  (void)state;
  line.goes_on_us = T0 + 60 * SECOND;
  assert_near(wait_of(100.0), 70.0, 1e-6);
  line.goes_on_us = WAITQ__LINE_NEVER;
  struct waitq__curve curve;
  waitq__curve_draw(&prospect, &curve);
  assert_int_equal(curve.count, 0);
}

static void test_curve__of_full_slots_is_how_fast_sessions_end(void **state) {
  (void)state;
  lifetime = of_hazard(0.01);
  line.rate_per_s = 500.0;
  line.max_active = 200.0;
  line.occupied = 200.0;
  waitq__ages_open(&ages, T0, T0, 200, 200);
  prospect.sessions = &ages;
  prospect.session_length = &lifetime;
  /* Two a second, whatever their ages. */
  assert_near(wait_of(200.0), 100.0, 4.0);
  assert_near(wait_of(900.0), 450.0, 15.0);
}

static void test_curve__gives_free_slots_as_fast_as_the_bucket_does(void **state) {
  (void)state;
  lifetime = of_hazard(0.0001);
  line.max_active = 200.0;
  line.occupied = 100.0;
  waitq__ages_open(&ages, T0, T0, 100, 100);
  prospect.sessions = &ages;
  prospect.session_length = &lifetime;
  assert_near(wait_of(50.0), 5.0, 0.5);
  assert_true(wait_of(200.0) > 1000.0);
}

static void test_curve__passes_over_those_who_leave(void **state) {
  (void)state;
  lifetime = of_hazard(0.005);
  prospect.patience = &lifetime;
  prospect.segment_count = 1;
  prospect.segments[0] = (struct waitq__segment){.end = 1000.0, .age_s = 100.0};
  /* By time t a share of exp(-t/200) is left: 10 t = n exp(-t/200) has its turn, in rank: dx = 10 exp(t/200) dt. */
  assert_near(wait_of(1000.0), 200.0 * log(1.0 + 1000.0 / 2000.0), 3.0);
}

static void test_curve__counts_out_the_silent_when_they_are_swept(void **state) {
  (void)state;
  prospect.silence_s = 60.0;
  prospect.segment_count = 1;
  for (unsigned i = 0; i < WAITQ__SWEEPS; i++) {
    prospect.sweep_s[i] = i == 0 ? 30.0 : 1e9;
    prospect.segments[0].swept[i] = 0.5;
  }
  prospect.segments[0].end = 1000.0;
  /* 300 turns in 30 s; of the other 700 half are gone then. */
  assert_near(wait_of(1000.0), 30.0 + 35.0, 3.0);
}

static void test_curve__gives_unused_turns_to_others(void **state) {
  (void)state;
  prospect.segment_count = 1;
  for (unsigned i = 0; i < WAITQ__SWEEPS; i++) {
    prospect.sweep_s[i] = 1e9;
    prospect.segments[0].swept[i] = 0.5;
  }
  prospect.segments[0].end = 1000.0;
  assert_near(wait_of(1000.0), 100.0, 0.1); /* nobody else ever has them */
  prospect.claim_s = 0.0;
  assert_near(wait_of(1000.0), 50.0, 2.0);
}

/* Who had the turn of late says how many of those who wait longer will be there. */
static void test_curve__expects_those_to_be_there_whose_like_used_their_turns(void **state) {
  (void)state;
  lifetime = of_hazard(0.01);
  prospect.presence = &lifetime;
  prospect.claim_s = 0.0;
  prospect.segment_count = 1;
  for (unsigned i = 0; i < WAITQ__SWEEPS; i++) {
    prospect.sweep_s[i] = 1e9;
  }
  prospect.segments[0] = (struct waitq__segment){.end = 1000.0, .age_s = 20.0};
  /* Of those at the head at time t, exp(-(20 + t)/100) are there: dx = 10 exp((20 + t)/100) dt. */
  assert_near(wait_of(1000.0), 100.0 * log(1.0 + exp(-0.2)), 2.0);
  prospect.segments[0].known_age_s = 20.0; /* it is known that nobody has gone yet */
  assert_near(wait_of(1000.0), 100.0 * log(2.0), 2.0);
  prospect.segments[0].sure = 0.5; /* or that half have */
  assert_near(wait_of(1000.0), 100.0 * log(1.5), 2.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_curve__of_a_bucket_is_its_rate, setup),
      cmocka_unit_test_setup(test_curve__walks_through_plans, setup),
      cmocka_unit_test_setup(test_curve__ends_where_a_plan_stops_the_line_for_good, setup),
      cmocka_unit_test_setup(test_curve__begins_when_the_line_goes_on, setup),
      cmocka_unit_test_setup(test_curve__of_full_slots_is_how_fast_sessions_end, setup),
      cmocka_unit_test_setup(test_curve__gives_free_slots_as_fast_as_the_bucket_does, setup),
      cmocka_unit_test_setup(test_curve__passes_over_those_who_leave, setup),
      cmocka_unit_test_setup(test_curve__counts_out_the_silent_when_they_are_swept, setup),
      cmocka_unit_test_setup(test_curve__gives_unused_turns_to_others, setup),
      cmocka_unit_test_setup(test_curve__expects_those_to_be_there_whose_like_used_their_turns, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
