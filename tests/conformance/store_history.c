/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A long random history, run on the store and on the simplest model of one: arrays. */

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "conformance.h"
#include "store_bench.h"

#define NUMBERS 4096 /* bits are set below this number */
#define PEOPLE 600
#define STEPS 4000

struct model {
  uint64_t version;
  uint64_t epoch;
  uint64_t next;
  uint64_t join_limit;
  uint64_t trimmed; /* what lies below may be forgotten */
  unsigned char state[64];
  size_t state_size;
  unsigned char bits[WAITQ_STORE_PLANES][NUMBERS];
  uint64_t number[PEOPLE]; /* WAITQ_STORE_NO_NUMBER: none */
  int64_t joined_us[PEOPLE];
};

static void model_empty(struct model *model) {
  model->next = 0;
  model->trimmed = 0;
  memset(model->bits, 0, sizeof model->bits);
  for (size_t i = 0; i < PEOPLE; i++) {
    model->number[i] = WAITQ_STORE_NO_NUMBER;
  }
}

/* What append has to answer. A forgotten visitor is one whose number lies below the trim: the store may know it or not,
 * so that the model follows the store there. */
static void model_join(struct model *model, size_t person, const waitq_store_join *asked, const waitq_store_join *got,
                       int64_t now_us) {
  uint64_t has = asked->anonymous ? WAITQ_STORE_NO_NUMBER : model->number[person];
  if (has != WAITQ_STORE_NO_NUMBER && has < model->trimmed && got->outcome != WAITQ_STORE_EXISTING) {
    has = WAITQ_STORE_NO_NUMBER;
  }
  if (has != WAITQ_STORE_NO_NUMBER && has != asked->replaces) {
    assert_int_equal(got->outcome, WAITQ_STORE_EXISTING);
    assert_int_equal(got->number, has);
    assert_int_equal(got->joined_us, model->joined_us[person]);
  } else if (model->next < model->join_limit) {
    assert_int_equal(got->outcome, WAITQ_STORE_NEW);
    assert_int_equal(got->number, model->next);
    assert_int_equal(got->joined_us, now_us);
    if (!asked->anonymous) {
      model->number[person] = model->next;
      model->joined_us[person] = now_us;
    }
    model->next++;
  } else {
    assert_int_equal(got->outcome, WAITQ_STORE_FULL);
  }
}

static void step_append(struct bench *bench, struct model *model, struct rng *rng) {
  enum { BATCH = 30 };
  waitq_store_join asked[BATCH];
  waitq_store_join joins[BATCH];
  size_t people[BATCH];
  size_t count = 1 + (size_t)rng_below(rng, BATCH);
  int64_t now_us = (int64_t)rng_below(rng, UINT64_C(1) << 50);
  for (size_t i = 0; i < count; i++) {
    people[i] = (size_t)rng_below(rng, PEOPLE);
    asked[i] = bench_visitor(people[i]);
    asked[i].anonymous = (uint32_t)rng_once_in(rng, 10);
    if (rng_once_in(rng, 4)) {
      asked[i].replaces = rng_once_in(rng, 4) ? rng_below(rng, NUMBERS) : model->number[people[i]];
    }
    joins[i] = asked[i];
  }
  uint64_t epoch = rng_once_in(rng, 10) ? model->epoch + 1 : model->epoch;
  int code = bench->ops->append(bench->room, epoch, now_us, joins, count, NULL);
  assert_code(code, epoch == model->epoch ? WAITQ_OK : WAITQ_E_CONFLICT);
  for (size_t i = 0; code == WAITQ_OK && i < count; i++) {
    model_join(model, people[i], &asked[i], &joins[i], now_us);
  }
}

#define RUN_WORDS 20

/* Only tickets that were issued have bits: what lies beyond next is zero. */
static waitq_store_bits random_bits(struct rng *rng, uint64_t next, uint64_t words[RUN_WORDS]) {
  waitq_store_bits bits = {.words = words};
  bits.plane = (uint32_t)rng_below(rng, WAITQ_STORE_PLANES);
  bits.count = 1 + (uint32_t)rng_below(rng, RUN_WORDS);
  bits.first = 64 * rng_below(rng, NUMBERS / 64 - bits.count);
  for (uint32_t i = 0; i < bits.count; i++) {
    uint64_t begin = bits.first + 64 * (uint64_t)i;
    uint64_t issued = next <= begin ? 0 : next - begin >= 64 ? UINT64_MAX : (UINT64_C(1) << (next - begin)) - 1;
    words[i] = rng_next(rng) & rng_next(rng) & rng_next(rng) & issued;
  }
  return bits;
}

static void model_mark(struct model *model, const waitq_store_bits *bits) {
  for (uint64_t i = 0; i < 64u * bits->count; i++) {
    if (bits->words[i / 64] >> (i % 64) & 1) {
      model->bits[bits->plane][bits->first + i] = 1;
    }
  }
}

