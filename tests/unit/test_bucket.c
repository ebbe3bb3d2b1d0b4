/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <math.h>
#include <string.h>

#include "../support/rng.h"
#include "../support/test.h"
#include "core/bucket.h"

#define T0 INT64_C(1700000000000000)
#define SECOND INT64_C(1000000)

/* The bucket again, in exact numbers: a rate in 10^-9 tokens per second, times microseconds, makes 10^-15 tokens. */
__extension__ typedef __int128 exact;

#define WHOLE ((exact)1000000000000000)

struct model {
  exact nano_per_s;
  exact burst;
  exact level; /* in 10^-15 tokens, at touched_us */
  int64_t touched_us;
  uint64_t surplus;
};

static exact model_level(const struct model *model, int64_t now_us) {
  exact span = now_us > model->touched_us ? now_us - model->touched_us : 0;
  exact level = model->level + model->nano_per_s * span;
  return level < model->burst * WHOLE ? level : model->burst * WHOLE;
}

static void model_touch(struct model *model, int64_t now_us) {
  model->level = model_level(model, now_us);
  model->touched_us = now_us > model->touched_us ? now_us : model->touched_us;
}

static int64_t level_of(const struct waitq__bucket *bucket, int64_t now_us) {
  return waitq__bucket_level(&bucket->terms, bucket->used, bucket->touched_us, now_us);
}

/* Levels are cut to whole units, and a change of the rate cuts once more. */
static void check_level(const struct waitq__bucket *bucket, const struct model *model, int64_t now_us, int64_t sets) {
  int64_t expected = (int64_t)(model_level(model, now_us) * WAITQ__TOKEN / WHOLE);
  int64_t level = level_of(bucket, now_us);
  assert_in_range(level + 2 + sets, expected, expected + 4 + sets);
  assert_int_equal(bucket->surplus, model->surplus);
  assert_int_equal(waitq__bucket_available(bucket, now_us), (uint64_t)(level / WAITQ__TOKEN) + model->surplus);
}

/* After the wait the tokens can be taken, and a microsecond before they cannot. */
static void check_wait(const struct waitq__bucket *bucket, uint64_t tokens, int64_t now_us) {
  int64_t wait_us = waitq__bucket_wait_for(bucket, tokens, now_us);
  if (wait_us == WAITQ__NEVER_US) {
    assert_true(waitq__bucket_is_dry(&bucket->terms) || tokens > bucket->surplus + bucket->terms.burst);
    return;
  }
  assert_true(wait_us >= 0);
  assert_true(waitq__bucket_available(bucket, now_us + wait_us) >= tokens);
  if (wait_us > 0) {
    assert_true(waitq__bucket_available(bucket, now_us + wait_us - 1) < tokens);
  }
}

static void test_bucket__the_example_of_its_header(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 500.0, 100, T0);
  assert_int_equal(waitq__bucket_available(&bucket, T0), 100);
  waitq__bucket_take(&bucket, 100, T0);
  assert_int_equal(level_of(&bucket, T0), 0);
  assert_int_equal(level_of(&bucket, T0 + 3000), WAITQ__TOKEN * 3 / 2);
  assert_int_equal(waitq__bucket_available(&bucket, T0 + 3000), 1);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 1, T0 + 3000), 0);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 2, T0 + 3000), 1000);
}

static void test_bucket__is_full_at_first_and_never_more_than_full(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 3.0, 7, T0);
  for (int64_t after_us = 0; after_us < 100 * SECOND; after_us += 12345) {
    assert_int_equal(waitq__bucket_available(&bucket, T0 + after_us), 7);
  }
}

static void test_bucket__a_burst_of_one_lets_one_out_each_period(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 4.0, 1, T0);
  for (int64_t now_us = T0; now_us < T0 + 10 * SECOND; now_us += 250000) {
    assert_int_equal(waitq__bucket_available(&bucket, now_us), 1);
    waitq__bucket_take(&bucket, 1, now_us);
    assert_int_equal(waitq__bucket_available(&bucket, now_us + 249999), 0);
    assert_int_equal(waitq__bucket_wait_for(&bucket, 1, now_us), 250000);
  }
}

