/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Limiters that decide from tokens taken ahead: what they ask the store, what they give back, and that the sum is kept. */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../support/child.h"
#include "../support/limit_model.h"
#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

#define NODES 2
#define THREADS 2 /* of each */
#define PATIENCE_MS 20000

static struct limit_model model;
static struct subject subject = {"model", "model:", NULL, &model, NULL, 0};

struct node {
  struct world *world;
  waitq_limiter_t *limiter;
};

static int setup(void **state) {
  static struct node nodes[NODES];
  limit_model_init(&model);
  subject.ops = limit_model_store();
  for (size_t i = 0; i < NODES; i++) {
    nodes[i].world = world_open(&subject);
    nodes[i].limiter = NULL;
  }
  /* Both worlds have the same random numbers, and no two lessees may have one name. */
  rng_init(&nodes[1].world->rng, 2);
  *state = nodes;
  return 0;
}

static int teardown(void **state) {
  struct node *nodes = *state;
  for (size_t i = 0; i < NODES; i++) {
    waitq_limiter_close(nodes[i].limiter);
    world_close(nodes[i].world);
  }
  return 0;
}

static waitq_limiter_t *open_mode(struct node *node, double rate_per_s, uint64_t burst, uint32_t mode) {
  waitq_limit limit = WAITQ_LIMIT_INIT;
  waitq_limiter_t *limiter = NULL;
  limit.rate_per_s = rate_per_s;
  limit.burst = burst;
  limit.mode = mode;
  assert_code(waitq_limiter_open(node->world->context, "limit", &limit, &limiter, NULL), WAITQ_OK);
  return limiter;
}

static void open_all(struct node *nodes, double rate_per_s, uint64_t burst) {
  for (size_t i = 0; i < NODES; i++) {
    nodes[i].limiter = open_mode(&nodes[i], rate_per_s, burst, WAITQ_LIMIT_LEASED);
  }
}

static void close_limiter(struct node *node) {
  waitq_limiter_close(node->limiter);
  node->limiter = NULL;
}

static int try(waitq_limiter_t *limiter, uint32_t tokens) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  assert_code(waitq_limiter_try(limiter, tokens, &decision, NULL), WAITQ_OK);
  assert_true(decision.admitted ? decision.retry_after_ms == 0 : decision.retry_after_ms > 0);
  return decision.admitted != 0;
}

/* Takes one token at a time, many times; returns how many were had. */
static uint64_t take(waitq_limiter_t *limiter, uint64_t tries) {
  uint64_t taken = 0;
  for (uint64_t i = 0; i < tries; i++) {
    taken += (uint64_t)try(limiter, 1);
  }
  return taken;
}

static int64_t leased(void) {
  pthread_mutex_lock(&model.lock);
  int64_t tokens = limit_model_leased(limit_model_bucket(&model, "limit"));
  pthread_mutex_unlock(&model.lock);
  return tokens;
}

static int64_t level(void) {
  pthread_mutex_lock(&model.lock);
  int64_t tokens = limit_model_bucket(&model, "limit")->level / LIMIT_MODEL_TOKEN;
  pthread_mutex_unlock(&model.lock);
  return tokens;
}

static int is_nothing_leased(void *user) {
  (void)user;
  return leased() == 0;
}

static void test_leased__most_tries_do_not_ask_the_store(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 0, 1000000);
  assert_int_equal(take(nodes[0].limiter, 100000), 100000);
  uint64_t rounds = atomic_load(&model.rounds);
  printf("100000 tries in %" PRIu64 " rounds\n", rounds);
  assert_true(rounds < 10000);
}

static void test_leased__closing_gives_back_what_is_left(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 0, 10000);
  assert_int_equal(take(nodes[0].limiter, 1000), 1000);
  assert_int_equal(take(nodes[1].limiter, 500), 500);
  assert_true(leased() > 0);
  close_limiter(&nodes[0]);
  close_limiter(&nodes[1]);
  assert_int_equal(leased(), 0);
  assert_int_equal(level(), 10000 - 1500);
}

static void test_leased__what_lies_idle_is_given_back(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 0, 10000);
  assert_int_equal(take(nodes[0].limiter, 1000), 1000);
  assert_true(leased() > 0);
  assert_true(child_wait(is_nothing_leased, NULL, PATIENCE_MS));
  assert_int_equal(level(), 10000 - 1000);
}

/* What one holds idle, the other has in the end. */
static void test_leased__tokens_are_used_to_the_last(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 0, 1000);
  uint64_t taken = take(nodes[0].limiter, 100);
  int64_t until_ms = child_now_ms() + PATIENCE_MS;
  while (taken < 1000) {
    taken += take(nodes[1].limiter, 1);
    assert_true(child_now_ms() < until_ms);
  }
  child_sleep_ms(500);
  assert_int_equal(take(nodes[0].limiter, 10) + take(nodes[1].limiter, 10), 0);
}

