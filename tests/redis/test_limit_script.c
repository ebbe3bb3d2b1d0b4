/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What one round trip to a limiter does in Redis, beside a model in exact integers. Redis' clock cannot be moved; its keys can: time that
 * they name is set back, and so it passes. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/limit_model.h"
#include "../support/line.h"
#include "../support/rng.h"
#include "../support/servers.h"
#include "../support/test.h"
#include "base/mem.h"
#include "store/redis/store.h"

#define KEY "wq:limiter:{bucket}"
#define LEASES KEY ":leases"
#define LESSEES 4
#define TRIES_MAX 40
#define SECOND_US INT64_C(1000000)

static struct server *server;
static const waitq_store_ops *ops;
static void *store;

static int start(void **state) {
  (void)state;
  const waitq_store_env env = {.size = sizeof env, .allocator = &waitq__default_allocator};
  waitq_error error = WAITQ_ERROR_INIT;
  server = server_start(NULL);
  ops = waitq__store_redis();
  int code = ops->open(server_uri(server), &env, &store, &error);
  if (code != WAITQ_OK) {
    fail_msg("%s: %s", waitq_error_name(code), error.text);
  }
  return 0;
}

static int stop(void **state) {
  (void)state;
  ops->close(store);
  server_stop(server);
  return 0;
}

static int flush(void **state) {
  (void)state;
  assert_string_equal(server_ask(server, "FLUSHALL"), "OK");
  return 0;
}

static void ask(const char *name, waitq_store_limit *limit) {
  waitq_error error = WAITQ_ERROR_INIT;
  int code = ops->limit(store, name, limit, &error);
  if (code != WAITQ_OK) {
    fail_msg("%s: %s", waitq_error_name(code), error.text);
  }
}

/* One try; what is left is written to *level where that is not NULL. */
static int take(uint64_t tokens, double rate_per_s, uint64_t burst, double *level) {
  unsigned char admitted = 2;
  waitq_store_limit limit = {.size = sizeof limit,
                             .rate_per_s = rate_per_s,
                             .burst = burst,
                             .tries = &tokens,
                             .admitted = &admitted,
                             .try_count = 1};
  ask("bucket", &limit);
  if (level != NULL) {
    *level = limit.level;
  }
  return admitted;
}

/* Lets time pass: all moments in the keys lie further back. */
static void pass_in_redis(int64_t us) {
  static const char script[] =
      "local us = tonumber(ARGV[1]) "
      "for _, field in ipairs({'origin_us', 'touched_us', 'lease_check_us'}) do "
      "  redis.call('HINCRBY', KEYS[1], field, -us) "
      "end "
      "local leases = redis.call('HGETALL', KEYS[2]) "
      "for i = 1, #leases, 2 do "
      "  local tokens, till, number = string.match(leases[i + 1], '^(%d+) (%d+) (%d+)$') "
      "  redis.call('HSET', KEYS[2], leases[i], string.format('%s %.0f %s', tokens, till - us, number)) "
      "end "
      "return 'passed'";
  char span[32];
  snprintf(span, sizeof span, "%" PRId64, us);
  const char *words[] = {"EVAL", script, "2", KEY, LEASES, span};
  assert_string_equal(server_ask_words(server, words, 6), "passed");
}

/* --- Beside the model --- */

struct pair {
  struct rng rng;
  uint64_t seed;
  uint64_t step;
  struct limit_model model;
  unsigned char lessees[LESSEES][16];
  uint64_t numbers[LESSEES];
  uint64_t held[LESSEES];
  uint64_t ties;
};

struct asked {
  waitq_store_limit limit;
  uint64_t tries[TRIES_MAX];
  unsigned char admitted[TRIES_MAX];
};

static void random_terms(struct pair *pair, waitq_store_limit *limit) {
  static const uint64_t rates[] = {0, 1, 7, 100, 3333, 100000};
  static const uint64_t bursts[] = {1, 3, 50, 1000, 100000};
  limit->rate_per_s = (double)rates[rng_below(&pair->rng, 6)];
  limit->burst = bursts[rng_below(&pair->rng, 5)];
}

static void random_tries(struct pair *pair, struct asked *asked) {
  uint64_t most = rng_once_in(&pair->rng, 2) ? 2 : 100;
  asked->limit.try_count = (uint32_t)rng_below(&pair->rng, TRIES_MAX + 1);
  for (uint32_t i = 0; i < asked->limit.try_count; i++) {
    int is_same = i > 0 && !rng_once_in(&pair->rng, 4);
    asked->tries[i] = is_same ? asked->tries[i - 1] : 1 + rng_below(&pair->rng, most);
  }
}

