/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Limiters beside an account in exact integers, over random histories. */

#include <inttypes.h>
#include <stdio.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"
#include "account.h"

/* The library counts in 2^-20 of a token: what lies nearer than two of these may fall either way. */
#define GRAIN_MILLIONTHS 2

#define DAY_MS INT64_C(86400000)

struct bench {
  struct world *world;
  waitq_limiter_t *limiter;
  struct account account;
  struct rng rng;
  uint64_t seed;
};

/* Rates are multiples of 1/512: whole billionths of a token, which is what the library keeps of a rate. */
static waitq_limit random_limit(struct bench *bench, int64_t *rate_1024) {
  static const uint64_t most[] = {1, 20, 600, 5000, 500000, 50000000};
  waitq_limit limit = WAITQ_LIMIT_INIT;
  *rate_1024 = 2 * (int64_t)rng_below(&bench->rng, most[rng_below(&bench->rng, 6)] + 1);
  limit.rate_per_s = (double)*rate_1024 / 1024;
  limit.burst = 1 + rng_below(&bench->rng, rng_once_in(&bench->rng, 2) ? 3 : 100000);
  return limit;
}

static void bench_open(struct bench *bench, uint64_t seed) {
  int64_t rate_1024;
  *bench = (struct bench){.world = world_open(&memory_subject), .seed = seed};
  rng_init(&bench->rng, seed);
  waitq_limit limit = random_limit(bench, &rate_1024);
  assert_code(waitq_limiter_open(bench->world->context, "limit", &limit, &bench->limiter, NULL), WAITQ_OK);
  account_init(&bench->account, rate_1024, limit.burst, atomic_load(&bench->world->clock.now_us));
}

static void bench_close(struct bench *bench) {
  waitq_limiter_close(bench->limiter);
  world_close(bench->world);
}

static void advance_us(struct bench *bench, int64_t us) {
  fake_clock_advance_us(&bench->world->clock, us);
  account_advance(&bench->account, atomic_load(&bench->world->clock.now_us));
}

static waitq_decision try(struct bench *bench, uint32_t tokens) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  assert_code(waitq_limiter_try(bench->limiter, tokens, &decision, NULL), WAITQ_OK);
  if (decision.admitted) {
    account_take(&bench->account, tokens);
  }
  return decision;
}

#define CHECK(bench, condition, what)                                                    \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      fail_msg("seed %" PRIu64 ": %s (%.9f tokens by the account)", (bench)->seed, what, \
               account_tokens(&(bench)->account));                                       \
    }                                                                                    \
  } while (0)

/* A try while time runs forward: the answer is the account's, to the grain. */
static waitq_decision exact_try(struct bench *bench, uint32_t tokens) {
  int surely = account_has(&bench->account, tokens, GRAIN_MILLIONTHS);
  int possibly = account_has(&bench->account, tokens, -GRAIN_MILLIONTHS);
  waitq_decision decision = try(bench, tokens);
  CHECK(bench, !decision.admitted || possibly, "admitted without tokens");
  CHECK(bench, decision.admitted || !surely, "denied in spite of tokens");
  CHECK(bench, account_has(&bench->account, decision.remaining, -GRAIN_MILLIONTHS), "more remaining than there is");
  CHECK(bench, !account_has(&bench->account, decision.remaining + 1, GRAIN_MILLIONTHS), "less remaining than there is");
  CHECK(bench, (decision.retry_after_ms == 0) == (decision.admitted != 0), "a time to retry, or none");
  return decision;
}

/* What was denied until then is admitted then, and not a millisecond before. */
static void follow_retry(struct bench *bench, uint32_t tokens, int64_t retry_after_ms) {
  if ((int64_t)tokens > bench->account.burst || bench->account.rate_1024 == 0) {
    CHECK(bench, retry_after_ms == INT64_MAX, "a time for what never happens");
    return;
  }
  CHECK(bench, retry_after_ms != INT64_MAX, "never, for what happens in time");
  if (retry_after_ms > 400 * DAY_MS) {
    return;
  }
  if (retry_after_ms > 1) {
    advance_us(bench, 1000 * (retry_after_ms - 1));
    CHECK(bench, !try(bench, tokens).admitted, "admitted before the time to retry");
    advance_us(bench, 1000);
  } else {
    advance_us(bench, 1000 * retry_after_ms);
  }
  CHECK(bench, try(bench, tokens).admitted, "denied at the time to retry");
}

