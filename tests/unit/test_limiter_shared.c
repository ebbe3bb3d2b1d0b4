/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Limiters on a store that others draw from as well: who asks it, what the others are told, and what is submitted. */

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/limit_model.h"
#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"
#include "limiter/shared.h"

#define THREADS 8
#define PATIENCE_MS 20000

static struct limit_model model;
static struct subject subject = {"model", "model:", NULL, &model, NULL, 0};

static int setup(void **state) {
  limit_model_init(&model);
  subject.ops = limit_model_store();
  *state = world_open(&subject);
  return 0;
}

static int teardown(void **state) {
  world_close(*state);
  return 0;
}

static waitq_limiter_t *open_limiter(struct world *world, double rate_per_s, uint64_t burst) {
  waitq_limit limit = WAITQ_LIMIT_INIT;
  waitq_limiter_t *limiter = NULL;
  limit.rate_per_s = rate_per_s;
  limit.burst = burst;
  assert_code(waitq_limiter_open(world->context, "limit", &limit, &limiter, NULL), WAITQ_OK);
  return limiter;
}

static waitq_decision try(waitq_limiter_t *limiter, uint32_t tokens) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  assert_code(waitq_limiter_try(limiter, tokens, &decision, NULL), WAITQ_OK);
  return decision;
}

/* --- Holding a round up, so that others gather behind it --- */

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int is_closed; /* rounds wait */
  int arrived;   /* rounds that have come to it */
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

static void pass_gate(void *user, const waitq_store_limit *limit) {
  (void)user;
  (void)limit;
  pthread_mutex_lock(&gate.lock);
  gate.arrived++;
  pthread_cond_broadcast(&gate.changed);
  while (gate.is_closed) {
    pthread_cond_wait(&gate.changed, &gate.lock);
  }
  pthread_mutex_unlock(&gate.lock);
}

static void close_gate(void) {
  gate.is_closed = 1;
  gate.arrived = 0;
  model.before = pass_gate;
}

static void await_arrival(void) {
  pthread_mutex_lock(&gate.lock);
  while (gate.arrived == 0) {
    pthread_cond_wait(&gate.changed, &gate.lock);
  }
  pthread_mutex_unlock(&gate.lock);
}

static void open_gate(void) {
  pthread_mutex_lock(&gate.lock);
  gate.is_closed = 0;
  pthread_cond_broadcast(&gate.changed);
  pthread_mutex_unlock(&gate.lock);
}

struct crowd {
  waitq_limiter_t *limiter;
  size_t size;
};

static int has_gathered(void *user) {
  const struct crowd *crowd = user;
  struct waitq__shared *shared = (struct waitq__shared *)crowd->limiter;
  size_t size = 0;
  pthread_mutex_lock(&shared->lock);
  for (const struct waitq__try *waiting = shared->queue.first; waiting != NULL; waiting = waiting->next) {
    size++;
  }
  pthread_mutex_unlock(&shared->lock);
  return size == crowd->size;
}

static void await_crowd(waitq_limiter_t *limiter, size_t size) {
  struct crowd crowd = {limiter, size};
  assert_true(child_wait(has_gathered, &crowd, PATIENCE_MS));
}

/* --- Callers --- */

struct caller {
  pthread_t thread;
  waitq_limiter_t *limiter;
  uint64_t tries;
  uint64_t admitted;
  int code;
  waitq_error error;
  waitq_decision decision; /* the last */
};

static void *call(void *user) {
  struct caller *caller = user;
  caller->error = (waitq_error)WAITQ_ERROR_INIT;
  caller->decision = (waitq_decision)WAITQ_DECISION_INIT;
  for (uint64_t i = 0; i < caller->tries && caller->code == WAITQ_OK; i++) {
    caller->code = waitq_limiter_try(caller->limiter, 1, &caller->decision, &caller->error);
    caller->admitted += caller->decision.admitted;
  }
  return NULL;
}

