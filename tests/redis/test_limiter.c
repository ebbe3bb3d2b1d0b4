/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Limiters of several processes on one Redis: what they admit is recorded, and held against the limit over every interval. */

#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/child.h"
#include "../support/line.h"
#include "../support/rng.h"
#include "../support/servers.h"
#include "../support/test.h"
#include "base/clock.h"
#include "intervals.h"

#define PROCESSES 4
#define THREADS 2
#define RECORDS_MAX 400000
#define SECOND_US INT64_C(1000000)
#define PATIENCE_MS 20000

static struct server *server;

static int start(void **state) {
  (void)state;
  server = server_start(NULL);
  return 0;
}

static int stop(void **state) {
  (void)state;
  server_stop(server);
  return 0;
}

static int flush(void **state) {
  (void)state;
  assert_string_equal(server_ask(server, "FLUSHALL"), "OK");
  return 0;
}

static waitq_t *open_context(void) {
  waitq_t *context = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq_open(server_uri(server), NULL, &context, &error);
  if (code != WAITQ_OK) {
    fail_msg("waitq_open: %s: %s", waitq_error_name(code), error.text);
  }
  return context;
}

static waitq_limiter_t *open_limiter(waitq_t *context, double rate_per_s, uint64_t burst, uint32_t mode) {
  waitq_limit limit = WAITQ_LIMIT_INIT;
  waitq_limiter_t *limiter = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  limit.rate_per_s = rate_per_s;
  limit.burst = burst;
  limit.mode = mode;
  int code = waitq_limiter_open(context, "bucket", &limit, &limiter, &error);
  if (code != WAITQ_OK) {
    fail_msg("waitq_limiter_open: %s: %s", waitq_error_name(code), error.text);
  }
  return limiter;
}

static uint64_t take(waitq_limiter_t *limiter, uint64_t tries) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  uint64_t taken = 0;
  for (uint64_t i = 0; i < tries; i++) {
    assert_code(waitq_limiter_try(limiter, 1, &decision, NULL), WAITQ_OK);
    taken += decision.admitted;
  }
  return taken;
}

/* --- Many processes, and what they record --- */

/* Shared by all processes. */
struct board {
  _Atomic uint64_t count;
  _Atomic int ready;
  _Atomic int is_running;
  _Atomic int failed;
  _Atomic uint64_t denied;
  struct admission records[RECORDS_MAX];
};

static struct board *board_new(void) {
  struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(board != MAP_FAILED);
  return board;
}

struct terms {
  double rate_per_s;
  uint64_t burst;
  uint32_t largest; /* try */
  uint32_t modes[PROCESSES];
  int64_t pause_ms; /* between the tries of one thread, at most */
};

struct drawer {
  pthread_t thread;
  waitq_limiter_t *limiter;
  struct board *board;
  const struct terms *terms;
  struct rng rng;
};

static void draw_once(struct drawer *drawer) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  uint32_t tokens = 1 + (uint32_t)rng_below(&drawer->rng, drawer->terms->largest);
  int64_t began_us = waitq__monotonic_us();
  if (waitq_limiter_try(drawer->limiter, tokens, &decision, NULL) != WAITQ_OK) {
    atomic_store(&drawer->board->failed, 1);
    return;
  }
  if (!decision.admitted) {
    atomic_fetch_add(&drawer->board->denied, 1);
    return;
  }
  uint64_t at = atomic_fetch_add(&drawer->board->count, 1);
  if (at < RECORDS_MAX) {
    drawer->board->records[at] = (struct admission){began_us, waitq__monotonic_us(), tokens};
  }
}

static void *draw(void *user) {
  struct drawer *drawer = user;
  while (!atomic_load(&drawer->board->is_running)) {
    child_sleep_ms(1);
  }
  while (atomic_load(&drawer->board->is_running)) {
    draw_once(drawer);
    if (drawer->terms->pause_ms > 0) {
      child_sleep_ms(rng_between(&drawer->rng, 0, drawer->terms->pause_ms));
    }
  }
  return NULL;
}

/* A process of its own; it ends without a word to cmocka, which belongs to the parent. */
static pid_t start_process(struct board *board, const struct terms *terms, unsigned number, uint64_t seed) {
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid != 0) {
    return pid;
  }
  waitq_t *context = NULL;
  waitq_limit limit = {sizeof limit, terms->rate_per_s, terms->burst, terms->modes[number], 0};
  struct drawer drawers[THREADS];
  waitq_limiter_t *limiter = NULL;
  if (waitq_open(server_uri(server), NULL, &context, NULL) != WAITQ_OK ||
      waitq_limiter_open(context, "bucket", &limit, &limiter, NULL) != WAITQ_OK) {
    _exit(1);
  }
  atomic_fetch_add(&board->ready, 1);
  for (unsigned i = 0; i < THREADS; i++) {
    drawers[i] = (struct drawer){.limiter = limiter, .board = board, .terms = terms};
    rng_init(&drawers[i].rng, seed + number * THREADS + i);
    pthread_create(&drawers[i].thread, NULL, draw, &drawers[i]);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_join(drawers[i].thread, NULL);
  }
  waitq_limiter_close(limiter);
  waitq_close(context);
  _exit(0);
}