static void step_mark(struct bench *bench, struct model *model, struct rng *rng) {
  uint64_t words[3][RUN_WORDS];
  waitq_store_bits bits[3];
  size_t count = 1 + (size_t)rng_below(rng, 3);
  for (size_t i = 0; i < count; i++) {
    bits[i] = random_bits(rng, model->next, words[i]);
  }
  uint64_t epoch = rng_once_in(rng, 10) ? model->epoch - 1 : model->epoch;
  int code = bench->ops->mark(bench->room, epoch, bits, count, NULL);
  assert_code(code, epoch == model->epoch ? WAITQ_OK : WAITQ_E_CONFLICT);
  for (size_t i = 0; code == WAITQ_OK && i < count; i++) {
    model_mark(model, &bits[i]);
  }
}

static void model_commit(struct model *model, const waitq_store_commit *commit) {
  model->version++;
  if (commit->epoch != model->epoch) {
    model->epoch = commit->epoch;
    model_empty(model);
  }
  model->join_limit = commit->join_limit;
  model->state_size = commit->state_size;
  memcpy(model->state, commit->state, commit->state_size);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    if (commit->clear_planes >> plane & 1) {
      memset(model->bits[plane], 0, NUMBERS);
    }
  }
  for (uint32_t i = 0; i < commit->bits_count; i++) {
    model_mark(model, &commit->bits[i]);
  }
  if (commit->trim_below > model->trimmed) {
    model->trimmed = commit->trim_below;
  }
}

static void step_commit(struct bench *bench, struct model *model, struct rng *rng) {
  unsigned char bytes[sizeof model->state];
  uint64_t words[2][RUN_WORDS];
  waitq_store_bits bits[2];
  waitq_store_commit commit = {.size = sizeof commit, .state = bytes, .bits = bits};
  rng_fill(rng, bytes, sizeof bytes);
  commit.version = model->version + (uint64_t)rng_once_in(rng, 6);
  commit.epoch = model->epoch + (uint64_t)rng_once_in(rng, 300);
  commit.bits_count = (uint32_t)rng_below(rng, 3);
  for (uint32_t i = 0; i < commit.bits_count; i++) {
    bits[i] = random_bits(rng, commit.epoch == model->epoch ? model->next : 0, words[i]);
  }
  commit.join_limit = model->next + rng_below(rng, 100);
  commit.state_size = 1 + (size_t)rng_below(rng, sizeof bytes);
  commit.clear_planes = (uint32_t)(rng_next(rng) & rng_next(rng) & rng_next(rng) & 0xffffff);
  if (commit.epoch == model->epoch && rng_once_in(rng, 8)) {
    commit.trim_below = model->trimmed + rng_below(rng, 64);
  }
  int code = bench->ops->commit(bench->room, &commit, NULL);
  assert_code(code, commit.version == model->version ? WAITQ_OK : WAITQ_E_CONFLICT);
  if (code == WAITQ_OK) {
    model_commit(model, &commit);
  }
}

static void compare(struct bench *bench, const struct model *model) {
  struct capture *capture = bench_load(bench, bench->room);
  assert_int_equal(capture->head.version, model->version);
  assert_int_equal(capture->head.epoch, model->epoch);
  assert_int_equal(capture->head.next, model->next);
  assert_int_equal(capture->head.join_limit, model->join_limit);
  assert_int_equal(capture->head.state_size, model->state_size);
  assert_memory_equal(capture->state, model->state, model->state_size);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    for (uint64_t number = model->trimmed; number < NUMBERS; number++) {
      if (capture_has(capture, plane, number) != model->bits[plane][number]) {
        fail_msg("bit %u of plane %u", (unsigned)number, plane);
      }
    }
  }
  capture_free(capture);
}

static void reopen(struct bench *bench) {
  bench_room_close(bench, bench->room);
  bench->room = bench_room(bench, "room", NULL);
}

static void test_store__a_random_history_ends_as_in_a_model_made_of_arrays(void **state) {
  struct bench *bench = *state;
  struct rng rng;
  rng_init(&rng, rng_seed("store history", 11));
  struct model *model = calloc(1, sizeof *model);
  assert_non_null(model);
  model->epoch = BENCH_EPOCH;
  model->join_limit = UINT64_MAX - 1;
  model->state_size = sizeof BENCH_STATE;
  memcpy(model->state, BENCH_STATE, sizeof BENCH_STATE);
  model_empty(model);
  for (int step = 0; step < STEPS; step++) {
    uint64_t dice = rng_below(&rng, 100);
    if (dice < 35) {
      step_append(bench, model, &rng);
    } else if (dice < 65) {
      step_mark(bench, model, &rng);
    } else if (dice < 98) {
      step_commit(bench, model, &rng);
    } else {
      reopen(bench);
    }
    if (step % 20 == 0) {
      compare(bench, model);
    }
  }
  compare(bench, model);
  free(model);
}

int conformance_store_history(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(test_store__a_random_history_ends_as_in_a_model_made_of_arrays),
  };
  return cmocka_run_group_tests_name("store: history", tests, NULL, NULL);
}