static void start(struct caller *callers, size_t count, waitq_limiter_t *limiter, uint64_t tries) {
  memset(callers, 0, count * sizeof *callers);
  for (size_t i = 0; i < count; i++) {
    callers[i].limiter = limiter;
    callers[i].tries = tries;
    assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
  }
}

static uint64_t join(struct caller *callers, size_t count) {
  uint64_t admitted = 0;
  for (size_t i = 0; i < count; i++) {
    pthread_join(callers[i].thread, NULL);
    admitted += callers[i].admitted;
  }
  return admitted;
}

/* --- Tests --- */

static void test_shared__each_try_alone_is_one_round(void **state) {
  waitq_limiter_t *limiter = open_limiter(*state, 1, 3);
  assert_int_equal(atomic_load(&model.rounds), 1);
  for (uint64_t left = 3; left-- > 0;) {
    waitq_decision decision = try(limiter, 1);
    assert_int_equal(decision.admitted, 1);
    assert_int_equal(decision.remaining, left);
    assert_int_equal(decision.retry_after_ms, 0);
    assert_int_equal(decision.reset_ms, 1000 * (3 - left));
  }
  assert_int_equal(atomic_load(&model.rounds), 4);
  waitq_decision decision = try(limiter, 2);
  assert_int_equal(decision.admitted, 0);
  assert_int_equal(decision.remaining, 0);
  assert_int_equal(decision.retry_after_ms, 2000);
  decision = try(limiter, 4);
  assert_true(decision.admitted == 0 && decision.retry_after_ms == INT64_MAX);
  atomic_fetch_add(&model.now_us, 2000000);
  assert_int_equal(try(limiter, 2).admitted, 1);
  waitq_limiter_close(limiter);
}

static void test_shared__those_who_gather_go_together(void **state) {
  struct caller first;
  struct caller callers[THREADS];
  waitq_limiter_t *limiter = open_limiter(*state, 0, THREADS);
  close_gate();
  start(&first, 1, limiter, 1);
  await_arrival();
  start(callers, THREADS, limiter, 1);
  await_crowd(limiter, THREADS);
  open_gate();
  assert_int_equal(join(&first, 1) + join(callers, THREADS), THREADS);
  assert_int_equal(atomic_load(&model.rounds), 3); /* the opening, the first, and all others */
  assert_int_equal(atomic_load(&model.largest), THREADS);
  uint64_t left = 0;
  for (size_t i = 0; i < THREADS; i++) {
    assert_code(callers[i].code, WAITQ_OK);
    left += callers[i].decision.remaining;
  }
  assert_int_equal(left, (THREADS - 2) * (THREADS - 1) / 2); /* each was told what was left after its own */
  waitq_limiter_close(limiter);
}

static void test_shared__a_failure_is_told_to_all_whom_it_concerns(void **state) {
  struct caller first;
  struct caller callers[THREADS];
  waitq_limiter_t *limiter = open_limiter(*state, 0, 100);
  close_gate();
  start(&first, 1, limiter, 1);
  await_arrival();
  start(callers, THREADS, limiter, 1);
  await_crowd(limiter, THREADS);
  atomic_store(&model.fault, LIMIT_MODEL_REFUSING);
  open_gate();
  join(&first, 1);
  join(callers, THREADS);
  for (size_t i = 0; i < THREADS; i++) {
    assert_code(callers[i].code, WAITQ_E_STORE);
    assert_string_equal(callers[i].error.text, "the model was told to fail");
    assert_int_equal(callers[i].error.retriable, 1);
  }
  atomic_store(&model.fault, LIMIT_MODEL_WELL);
  assert_int_equal(try(limiter, 1).remaining, 99);
  waitq_limiter_close(limiter);
}

static void test_shared__many_threads_use_tokens_to_the_last_and_no_more(void **state) {
  struct caller callers[THREADS];
  uint64_t tries = rng_environment("WAITQ_SIM_STEPS", 100000) / 100;
  waitq_limiter_t *limiter = open_limiter(*state, 0, tries);
  start(callers, THREADS, limiter, tries);
  assert_int_equal(join(callers, THREADS), tries);
  assert_int_equal(atomic_load(&model.tries), THREADS * tries);
  assert_int_equal(atomic_load(&model.most_under_way), 1);
  waitq_limiter_close(limiter);
}