static int are_ready(void *user) {
  return atomic_load((_Atomic int *)user) == PROCESSES;
}

/* Runs all processes for a time; with a victim, that one is killed on the way. */
static void run(struct board *board, const struct terms *terms, uint64_t seed, int64_t ms, int victim) {
  pid_t pids[PROCESSES];
  for (unsigned i = 0; i < PROCESSES; i++) {
    pids[i] = start_process(board, terms, i, seed);
  }
  assert_true(child_wait(are_ready, &board->ready, PATIENCE_MS));
  atomic_store(&board->is_running, 1);
  child_sleep_ms(ms / 2);
  if (victim >= 0) {
    kill(pids[victim], SIGKILL);
  }
  child_sleep_ms(ms / 2);
  atomic_store(&board->is_running, 0);
  for (int i = 0; i < PROCESSES; i++) {
    int status = 0;
    assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
    assert_true(i == victim || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
  }
  assert_int_equal(atomic_load(&board->failed), 0);
  assert_in_range(atomic_load(&board->count), 1, RECORDS_MAX);
}

static void test_limiter__the_check_of_intervals_sees_what_it_should(void **state) {
  (void)state;
  struct admission records[] = {{0, 10, 5}, {1000000, 1000010, 1}, {1500000, 1500010, 7}, {1500000, 1600000, 2}};
  assert_true(worst_interval(records, 1, 100) > 4.99);
  double worst = worst_interval(records, 4, 2); /* all but the first: 10 in 0.6 s; or 15 in 1.6 s */
  assert_true(worst > 15 - 3.2 - 1e-9 && worst < 15 - 3.2 + 1e-9);
  worst = worst_interval(records, 4, 100); /* the third alone */
  assert_true(worst > 7 - 0.001 - 1e-9 && worst < 7 - 0.001 + 1e-9);
}

static uint64_t sum_of(const struct board *board) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < atomic_load(&board->count); i++) {
    sum += board->records[i].tokens;
  }
  return sum;
}

static void run_and_check(const char *what, const struct terms *terms, int64_t ms, int victim) {
  struct board *board = board_new();
  uint64_t seed = rng_seed(what, 1200);
  flush(NULL);
  run(board, terms, seed, ms, victim);
  size_t count = atomic_load(&board->count);
  double worst = worst_interval(board->records, count, terms->rate_per_s);
  printf("%s: %" PRIu64 " tokens in %zu admissions, %" PRIu64
         " denied; the worst interval has rate x interval + %.3f, burst is %" PRIu64 "\n",
         what, sum_of(board), count, atomic_load(&board->denied), worst, terms->burst);
  /* The clocks of Redis and of this test are two: one is steered while the other is not, by some millionths. */
  assert_true(worst <= (double)terms->burst + 0.01 + terms->rate_per_s * 0.001);
  if (terms->pause_ms == 0) {
    assert_true(worst > (double)terms->burst / 2); /* the check has something to see */
  }
  munmap(board, sizeof *board);
}

#define E WAITQ_LIMIT_EXACT
#define L WAITQ_LIMIT_LEASED

static void test_limiter__no_interval_sees_more_than_the_limit(void **state) {
  (void)state;
  static const struct terms terms[] = {
      {500, 50, 1, {E, E, E, E}, 0},    {500, 50, 1, {L, L, L, L}, 0},    {500, 50, 3, {L, E, L, E}, 0},
      {20000, 400, 2, {L, L, L, E}, 0}, {2000, 2000, 1, {L, L, L, L}, 0}, {1000, 200, 2, {L, L, L, L}, 8},
  };
  for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
    run_and_check("limiter", &terms[i], 1500, -1);
  }
}

static void test_limiter__one_that_is_killed_takes_its_tokens_along(void **state) {
  (void)state;
  static const struct terms terms[] = {{1000, 500, 1, {L, L, L, L}, 1}, {1000, 500, 1, {L, L, L, E}, 0}};
  run_and_check("one killed", &terms[0], 3000, 1);
  run_and_check("one killed", &terms[1], 3000, 2);
}

