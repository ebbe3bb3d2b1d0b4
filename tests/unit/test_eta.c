/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The estimator alone, through its public functions. */

#include <math.h>
#include <string.h>
#include <waitq/waitq.h>

#include "../support/line.h"
#include "../support/test.h"
#include "near.h"

#define T0 INT64_C(1700000000000)

static waitq_eta_t *eta;
static waitq_eta_options options;
static waitq_eta_sample sample;

static void reopen(void) {
  waitq_eta_close(eta);
  assert_code(waitq_eta_open(&options, &eta, NULL), WAITQ_OK);
}

static int setup(void **state) {
  (void)state;
  options = (waitq_eta_options)WAITQ_ETA_OPTIONS_INIT;
  sample = (waitq_eta_sample)WAITQ_ETA_SAMPLE_INIT;
  eta = NULL;
  reopen();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq_eta_close(eta);
  return 0;
}

static void observe(int64_t now_ms) {
  assert_code(waitq_eta_observe(eta, now_ms, &sample, NULL), WAITQ_OK);
}

static waitq_estimate estimate(int64_t now_ms, uint64_t position) {
  waitq_estimate answer = WAITQ_ESTIMATE_INIT;
  assert_code(waitq_eta_estimate(eta, now_ms, position, &answer, NULL), WAITQ_OK);
  return answer;
}

/* What every answer keeps to, whatever came before. */
static void expect_sane(const waitq_estimate *answer) {
  assert_true(answer->confidence >= 0.0 && answer->confidence <= 1.0);
  assert_true(answer->reason > 0);
  if (answer->eta_ms == WAITQ_UNKNOWN_MS) {
    assert_int_equal(answer->eta_low_ms, WAITQ_UNKNOWN_MS);
    assert_int_equal(answer->eta_high_ms, WAITQ_UNKNOWN_MS);
    assert_near(answer->confidence, 0.0, 0.0);
  } else {
    assert_true(answer->eta_low_ms >= 0);
    assert_true(answer->eta_low_ms <= answer->eta_ms);
    assert_true(answer->eta_ms <= answer->eta_high_ms);
  }
}

static void expect_unknown(int64_t now_ms, uint64_t position, uint32_t reason) {
  waitq_estimate answer = estimate(now_ms, position);
  expect_sane(&answer);
  assert_int_equal(answer.eta_ms, WAITQ_UNKNOWN_MS);
  assert_int_equal(answer.reason, reason);
}

static void expect_s(int64_t now_ms, uint64_t position, double seconds, double within_s) {
  waitq_estimate answer = estimate(now_ms, position);
  expect_sane(&answer);
  assert_near((double)answer.eta_ms * 1e-3, seconds, within_s);
  assert_true((double)answer.eta_low_ms <= seconds * 1e3 && seconds * 1e3 <= (double)answer.eta_high_ms);
}

static void test_eta__the_rate_gives_the_wait_from_the_first_sample_on(void **state) {
  (void)state;
  sample.waiting = 1000;
  observe(T0);
  expect_s(T0, 1, 0.1, 0.002);
  expect_s(T0, 600, 60.0, 0.01);
  expect_s(T0 + 10000, 600, 50.0, 0.01);
  expect_s(T0 + 61000, 600, 0.0, 0.01);
  assert_int_equal(estimate(T0, 600).reason, WAITQ_REASON_BUCKET);
  sample.tokens = 100;
  observe(T0);
  expect_s(T0, 600, 50.0, 0.01);
}

static void test_eta__before_any_sample_nothing_is_known(void **state) {
  (void)state;
  expect_unknown(T0, 5, WAITQ_REASON_NO_SAMPLES);
  assert_int_equal(estimate(T0, 0).eta_ms, 0);
}

static void test_eta__who_has_no_one_before_the_turn_does_not_wait(void **state) {
  (void)state;
  sample.waiting = 10;
  observe(T0);
  waitq_estimate answer = estimate(T0, 0);
  assert_int_equal(answer.eta_ms, 0);
  assert_int_equal(answer.eta_high_ms, 0);
  assert_near(answer.confidence, 1.0, 0.0);
}

static void test_eta__a_position_beyond_the_line_waits_as_who_would_stand_there(void **state) {
  (void)state;
  sample.waiting = 10;
  observe(T0);
  expect_s(T0, 10000, 1000.0, 1.0);
  expect_unknown(T0, UINT64_MAX, WAITQ_REASON_BUCKET); /* longer than anybody can tell */
}

