/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A long random history of two contexts, run on Redis and on the simplest model of a room. In the end, and all along, what each context
 * knows from exchanges is what the model has. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/rng.h"
#include "party.h"

#define PEOPLE 500
#define STEPS 3000
#define NUMBERS (6 * 16384)
#define RUN_WORDS 700
#define BATCH 24

/* A state, as the history uses it: how often each plane was emptied, which contexts learn from it as the library does. */
struct emptied {
  uint32_t times[WAITQ_STORE_PLANES];
};

struct model {
  uint64_t version;
  uint64_t epoch;
  uint64_t next;
  uint64_t join_limit;
  uint64_t trim;
  uint64_t losses;
  struct emptied emptied;
  uint64_t words[WAITQ_STORE_PLANES][NUMBERS / 64];
  uint64_t number[PEOPLE]; /* WAITQ_STORE_NO_NUMBER: none */
  int64_t joined_us[PEOPLE];
  struct emptied known[2]; /* by each context */
};

/* One step: what is asked. */
struct step {
  waitq_store_exchange exchange;
  waitq_store_commit commit;
  struct emptied emptied;
  waitq_store_bits bits[6]; /* of the commit, marks, unmarks: two each */
  uint64_t words[6][RUN_WORDS];
  waitq_store_shown shown[3];
  unsigned shown_people[3];
  waitq_store_join asked[BATCH];
  waitq_store_join joins[BATCH];
  unsigned people[BATCH];
};

static void model_empty(struct model *model) {
  model->next = 0;
  model->trim = 0;
  memset(model->words, 0, sizeof model->words);
  for (unsigned i = 0; i < PEOPLE; i++) {
    model->number[i] = WAITQ_STORE_NO_NUMBER;
  }
}

static void model_bits(struct model *model, const waitq_store_bits *bits, uint32_t count, int clears) {
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t w = 0; w < bits[i].count; w++) {
      uint64_t *word = &model->words[bits[i].plane][bits[i].first / 64 + w];
      *word = clears ? *word & ~bits[i].words[w] : *word | bits[i].words[w];
    }
  }
}

static int model_commit(struct model *model, const waitq_store_commit *commit) {
  if (commit->version != model->version) {
    return WAITQ_E_CONFLICT;
  }
  model->version++;
  if (commit->epoch != model->epoch) {
    model->epoch = commit->epoch;
    model_empty(model);
  }
  model->join_limit = commit->join_limit;
  memcpy(&model->emptied, commit->state, sizeof model->emptied);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    if (commit->clear_planes >> plane & 1) {
      memset(model->words[plane], 0, sizeof model->words[plane]);
    }
  }
  model->trim = commit->trim_below > model->trim ? commit->trim_below : model->trim;
  model->next = commit->next_min > model->next ? commit->next_min : model->next;
  model_bits(model, commit->bits, commit->bits_count, 0);
  return WAITQ_OK;
}

static uint64_t number_of(const struct model *model, unsigned person) {
  uint64_t number = model->number[person];
  return number < model->trim ? WAITQ_STORE_NO_NUMBER : number;
}

static void model_show(struct model *model, unsigned person, const waitq_store_shown *shown) {
  uint64_t known = number_of(model, person);
  if (shown->number >= model->trim && (known == WAITQ_STORE_NO_NUMBER || known < shown->number)) {
    model->number[person] = shown->number;
    model->joined_us[person] = shown->joined_us;
  }
}

static void model_join(struct model *model, unsigned person, const waitq_store_join *asked,
                       const waitq_store_join *got) {
  uint64_t has = asked->anonymous ? WAITQ_STORE_NO_NUMBER : number_of(model, person);
  if (has != WAITQ_STORE_NO_NUMBER && has != asked->replaces) {
    assert_int_equal(got->outcome, WAITQ_STORE_EXISTING);
    assert_int_equal(got->number, has);
    assert_int_equal(got->joined_us, model->joined_us[person]);
  } else if (model->next < model->join_limit) {
    assert_int_equal(got->outcome, WAITQ_STORE_NEW);
    assert_int_equal(got->number, model->next);
    if (!asked->anonymous) {
      model->number[person] = model->next;
      model->joined_us[person] = got->joined_us;
    }
    model->next++;
  } else {
    assert_int_equal(got->outcome, WAITQ_STORE_FULL);
  }
}