static uint32_t random_tokens(struct bench *bench) {
  uint64_t burst = (uint64_t)bench->account.burst;
  return (uint32_t)(rng_once_in(&bench->rng, 3) ? 1 : 1 + rng_below(&bench->rng, burst + burst / 8 + 1));
}

static int64_t random_span_us(struct bench *bench) {
  static const uint64_t most[] = {10, 1000, 100000, 10000000, 1000000000};
  return (int64_t)rng_below(&bench->rng, most[rng_below(&bench->rng, 5)]);
}

static void configure(struct bench *bench) {
  int64_t rate_1024;
  waitq_limit limit = random_limit(bench, &rate_1024);
  assert_code(waitq_limiter_configure(bench->limiter, &limit, NULL), WAITQ_OK);
  account_set(&bench->account, rate_1024, limit.burst, atomic_load(&bench->world->clock.now_us));
}

static void run_forward(uint64_t seed, uint64_t steps) {
  struct bench bench;
  bench_open(&bench, seed);
  for (uint64_t step = 0; step < steps; step++) {
    uint32_t tokens = random_tokens(&bench);
    waitq_decision decision = exact_try(&bench, tokens);
    if (!decision.admitted && rng_once_in(&bench.rng, 4)) {
      follow_retry(&bench, tokens, decision.retry_after_ms);
    }
    if (rng_once_in(&bench.rng, 2)) {
      advance_us(&bench, random_span_us(&bench));
    }
    if (rng_once_in(&bench.rng, 50)) {
      configure(&bench);
    }
  }
  bench_close(&bench);
}

static uint64_t steps_of_a_run(void) {
  return rng_environment("WAITQ_SIM_STEPS", 100000);
}

static void test_limiter__decides_as_an_account_in_exact_integers(void **state) {
  (void)state;
  uint64_t seed = rng_seed("limiter", 500);
  for (uint64_t i = 0; i < 10; i++) {
    run_forward(seed + i, steps_of_a_run() / 4);
  }
}

/* A limiter's time is that of its last admission, or later: a clock that is behind it stands still. */
static void backward_try(struct bench *bench) {
  struct account before = bench->account;
  uint32_t tokens = random_tokens(bench);
  account_advance(&bench->account, atomic_load(&bench->world->clock.now_us));
  if (!exact_try(bench, tokens).admitted) {
    bench->account = before;
  }
}

static void test_limiter__makes_no_tokens_of_a_clock_that_runs_backward(void **state) {
  (void)state;
  uint64_t seed = rng_seed("limiter backward", 600);
  for (uint64_t i = 0; i < 10; i++) {
    struct bench bench;
    bench_open(&bench, seed + i);
    for (uint64_t step = 0; step < steps_of_a_run() / 4; step++) {
      int64_t us = random_span_us(&bench);
      fake_clock_advance_us(&bench.world->clock, rng_once_in(&bench.rng, 3) ? -us : us);
      backward_try(&bench);
      if (rng_once_in(&bench.rng, 100)) {
        configure(&bench);
      }
    }
    bench_close(&bench);
  }
}