/* What a lessee says may be false, too: too much held or returned, or an old number. */
static void random_lease(struct pair *pair, waitq_store_limit *limit) {
  uint64_t who = rng_below(&pair->rng, LESSEES);
  int is_honest = !rng_once_in(&pair->rng, 10);
  memcpy(limit->lessee, pair->lessees[who], 16);
  pair->numbers[who] += (uint64_t)is_honest;
  limit->lease_number = pair->numbers[who];
  uint64_t held = is_honest ? rng_below(&pair->rng, pair->held[who] + 1) : rng_below(&pair->rng, 200);
  limit->lease_returned = rng_once_in(&pair->rng, 3) ? rng_below(&pair->rng, held + 1) : 0;
  limit->lease_held = held - limit->lease_returned;
  limit->lease_wanted = rng_once_in(&pair->rng, 3) ? 0 : rng_below(&pair->rng, 200);
  limit->lease_ttl_us = rng_between(&pair->rng, 1, 2 * SECOND_US);
}

static int is_same(const struct asked *a, const struct asked *b) {
  double scale = a->limit.level > 1 ? a->limit.level : 1;
  double difference = a->limit.level - b->limit.level;
  return memcmp(a->admitted, b->admitted, a->limit.try_count) == 0 && a->limit.leased == b->limit.leased &&
         a->limit.lease_kept == b->limit.lease_kept && a->limit.lessees == b->limit.lessees &&
         a->limit.rate_per_s == b->limit.rate_per_s && a->limit.burst == b->limit.burst &&
         a->limit.now_us == b->limit.now_us && difference < 3e-6 * scale && difference > -3e-6 * scale;
}

/* The script counts in doubles: where there is a millionth of a token between yes and no, either will do. */
static int follows(struct pair *pair, const struct asked *asked, const struct asked *answered) {
  static struct limit_model before;
  before = pair->model;
  for (int64_t slip = 0; slip < 3; slip++) {
    struct asked expected = *asked;
    expected.limit.tries = expected.tries;
    expected.limit.admitted = expected.admitted;
    pair->model = before;
    for (size_t i = 0; i < LIMIT_MODEL_BUCKETS && slip > 0; i++) {
      struct limit_model_bucket *bucket = &pair->model.buckets[i];
      bucket->level += bucket->level > 0 ? (slip == 1 ? 1 : -1) : 0;
    }
    limit_model_apply(&pair->model, "bucket", &expected.limit, answered->limit.now_us);
    if (is_same(answered, &expected)) {
      pair->ties += slip > 0;
      return 1;
    }
    if (slip == 2) {
      print_message("level %.9f and %.9f, leased %" PRIu64 " and %" PRIu64 ", kept %" PRIu64 " and %" PRIu64
                    ", lessees %" PRIu64 " and %" PRIu64 "\n",
                    answered->limit.level, expected.limit.level, answered->limit.leased, expected.limit.leased,
                    answered->limit.lease_kept, expected.limit.lease_kept, answered->limit.lessees,
                    expected.limit.lessees);
    }
  }
  return 0;
}

static void exchange(struct pair *pair, int is_configuring) {
  static struct asked asked;
  static struct asked answered;
  memset(&asked, 0, sizeof asked);
  asked.limit.size = sizeof asked.limit;
  random_terms(pair, &asked.limit);
  asked.limit.configure = is_configuring ? 1 : 0;
  random_tries(pair, &asked);
  if (rng_once_in(&pair->rng, 2)) {
    random_lease(pair, &asked.limit);
  }
  answered = asked;
  answered.limit.tries = answered.tries;
  answered.limit.admitted = answered.admitted;
  ask("bucket", &answered.limit);
  if (!follows(pair, &asked, &answered)) {
    fail_msg("seed %" PRIu64 ": step %" PRIu64 " is not what the model does", pair->seed, pair->step);
  }
  for (size_t i = 0; i < LESSEES; i++) {
    if (memcmp(pair->lessees[i], answered.limit.lessee, 16) == 0) {
      pair->held[i] = answered.limit.lease_kept + answered.limit.leased;
    }
  }
}

static void pass(struct pair *pair) {
  static const int64_t most[] = {1000, 100000, 2 * SECOND_US, 100 * SECOND_US};
  int64_t us = rng_between(&pair->rng, 0, most[rng_below(&pair->rng, 4)]);
  if (rng_once_in(&pair->rng, 10)) {
    us = -us; /* the clock is set back, behind the moment when the script last wrote something */
    exchange(pair, 1);
  }
  struct limit_model_bucket *bucket = limit_model_bucket(&pair->model, "bucket");
  pass_in_redis(us);
  bucket->at_us -= us;
  for (size_t i = 0; i < LIMIT_MODEL_LEASES; i++) {
    bucket->leases[i].until_us -= bucket->leases[i].number != 0 ? us : 0;
  }
}