#define MANY 3000

static size_t collect(waitq_t *context, unsigned char *seen, int expected) {
  waitq_completion done[64];
  size_t count = 0;
  done[0] = (waitq_completion)WAITQ_COMPLETION_INIT;
  assert_code(waitq_complete(context, done, 64, &count, NULL), WAITQ_OK);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(done[i].code, expected);
    assert_int_equal(seen[done[i].tag]++, 0);
  }
  return count;
}

static void collect_all(waitq_t *context, size_t count, int expected) {
  unsigned char *seen = calloc(count, 1);
  int64_t until_ms = child_now_ms() + PATIENCE_MS;
  for (size_t got = 0; got < count;) {
    got += collect(context, seen, expected);
    assert_true(child_now_ms() < until_ms);
  }
  free(seen);
}

static void submit(waitq_limiter_t *limiter, waitq_decision *decisions, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    decisions[i] = (waitq_decision)WAITQ_DECISION_INIT;
    assert_code(waitq_submit_try(limiter, 1, &decisions[i], i, NULL), WAITQ_OK);
  }
}

static uint64_t count_admitted(const waitq_decision *decisions, size_t count) {
  uint64_t admitted = 0;
  for (size_t i = 0; i < count; i++) {
    admitted += decisions[i].admitted;
  }
  return admitted;
}

static void test_shared__what_is_submitted_is_completed_once_each(void **state) {
  static waitq_decision decisions[MANY];
  struct world *world = *state;
  waitq_limiter_t *limiter = open_limiter(world, 0, MANY / 3);
  submit(limiter, decisions, MANY);
  collect_all(world->context, MANY, WAITQ_OK);
  assert_int_equal(count_admitted(decisions, MANY), MANY / 3);
  atomic_store(&model.fault, LIMIT_MODEL_REFUSING);
  submit(limiter, decisions, MANY);
  collect_all(world->context, MANY, WAITQ_E_STORE);
  atomic_store(&model.fault, LIMIT_MODEL_WELL);
  waitq_limiter_close(limiter);
}

static void test_shared__a_round_takes_no_more_than_the_store_does(void **state) {
  static waitq_decision decisions[MANY];
  struct world *world = *state;
  struct caller first;
  waitq_limiter_t *limiter = open_limiter(world, 0, MANY);
  close_gate();
  start(&first, 1, limiter, 1);
  await_arrival();
  submit(limiter, decisions, MANY);
  open_gate();
  join(&first, 1);
  collect_all(world->context, MANY, WAITQ_OK);
  assert_int_equal(count_admitted(decisions, MANY), MANY - 1);
  assert_int_equal(atomic_load(&model.largest), WAITQ_STORE_TRIES_MAX);
  assert_int_equal(atomic_load(&model.rounds), 5); /* the opening, the first, and three for the many */
  waitq_limiter_close(limiter);
}

static void test_shared__callers_and_submitted_tries_go_together(void **state) {
  static waitq_decision decisions[MANY];
  struct world *world = *state;
  struct caller callers[THREADS];
  waitq_limiter_t *limiter = open_limiter(world, 0, 2 * MANY);
  start(callers, THREADS, limiter, MANY / THREADS);
  submit(limiter, decisions, MANY);
  collect_all(world->context, MANY, WAITQ_OK);
  uint64_t admitted = join(callers, THREADS) + count_admitted(decisions, MANY);
  assert_int_equal(admitted, MANY + MANY / THREADS * THREADS);
  assert_int_equal(atomic_load(&model.most_under_way), 1);
  waitq_limiter_close(limiter);
}