struct worker {
  pthread_t thread;
  waitq_limiter_t *limiter;
  uint64_t tries;
  uint64_t taken;
};

static void *work(void *user) {
  struct worker *worker = user;
  waitq_decision decision = WAITQ_DECISION_INIT;
  for (uint64_t i = 0; i < worker->tries; i++) {
    uint32_t tokens = 1 + (uint32_t)(i % 3);
    if (waitq_limiter_try(worker->limiter, tokens, &decision, NULL) == WAITQ_OK && decision.admitted) {
      worker->taken += tokens;
    }
  }
  return NULL;
}

static uint64_t rush(struct node *nodes, uint64_t tries) {
  struct worker workers[NODES * THREADS] = {0};
  uint64_t taken = 0;
  for (size_t i = 0; i < NODES * THREADS; i++) {
    workers[i].limiter = nodes[i % NODES].limiter;
    workers[i].tries = tries;
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  for (size_t i = 0; i < NODES * THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    taken += workers[i].taken;
  }
  return taken;
}

static void test_leased__all_threads_of_all_nodes_together_take_no_more_than_there_is(void **state) {
  struct node *nodes = *state;
  uint64_t tries = rng_environment("WAITQ_SIM_STEPS", 100000);
  open_all(nodes, 0, 5000);
  uint64_t taken = rush(nodes, tries);
  assert_in_range(taken, 2500, 5000);
  close_limiter(&nodes[0]);
  close_limiter(&nodes[1]);
  assert_int_equal(level(), 5000 - (int64_t)taken);
  assert_int_equal(atomic_load(&model.most_under_way) <= NODES, 1);
}

/* Who is gone without a word took what it held along: the rate makes it anew, and nothing else. */
static void test_leased__of_one_that_died_come_back_as_the_rate_makes_them(void **state) {
  struct node *nodes = *state;
  nodes[0].limiter = open_mode(&nodes[0], 10, 1000, WAITQ_LIMIT_LEASED);
  assert_int_equal(take(nodes[0].limiter, 200), 200);
  int64_t lost = leased();
  assert_true(lost > 0);
  atomic_store(&model.fault, LIMIT_MODEL_REFUSING);
  close_limiter(&nodes[0]);
  atomic_store(&model.fault, LIMIT_MODEL_WELL);
  assert_int_equal(leased(), lost);
  nodes[1].limiter = open_mode(&nodes[1], 10, 1000, WAITQ_LIMIT_EXACT);
  int64_t left = level();
  assert_in_range(left, 1, 800 - 1);
  assert_int_equal(take(nodes[1].limiter, 1000), left);
  atomic_fetch_add(&model.now_us, 2000000); /* beyond the lease's end */
  assert_int_equal(take(nodes[1].limiter, 1000), 20);
  assert_int_equal(leased(), 0);
  atomic_fetch_add(&model.now_us, 1000000000);
  assert_int_equal(take(nodes[1].limiter, 2000), 1000);
}

/* It goes on with what it holds, for less than a second; then the host learns of it. */
static void test_leased__a_store_that_is_away_is_an_error_in_the_end(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 0, 1000000);
  assert_int_equal(take(nodes[0].limiter, 1000), 1000);
  atomic_store(&model.fault, LIMIT_MODEL_REFUSING);
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  uint64_t taken = 0;
  int64_t until_ms = child_now_ms() + PATIENCE_MS;
  while (waitq_limiter_try(nodes[0].limiter, 1, &decision, &error) == WAITQ_OK) {
    taken += decision.admitted;
    child_sleep_ms(1);
    assert_true(child_now_ms() < until_ms);
  }
  assert_code(error.code, WAITQ_E_STORE);
  assert_true(taken > 0);
  atomic_store(&model.fault, LIMIT_MODEL_WELL);
  assert_int_equal(try(nodes[0].limiter, 1), 1);
}

/* An exchange that was carried out, but whose answer was lost, costs tokens and gives none. */
static void test_leased__lost_answers_give_no_tokens(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 0, 3000);
  uint64_t taken = 0;
  waitq_decision decision = WAITQ_DECISION_INIT;
  for (uint64_t i = 0; i < 20000; i++) {
    atomic_store(&model.fault, i % 7 == 0 ? LIMIT_MODEL_MUTE : LIMIT_MODEL_WELL);
    if (waitq_limiter_try(nodes[i % NODES].limiter, 1, &decision, NULL) == WAITQ_OK) {
      taken += decision.admitted;
    }
  }
  atomic_store(&model.fault, LIMIT_MODEL_WELL);
  assert_in_range(taken, 100, 3000);
  close_limiter(&nodes[0]);
  close_limiter(&nodes[1]);
  assert_true(level() <= 3000 - (int64_t)taken);
}

static void test_leased__a_store_that_forgets_everything_adds_no_more_than_one_burst(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 0, 1000);
  uint64_t taken = take(nodes[0].limiter, 300) + take(nodes[1].limiter, 300);
  limit_model_flush(&model);
  taken += rush(nodes, 20000);
  assert_in_range(taken, 1000, 2000);
}

