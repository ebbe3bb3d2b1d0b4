/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A store that runs out of memory, and one that is used from several threads. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "conformance.h"
#include "store_bench.h"

/* More allocations than any one call makes. */
#define FAILURES_MAX 2000

/* Runs call with its 1st, 2nd, ... allocation failing until it succeeds without a failure. After each failure the room
 * has to be as it was. */
static void sweep(struct bench *bench, int (*call)(struct bench *bench, void *user, waitq_error *error), void *user) {
  for (uint64_t n = 1; n < FAILURES_MAX; n++) {
    struct capture *before = bench->room == NULL ? NULL : bench_load(bench, bench->room);
    int64_t blocks = fake_memory_blocks(&bench->memory);
    waitq_error error = WAITQ_ERROR_INIT;
    fake_memory_fail_at(&bench->memory, n);
    int code = call(bench, user, &error);
    uint64_t failed = fake_memory_recover(&bench->memory);
    /* A store may do without memory that it can do without: then the call has succeeded, and its effect is checked by the
     * test. */
    if (failed == 0 || code == WAITQ_OK) {
      assert_code(code, WAITQ_OK);
      if (before != NULL) {
        capture_free(before);
      }
      return;
    }
    assert_code(code, WAITQ_E_NOMEM);
    assert_string_not_equal(error.text, "");
    if (before != NULL) {
      assert_unchanged(bench, bench->room, before);
      /* Memory that was gained before the failure may be kept for the next try, but belongs to the room. */
      assert_true(fake_memory_blocks(&bench->memory) >= blocks);
    } else {
      assert_int_equal(fake_memory_blocks(&bench->memory), blocks);
    }
  }
  fail_msg("still failing after %d allocations", FAILURES_MAX);
}

static int call_open(struct bench *bench, void *user, waitq_error *error) {
  (void)user;
  void *store = NULL;
  int code = bench->ops->open(bench->uri, &bench->env, &store, error);
  if (code == WAITQ_OK) {
    bench->store = store;
  }
  return code;
}

static void test_store__open_out_of_memory_leaves_nothing_behind(void **state) {
  struct bench *bench = *state;
  bench_room_close(bench, bench->room);
  bench->ops->close(bench->store);
  bench->room = NULL;
  bench->store = NULL;
  assert_int_equal(fake_memory_blocks(&bench->memory), 0);
  sweep(bench, call_open, NULL);
}

static int call_room_open(struct bench *bench, void *user, waitq_error *error) {
  waitq_store_head initial = bench_initial();
  return bench->ops->room_open(bench->store, "fresh", &initial, user, error);
}

static void test_store__room_open_out_of_memory_makes_no_room(void **state) {
  struct bench *bench = *state;
  void *room = NULL;
  sweep(bench, call_room_open, &room);
  assert_non_null(room);
  struct capture *capture = bench_load(bench, room);
  assert_int_equal(capture->head.version, 0);
  assert_int_equal(capture->head.next, 0);
  capture_free(capture);
  bench_room_close(bench, room);
}

#define BATCH 1000

struct appending {
  uint64_t first;
  waitq_store_join joins[BATCH];
};

static int call_append(struct bench *bench, void *user, waitq_error *error) {
  struct appending *appending = user;
  for (uint64_t i = 0; i < BATCH; i++) {
    appending->joins[i] = bench_visitor(appending->first + i);
  }
  return bench->ops->append(bench->room, BENCH_EPOCH, BENCH_NOW, appending->joins, BATCH, error);
}

static void test_store__append_out_of_memory_hands_out_nothing(void **state) {
  struct bench *bench = *state;
  struct appending *appending = calloc(1, sizeof *appending);
  assert_non_null(appending);
  for (uint64_t round = 0; round < 5; round++) {
    appending->first = round * BATCH;
    sweep(bench, call_append, appending);
    for (uint64_t i = 0; i < BATCH; i++) {
      assert_int_equal(appending->joins[i].outcome, WAITQ_STORE_NEW);
      assert_int_equal(appending->joins[i].number, round * BATCH + i);
    }
  }
  free(appending);
}

static int call_replace(struct bench *bench, void *user, waitq_error *error) {
  struct appending *appending = user;
  for (uint64_t i = 0; i < BATCH; i++) {
    appending->joins[i] = i % 2 == 0 ? bench_visitor(i) : bench_anonymous();
    appending->joins[i].replaces = i % 2 == 0 ? i : WAITQ_STORE_NO_NUMBER;
  }
  return bench->ops->append(bench->room, BENCH_EPOCH, BENCH_NOW + 1, appending->joins, BATCH, error);
}