/* --- What is asked --- */

/* Only tickets that were issued have bits. */
static void random_bits(struct rng *rng, uint64_t next, waitq_store_bits *bits, uint64_t words[RUN_WORDS]) {
  uint64_t last = next / 64 + 1;
  uint64_t count = 1 + rng_below(rng, rng_once_in(rng, 8) ? RUN_WORDS : 4);
  int is_dense = rng_once_in(rng, 2);
  *bits = (waitq_store_bits){(uint32_t)rng_below(rng, WAITQ_STORE_PLANES), (uint32_t)count, 0, words};
  bits->first = 64 * rng_below(rng, last < NUMBERS / 64 - RUN_WORDS ? last : NUMBERS / 64 - RUN_WORDS);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t begin = bits->first + 64 * i;
    uint64_t issued = next <= begin ? 0 : next - begin >= 64 ? UINT64_MAX : (UINT64_C(1) << (next - begin)) - 1;
    words[i] = (is_dense ? rng_next(rng) : UINT64_C(1) << rng_below(rng, 64)) & issued;
  }
}

static void random_commit(struct rng *rng, const struct model *model, struct step *step) {
  int is_new_epoch = rng_once_in(rng, 60) || model->next > NUMBERS - 5000;
  step->emptied = model->emptied;
  step->commit = (waitq_store_commit){.size = sizeof step->commit,
                                      .version = step->exchange.version,
                                      .epoch = step->exchange.epoch + (uint64_t)is_new_epoch,
                                      .join_limit = model->next + 20 + rng_below(rng, 5000),
                                      .state = &step->emptied,
                                      .state_size = sizeof step->emptied,
                                      .bits = &step->bits[0]};
  if (is_new_epoch) {
    return;
  }
  step->commit.bits_count = (uint32_t)rng_below(rng, 3);
  if (rng_once_in(rng, 3)) {
    step->commit.clear_planes = (uint32_t)(rng_next(rng) & rng_next(rng) & rng_next(rng)) & PARTY_ALL;
    for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
      step->emptied.times[plane] += step->commit.clear_planes >> plane & 1;
    }
  }
  if (rng_once_in(rng, 4)) {
    step->commit.trim_below = model->trim + rng_below(rng, 1 + (model->next - model->trim) / 2);
  }
  if (rng_once_in(rng, 3)) {
    step->commit.next_min = model->next + rng_below(rng, 4000);
  }
}

static void random_joins(struct rng *rng, const struct model *model, struct step *step) {
  step->exchange.join_count = (uint32_t)rng_below(rng, BATCH);
  for (uint32_t i = 0; i < step->exchange.join_count; i++) {
    step->people[i] = (unsigned)rng_below(rng, PEOPLE);
    step->asked[i] = party_visitor(step->people[i]);
    step->asked[i].anonymous = (uint32_t)rng_once_in(rng, 10);
    if (rng_once_in(rng, 6)) {
      step->asked[i].replaces = model->number[step->people[i]];
    }
    step->joins[i] = step->asked[i];
  }
  step->exchange.shown_count = (uint32_t)rng_below(rng, 4);
  for (uint32_t i = 0; i < step->exchange.shown_count; i++) {
    step->shown_people[i] = (unsigned)rng_below(rng, PEOPLE);
    step->shown[i] = (waitq_store_shown){.number = rng_below(rng, model->next + 1), .joined_us = (int64_t)i + 1};
    memcpy(step->shown[i].visitor, party_visitor(step->shown_people[i]).visitor, WAITQ_STORE_VISITOR_SIZE);
  }
}