static void test_bucket__the_tokens_of_a_whole_span_are_there_when_it_ends(void **state) {
  (void)state;
  static const struct {
    double rate_per_s;
    int64_t span_s;
    int64_t tokens;
  } spans[] = {{0.1, 10, 1},
               {0.3, 10, 3},
               {0.7, 10, 7},
               {1.1, 10, 11},
               {0.001, 1000, 1},
               {33.3, 10, 333},
               {1.0, 1, 1},
               {0.000000001, 1000000000, 1},
               {123.456789, 1000000, 123456789},
               {1e9, 1, 1000000000}};
  for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
    struct waitq__bucket_terms terms = waitq__bucket_terms(spans[i].rate_per_s, 1, T0);
    int64_t end_us = T0 + spans[i].span_s * SECOND;
    uint64_t due = (uint64_t)(spans[i].tokens * WAITQ__TOKEN);
    assert_int_equal(waitq__bucket_made(&terms, end_us), due);
    /* A rate is rounded up by 2^-64 units a microsecond, which tells in none but the slowest. */
    assert_true(waitq__bucket_made(&terms, end_us - (spans[i].rate_per_s < 1e-6 ? SECOND : 1)) < due);
    assert_int_equal(waitq__bucket_made(&terms, T0), 0);
    assert_int_equal(waitq__bucket_made(&terms, T0 - 1), 0);
  }
}

static void test_bucket__a_rate_counts_to_the_ninth_decimal(void **state) {
  (void)state;
  struct waitq__bucket_terms terms = waitq__bucket_terms(0.0000000014, 1, T0);
  const struct waitq__bucket_terms rounded = waitq__bucket_terms(0.000000001, 1, T0);
  assert_memory_equal(&terms, &rounded, sizeof terms);
  assert_false(waitq__bucket_is_dry(&terms));
  terms = waitq__bucket_terms(0.0000000004, 1, T0);
  assert_true(waitq__bucket_is_dry(&terms));
  terms = waitq__bucket_terms(0.0, 1, T0);
  assert_true(waitq__bucket_is_dry(&terms));
}

static void test_bucket__a_dry_one_gives_what_it_holds_and_then_nothing(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 0.0, 3, T0);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 3, T0), 0);
  waitq__bucket_take(&bucket, 2, T0);
  assert_int_equal(waitq__bucket_available(&bucket, INT64_MAX / 2), 1);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 1, T0), 0);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 2, T0), WAITQ__NEVER_US);
  assert_int_equal(waitq__bucket_wait_shown_ms(&bucket.terms, 0, 1), INT64_MAX);
}

static void test_bucket__more_than_the_burst_never_comes(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 10.0, 5, T0);
  waitq__bucket_take(&bucket, 5, T0);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 5, T0), 500000);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 6, T0), WAITQ__NEVER_US);
  waitq__bucket_give(&bucket, 1);
  assert_int_equal(waitq__bucket_wait_for(&bucket, 6, T0), 500000);
}

static void test_bucket__time_that_runs_backward_gives_nothing_and_takes_nothing(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 10.0, 5, T0);
  waitq__bucket_take(&bucket, 4, T0);
  for (int64_t back_us = 0; back_us < 3600 * SECOND; back_us = back_us * 3 + 1) {
    assert_int_equal(waitq__bucket_available(&bucket, T0 - back_us), 1);
    assert_int_equal(waitq__bucket_wait_for(&bucket, 1, T0 - back_us), 0);
    assert_int_equal(waitq__bucket_wait_for(&bucket, 2, T0 - back_us), 100000 + back_us);
  }
  waitq__bucket_take(&bucket, 1, T0 - SECOND);
  assert_int_equal(waitq__bucket_available(&bucket, T0), 0);
  assert_int_equal(waitq__bucket_available(&bucket, T0 + 99999), 0);
  assert_int_equal(waitq__bucket_available(&bucket, T0 + 100000), 1);
}