static void test_shared__new_terms_hold_for_all(void **state) {
  struct world *world = *state;
  struct world *other = world_open(&subject);
  waitq_limiter_t *limiter = open_limiter(world, 0, 10);
  waitq_limiter_t *theirs = open_limiter(other, 5, 500); /* it is there already */
  assert_int_equal(try(theirs, 1).remaining, 9);
  waitq_limit limit = WAITQ_LIMIT_INIT;
  limit.rate_per_s = 0;
  limit.burst = 4;
  assert_code(waitq_limiter_configure(limiter, &limit, NULL), WAITQ_OK);
  assert_int_equal(try(theirs, 1).remaining, 3);
  /* A store that has lost the bucket is given it as everybody last knew it. */
  limit_model_flush(&model);
  assert_int_equal(try(theirs, 1).remaining, 3);
  atomic_store(&model.fault, LIMIT_MODEL_REFUSING);
  assert_code(waitq_limiter_configure(limiter, &limit, NULL), WAITQ_E_STORE);
  atomic_store(&model.fault, LIMIT_MODEL_WELL);
  waitq_limiter_close(theirs);
  waitq_limiter_close(limiter);
  world_close(other);
}

static void test_shared__terms_change_while_others_draw(void **state) {
  struct caller callers[THREADS];
  waitq_limiter_t *limiter = open_limiter(*state, 0, 1000);
  start(callers, THREADS, limiter, 1000);
  for (uint64_t burst = 1000; burst > 1; burst -= 10) {
    waitq_limit limit = WAITQ_LIMIT_INIT;
    limit.rate_per_s = 0;
    limit.burst = burst;
    assert_code(waitq_limiter_configure(limiter, &limit, NULL), WAITQ_OK);
  }
  assert_in_range(join(callers, THREADS), 10, 1000);
  assert_int_equal(try(limiter, 1).admitted, 0);
  waitq_limiter_close(limiter);
}

static void test_shared__opening_fails_where_the_store_does(void **state) {
  struct world *world = *state;
  waitq_limiter_t *limiter = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  atomic_store(&model.fault, LIMIT_MODEL_REFUSING);
  assert_code(waitq_limiter_open(world->context, "limit", NULL, &limiter, &error), WAITQ_E_STORE);
  assert_string_equal(error.text, "the model was told to fail");
  assert_null(limiter);
  atomic_store(&model.fault, LIMIT_MODEL_WELL);
  limiter = open_limiter(world, 0, 1);
  assert_int_equal(try(limiter, 1).admitted, 1);
  waitq_limiter_close(limiter);
}

static void test_shared__a_store_without_limiters_says_so(void **state) {
  struct world *world = *state;
  waitq_store_ops ops = *limit_model_store();
  waitq_t *context = NULL;
  waitq_limiter_t *limiter = NULL;
  ops.limit = NULL;
  world->options.store = &ops;
  assert_code(waitq_open("model:", &world->options, &context, NULL), WAITQ_OK);
  assert_code(waitq_limiter_open(context, "limit", NULL, &limiter, NULL), WAITQ_E_UNSUPPORTED);
  assert_null(limiter);
  waitq_close(context);
}

static void test_shared__modes_are_checked(void **state) {
  struct world *world = *state;
  waitq_limiter_t *limiter = NULL;
  waitq_limit limit = WAITQ_LIMIT_INIT;
  limit.mode = WAITQ_LIMIT_LEASED + 1;
  assert_code(waitq_limiter_open(world->context, "limit", &limit, &limiter, NULL), WAITQ_E_INVALID);
  limit.mode = 0;
  limit.reserved = 1;
  assert_code(waitq_limiter_open(world->context, "limit", &limit, &limiter, NULL), WAITQ_E_VERSION);
  assert_null(limiter);
}