static void test_eta__a_rate_of_zero_has_no_end_until_one_is_planned(void **state) {
  (void)state;
  options.rate_per_s = 0;
  reopen();
  sample.waiting = 10;
  observe(T0);
  expect_unknown(T0, 5, WAITQ_REASON_RATE_ZERO);
  assert_code(waitq_eta_set_rate_at(eta, 2, T0 + 60000, NULL), WAITQ_OK);
  expect_s(T0, 5, 62.5, 0.5);
}

static void test_eta__plans_are_walked_through(void **state) {
  (void)state;
  sample.waiting = 5000;
  observe(T0);
  assert_code(waitq_eta_set_rate_at(eta, 0, T0 + 100000, NULL), WAITQ_OK);
  assert_code(waitq_eta_set_rate_at(eta, 20, T0 + 280000, NULL), WAITQ_OK);
  expect_s(T0, 500, 50.0, 0.5);
  expect_s(T0, 1100, 285.0, 0.5);
  expect_s(T0, 3000, 380.0, 0.5);
  sample.admitted = 1000;
  sample.waiting = 4000;
  observe(T0 + 280000);
  expect_s(T0 + 280000, 2000, 100.0, 0.5);
  assert_int_equal(estimate(T0 + 280000, 2000).reason, WAITQ_REASON_RATE_CHANGED);
}

static void test_eta__plans_have_a_bound_and_one_for_the_same_time_replaces(void **state) {
  (void)state;
  observe(T0);
  for (int i = 0; i < WAITQ_RATE_PLANS_MAX; i++) {
    assert_code(waitq_eta_set_rate_at(eta, 1, T0 + 1000 * (i + 1), NULL), WAITQ_OK);
  }
  assert_code(waitq_eta_set_rate_at(eta, 1, T0 + 500, NULL), WAITQ_E_EXHAUSTED);
  assert_code(waitq_eta_set_rate_at(eta, 7, T0 + 1000, NULL), WAITQ_OK);
}

static void test_eta__a_pause_with_an_end_is_waited_out(void **state) {
  (void)state;
  sample.waiting = 100;
  sample.phase = WAITQ_PHASE_PAUSED;
  observe(T0);
  expect_unknown(T0, 50, WAITQ_REASON_PAUSED);
  sample.goes_on_at_ms = T0 + 30000;
  observe(T0);
  expect_s(T0, 50, 35.0, 0.5);
  assert_int_equal(estimate(T0, 50).reason, WAITQ_REASON_PAUSED);
  sample.phase = WAITQ_PHASE_CLOSED;
  observe(T0);
  expect_unknown(T0, 50, WAITQ_REASON_CLOSED);
}

static void test_eta__a_backend_that_is_slower_than_the_rate_is_noticed(void **state) {
  (void)state;
  options.rate_per_s = 500;
  reopen();
  sample.joined = sample.waiting = 100000;
  for (int second = 0; second < 60; second++) {
    observe(T0 + second * 1000);
    sample.admitted += 350;
    sample.waiting -= 350;
  }
  observe(T0 + 60000);
  expect_s(T0 + 60000, 35000, 100.0, 2.0);
}

/* 100 slots, sessions of exactly 50 s: two turns a second. */
static void run_sessions(int seconds, int tells) {
  sample.joined = sample.waiting = 10000;
  for (int second = 0; second < seconds; second++) {
    if (second >= 50) {
      for (int i = 0; i < 2 && tells; i++) {
        assert_code(waitq_eta_ended(eta, 50000, NULL), WAITQ_OK);
      }
      sample.ended += 2;
    }
    if (second < 50 || sample.active == 100) {
      sample.admitted += 2;
      sample.waiting -= 2;
      sample.active = sample.active < 100 ? sample.active + 2 : 100;
    }
    observe(T0 + second * 1000);
  }
}

static void test_eta__sessions_give_the_pace_where_slots_bind(void **state) {
  (void)state;
  options.rate_per_s = 500;
  options.max_active = 100;
  reopen();
  run_sessions(400, 1);
  expect_s(T0 + 399000, 200, 100.0, 12.0);
  assert_int_equal(estimate(T0 + 399000, 200).reason, WAITQ_REASON_SLOTS);
}