static void test_script__does_what_the_model_does(void **state) {
  (void)state;
  static struct pair pair;
  uint64_t seed = rng_seed("limit script", 1000);
  uint64_t steps = rng_environment("WAITQ_SIM_STEPS", 100000) / 20;
  for (uint64_t trial = 0; trial < 4; trial++) {
    memset(&pair, 0, sizeof pair);
    pair.seed = seed + trial;
    rng_init(&pair.rng, pair.seed);
    rng_fill(&pair.rng, pair.lessees, sizeof pair.lessees);
    limit_model_init(&pair.model);
    flush(NULL);
    for (pair.step = 0; pair.step < steps; pair.step++) {
      exchange(&pair, rng_once_in(&pair.rng, 30));
      if (rng_once_in(&pair.rng, 3)) {
        pass(&pair);
      }
    }
    printf("%" PRIu64 " ties in %" PRIu64 " steps\n", pair.ties, steps);
    assert_true(pair.ties * 100 < steps);
  }
}

/* --- What no model says --- */

static void test_script__does_not_drift(void **state) {
  (void)state;
  double level;
  uint64_t taken = 0;
  int64_t passed_us = 0;
  struct rng rng;
  rng_init(&rng, rng_seed("limit drift", 1100));
  assert_int_equal(take(3000, 333.333333333, 3000, NULL), 1);
  int64_t began_us = 0;
  for (int i = 0; i < 3000; i++) {
    uint64_t tokens = 1 + rng_below(&rng, 1400); /* more than is made: it is never full again */
    waitq_store_limit limit = {
        .size = sizeof limit, .tries = &tokens, .admitted = (unsigned char[1]){0}, .try_count = 1};
    ask("bucket", &limit);
    began_us = i == 0 ? limit.now_us : began_us;
    taken += limit.admitted[0] ? tokens : 0;
    int64_t us = rng_between(&rng, 1, 2 * SECOND_US);
    pass_in_redis(us);
    passed_us += us;
  }
  waitq_store_limit last = {.size = sizeof last};
  ask("bucket", &last);
  double made = 333.333333333 * (double)(passed_us + last.now_us - began_us) / 1e6;
  level = last.level;
  printf("made %.6f, taken and left %.6f\n", made, (double)taken + level);
  /* What was made before the first look, some milliseconds' worth, is in it as well; and nothing else. */
  assert_true((double)taken + level >= made - 1e-6);
  assert_true((double)taken + level <= made + 333.4);
}

static void test_script__a_clock_that_runs_backward_gives_no_tokens(void **state) {
  (void)state;
  double level;
  assert_int_equal(take(100, 1000, 100, NULL), 1);
  pass_in_redis(-3600 * SECOND_US);
  for (int i = 0; i < 50; i++) {
    assert_int_equal(take(50, 1000, 100, &level), 0);
    assert_true(level < 50);
    child_sleep_ms(2);
  }
  pass_in_redis(3600 * SECOND_US);
  child_sleep_ms(100);
  assert_int_equal(take(50, 1000, 100, NULL), 1);
}

static void test_script__the_largest_numbers_are_exact(void **state) {
  (void)state;
  double level;
  assert_int_equal(take(1000000000, 1e9, 1000000000, NULL), 1);
  assert_int_equal(take(UINT32_MAX, 1e9, 1000000000, NULL), 0);
  pass_in_redis(1000 * 86400 * SECOND_US);
  assert_int_equal(take(999999999, 1e9, 1000000000, &level), 1);
  assert_in_range((uint64_t)level, 1, 1);
  assert_int_equal(take(1, 0.000001, 1, NULL), 1);
}

static void test_script__keys_outlive_what_fills_the_bucket(void **state) {
  (void)state;
  assert_int_equal(take(1, 1, 10, NULL), 1);
  assert_in_range(server_ask_number(server, "TTL " KEY), 172800, 172800 + 3600);
  flush(NULL);
  assert_int_equal(take(1, 0.001, 1000, NULL), 1); /* filled in a million seconds */
  assert_in_range(server_ask_number(server, "TTL " KEY), 1000000 + 86400, 1000000 + 86400 + 3600);
  flush(NULL);
  assert_int_equal(take(1, 0, 10, NULL), 1);
  assert_in_range(server_ask_number(server, "TTL " KEY), 300000000, 400000000);
}

static void test_script__tells_operators_what_there_is(void **state) {
  (void)state;
  assert_int_equal(take(3, 2.5, 10, NULL), 1);
  assert_string_equal(server_ask(server, "HGET " KEY " rate_per_s"), "2.5");
  assert_string_equal(server_ask(server, "HGET " KEY " burst"), "10");
  assert_string_equal(server_ask(server, "HGET " KEY " used"), "3");
  assert_string_equal(server_ask(server, "HGET " KEY " leased"), "0");
}

