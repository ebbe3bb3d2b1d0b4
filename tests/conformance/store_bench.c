/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store_bench.h"

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"

const struct subject *bench_subject;

waitq_store_head bench_initial(void) {
  waitq_store_head head = {.size = sizeof head,
                           .epoch = BENCH_EPOCH,
                           .join_limit = UINT64_MAX - 1,
                           .state = BENCH_STATE,
                           .state_size = sizeof BENCH_STATE};
  return head;
}

uint64_t bench_many(void) {
  uint64_t many = subject_many(bench_subject);
  return many - many % 64;
}

void bench_issue(const struct bench *bench, void *room, uint64_t count) {
  enum { BATCH = 500 };
  waitq_store_join joins[BATCH];
  for (uint64_t next = 0; next < count;) {
    size_t some = count - next < BATCH ? (size_t)(count - next) : BATCH;
    for (size_t i = 0; i < some; i++) {
      joins[i] = bench_anonymous();
    }
    assert_code(bench->ops->append(room, BENCH_EPOCH, BENCH_NOW, joins, some, NULL), WAITQ_OK);
    next = joins[some - 1].number + 1;
  }
}

int bench_setup(void **state) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  if (bench_subject->wipe != NULL) {
    bench_subject->wipe(bench_subject->user);
  }
  fake_memory_init(&bench->memory);
  bench->env.size = sizeof bench->env;
  bench->env.allocator = &bench->memory.allocator;
  bench->env.user = bench_subject->user;
  bench->ops = bench_subject->ops;
  bench->uri = bench_subject->uri;
  assert_code(bench->ops->open(bench->uri, &bench->env, &bench->store, NULL), WAITQ_OK);
  waitq_store_head initial = bench_initial();
  bench->room = bench_room(bench, "room", &initial);
  *state = bench;
  return 0;
}

int bench_teardown(void **state) {
  struct bench *bench = *state;
  fake_memory_recover(&bench->memory);
  if (bench->room != NULL) {
    bench_room_close(bench, bench->room);
  }
  if (bench->store != NULL) {
    bench->ops->close(bench->store);
  }
  assert_int_equal(fake_memory_blocks(&bench->memory), 0);
  free(bench);
  return 0;
}

void *bench_room(struct bench *bench, const char *name, const waitq_store_head *initial) {
  void *room = NULL;
  assert_code(bench->ops->room_open(bench->store, name, initial, &room, NULL), WAITQ_OK);
  assert_non_null(room);
  return room;
}

void bench_room_close(const struct bench *bench, void *room) {
  if (bench->ops->room_close != NULL) {
    bench->ops->room_close(room);
  }
}

/* The sink of bench_load(). */
struct loading {
  struct capture *capture;
  unsigned heads;
};

static int take_head(void *user, const waitq_store_head *head) {
  struct loading *loading = user;
  struct capture *capture = loading->capture;
  loading->heads++;
  assert_int_equal(loading->heads, 1);
  assert_int_equal(capture->count, 0);
  assert_true(head->size >= sizeof *head);
  assert_true(head->state_size <= WAITQ_STORE_STATE_MAX);
  capture->head = *head;
  memcpy(capture->state, head->state, head->state_size);
  capture->head.state = capture->state;
  return WAITQ_OK;
}

static void keep_word(struct capture *capture, struct capture_word word) {
  if (capture->count == capture->capacity) {
    capture->capacity = capture->capacity == 0 ? 64 : capture->capacity * 2;
    capture->words = realloc(capture->words, capture->capacity * sizeof *capture->words);
    assert_non_null(capture->words);
  }
  capture->words[capture->count++] = word;
}

static int take_bits(void *user, const waitq_store_bits *bits) {
  struct loading *loading = user;
  assert_int_equal(loading->heads, 1);
  assert_true(bits->plane < WAITQ_STORE_PLANES);
  assert_true(bits->count >= 1);
  assert_int_equal(bits->first % 64, 0);
  for (uint32_t i = 0; i < bits->count; i++) {
    if (bits->words[i] != 0) {
      keep_word(loading->capture, (struct capture_word){bits->plane, bits->first / 64 + i, bits->words[i]});
    }
  }
  return WAITQ_OK;
}

static int compare_words(const void *left, const void *right) {
  const struct capture_word *a = left;
  const struct capture_word *b = right;
  if (a->plane != b->plane) {
    return a->plane < b->plane ? -1 : 1;
  }
  return (a->index > b->index) - (a->index < b->index);
}