static void test_eta__sessions_need_not_be_told_one_by_one(void **state) {
  (void)state;
  options.rate_per_s = 500;
  options.max_active = 100;
  reopen();
  run_sessions(400, 0);
  /* That no session ended in the first 50 s is remembered: it could be that all last longer. */
  expect_s(T0 + 399000, 200, 100.0, 35.0);
}

static void test_eta__sessions_of_which_none_has_ended_are_a_guess_and_say_so(void **state) {
  (void)state;
  options.rate_per_s = 500;
  options.max_active = 100;
  reopen();
  sample.waiting = 50;
  sample.active = 100;
  observe(T0);
  waitq_estimate answer = estimate(T0, 10);
  expect_sane(&answer);
  assert_int_equal(answer.reason, WAITQ_REASON_NO_SAMPLES);
  assert_true(answer.eta_ms > 0);
  assert_true(answer.confidence < 0.6);
}

static void test_eta__sessions_that_never_end_make_waits_longer_and_longer(void **state) {
  (void)state;
  options.rate_per_s = 500;
  options.max_active = 100;
  options.session_ttl_ms = 0;
  reopen();
  sample.waiting = 50;
  sample.active = 100;
  int64_t before_ms = 0;
  for (int hour = 0; hour < 4; hour++) {
    for (int second = 0; second < 3600; second += 10) {
      observe(T0 + (hour * 3600 + second) * 1000);
      waitq_estimate answer = estimate(T0 + (hour * 3600 + second) * 1000, 10);
      expect_sane(&answer);
    }
    int64_t eta_ms = estimate(T0 + (hour * 3600 + 3590) * 1000, 10).eta_ms;
    assert_true(eta_ms > before_ms);
    before_ms = eta_ms;
  }
}

static void test_eta__those_who_leave_shorten_the_wait(void **state) {
  (void)state;
  sample.joined = sample.waiting = 20000;
  for (int second = 0; second < 300; second++) {
    observe(T0 + second * 1000);
    uint64_t leave = sample.waiting / 500; /* 0.2 % a second */
    for (uint64_t i = 0; i < leave; i++) {
      assert_code(waitq_eta_left(eta, 1 + i * (sample.waiting / (leave + 1)), NULL), WAITQ_OK);
    }
    sample.left += leave;
    sample.admitted += 10;
    sample.waiting -= 10 + leave;
  }
  observe(T0 + 300000);
  /* n' = -10 - n / 500: half as long as the 500 s that the rate alone gives. */
  double seconds = 500.0 * log1p(5000.0 / 5000.0);
  /* Of those who stay longer than anybody has so far, a little more patience is expected. */
  expect_s(T0 + 300000, 5000, seconds, 0.12 * seconds);
}

static void test_eta__time_that_runs_backward_counts_as_the_latest(void **state) {
  (void)state;
  sample.waiting = 1000;
  observe(T0 + 10000);
  observe(T0);
  expect_s(T0, 600, 60.0, 0.01);
  expect_s(T0 + 10000, 600, 60.0, 0.01);
  expect_s(T0 + 20000, 600, 50.0, 0.01);
}

static void test_eta__counters_that_fall_are_a_new_line(void **state) {
  (void)state;
  sample.joined = sample.waiting = 5000;
  for (int second = 0; second < 100; second++) {
    observe(T0 + second * 1000);
    sample.admitted += 10;
    sample.waiting -= 10;
  }
  sample.admitted = 3;
  sample.joined = 100;
  sample.waiting = 97;
  observe(T0 + 100000);
  expect_s(T0 + 100000, 50, 5.0, 0.1);
}

static void test_eta__estimates_are_compared_with_what_came(void **state) {
  (void)state;
  waitq_eta_accuracy accuracy = WAITQ_ETA_ACCURACY_INIT;
  assert_code(waitq_eta_measured(eta, &accuracy, NULL), WAITQ_OK);
  assert_int_equal(accuracy.scored, 0);
  sample.joined = sample.waiting = 5000;
  for (int second = 0; second < 480; second++) {
    observe(T0 + second * 1000);
    sample.admitted += 10;
    sample.waiting -= 10;
  }
  assert_code(waitq_eta_measured(eta, &accuracy, NULL), WAITQ_OK);
  assert_true(accuracy.scored >= 10);
  assert_true(accuracy.acc > 0.98);
  assert_true(accuracy.hit > 0.99);
  assert_true(fabs(accuracy.bias) < 0.02);
  assert_true(accuracy.cov90 > 0.85);
  assert_true(accuracy.width > 0.0);
}