static void test_bucket__however_long_it_was_idle_it_is_full(void **state) {
  (void)state;
  const double rates[] = {1e9, 12345.678, 1.0, 1e-9};
  for (unsigned i = 0; i < 4; i++) {
    struct waitq__bucket bucket;
    waitq__bucket_init(&bucket, rates[i], WAITQ__BURST_MAX, 0);
    waitq__bucket_take(&bucket, WAITQ__BURST_MAX, 0);
    exact nano = (exact)llround(rates[i] * 1e9);
    for (int64_t idle_us = 1; idle_us < INT64_MAX / 5; idle_us = idle_us * 4 + idle_us % 3) {
      exact made = nano * idle_us;
      int64_t tokens = made > WHOLE * (exact)WAITQ__BURST_MAX ? (int64_t)WAITQ__BURST_MAX : (int64_t)(made / WHOLE);
      assert_int_equal(waitq__bucket_available(&bucket, idle_us), tokens);
    }
  }
}

static void test_bucket__what_is_overdrawn_counts_as_empty(void **state) {
  (void)state;
  const struct waitq__bucket_terms terms = waitq__bucket_terms(1.0, 5, T0);
  assert_int_equal(waitq__bucket_level(&terms, 7 * (uint64_t)WAITQ__TOKEN, T0, T0), 0);
  assert_int_equal(waitq__bucket_level(&terms, 7 * (uint64_t)WAITQ__TOKEN, T0, T0 + 7 * SECOND), 0);
  assert_int_equal(waitq__bucket_level(&terms, 7 * (uint64_t)WAITQ__TOKEN, T0, T0 + 8 * SECOND), WAITQ__TOKEN);
}

static void test_bucket__tokens_given_back_come_on_top_and_are_taken_first(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 1.0, 4, T0);
  waitq__bucket_give(&bucket, 3);
  assert_int_equal(waitq__bucket_available(&bucket, T0), 7);
  waitq__bucket_take(&bucket, 2, T0);
  assert_int_equal(bucket.surplus, 1);
  assert_int_equal(level_of(&bucket, T0), 4 * WAITQ__TOKEN);
  waitq__bucket_take(&bucket, 3, T0);
  assert_int_equal(bucket.surplus, 0);
  assert_int_equal(level_of(&bucket, T0), 2 * WAITQ__TOKEN);
}

static void test_bucket__absorbing_fills_it_and_keeps_no_more_than_the_burst(void **state) {
  (void)state;
  for (uint64_t given = 0; given < 8; given++) {
    struct waitq__bucket bucket;
    waitq__bucket_init(&bucket, 1.0, 4, T0);
    waitq__bucket_take(&bucket, 3, T0);
    waitq__bucket_give(&bucket, given);
    waitq__bucket_absorb(&bucket, T0 + SECOND / 2);
    int64_t expected = 2 * (int64_t)given + 3 < 8 ? 2 * (int64_t)given + 3 : 8;
    assert_int_equal(level_of(&bucket, T0 + SECOND / 2), expected * WAITQ__TOKEN / 2);
    assert_int_equal(bucket.surplus, 0);
  }
}