static void merge_words(struct capture *capture) {
  if (capture->count == 0) {
    return;
  }
  qsort(capture->words, capture->count, sizeof *capture->words, compare_words);
  size_t last = 0;
  for (size_t i = 1; i < capture->count; i++) {
    if (compare_words(&capture->words[last], &capture->words[i]) == 0) {
      capture->words[last].bits |= capture->words[i].bits;
    } else {
      capture->words[++last] = capture->words[i];
    }
  }
  capture->count = last + 1;
}

struct capture *bench_load(const struct bench *bench, void *room) {
  struct loading loading = {calloc(1, sizeof(struct capture)), 0};
  assert_non_null(loading.capture);
  waitq_store_sink sink = {sizeof sink, &loading, take_head, take_bits};
  assert_code(bench->ops->load(room, &sink, NULL), WAITQ_OK);
  assert_int_equal(loading.heads, 1);
  merge_words(loading.capture);
  return loading.capture;
}

void capture_free(struct capture *capture) {
  free(capture->words);
  free(capture);
}

int capture_has(const struct capture *capture, uint32_t plane, uint64_t number) {
  struct capture_word wanted = {plane, number / 64, 0};
  const struct capture_word *found =
      capture->count == 0 ? NULL : bsearch(&wanted, capture->words, capture->count, sizeof wanted, compare_words);
  return found != NULL && (found->bits >> (number % 64) & 1) != 0;
}

uint64_t capture_total(const struct capture *capture) {
  uint64_t total = 0;
  for (size_t i = 0; i < capture->count; i++) {
    for (uint64_t bits = capture->words[i].bits; bits != 0; bits &= bits - 1) {
      total++;
    }
  }
  return total;
}

void assert_captures_equal(const struct capture *a, const struct capture *b) {
  assert_int_equal(a->head.version, b->head.version);
  assert_int_equal(a->head.epoch, b->head.epoch);
  assert_int_equal(a->head.next, b->head.next);
  assert_int_equal(a->head.join_limit, b->head.join_limit);
  assert_int_equal(a->head.state_size, b->head.state_size);
  assert_memory_equal(a->state, b->state, a->head.state_size);
  assert_int_equal(a->count, b->count);
  for (size_t i = 0; i < a->count; i++) {
    assert_int_equal(compare_words(&a->words[i], &b->words[i]), 0);
    assert_int_equal(a->words[i].bits, b->words[i].bits);
  }
}

void assert_unchanged(const struct bench *bench, void *room, struct capture *before) {
  struct capture *after = bench_load(bench, room);
  assert_captures_equal(before, after);
  capture_free(before);
  capture_free(after);
}

waitq_store_join bench_visitor(uint64_t number) {
  waitq_store_join join = {.replaces = WAITQ_STORE_NO_NUMBER};
  struct rng spread;
  rng_init(&spread, number);
  rng_fill(&spread, join.visitor, sizeof join.visitor);
  return join;
}

waitq_store_join bench_anonymous(void) {
  waitq_store_join join = {.replaces = WAITQ_STORE_NO_NUMBER, .anonymous = 1};
  return join;
}

waitq_store_join bench_join_at(const struct bench *bench, void *room, waitq_store_join join, uint64_t epoch,
                               int64_t now_us) {
  assert_code(bench->ops->append(room, epoch, now_us, &join, 1, NULL), WAITQ_OK);
  return join;
}

waitq_store_join bench_join(const struct bench *bench, void *room, waitq_store_join join) {
  return bench_join_at(bench, room, join, BENCH_EPOCH, BENCH_NOW);
}

void bench_mark(const struct bench *bench, void *room, uint32_t plane, uint64_t number) {
  uint64_t word = UINT64_C(1) << (number % 64);
  waitq_store_bits bits = {plane, 1, number - number % 64, &word};
  assert_code(bench->ops->mark(room, BENCH_EPOCH, &bits, 1, NULL), WAITQ_OK);
}

waitq_store_commit bench_commit_of(const struct capture *capture) {
  waitq_store_commit commit = {.size = sizeof commit,
                               .version = capture->head.version,
                               .epoch = capture->head.epoch,
                               .join_limit = capture->head.join_limit,
                               .state = capture->state,
                               .state_size = capture->head.state_size};
  return commit;
}

void bench_commit(const struct bench *bench, void *room, const waitq_store_commit *commit, int code) {
  assert_code(bench->ops->commit(room, commit, NULL), code);
}
