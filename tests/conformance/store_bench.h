/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_CONFORMANCE_STORE_BENCH_H
#define WAITQ_TESTS_CONFORMANCE_STORE_BENCH_H

/* What the tests of a store share: a store with one room in it, and what load says of a room, as a value that can be
 * asked and compared. */

#include <waitq/store.h>

#include "../support/fake_memory.h"
#include "../support/test.h"
#include "../support/world.h"

#define BENCH_EPOCH UINT64_C(1700000000)
#define BENCH_NOW INT64_C(1700000000123456)
#define BENCH_STATE "the state of a room"

struct bench {
  struct fake_memory memory;
  waitq_store_env env;
  const waitq_store_ops *ops;
  const char *uri;
  void *store;
  void *room; /* "room", made with bench_initial() */
};

/* The store that is being tested: set by conformance_store(). */
extern const struct subject *bench_subject;

/* Set-up and tear-down of each test; *state is the bench. Tear-down fails the test when memory was lost. */
int bench_setup(void **state);
int bench_teardown(void **state);

#define BENCH_TEST(function) cmocka_unit_test_setup_teardown(function, bench_setup, bench_teardown)

/* Epoch BENCH_EPOCH, next 0, no join limit, state BENCH_STATE. */
waitq_store_head bench_initial(void);

/* How many tickets are many for this store, a multiple of 64. */
uint64_t bench_many(void);

/* Issues tickets to nobody, until next is count. Only tickets that were issued have bits. */
void bench_issue(const struct bench *bench, void *room, uint64_t count);

/* Opens a room that has to exist afterwards. */
void *bench_room(struct bench *bench, const char *name, const waitq_store_head *initial);

/* Gives a room back, where the store wants to know. */
void bench_room_close(const struct bench *bench, void *room);

/* One run of 64 bits. */
struct capture_word {
  uint32_t plane;
  uint64_t index; /* number / 64 */
  uint64_t bits;
};

/* What load handed over. Words are sorted, none is zero, none stands twice. */
struct capture {
  waitq_store_head head; /* its state points into the capture */
  unsigned char state[WAITQ_STORE_STATE_MAX];
  struct capture_word *words;
  size_t count;
  size_t capacity;
};

/* Loads a room, and checks the manners of load on the way: the head once and first, runs that are well formed. */
struct capture *bench_load(const struct bench *bench, void *room);
void capture_free(struct capture *capture);
int capture_has(const struct capture *capture, uint32_t plane, uint64_t number);
uint64_t capture_total(const struct capture *capture);
void assert_captures_equal(const struct capture *a, const struct capture *b);

/* Loads and compares with an earlier capture, which is freed. */
void assert_unchanged(const struct bench *bench, void *room, struct capture *before);

/* A join of the visitor whose hash is number, spread over its 16 bytes; or of nobody. */
waitq_store_join bench_visitor(uint64_t number);
waitq_store_join bench_anonymous(void);

/* Appends one join in the room's own epoch, and returns its answer. */
waitq_store_join bench_join(const struct bench *bench, void *room, waitq_store_join join);
waitq_store_join bench_join_at(const struct bench *bench, void *room, waitq_store_join join, uint64_t epoch,
                               int64_t now_us);

/* Sets one bit by mark. */
void bench_mark(const struct bench *bench, void *room, uint32_t plane, uint64_t number);

/* A commit that changes nothing but the version. */
waitq_store_commit bench_commit_of(const struct capture *capture);

/* Runs it, expecting code. */
void bench_commit(const struct bench *bench, void *room, const waitq_store_commit *commit, int code);

#endif