static void test_limiter__does_not_drift_in_ten_days(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, rng_seed("limiter drift", 700));
  waitq_limit limit = WAITQ_LIMIT_INIT;
  limit.rate_per_s = 333.333333333;
  limit.burst = 1000;
  waitq_limiter_close(bench.limiter);
  assert_code(waitq_limiter_open(bench.world->context, "drift", &limit, &bench.limiter, NULL), WAITQ_OK);
  uint64_t admitted = 0;
  int64_t passed_us = 0;
  while (passed_us < 10 * DAY_MS * 1000) {
    waitq_decision decision = WAITQ_DECISION_INIT;
    while (assert_code(waitq_limiter_try(bench.limiter, 100, &decision, NULL), WAITQ_OK), decision.admitted) {
      admitted += 100;
    }
    int64_t us = rng_between(&bench.rng, 1, 2000000);
    fake_clock_advance_us(&bench.world->clock, us);
    passed_us += us;
  }
  waitq_decision decision = WAITQ_DECISION_INIT;
  while (assert_code(waitq_limiter_try(bench.limiter, 1, &decision, NULL), WAITQ_OK), decision.admitted) {
    admitted++;
  }
  /* Whole billionths of a token, over whole microseconds: 1000 + 333.333333333 x time, rounded down. */
  __extension__ unsigned __int128 billionths = (uint64_t)passed_us;
  billionths = billionths * UINT64_C(333333333333) / 1000000;
  uint64_t expected = 1000 + (uint64_t)(billionths / 1000000000);
  printf("%" PRIu64 " admitted in ten days, %" PRIu64 " by arithmetic\n", admitted, expected);
  assert_in_range(admitted, expected - 1, expected + 1);
  bench_close(&bench);
}

static void test_limiter__says_when_the_bucket_will_be_full(void **state) {
  (void)state;
  uint64_t seed = rng_seed("limiter reset", 800);
  for (uint64_t i = 0; i < 2000; i++) {
    struct bench bench;
    bench_open(&bench, seed + i);
    waitq_decision decision = try(&bench, (uint32_t)bench.account.burst);
    if (bench.account.rate_1024 == 0) {
      CHECK(&bench, decision.reset_ms == INT64_MAX, "a time for what never happens");
    } else {
      CHECK(&bench, decision.reset_ms > 0, "full at once");
      advance_us(&bench, 1000 * (decision.reset_ms - (decision.reset_ms > 2 ? 2 : decision.reset_ms)));
      CHECK(&bench, !account_has(&bench.account, (uint64_t)bench.account.burst, GRAIN_MILLIONTHS),
            "full before its time");
      advance_us(&bench, 2000);
      CHECK(&bench, try(&bench, (uint32_t)bench.account.burst).admitted, "not full in time");
    }
    bench_close(&bench);
  }
}

static void test_limiter__gives_its_whole_burst_after_years_of_rest(void **state) {
  (void)state;
  struct world *world = world_open(&memory_subject);
  static const double rates[] = {0.001, 1, 1e6, 1e9};
  for (size_t i = 0; i < 4; i++) {
    char name[] = "rest-0";
    waitq_limit limit = {.size = sizeof limit, .rate_per_s = rates[i], .burst = 1000};
    waitq_limiter_t *limiter = NULL;
    waitq_decision decision = WAITQ_DECISION_INIT;
    name[5] = (char)('0' + i);
    assert_code(waitq_limiter_open(world->context, name, &limit, &limiter, NULL), WAITQ_OK);
    for (int rest = 0; rest < 20; rest++) {
      world_advance_ms(world, 3650 * DAY_MS);
      assert_code(waitq_limiter_try(limiter, 1000, &decision, NULL), WAITQ_OK);
      assert_int_equal(decision.admitted, 1);
      assert_int_equal(decision.remaining, 0);
      assert_code(waitq_limiter_try(limiter, 1, &decision, NULL), WAITQ_OK);
      assert_int_equal(decision.admitted, 0);
    }
    waitq_limiter_close(limiter);
  }
  world_close(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limiter__decides_as_an_account_in_exact_integers),
      cmocka_unit_test(test_limiter__makes_no_tokens_of_a_clock_that_runs_backward),
      cmocka_unit_test(test_limiter__does_not_drift_in_ten_days),
      cmocka_unit_test(test_limiter__says_when_the_bucket_will_be_full),
      cmocka_unit_test(test_limiter__gives_its_whole_burst_after_years_of_rest),
  };
  return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