static void test_limiter__exact_uses_tokens_to_the_last(void **state) {
  (void)state;
  static const struct terms terms = {0, 5000, 3, {E, E, E, E}, 0};
  struct board *board = board_new();
  run(board, &terms, rng_seed("to the last", 1300), 1500, -1);
  assert_in_range(sum_of(board), 4998, 5000); /* the last try may have wanted three */
  char used[32];
  snprintf(used, sizeof used, "%" PRIu64, sum_of(board));
  assert_string_equal(server_ask(server, "HGET wq:limiter:{bucket} used"), used);
  munmap(board, sizeof *board);
}

/* --- One process --- */

static int is_nothing_leased(void *user) {
  (void)user;
  return server_ask_number(server, "HLEN wq:limiter:{bucket}:leases") == 0;
}

/* Takes tokens ahead twice, and gives them back by closing and by idling; what is left in the end. */
static uint64_t left_after_leases(void) {
  flush(NULL);
  waitq_t *context = open_context();
  waitq_limiter_t *leased = open_limiter(context, 0, 1000, L);
  waitq_limiter_t *exact = open_limiter(context, 0, 1000, E);
  uint64_t taken = take(leased, 100);
  waitq_limiter_close(leased);
  assert_int_equal(server_ask_number(server, "HLEN wq:limiter:{bucket}:leases"), 0);
  leased = open_limiter(context, 0, 1000, L);
  taken += take(leased, 100);
  assert_int_equal(taken, 200);
  assert_true(child_wait(is_nothing_leased, NULL, PATIENCE_MS)); /* idle */
  uint64_t left = take(exact, 1000);
  waitq_limiter_close(leased);
  waitq_limiter_close(exact);
  waitq_close(context);
  return left;
}

/* On a machine that stands still for a second a lease may run out, and its tokens are lost: then another time. */
static void test_limiter__leases_are_given_back(void **state) {
  (void)state;
  uint64_t left = 0;
  for (int i = 0; i < 5 && left != 800; i++) {
    left = left_after_leases();
    assert_in_range(left, 1, 800);
  }
  assert_int_equal(left, 800);
}

static void test_limiter__terms_change_while_in_use(void **state) {
  (void)state;
  waitq_t *context = open_context();
  waitq_t *other = open_context();
  waitq_limiter_t *limiter = open_limiter(context, 0, 1000, E);
  waitq_limiter_t *theirs = open_limiter(other, 0, 1, L);
  waitq_limit limit = {sizeof limit, 0, 300, 0, 0};
  assert_int_equal(take(theirs, 200), 200);
  assert_code(waitq_limiter_configure(limiter, &limit, NULL), WAITQ_OK);
  waitq_limiter_close(theirs);
  waitq_decision decision = WAITQ_DECISION_INIT;
  assert_code(waitq_limiter_try(limiter, 301, &decision, NULL), WAITQ_OK);
  assert_true(decision.admitted == 0 && decision.retry_after_ms == INT64_MAX);
  assert_in_range(decision.remaining, 1, 300);
  limit.burst = 5000;
  limit.rate_per_s = 100000;
  assert_code(waitq_limiter_configure(limiter, &limit, NULL), WAITQ_OK);
  child_sleep_ms(60);
  assert_code(waitq_limiter_try(limiter, 5000, &decision, NULL), WAITQ_OK);
  assert_int_equal(decision.admitted, 1);
  waitq_limiter_close(limiter);
  waitq_close(context);
  waitq_close(other);
}

static void test_limiter__a_lost_bucket_starts_full(void **state) {
  (void)state;
  waitq_t *context = open_context();
  waitq_limiter_t *limiter = open_limiter(context, 0, 100, E);
  waitq_limiter_t *leased = open_limiter(context, 0, 100, L);
  assert_int_equal(take(leased, 20), 20);
  assert_int_equal(take(limiter, 30), 30);
  flush(NULL);
  assert_in_range(take(limiter, 200) + take(leased, 200), 50, 150); /* one burst more, at most */
  assert_string_equal(server_ask(server, "HGET wq:limiter:{bucket} burst"), "100");
  waitq_limiter_close(leased);
  waitq_limiter_close(limiter);
  waitq_close(context);
}

static void test_limiter__damage_is_named(void **state) {
  (void)state;
  waitq_t *context = open_context();
  waitq_limiter_t *limiter = open_limiter(context, 0, 100, E);
  waitq_limiter_t *none = NULL;
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  server_ask(server, "HSET wq:limiter:{bucket} rate_per_s fast");
  assert_code(waitq_limiter_try(limiter, 1, &decision, &error), WAITQ_E_DAMAGED);
  assert_string_equal(error.text, "limiter bucket: wq:limiter:{bucket} has a rate_per_s that is no number");
  assert_int_equal(error.retriable, 0);
  server_ask(server, "SET wq:limiter:{text} text");
  assert_code(waitq_limiter_open(context, "text", NULL, &none, &error), WAITQ_E_DAMAGED);
  assert_null(none);
  waitq_limiter_close(limiter);
  waitq_close(context);
}