/* Whoever was about to get a new ticket when memory ran out still has the old one. */
static int call_replace_and_check(struct bench *bench, void *user, waitq_error *error) {
  int code = call_replace(bench, user, error);
  for (uint64_t i = 0; code != WAITQ_OK && i < BATCH; i += 2) {
    waitq_store_join join = bench_join(bench, bench->room, bench_visitor(i));
    assert_int_equal(join.outcome, WAITQ_STORE_EXISTING);
    assert_int_equal(join.number, i);
    assert_int_equal(join.joined_us, BENCH_NOW);
  }
  return code;
}

static void test_store__append_out_of_memory_replaces_no_ticket(void **state) {
  struct bench *bench = *state;
  struct appending *appending = calloc(1, sizeof *appending);
  assert_non_null(appending);
  assert_code(call_append(bench, appending, NULL), WAITQ_OK);
  sweep(bench, call_replace_and_check, appending);
  for (uint64_t i = 0; i < BATCH; i++) {
    assert_int_equal(appending->joins[i].outcome, WAITQ_STORE_NEW);
    assert_int_equal(appending->joins[i].number, BATCH + i);
  }
  free(appending);
}

static int call_mark(struct bench *bench, void *user, waitq_error *error) {
  (void)user;
  uint64_t words[2] = {5, 6};
  uint64_t far = bench_many() - 128;
  waitq_store_bits bits[] = {{0, 2, 64, words}, {9, 1, far, words}, {0, 2, far, words}};
  return bench->ops->mark(bench->room, BENCH_EPOCH, bits, 3, error);
}

static void test_store__mark_out_of_memory_sets_no_bit(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, bench_many());
  bench_mark(bench, bench->room, 0, 70);
  sweep(bench, call_mark, NULL);
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture_total(capture), 2 + 2 + 2 + 2 + 2 + 1);
  capture_free(capture);
}

/* A commit, and what the room was before it: loading may need memory, too. */
struct committing {
  uint64_t epoch;
  struct capture *before;
};

static int call_commit(struct bench *bench, void *user, waitq_error *error) {
  const struct committing *committing = user;
  unsigned char bytes[WAITQ_STORE_STATE_MAX];
  memset(bytes, 'x', sizeof bytes);
  uint64_t words[2] = {UINT64_C(0xf0), 1};
  uint64_t far = bench_many() - 128;
  waitq_store_bits bits[] = {{1, 1, 0, words}, {2, 2, 64, words}, {3, 1, far, words}};
  waitq_store_commit commit = bench_commit_of(committing->before);
  int is_new_epoch = committing->epoch != commit.epoch;
  commit.epoch = committing->epoch;
  commit.state = bytes;
  commit.state_size = sizeof bytes;
  commit.join_limit = 77;
  commit.clear_planes = 2;
  commit.bits = bits;
  commit.bits_count = is_new_epoch ? 0 : 3; /* a new epoch has no tickets yet */
  commit.trim_below = is_new_epoch ? 0 : 2;
  return bench->ops->commit(bench->room, &commit, error);
}

static void commit_sweep(struct bench *bench, uint64_t epoch) {
  for (uint64_t i = 0; i < 10; i++) {
    bench_join(bench, bench->room, bench_visitor(i));
  }
  bench_issue(bench, bench->room, bench_many());
  for (uint64_t i = 0; i < 10; i++) {
    bench_mark(bench, bench->room, (uint32_t)i, 1000 + i);
  }
  struct committing committing = {epoch, bench_load(bench, bench->room)};
  sweep(bench, call_commit, &committing);
  capture_free(committing.before);
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture->head.version, 1);
  assert_int_equal(capture->head.epoch, epoch);
  assert_int_equal(capture->head.join_limit, 77);
  assert_int_equal(capture->head.state_size, WAITQ_STORE_STATE_MAX);
  assert_int_equal(capture_has(capture, 1, 4), epoch == BENCH_EPOCH);
  assert_int_equal(capture_has(capture, 3, bench_many() - 128 + 7), epoch == BENCH_EPOCH);
  assert_int_equal(capture_has(capture, 4, 1004), epoch == BENCH_EPOCH);
  assert_false(capture_has(capture, 1, 1001));
  capture_free(capture);
}

static void test_store__commit_out_of_memory_changes_nothing(void **state) {
  commit_sweep(*state, BENCH_EPOCH);
}

static void test_store__a_new_epoch_out_of_memory_changes_nothing(void **state) {
  struct bench *bench = *state;
  commit_sweep(bench, BENCH_EPOCH + 1);
  waitq_store_join join = bench_join_at(bench, bench->room, bench_visitor(3), BENCH_EPOCH + 1, 0);
  assert_int_equal(join.outcome, WAITQ_STORE_NEW);
  assert_int_equal(join.number, 0);
}