static void test_bucket__a_change_of_terms_keeps_what_is_in_it_up_to_the_new_burst(void **state) {
  (void)state;
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 2.0, 10, T0);
  waitq__bucket_take(&bucket, 7, T0);
  waitq__bucket_set(&bucket, 100.0, 20, T0 + SECOND);
  assert_int_equal(level_of(&bucket, T0 + SECOND), 5 * WAITQ__TOKEN);
  assert_int_equal(waitq__bucket_available(&bucket, T0 + SECOND + 50000), 10);
  waitq__bucket_give(&bucket, 2);
  waitq__bucket_set(&bucket, 1.0, 3, T0 + SECOND + 50000);
  assert_int_equal(waitq__bucket_available(&bucket, T0 + SECOND + 50000), 5);
  waitq__bucket_set(&bucket, 1.0, 30, T0);
  assert_int_equal(waitq__bucket_available(&bucket, T0 + SECOND + 50000), 5);
  assert_int_equal(waitq__bucket_available(&bucket, T0 + 2 * SECOND + 50000), 6);
}

static void test_bucket__a_wait_that_is_shown_is_the_exact_one_to_a_millisecond(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("bucket shown", 2));
  for (unsigned i = 0; i < 20000; i++) {
    struct waitq__bucket_terms terms = waitq__bucket_terms((double)rng_below(&rng, 100000) / 100 + 0.01, 1000, T0);
    int64_t level = (int64_t)rng_below(&rng, 1000 * (uint64_t)WAITQ__TOKEN);
    int64_t wanted = (int64_t)rng_below(&rng, 1000 * (uint64_t)WAITQ__TOKEN);
    int64_t exact_us = waitq__bucket_wait(&terms, level, wanted, T0);
    int64_t shown_ms = waitq__bucket_wait_shown_ms(&terms, level, wanted);
    assert_int_equal(shown_ms == 0, level >= wanted);
    assert_in_range(shown_ms * 1000 + 1, exact_us, exact_us + 1002);
  }
  struct waitq__bucket_terms slow = waitq__bucket_terms(1e-9, WAITQ__BURST_MAX, T0);
  assert_int_equal(waitq__bucket_wait_shown_ms(&slow, 0, (int64_t)WAITQ__BURST_MAX * WAITQ__TOKEN), INT64_MAX);
  assert_int_equal(waitq__bucket_wait(&slow, 0, (int64_t)WAITQ__BURST_MAX * WAITQ__TOKEN, T0), WAITQ__NEVER_US);
}

static void test_bucket__whoever_takes_all_there_is_gets_the_burst_and_the_rate_exactly(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("bucket greedy", 3));
  struct waitq__bucket bucket;
  waitq__bucket_init(&bucket, 333.333333333, 1000000, T0);
  exact taken = 0;
  int64_t now_us = T0;
  for (unsigned i = 0; i < 200000; i++) {
    uint64_t there = waitq__bucket_available(&bucket, now_us);
    waitq__bucket_take(&bucket, there, now_us);
    taken += there;
    exact due = (exact)1000000 + (exact)333333333333 * (now_us - T0) / WHOLE;
    assert_true(taken == due);
    now_us += rng_between(&rng, 0, rng_once_in(&rng, 100) ? 1000 * SECOND : 5000);
  }
}

static double random_rate(struct rng *rng, exact *nano) {
  switch (rng_below(rng, 5)) {
    case 0:
      *nano = (exact)rng_below(rng, 1000);
      break;
    case 1:
      *nano = (exact)rng_below(rng, UINT64_C(10000000000));
      break;
    case 2:
      *nano = (exact)rng_below(rng, UINT64_C(1000000000001)) * 1000000;
      break;
    default:
      *nano = (exact)rng_below(rng, 2000) * 1000000000;
  }
  return (double)*nano / 1e9;
}

static int64_t random_span(struct rng *rng) {
  static const uint64_t scales[] = {3, 2000, 1000000, 100000000, UINT64_C(100000000000)};
  return (int64_t)rng_below(rng, scales[rng_below(rng, 5)]);
}

struct pair {
  struct waitq__bucket bucket;
  struct model model;
  int64_t sets;
};