static void test_shared__submitting_to_the_memory_store_completes_at_once(void **state) {
  (void)state;
  struct world *world = world_open(&memory_subject);
  waitq_limiter_t *limiter = open_limiter(world, 0, 2);
  waitq_decision decisions[3];
  unsigned char seen[3] = {0};
  submit(limiter, decisions, 3);
  assert_int_equal(collect(world->context, seen, WAITQ_OK), 3);
  assert_int_equal(count_admitted(decisions, 3), 2);
  assert_code(waitq_submit_try(limiter, 0, decisions, 0, NULL), WAITQ_E_INVALID);
  assert_code(waitq_submit_try(limiter, 1, NULL, 0, NULL), WAITQ_E_INVALID);
  assert_code(waitq_submit_try(NULL, 1, decisions, 0, NULL), WAITQ_E_INVALID);
  assert_int_equal(collect(world->context, seen, WAITQ_OK), 0);
  waitq_limiter_close(limiter);
  world_close(world);
}

static void test_shared__a_submission_without_memory_leaves_nothing_behind(void **state) {
  struct world *world = *state;
  waitq_limiter_t *limiter = open_limiter(world, 0, 10);
  waitq_decision decision = WAITQ_DECISION_INIT;
  uint64_t refused = 0;
  for (int code = WAITQ_E_NOMEM; code != WAITQ_OK; refused += code != WAITQ_OK) {
    fake_memory_fail_at(&world->memory, refused + 1);
    code = waitq_submit_try(limiter, 1, &decision, 0, NULL);
    fake_memory_recover(&world->memory);
    assert_true(code == WAITQ_OK || code == WAITQ_E_NOMEM);
  }
  assert_int_equal(refused, 2); /* the completion's room, and the try's */
  collect_all(world->context, 1, WAITQ_OK);
  assert_int_equal(decision.remaining, 9);
  waitq_limiter_close(limiter);
}

static void test_shared__an_opening_without_memory_leaves_nothing_behind(void **state) {
  struct world *world = *state;
  waitq_limiter_t *limiter = NULL;
  uint64_t refused = 0;
  for (int code = WAITQ_E_NOMEM; code != WAITQ_OK; refused += code != WAITQ_OK) {
    fake_memory_fail_at(&world->memory, refused + 1);
    code = waitq_limiter_open(world->context, "limit", NULL, &limiter, NULL);
    fake_memory_recover(&world->memory);
    assert_true(code == WAITQ_OK || (code == WAITQ_E_NOMEM && limiter == NULL));
  }
  assert_int_equal(refused, 2); /* the limiter, and its place among the others */
  assert_int_equal(try(limiter, 1).admitted, 1);
  waitq_limiter_close(limiter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_shared__each_try_alone_is_one_round, setup, teardown),
      UNIT_TEST(test_shared__those_who_gather_go_together, setup, teardown),
      UNIT_TEST(test_shared__a_failure_is_told_to_all_whom_it_concerns, setup, teardown),
      UNIT_TEST(test_shared__many_threads_use_tokens_to_the_last_and_no_more, setup, teardown),
      UNIT_TEST(test_shared__what_is_submitted_is_completed_once_each, setup, teardown),
      UNIT_TEST(test_shared__a_round_takes_no_more_than_the_store_does, setup, teardown),
      UNIT_TEST(test_shared__callers_and_submitted_tries_go_together, setup, teardown),
      UNIT_TEST(test_shared__new_terms_hold_for_all, setup, teardown),
      UNIT_TEST(test_shared__terms_change_while_others_draw, setup, teardown),
      UNIT_TEST(test_shared__opening_fails_where_the_store_does, setup, teardown),
      UNIT_TEST(test_shared__a_store_without_limiters_says_so, setup, teardown),
      UNIT_TEST(test_shared__modes_are_checked, setup, teardown),
      UNIT_TEST(test_shared__submitting_to_the_memory_store_completes_at_once, setup, teardown),
      UNIT_TEST(test_shared__an_opening_without_memory_leaves_nothing_behind, setup, teardown),
      UNIT_TEST(test_shared__a_submission_without_memory_leaves_nothing_behind, setup, teardown),
  };
  return cmocka_run_group_tests_name("limiters of a shared store", tests, NULL, NULL);
}