static void random_step(struct rng *rng, const struct model *model, const struct member *member, struct step *step) {
  step->exchange = member_ask(member);
  step->exchange.joins = step->joins;
  step->exchange.shown = step->shown;
  step->exchange.marks = &step->bits[2];
  step->exchange.unmarks = &step->bits[4];
  for (unsigned i = 0; i < 6; i++) {
    random_bits(rng, model->next, &step->bits[i], step->words[i]);
  }
  if (rng_once_in(rng, 2)) {
    random_joins(rng, model, step);
  }
  if (rng_once_in(rng, 3)) {
    step->exchange.shown_count = 0; /* joins alone */
    return;
  }
  if (rng_once_in(rng, 2)) {
    step->exchange.mark_count = (uint32_t)rng_below(rng, 3);
    step->exchange.unmark_count = rng_once_in(rng, 4) ? (uint32_t)rng_below(rng, 3) : 0;
  }
  if (rng_once_in(rng, 3)) {
    random_commit(rng, model, step);
    step->exchange.commit = &step->commit;
    /* Marks are of tickets that are there after the commit, too. */
    if (step->commit.epoch != step->exchange.epoch) {
      step->exchange.mark_count = 0;
      step->exchange.unmark_count = 0;
      step->exchange.shown_count = 0;
    }
  }
}

/* --- What a context knows --- */

static void forget_emptied(struct model *model, struct member *member, unsigned number, const struct emptied *now) {
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    if (now->times[plane] != model->known[number].times[plane]) {
      memset(member->words[plane], 0, sizeof member->words[plane]);
    }
  }
  model->known[number] = *now;
}

/* The sink's head function comes before bits, so planes are emptied there; bits that follow are newer. */
struct listener {
  struct model *model;
  struct member *member;
  unsigned number;
};
static struct listener listeners[2];

static int hear_head(void *user, const waitq_store_head *head) {
  const struct listener *listener = user;
  struct member *member = listener->member;
  if (head->epoch != member->epoch) {
    memset(member->words, 0, sizeof member->words);
  }
  struct emptied now;
  assert_int_equal(head->state_size, sizeof now);
  memcpy(&now, head->state, sizeof now);
  forget_emptied(listener->model, member, listener->number, &now);
  member->heads++;
  member->head = *head;
  return WAITQ_OK;
}

static int hear_bits(void *user, const waitq_store_bits *bits) {
  const struct listener *listener = user;
  assert_true(bits->first / 64 + bits->count <= NUMBERS / 64);
  memcpy(&listener->member->words[bits->plane][bits->first / 64], bits->words, 8 * (size_t)bits->count);
  return WAITQ_OK;
}

static void know_bits(struct member *member, const waitq_store_bits *bits, uint32_t count, int clears) {
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t w = 0; w < bits[i].count; w++) {
      uint64_t *word = &member->words[bits[i].plane][bits[i].first / 64 + w];
      *word = clears ? *word & ~bits[i].words[w] : *word | bits[i].words[w];
    }
  }
}

static void know_own(struct model *model, unsigned number, struct member *member, const struct step *step) {
  if (step->exchange.commit != NULL && step->exchange.commit_code == WAITQ_OK) {
    if (step->commit.epoch != step->exchange.epoch) {
      memset(member->words, 0, sizeof member->words);
    }
    forget_emptied(model, member, number, &step->emptied);
    know_bits(member, step->commit.bits, step->commit.bits_count, 0);
  }
  know_bits(member, step->exchange.marks, step->exchange.mark_count, 0);
  know_bits(member, step->exchange.unmarks, step->exchange.unmark_count, 1);
}

/* --- The history --- */

static void run_model(struct model *model, struct step *step) {
  const waitq_store_exchange *exchange = &step->exchange;
  if (exchange->commit != NULL) {
    assert_code(exchange->commit_code, model_commit(model, exchange->commit));
  }
  model_bits(model, exchange->marks, exchange->mark_count, 0);
  model_bits(model, exchange->unmarks, exchange->unmark_count, 1);
  for (uint32_t i = 0; i < exchange->shown_count; i++) {
    model_show(model, step->shown_people[i], &step->shown[i]);
  }
  for (uint32_t i = 0; i < exchange->join_count; i++) {
    model_join(model, step->people[i], &step->asked[i], &step->joins[i]);
  }
  assert_int_equal(exchange->next, model->next);
  assert_int_equal(exchange->losses, model->losses);
}