static void test_eta__the_reference_is_exact_and_has_its_weights(void **state) {
  (void)state;
  options.model = WAITQ_ETA_REFERENCE;
  options.rate_per_s = 1;
  options.hour_weights[22] = 2.0; /* T0 is 22:13 UTC */
  reopen();
  sample.joined = sample.waiting = 160;
  observe(T0);
  assert_int_equal(estimate(T0, 100).reason, WAITQ_REASON_NO_SAMPLES);
  assert_int_equal(estimate(T0, 100).eta_ms, 200000);
  sample.admitted = 60;
  sample.waiting = 100;
  observe(T0 + 1000);
  assert_near((double)estimate(T0 + 1000, 100).eta_ms * 1e-3, 2.0 * 191.86, 0.01);
  options.hour_weights[22] = 0.0;
  assert_code(waitq_eta_configure(eta, T0 + 1000, &options, NULL), WAITQ_OK);
  assert_near((double)estimate(T0 + 1000, 100).eta_ms * 1e-3, 191.86, 0.01);
  assert_near(estimate(T0 + 1000, 100).confidence, 1.0, 0.0);
}

static void test_eta__arguments_are_checked(void **state) {
  (void)state;
  waitq_estimate answer = WAITQ_ESTIMATE_INIT;
  waitq_eta_accuracy accuracy = WAITQ_ETA_ACCURACY_INIT;
  waitq_eta_t *other = NULL;
  assert_code(waitq_eta_open(NULL, NULL, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_observe(NULL, T0, &sample, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_observe(eta, T0, NULL, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_observe(eta, -1, &sample, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_observe(eta, INT64_MAX, &sample, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_estimate(NULL, T0, 1, &answer, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_estimate(eta, T0, 1, NULL, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_estimate(eta, -1, 1, &answer, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_left(eta, 0, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_left(NULL, 1, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_ended(NULL, 1, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_measured(NULL, &accuracy, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_measured(eta, NULL, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_configure(eta, T0, NULL, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_set_rate_at(eta, NAN, T0, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_set_rate_at(eta, -1, T0, NULL), WAITQ_E_INVALID);
  assert_code(waitq_eta_set_rate_at(eta, 1, -1, NULL), WAITQ_E_INVALID);
  waitq_eta_close(NULL);
  waitq_eta_options wrong = WAITQ_ETA_OPTIONS_INIT;
  wrong.rate_per_s = INFINITY;
  assert_code(waitq_eta_open(&wrong, &other, NULL), WAITQ_E_INVALID);
  wrong = (waitq_eta_options)WAITQ_ETA_OPTIONS_INIT;
  wrong.burst = 0;
  assert_code(waitq_eta_open(&wrong, &other, NULL), WAITQ_E_INVALID);
  wrong = (waitq_eta_options)WAITQ_ETA_OPTIONS_INIT;
  wrong.model = 9;
  assert_code(waitq_eta_open(&wrong, &other, NULL), WAITQ_E_INVALID);
  wrong = (waitq_eta_options)WAITQ_ETA_OPTIONS_INIT;
  wrong.hour_weights[3] = -1;
  assert_code(waitq_eta_open(&wrong, &other, NULL), WAITQ_E_INVALID);
  wrong = (waitq_eta_options)WAITQ_ETA_OPTIONS_INIT;
  wrong.session_ttl_ms = -1;
  assert_code(waitq_eta_open(&wrong, &other, NULL), WAITQ_E_INVALID);
  wrong = (waitq_eta_options)WAITQ_ETA_OPTIONS_INIT;
  wrong.reserved = 1;
  assert_code(waitq_eta_open(&wrong, &other, NULL), WAITQ_E_VERSION);
  assert_null(other);
  waitq_eta_sample bad = WAITQ_ETA_SAMPLE_INIT;
  bad.tokens = NAN;
  assert_code(waitq_eta_observe(eta, T0, &bad, NULL), WAITQ_E_INVALID);
  bad = (waitq_eta_sample)WAITQ_ETA_SAMPLE_INIT;
  bad.phase = 0;
  assert_code(waitq_eta_observe(eta, T0, &bad, NULL), WAITQ_E_INVALID);
  bad = (waitq_eta_sample)WAITQ_ETA_SAMPLE_INIT;
  bad.reserved = 1;
  assert_code(waitq_eta_observe(eta, T0, &bad, NULL), WAITQ_E_VERSION);
}

static uint64_t next_random(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* Whatever a host tells, in whatever order, an answer is one. */
static void test_eta__nonsense_is_answered_with_sense(void **state) {
  (void)state;
  const uint64_t first_seed = UINT64_C(0x1234567);
  print_message("seed %llu\n", (unsigned long long)first_seed);
  uint64_t seed = first_seed;
  for (int life = 0; life < 40; life++) {
    options.rate_per_s = (double)(next_random(&seed) % 5) * 100.0;
    options.max_active = next_random(&seed) % 3 == 0 ? next_random(&seed) % 1000 : 0;
    options.session_ttl_ms = next_random(&seed) % 2 == 0 ? 0 : (int64_t)(next_random(&seed) % 100000);
    reopen();
    int64_t now_ms = T0;
    for (int step = 0; step < 300; step++) {
      now_ms += (int64_t)(next_random(&seed) % 5000) - 500;
      now_ms += next_random(&seed) % 50 == 0 ? 86400000 : 0;
      uint64_t scale = UINT64_C(1) << next_random(&seed) % 40;
      sample.admitted = next_random(&seed) % 3 == 0 ? next_random(&seed) % scale : sample.admitted + 3;
      sample.joined = next_random(&seed) % 3 == 0 ? next_random(&seed) % scale : sample.joined + 5;
      sample.left += next_random(&seed) % 3;
      sample.ended = next_random(&seed) % 2 == 0 ? next_random(&seed) % scale : sample.ended;
      sample.waiting = next_random(&seed) % scale;
      sample.active = next_random(&seed) % 2000;
      sample.tokens = (double)(next_random(&seed) % 100);
      sample.phase = 1 + (uint32_t)(next_random(&seed) % 5);
      sample.goes_on_at_ms = next_random(&seed) % 3 == 0 ? now_ms + 5000 : 0;
      observe(now_ms);
      assert_code(waitq_eta_left(eta, 1 + next_random(&seed) % scale, NULL), WAITQ_OK);
      assert_code(waitq_eta_ended(eta, (int64_t)(next_random(&seed) % scale) - 10, NULL), WAITQ_OK);
      waitq_estimate answer = estimate(now_ms + (int64_t)(next_random(&seed) % 3000), 1 + next_random(&seed) % scale);
      expect_sane(&answer);
    }
    waitq_eta_accuracy accuracy = WAITQ_ETA_ACCURACY_INIT;
    assert_code(waitq_eta_measured(eta, &accuracy, NULL), WAITQ_OK);
    assert_true(accuracy.acc >= 0.0 && accuracy.acc <= 1.0 && accuracy.cov90 >= 0.0 && accuracy.cov90 <= 1.0);
    assert_true(isfinite(accuracy.bias) && isfinite(accuracy.width));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_eta__the_rate_gives_the_wait_from_the_first_sample_on, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__before_any_sample_nothing_is_known, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__who_has_no_one_before_the_turn_does_not_wait, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__a_position_beyond_the_line_waits_as_who_would_stand_there, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_eta__a_rate_of_zero_has_no_end_until_one_is_planned, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__plans_are_walked_through, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__plans_have_a_bound_and_one_for_the_same_time_replaces, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__a_pause_with_an_end_is_waited_out, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__a_backend_that_is_slower_than_the_rate_is_noticed, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__sessions_give_the_pace_where_slots_bind, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__sessions_need_not_be_told_one_by_one, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__sessions_of_which_none_has_ended_are_a_guess_and_say_so, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(test_eta__sessions_that_never_end_make_waits_longer_and_longer, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__those_who_leave_shorten_the_wait, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__time_that_runs_backward_counts_as_the_latest, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__counters_that_fall_are_a_new_line, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__estimates_are_compared_with_what_came, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__the_reference_is_exact_and_has_its_weights, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__arguments_are_checked, setup, teardown),
      cmocka_unit_test_setup_teardown(test_eta__nonsense_is_answered_with_sense, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