static int take_any_head(void *user, const waitq_store_head *head) {
  (void)user;
  (void)head;
  return WAITQ_OK;
}

static int take_any_bits(void *user, const waitq_store_bits *bits) {
  (void)user;
  (void)bits;
  return WAITQ_OK;
}

static int call_load(struct bench *bench, void *user, waitq_error *error) {
  waitq_store_sink sink = {sizeof sink, user, take_any_head, take_any_bits};
  return bench->ops->load(bench->room, &sink, error);
}

static void test_store__load_out_of_memory_changes_nothing(void **state) {
  struct bench *bench = *state;
  bench_issue(bench, bench->room, 100 * WAITQ_STORE_PLANES);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    bench_mark(bench, bench->room, plane, 100 * plane);
  }
  sweep(bench, call_load, NULL);
}

/* Threads: each has rooms of its own in the one store, and opens and closes them all the while. */
struct worker {
  struct bench *bench;
  unsigned number;
  unsigned problems;
};

/* As the library does: rooms are opened and closed one at a time, and used side by side. */
static pthread_mutex_t doors = PTHREAD_MUTEX_INITIALIZER;

static unsigned visit_room(struct bench *bench, const char *name, uint64_t round) {
  waitq_store_head initial = bench_initial();
  waitq_store_join join = bench_visitor(round);
  uint64_t word = UINT64_C(1) << (round % 64);
  waitq_store_bits bits = {(uint32_t)(round % WAITQ_STORE_PLANES), 1, round - round % 64, &word};
  waitq_store_commit commit = {.size = sizeof commit,
                               .version = round,
                               .epoch = BENCH_EPOCH,
                               .join_limit = UINT64_MAX - 1,
                               .state = BENCH_STATE,
                               .state_size = sizeof BENCH_STATE};
  void *room = NULL;
  unsigned problems = 0;
  pthread_mutex_lock(&doors);
  int code = bench->ops->room_open(bench->store, name, &initial, &room, NULL);
  pthread_mutex_unlock(&doors);
  if (code != WAITQ_OK || room == NULL) {
    return 1;
  }
  problems += bench->ops->append(room, BENCH_EPOCH, 0, &join, 1, NULL) != WAITQ_OK || join.number != round;
  problems += bench->ops->mark(room, BENCH_EPOCH, &bits, 1, NULL) != WAITQ_OK;
  problems += bench->ops->commit(room, &commit, NULL) != WAITQ_OK;
  pthread_mutex_lock(&doors);
  bench_room_close(bench, room);
  pthread_mutex_unlock(&doors);
  return problems;
}

static void *work(void *user) {
  struct worker *worker = user;
  for (uint64_t round = 0; round < 300; round++) {
    for (unsigned r = 0; r < 3; r++) {
      char name[32];
      snprintf(name, sizeof name, "worker-%u-%u", worker->number, r);
      worker->problems += visit_room(worker->bench, name, round);
    }
  }
  return NULL;
}

static void test_store__different_rooms_may_be_used_by_several_threads_at_once(void **state) {
  struct bench *bench = *state;
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  struct worker workers[THREADS];
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){bench, i, 0};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(workers[i].problems, 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    char name[32];
    snprintf(name, sizeof name, "worker-%u-2", i);
    void *room = bench_room(bench, name, NULL);
    struct capture *capture = bench_load(bench, room);
    assert_int_equal(capture->head.version, 300);
    assert_int_equal(capture->head.next, 300);
    assert_int_equal(capture_total(capture), 300);
    capture_free(capture);
    bench_room_close(bench, room);
  }
}

int conformance_store_faults(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(test_store__open_out_of_memory_leaves_nothing_behind),
      BENCH_TEST(test_store__room_open_out_of_memory_makes_no_room),
      BENCH_TEST(test_store__append_out_of_memory_hands_out_nothing),
      BENCH_TEST(test_store__append_out_of_memory_replaces_no_ticket),
      BENCH_TEST(test_store__mark_out_of_memory_sets_no_bit),
      BENCH_TEST(test_store__commit_out_of_memory_changes_nothing),
      BENCH_TEST(test_store__a_new_epoch_out_of_memory_changes_nothing),
      BENCH_TEST(test_store__load_out_of_memory_changes_nothing),
      BENCH_TEST(test_store__different_rooms_may_be_used_by_several_threads_at_once),
  };
  return cmocka_run_group_tests_name("store: faults", tests, NULL, NULL);
}