static void put_back(struct party *party, struct model *model, struct rng *rng, unsigned number) {
  member_refresh(party, number); /* nothing comes of it but the same */
  waitq_store_exchange exchange = member_ask(party->members[number]);
  waitq_store_commit commit = member_commit_of(party->members[number]);
  commit.version = model->version;
  commit.epoch = exchange.epoch = model->epoch;
  commit.state = &model->emptied;
  commit.state_size = sizeof model->emptied;
  commit.join_limit = model->join_limit;
  commit.next_min = model->next + rng_below(rng, 50);
  exchange.flags = WAITQ_STORE_RECOVER;
  exchange.commit = &commit;
  uint64_t epoch = party->members[number]->epoch;
  member_exchange(party, number, &exchange);
  assert_code(exchange.commit_code, WAITQ_OK);
  model->losses++;
  assert_code(model_commit(model, &commit), WAITQ_OK);
  forget_emptied(model, party->members[number], number, &model->emptied);
  if (epoch != model->epoch) {
    memset(party->members[number]->words, 0, sizeof party->members[number]->words);
  }
  /* What a recovery empties or keeps is what Redis has: all of it is asked for. */
  party->members[number]->change = 0;
}

static void run_step(struct party *party, struct model *model, struct rng *rng, struct step *step) {
  unsigned number = (unsigned)rng_below(rng, 2);
  struct member *member = party->members[number];
  memset(step, 0, sizeof *step);
  random_step(rng, model, member, step);
  uint64_t epoch = model->epoch;
  uint64_t asked_epoch = step->exchange.epoch;
  member_exchange(party, number, &step->exchange);
  if ((step->exchange.found & WAITQ_STORE_FOUND_LOSS) != 0) {
    put_back(party, model, rng, number);
  } else if (asked_epoch == epoch) {
    run_model(model, step);
    know_own(model, number, member, step);
  }
}

static void compare(struct party *party, const struct model *model) {
  for (unsigned number = 0; number < 2; number++) {
    struct member *member = party->members[number];
    member_refresh(party, number);
    assert_int_equal(member->version, model->version);
    assert_int_equal(member->epoch, model->epoch);
    for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
      for (uint64_t w = (model->trim + 63) / 64; w < NUMBERS / 64; w++) {
        if (member->words[plane][w] != model->words[plane][w]) {
          fail_msg("context %u, plane %u, tickets from %u: %016llx, not %016llx", number, plane, (unsigned)(64 * w),
                   (unsigned long long)member->words[plane][w], (unsigned long long)model->words[plane][w]);
        }
      }
    }
  }
}

static void test_exchange__a_random_history_leaves_every_context_with_what_a_model_has(void **state) {
  struct party *party = *state;
  struct rng rng;
  rng_init(&rng, rng_seed("exchange history", 21));
  struct model *model = calloc(1, sizeof *model);
  struct step *step = calloc(1, sizeof *step);
  assert_non_null(model);
  assert_non_null(step);
  model->epoch = PARTY_EPOCH;
  model->join_limit = UINT64_MAX - 1;
  model_empty(model);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.state = &model->emptied;
  commit.state_size = sizeof model->emptied;
  commit.join_limit = 3000;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_code(model_commit(model, &commit), WAITQ_OK);
  for (unsigned i = 0; i < 2; i++) {
    listeners[i] = (struct listener){model, party->members[i], i};
    party->members[i]->sink = (waitq_store_sink){sizeof(waitq_store_sink), &listeners[i], hear_head, hear_bits};
  }
  for (int i = 0; i < STEPS; i++) {
    if (rng_once_in(&rng, 200)) {
      server_ask(party->server, "HSET wq:{room} server 0123456789012345678901234567890123456789");
    }
    run_step(party, model, &rng, step);
    if (i % 10 == 0 && strcmp(party_field(party, "server"), "0123456789012345678901234567890123456789") != 0) {
      compare(party, model);
    }
  }
  free(step);
  free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PARTY_TEST(test_exchange__a_random_history_leaves_every_context_with_what_a_model_has),
  };
  return cmocka_run_group_tests_name("exchange: history", tests, party_group_setup, party_group_teardown);
}