static void test_limiter__a_server_that_is_away_is_an_error(void **state) {
  (void)state;
  waitq_t *context = open_context();
  waitq_limiter_t *limiter = open_limiter(context, 0, 100, E);
  waitq_limiter_t *leased = open_limiter(context, 0, 100, L);
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  assert_int_equal(take(leased, 10), 10);
  server_kill(server);
  int64_t began_ms = child_now_ms();
  for (int i = 0; i < 200; i++) {
    int code = waitq_limiter_try(limiter, 1, &decision, &error);
    assert_true(code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT);
    assert_int_equal(error.retriable, 1);
  }
  assert_true(child_now_ms() - began_ms < PATIENCE_MS); /* most of them without trying */
  while (waitq_limiter_try(leased, 1, &decision, &error) == WAITQ_OK) {
    child_sleep_ms(10);
    assert_true(child_now_ms() - began_ms < 2 * PATIENCE_MS);
  }
  server_restart(server, SERVER_EMPTY);
  while (waitq_limiter_try(limiter, 1, &decision, &error) != WAITQ_OK) {
    child_sleep_ms(10);
    assert_true(child_now_ms() - began_ms < 3 * PATIENCE_MS);
  }
  assert_int_equal(decision.admitted, 1);
  waitq_limiter_close(leased);
  waitq_limiter_close(limiter);
  waitq_close(context);
}

#define SUBMITTED 5000

static void test_limiter__submitted_tries_gather(void **state) {
  (void)state;
  static waitq_decision decisions[SUBMITTED];
  waitq_completion done[256];
  waitq_t *context = open_context();
  waitq_limiter_t *limiter = open_limiter(context, 0, SUBMITTED / 2, E);
  long long before = server_ask_number(server, "HLEN wq:limiter:{bucket}");
  assert_true(before > 0);
  for (uint64_t i = 0; i < SUBMITTED; i++) {
    decisions[i] = (waitq_decision)WAITQ_DECISION_INIT;
    assert_code(waitq_submit_try(limiter, 1, &decisions[i], i, NULL), WAITQ_OK);
  }
  uint64_t admitted = 0;
  int64_t began_ms = child_now_ms();
  for (size_t got = 0, count = 0; got < SUBMITTED; got += count) {
    done[0] = (waitq_completion)WAITQ_COMPLETION_INIT;
    assert_code(waitq_complete(context, done, 256, &count, NULL), WAITQ_OK);
    for (size_t i = 0; i < count; i++) {
      assert_int_equal(done[i].code, WAITQ_OK);
      admitted += decisions[done[i].tag].admitted;
    }
    assert_true(child_now_ms() - began_ms < PATIENCE_MS);
  }
  assert_int_equal(admitted, SUBMITTED / 2);
  waitq_limiter_close(limiter);
  waitq_close(context);
}

static void test_limiter__a_cluster_keeps_both_keys_in_one_place(void **state) {
  (void)state;
  struct cluster *cluster = cluster_start(NULL);
  waitq_t *context = NULL;
  assert_code(waitq_open(cluster_uri(cluster), NULL, &context, NULL), WAITQ_OK);
  for (int i = 0; i < 10; i++) {
    char name[24];
    waitq_limit limit = {sizeof limit, 0, 50, i % 2 == 0 ? E : L, 0};
    waitq_limiter_t *limiter = NULL;
    snprintf(name, sizeof name, "bucket-%d", i);
    assert_code(waitq_limiter_open(context, name, &limit, &limiter, NULL), WAITQ_OK);
    assert_int_equal(take(limiter, 20), 20);
    waitq_limiter_close(limiter);
  }
  waitq_close(context);
  cluster_stop(cluster);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limiter__the_check_of_intervals_sees_what_it_should),
      UNIT_TEST(test_limiter__no_interval_sees_more_than_the_limit, flush, NULL),
      UNIT_TEST(test_limiter__one_that_is_killed_takes_its_tokens_along, flush, NULL),
      UNIT_TEST(test_limiter__exact_uses_tokens_to_the_last, flush, NULL),
      UNIT_TEST(test_limiter__leases_are_given_back, flush, NULL),
      UNIT_TEST(test_limiter__terms_change_while_in_use, flush, NULL),
      UNIT_TEST(test_limiter__a_lost_bucket_starts_full, flush, NULL),
      UNIT_TEST(test_limiter__damage_is_named, flush, NULL),
      UNIT_TEST(test_limiter__a_server_that_is_away_is_an_error, flush, NULL),
      UNIT_TEST(test_limiter__submitted_tries_gather, flush, NULL),
      UNIT_TEST(test_limiter__a_cluster_keeps_both_keys_in_one_place, flush, NULL),
  };
  return cmocka_run_group_tests_name("limiters on Redis", tests, start, stop);
}