static void expect_damage(const char *expected) {
  waitq_store_limit limit = {.size = sizeof limit,
                             .rate_per_s = 1,
                             .burst = 1,
                             .lease_number = 9,
                             .lease_wanted = 1,
                             .lease_ttl_us = SECOND_US};
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(ops->limit(store, "bucket", &limit, &error), WAITQ_E_DAMAGED);
  assert_string_equal(error.text, expected);
}

static void test_script__says_what_is_damaged(void **state) {
  (void)state;
  server_ask(server, "SET " KEY " text");
  expect_damage("limiter bucket: " KEY " is no hash");
  server_ask(server, "DEL " KEY);
  server_ask(server, "HSET " KEY " burst 5");
  expect_damage("limiter bucket: " KEY " lacks fields");
  server_ask(server, "DEL " KEY);
  take(1, 10, 10, NULL);
  server_ask(server, "HSET " KEY " used many");
  expect_damage("limiter bucket: " KEY " has a used that is no number");
  server_ask(server, "HSET " KEY " used nan");
  expect_damage("limiter bucket: " KEY " has a used that is no number");
  server_ask(server, "HSET " KEY " used 1 burst 0");
  expect_damage("limiter bucket: " KEY " has terms that no limit can have");
  server_ask(server, "HSET " KEY " burst 10");
  server_ask(server, "SET " LEASES " text");
  expect_damage("limiter bucket: " LEASES " is no hash");
  server_ask(server, "DEL " LEASES);
  server_ask(server, "HSET " LEASES " 00000000000000000000000000000000 nonsense");
  expect_damage("limiter bucket: " LEASES " has a lease that is none");
  server_ask(server, "DEL " LEASES);
  assert_int_equal(take(1, 10, 10, NULL), 1);
}

/* Either key may get lost without the other. */
static void test_script__leases_that_got_lost_are_counted_no_more(void **state) {
  (void)state;
  waitq_store_limit limit = {.size = sizeof limit,
                             .burst = 100,
                             .lessee = "lessee",
                             .lease_number = 1,
                             .lease_wanted = 60,
                             .lease_ttl_us = SECOND_US};
  ask("bucket", &limit);
  assert_int_equal(limit.leased, 60);
  server_ask(server, "DEL " KEY); /* it comes back full, but for what is leased */
  double level;
  take(1000, 0, 100, &level);
  assert_int_equal(level, 40);
  server_ask(server, "DEL " LEASES);
  limit.lease_number = 2;
  limit.lease_held = 60;
  ask("bucket", &limit);
  assert_int_equal(limit.lease_kept, 0);
  pass_in_redis(3600 * SECOND_US);
  take(1000, 0, 100, NULL);
  assert_string_equal(server_ask(server, "HGET " KEY " leased"), "0");
}

static void test_script__more_tries_than_go_at_once_are_refused(void **state) {
  (void)state;
  static uint64_t tries[WAITQ_STORE_TRIES_MAX + 1];
  static unsigned char admitted[WAITQ_STORE_TRIES_MAX + 1];
  waitq_store_limit limit = {.size = sizeof limit, .burst = 600000, .tries = tries, .admitted = admitted};
  for (uint64_t i = 0; i <= WAITQ_STORE_TRIES_MAX; i++) {
    tries[i] = 1 + i;
  }
  limit.try_count = WAITQ_STORE_TRIES_MAX + 1;
  assert_code(ops->limit(store, "bucket", &limit, NULL), WAITQ_E_INVALID);
  limit.try_count = WAITQ_STORE_TRIES_MAX;
  ask("bucket", &limit); /* no two the same: as many runs */
  assert_int_equal(limit.level, 600000 - 1024 * 1025 / 2);
  assert_int_equal(admitted[0] + admitted[WAITQ_STORE_TRIES_MAX - 1], 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_script__does_what_the_model_does, flush, NULL),
      UNIT_TEST(test_script__does_not_drift, flush, NULL),
      UNIT_TEST(test_script__a_clock_that_runs_backward_gives_no_tokens, flush, NULL),
      UNIT_TEST(test_script__the_largest_numbers_are_exact, flush, NULL),
      UNIT_TEST(test_script__keys_outlive_what_fills_the_bucket, flush, NULL),
      UNIT_TEST(test_script__tells_operators_what_there_is, flush, NULL),
      UNIT_TEST(test_script__says_what_is_damaged, flush, NULL),
      UNIT_TEST(test_script__leases_that_got_lost_are_counted_no_more, flush, NULL),
      UNIT_TEST(test_script__more_tries_than_go_at_once_are_refused, flush, NULL),
  };
  return cmocka_run_group_tests_name("limit script", tests, start, stop);
}