static void test_leased__exact_and_leased_handles_draw_from_one_bucket(void **state) {
  struct node *nodes = *state;
  waitq_limiter_t *exact = open_mode(&nodes[0], 0, 100, WAITQ_LIMIT_EXACT);
  nodes[0].limiter = open_mode(&nodes[0], 0, 100, WAITQ_LIMIT_LEASED);
  assert_ptr_not_equal(exact, nodes[0].limiter);
  assert_ptr_equal(open_mode(&nodes[0], 0, 100, WAITQ_LIMIT_LEASED), nodes[0].limiter);
  waitq_limiter_close(nodes[0].limiter);
  uint64_t taken = take(nodes[0].limiter, 30);
  assert_int_equal(taken, 30);
  close_limiter(&nodes[0]);
  assert_int_equal(take(exact, 100), 70);
  waitq_limiter_close(exact);
}

static void test_leased__a_burst_of_one_passes_tokens_singly(void **state) {
  struct node *nodes = *state;
  open_all(nodes, 1000, 1);
  uint64_t taken = 0;
  for (int ms = 0; ms < 200; ms++) {
    atomic_fetch_add(&model.now_us, 1000);
    uint64_t now = take(nodes[0].limiter, 3) + take(nodes[1].limiter, 3);
    assert_true(now <= 2);
    taken += now;
    child_sleep_ms(1);
  }
  assert_in_range(taken, 20, 201);
}

static void test_leased__more_than_the_burst_is_denied_for_ever(void **state) {
  struct node *nodes = *state;
  waitq_decision decision = WAITQ_DECISION_INIT;
  open_all(nodes, 5, 10);
  assert_code(waitq_limiter_try(nodes[0].limiter, 11, &decision, NULL), WAITQ_OK);
  assert_true(decision.admitted == 0 && decision.retry_after_ms == INT64_MAX);
  assert_int_equal(try(nodes[0].limiter, 10), 1);
  assert_code(waitq_limiter_try(nodes[0].limiter, 5, &decision, NULL), WAITQ_OK);
  assert_int_equal(decision.admitted, 0);
  assert_in_range(decision.retry_after_ms, 900, 1000);
  assert_in_range(decision.reset_ms, 1900, 2000);
}

static void test_leased__submitted_tries_are_answered(void **state) {
  struct node *nodes = *state;
  static waitq_decision decisions[2000];
  waitq_completion done[100];
  size_t got = 0;
  uint64_t taken = 0;
  open_all(nodes, 0, 1000);
  waitq_t *context = nodes[0].world->context;
  for (uint64_t i = 0; i < 2000; i++) {
    decisions[i] = (waitq_decision)WAITQ_DECISION_INIT;
    assert_code(waitq_submit_try(nodes[0].limiter, 1, &decisions[i], i, NULL), WAITQ_OK);
  }
  int64_t until_ms = child_now_ms() + PATIENCE_MS;
  while (got < 2000) {
    size_t count = 0;
    done[0] = (waitq_completion)WAITQ_COMPLETION_INIT;
    assert_code(waitq_complete(context, done, 100, &count, NULL), WAITQ_OK);
    for (size_t i = 0; i < count; i++) {
      assert_int_equal(done[i].code, WAITQ_OK);
      taken += decisions[done[i].tag].admitted;
    }
    got += count;
    assert_true(child_now_ms() < until_ms);
  }
  assert_in_range(taken, 500, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_leased__most_tries_do_not_ask_the_store, setup, teardown),
      UNIT_TEST(test_leased__closing_gives_back_what_is_left, setup, teardown),
      UNIT_TEST(test_leased__what_lies_idle_is_given_back, setup, teardown),
      UNIT_TEST(test_leased__tokens_are_used_to_the_last, setup, teardown),
      UNIT_TEST(test_leased__all_threads_of_all_nodes_together_take_no_more_than_there_is, setup, teardown),
      UNIT_TEST(test_leased__of_one_that_died_come_back_as_the_rate_makes_them, setup, teardown),
      UNIT_TEST(test_leased__a_store_that_is_away_is_an_error_in_the_end, setup, teardown),
      UNIT_TEST(test_leased__lost_answers_give_no_tokens, setup, teardown),
      UNIT_TEST(test_leased__a_store_that_forgets_everything_adds_no_more_than_one_burst, setup, teardown),
      UNIT_TEST(test_leased__exact_and_leased_handles_draw_from_one_bucket, setup, teardown),
      UNIT_TEST(test_leased__a_burst_of_one_passes_tokens_singly, setup, teardown),
      UNIT_TEST(test_leased__more_than_the_burst_is_denied_for_ever, setup, teardown),
      UNIT_TEST(test_leased__submitted_tries_are_answered, setup, teardown),
  };
  return cmocka_run_group_tests_name("leased limiters", tests, NULL, NULL);
}