static void change_one(struct pair *pair, struct rng *rng, int64_t now_us) {
  uint64_t there = waitq__bucket_available(&pair->bucket, now_us);
  uint64_t tokens = rng_below(rng, 8) < 6 ? rng_below(rng, 4) : there;
  struct model *model = &pair->model;
  switch (rng_below(rng, 12)) {
    case 0:
      model_touch(model, now_us);
      model->burst = (exact)rng_below(rng, 100) + 1;
      waitq__bucket_set(&pair->bucket, random_rate(rng, &model->nano_per_s), (uint64_t)model->burst, now_us);
      model_touch(model, now_us);
      pair->sets++;
      break;
    case 1:
      model->surplus += tokens;
      waitq__bucket_give(&pair->bucket, tokens);
      break;
    case 2:
      model_touch(model, now_us);
      model->level += (exact)model->surplus * WHOLE;
      /* Only whole tokens are added; a fraction that they would push over the burst is cut with them. */
      model_touch(model, now_us);
      model->surplus = 0;
      waitq__bucket_absorb(&pair->bucket, now_us);
      break;
    default:
      tokens = tokens < there ? tokens : there;
      waitq__bucket_take(&pair->bucket, tokens, now_us);
      model_touch(model, now_us);
      model->level -= (exact)(tokens < model->surplus ? 0 : tokens - model->surplus) * WHOLE;
      model->surplus -= tokens < model->surplus ? tokens : model->surplus;
  }
}

static void test_bucket__random_use_agrees_with_exact_numbers(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("bucket", 1));
  for (unsigned round = 0; round < 200; round++) {
    struct pair pair = {.model = {.burst = (exact)rng_below(&rng, 100) + 1, .touched_us = T0}};
    waitq__bucket_init(&pair.bucket, random_rate(&rng, &pair.model.nano_per_s), (uint64_t)pair.model.burst, T0);
    pair.model.level = pair.model.burst * WHOLE;
    int64_t now_us = T0;
    for (unsigned step = 0; step < 500; step++) {
      now_us += rng_once_in(&rng, 10) ? -random_span(&rng) / 1000 : random_span(&rng);
      check_level(&pair.bucket, &pair.model, now_us, pair.sets);
      check_wait(&pair.bucket, rng_below(&rng, 2 * (uint64_t)pair.model.burst), now_us);
      change_one(&pair, &rng, now_us);
      check_level(&pair.bucket, &pair.model, now_us, pair.sets);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bucket__the_example_of_its_header),
      cmocka_unit_test(test_bucket__is_full_at_first_and_never_more_than_full),
      cmocka_unit_test(test_bucket__a_burst_of_one_lets_one_out_each_period),
      cmocka_unit_test(test_bucket__the_tokens_of_a_whole_span_are_there_when_it_ends),
      cmocka_unit_test(test_bucket__a_rate_counts_to_the_ninth_decimal),
      cmocka_unit_test(test_bucket__a_dry_one_gives_what_it_holds_and_then_nothing),
      cmocka_unit_test(test_bucket__more_than_the_burst_never_comes),
      cmocka_unit_test(test_bucket__time_that_runs_backward_gives_nothing_and_takes_nothing),
      cmocka_unit_test(test_bucket__however_long_it_was_idle_it_is_full),
      cmocka_unit_test(test_bucket__what_is_overdrawn_counts_as_empty),
      cmocka_unit_test(test_bucket__tokens_given_back_come_on_top_and_are_taken_first),
      cmocka_unit_test(test_bucket__absorbing_fills_it_and_keeps_no_more_than_the_burst),
      cmocka_unit_test(test_bucket__a_change_of_terms_keeps_what_is_in_it_up_to_the_new_burst),
      cmocka_unit_test(test_bucket__a_wait_that_is_shown_is_the_exact_one_to_a_millisecond),
      cmocka_unit_test(test_bucket__whoever_takes_all_there_is_gets_the_burst_and_the_rate_exactly),
      cmocka_unit_test(test_bucket__random_use_agrees_with_exact_numbers),
  };
  return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
