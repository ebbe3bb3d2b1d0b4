/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Processes that lease tokens from one bucket, over a network that delays, loses and repeats nothing in order, with clocks
 * that run at different speeds. Whatever happens, what they spend together never exceeds burst + rate x interval in any
 * interval. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../support/limit_model.h"
#include "../support/rng.h"
#include "../support/test.h"
#include "limiter/lease.h"

#define NODES 4
#define SECOND_US INT64_C(1000000)
#define TRIES_MAX 8

/* What becomes of an exchange. */
enum fate { ANSWERED, REQUEST_LOST, ANSWER_LOST, LATE };

struct node {
  struct waitq__lease lease;
  double speed; /* of its clock */
  int64_t offset_us;
  int64_t cut_until_us; /* no request of its comes through before */
  int is_asking;
  enum fate fate;
  int64_t executed_us; /* 0: it will not be, or has been */
  int64_t answered_us;
  uint64_t tries[TRIES_MAX];
  unsigned char admitted[TRIES_MAX];
  waitq_store_limit limit;
  waitq_store_limit late; /* one that is on its way although its sender has given it up */
  int64_t late_us;
  uint64_t spent;
};

struct trial {
  struct rng rng;
  uint64_t seed;
  int64_t now_us;
  struct limit_model model;
  struct node nodes[NODES];
  int has_faults;
  uint64_t fault_in; /* one exchange in so many goes wrong */
  uint64_t demand;   /* most tries of a step */
  uint64_t largest;  /* try */
  uint64_t busy;     /* which node has the demand; NODES: all have */

  /* The limit, as an observer sees it: millionths of a token that may still be spent now. */
  int64_t rate_per_s;
  int64_t burst;
  int64_t allowed;
  int64_t allowed_us;
  int64_t losses; /* how often the store has forgotten everything while leases of before are still out */
  int64_t losses_until_us;
  uint64_t spent;
  uint64_t denied;
  uint64_t exchanges;
};

/* What may be spent, by the rate and the burst; and by one burst more for a loss, until all leases of before it have run out. */
static void allow(struct trial *trial) {
  if (trial->now_us >= trial->losses_until_us) {
    trial->losses = 0;
  }
  int64_t full = trial->burst * LIMIT_MODEL_TOKEN * (1 + trial->losses);
  __extension__ __int128 made = (__int128)trial->rate_per_s * (trial->now_us - trial->allowed_us) + trial->allowed;
  trial->allowed = made < full ? (int64_t)made : full;
  trial->allowed_us = trial->now_us;
}

static void spend(struct trial *trial, struct node *node, uint64_t tokens) {
  allow(trial);
  trial->allowed -= (int64_t)tokens * LIMIT_MODEL_TOKEN;
  node->spent += tokens;
  trial->spent += tokens;
  if (trial->allowed < 0) {
    fail_msg("seed %" PRIu64 ": after %.6f s the limit is exceeded by %.6f tokens", trial->seed,
             (double)trial->now_us / 1e6, (double)-trial->allowed / 1e6);
  }
}

static void lose(struct trial *trial) {
  allow(trial);
  limit_model_flush(&trial->model);
  trial->losses++;
  trial->losses_until_us = trial->now_us + WAITQ__LEASE_TTL_US;
  trial->allowed += trial->burst * LIMIT_MODEL_TOKEN;
}

static int64_t local_us(const struct trial *trial, const struct node *node) {
  return (int64_t)((double)trial->now_us * node->speed) + node->offset_us;
}

/* A process that starts, or starts anew: nobody returns what the one before it held. */
static void start(struct trial *trial, struct node *node) {
  unsigned char lessee[16];
  rng_fill(&trial->rng, lessee, sizeof lessee);
  waitq__lease_init(&node->lease, lessee);
  node->is_asking = 0;
}

static enum fate choose_fate(struct trial *trial, const struct node *node) {
  if (trial->now_us < node->cut_until_us) {
    return REQUEST_LOST;
  }
  if (!trial->has_faults || !rng_once_in(&trial->rng, trial->fault_in)) {
    return ANSWERED;
  }
  return (enum fate)(1 + rng_below(&trial->rng, 3));
}

static int64_t latency_us(struct trial *trial) {
  int is_slow = trial->has_faults && rng_once_in(&trial->rng, 20);
  return rng_between(&trial->rng, 20, is_slow ? SECOND_US : 400);
}

static void send(struct trial *trial, struct node *node, enum waitq__lease_cause cause, uint64_t tokens) {
  node->limit = (waitq_store_limit){.size = sizeof node->limit,
                                    .rate_per_s = (double)trial->rate_per_s,
                                    .burst = (uint64_t)trial->burst,
                                    .tries = node->tries,
                                    .admitted = node->admitted};
  if (tokens > 0) {
    node->tries[node->limit.try_count++] = tokens;
  }
  waitq__lease_ask(&node->lease, local_us(trial, node), cause, &node->limit);
  trial->exchanges++;
  node->is_asking = 1;
  node->fate = choose_fate(trial, node);
  node->executed_us = trial->now_us + latency_us(trial);
  node->answered_us = node->executed_us + latency_us(trial);
  if (node->fate == REQUEST_LOST) {
    node->executed_us = INT64_MAX;
  }
  if (node->fate == LATE) {
    node->late = node->limit;
    node->late_us = node->answered_us + rng_between(&trial->rng, 0, 3 * SECOND_US);
    node->executed_us = INT64_MAX;
  }
}

static void execute(struct trial *trial, struct node *node) {
  limit_model_apply(&trial->model, "bucket", &node->limit, trial->now_us);
  node->executed_us = INT64_MAX;
  for (uint32_t i = 0; i < node->limit.try_count; i++) {
    if (node->admitted[i] && node->fate == ANSWERED) {
      spend(trial, node, node->tries[i]);
    }
  }
}

static void answer(struct trial *trial, struct node *node) {
  node->is_asking = 0;
  if (node->fate == ANSWERED) {
    waitq__lease_hear(&node->lease, local_us(trial, node), &node->limit);
  } else {
    waitq__lease_miss(&node->lease, local_us(trial, node));
  }
}

static void execute_late(struct trial *trial, struct node *node) {
  limit_model_apply(&trial->model, "bucket", &node->late, trial->now_us);
  node->late_us = 0;
}

/* The next thing that happens by itself, up to a moment; returns 0 where nothing does. */
static int next_event(struct trial *trial, int64_t to_us) {
  struct node *next = NULL;
  int64_t at_us = to_us;
  void (*event)(struct trial *, struct node *) = NULL;
  for (size_t i = 0; i < NODES; i++) {
    struct node *node = &trial->nodes[i];
    if (node->is_asking && node->executed_us <= at_us) {
      next = node;
      at_us = node->executed_us;
      event = execute;
    }
    if (node->is_asking && node->answered_us < at_us) {
      next = node;
      at_us = node->answered_us;
      event = answer;
    }
    if (node->late_us != 0 && node->late_us < at_us) {
      next = node;
      at_us = node->late_us;
      event = execute_late;
    }
  }
  if (next == NULL) {
    return 0;
  }
  trial->now_us = at_us > trial->now_us ? at_us : trial->now_us;
  event(trial, next);
  return 1;
}

static void pass_time(struct trial *trial, int64_t us) {
  int64_t to_us = trial->now_us + us;
  while (next_event(trial, to_us)) {
  }
  trial->now_us = to_us;
}

static void try(struct trial *trial, struct node *node) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  uint64_t tokens = rng_once_in(&trial->rng, 4) ? 1 + rng_below(&trial->rng, trial->largest) : 1;
  int64_t now_us = local_us(trial, node);
  enum waitq__lease_outcome outcome = waitq__lease_try(&node->lease, tokens, now_us, &decision);
  if (outcome == WAITQ__LEASE_ADMITTED) {
    assert_int_equal(decision.admitted, 1);
    spend(trial, node, tokens);
  } else if (outcome == WAITQ__LEASE_DENIED) {
    assert_int_equal(decision.admitted, 0);
    assert_true(decision.retry_after_ms > 0);
    assert_true(decision.remaining < tokens);
    trial->denied++;
  } else if (!node->is_asking) {
    send(trial, node, WAITQ__LEASE_STARVED, tokens);
  }
}

static void work(struct trial *trial, struct node *node) {
  int64_t now_us = local_us(trial, node);
  if (!node->is_asking && (waitq__lease_is_low(&node->lease, now_us) || waitq__lease_is_ageing(&node->lease, now_us))) {
    send(trial, node, rng_once_in(&trial->rng, 50) ? WAITQ__LEASE_END : WAITQ__LEASE_RENEW, 0);
  }
}

/* Quiet and rush, here and there: what was taken ahead in a rush lies about in the quiet that follows. */
static void change_demand(struct trial *trial) {
  static const uint64_t demands[] = {0, 0, 1, 5, 200};
  trial->demand = demands[rng_below(&trial->rng, 5)];
  trial->busy = rng_below(&trial->rng, NODES + 2);
}

static void fail_somewhere(struct trial *trial, struct node *node) {
  if (rng_once_in(&trial->rng, 2000)) {
    start(trial, node);
  }
  if (rng_once_in(&trial->rng, 500)) {
    node->cut_until_us = trial->now_us + rng_between(&trial->rng, 0, 2 * SECOND_US);
  }
  if (rng_once_in(&trial->rng, 20000)) {
    lose(trial);
  }
}

static void step(struct trial *trial) {
  uint64_t chosen = trial->busy < NODES ? trial->busy : rng_below(&trial->rng, NODES);
  struct node *node = &trial->nodes[chosen];
  uint64_t tries = rng_below(&trial->rng, trial->demand + 1);
  for (uint64_t i = 0; i < tries; i++) {
    try(trial, node);
  }
  for (size_t i = 0; i < NODES; i++) {
    work(trial, &trial->nodes[i]);
  }
  if (trial->has_faults) {
    fail_somewhere(trial, &trial->nodes[rng_below(&trial->rng, NODES)]);
    if (rng_once_in(&trial->rng, 100)) {
      change_demand(trial);
    }
  }
  int is_long = trial->has_faults && rng_once_in(&trial->rng, 500);
  pass_time(trial, rng_between(&trial->rng, 0, is_long ? 2 * SECOND_US : 2000));
}

static void trial_init(struct trial *trial, uint64_t seed, int has_faults) {
  static const int64_t rates[] = {0, 1, 10, 300, 5000, 100000};
  static const int64_t bursts[] = {1, 2, 10, 300, 20000};
  memset(trial, 0, sizeof *trial);
  rng_init(&trial->rng, seed);
  trial->seed = seed;
  trial->has_faults = has_faults;
  trial->fault_in = rng_once_in(&trial->rng, 2) ? 2 : 20;
  trial->now_us = SECOND_US;
  trial->rate_per_s = rates[rng_below(&trial->rng, 6)];
  trial->burst = bursts[rng_below(&trial->rng, 5)];
  trial->demand = 1 + rng_below(&trial->rng, 200);
  trial->largest = 1 + rng_below(&trial->rng, 5);
  trial->busy = NODES;
  trial->allowed = trial->burst * LIMIT_MODEL_TOKEN;
  limit_model_init(&trial->model);
  for (size_t i = 0; i < NODES; i++) {
    struct node *node = &trial->nodes[i];
    node->speed = has_faults ? 0.95 + 0.1 * rng_fraction(&trial->rng) : 1;
    node->offset_us = (int64_t)rng_below(&trial->rng, 1000) * SECOND_US;
    start(trial, node);
  }
}

static void test_lease__no_interval_sees_more_than_the_limit(void **state) {
  (void)state;
  static struct trial trial;
  uint64_t seed = rng_seed("lease", 900);
  uint64_t steps = rng_environment("WAITQ_SIM_STEPS", 100000) / 2;
  for (uint64_t i = 0; i < 40; i++) {
    trial_init(&trial, seed + i, 1);
    for (uint64_t s = 0; s < steps; s++) {
      step(&trial);
    }
  }
}

/* Takes all that can be had at one moment, by a lessee and by everybody else. */
static uint64_t take_all(struct trial *trial, struct node *node) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  uint64_t taken = 0;
  while (waitq__lease_try(&node->lease, 1, local_us(trial, node), &decision) == WAITQ__LEASE_ADMITTED) {
    taken++;
  }
  waitq_store_limit limit = {.size = sizeof limit, .tries = node->tries, .admitted = node->admitted, .try_count = 1};
  node->tries[0] = 1;
  for (node->admitted[0] = 1; node->admitted[0];) {
    limit_model_apply(&trial->model, "bucket", &limit, trial->now_us);
    taken += node->admitted[0];
  }
  return taken;
}

static void test_lease__of_a_slow_clock_ends_before_the_store_forgets_it(void **state) {
  (void)state;
  static struct trial trial;
  int was_held = 0;
  for (int64_t after_us = 0; after_us < 2 * SECOND_US; after_us += 5000) {
    trial_init(&trial, 1, 0);
    trial.rate_per_s = 10000;
    trial.burst = 100;
    struct node *node = &trial.nodes[0];
    node->speed = 0.92;
    for (int i = 0; i < 20; i++) {
      send(&trial, node, WAITQ__LEASE_STARVED, 0);
      pass_time(&trial, 1000);
    }
    was_held += !waitq__lease_is_empty(&node->lease);
    pass_time(&trial, after_us);
    assert_in_range(take_all(&trial, node), 50, 100);
  }
  assert_int_equal(was_held, 400);
}

/* While more is wanted than there is, and nothing fails, next to nothing of it is left lying. */
static void test_lease__what_the_rate_makes_is_spent_where_it_is_wanted(void **state) {
  (void)state;
  static struct trial trial;
  uint64_t seed = rng_seed("lease use", 950);
  static const int64_t terms[][2] = {{100, 10}, {1000, 100}, {1000, 1000}, {10000, 1000}, {50000, 20000}};
  for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
    trial_init(&trial, seed + i, 0);
    trial.rate_per_s = terms[i][0];
    trial.burst = terms[i][1];
    trial.allowed = trial.burst * LIMIT_MODEL_TOKEN;
    trial.demand = 400;
    trial.largest = 1;
    while (trial.now_us < 20 * SECOND_US) {
      step(&trial);
    }
    double made = (double)trial.burst + (double)trial.rate_per_s * 19;
    printf("%6" PRId64 "/s, burst %5" PRId64 ": %.1f %% spent, %.0f exchanges/s\n", trial.rate_per_s, trial.burst,
           100 * (double)trial.spent / made, (double)trial.exchanges / 19);
    assert_true((double)trial.spent > 0.9 * made);
    for (size_t n = 0; n < NODES; n++) {
      assert_true(trial.nodes[n].spent * NODES * 2 > trial.spent);
    }
  }
}

/* Where there is enough for all, nobody is denied. */
static void test_lease__light_demand_is_met(void **state) {
  (void)state;
  static struct trial trial;
  uint64_t seed = rng_seed("lease light", 970);
  for (uint64_t i = 0; i < 10; i++) {
    trial_init(&trial, seed + i, 0);
    trial.rate_per_s = 10000;
    trial.burst = 10000;
    trial.allowed = trial.burst * LIMIT_MODEL_TOKEN;
    trial.demand = 4;
    trial.largest = 1;
    while (trial.now_us < 10 * SECOND_US) {
      step(&trial);
    }
    printf("%" PRIu64 " spent in %" PRIu64 " exchanges\n", trial.spent, trial.exchanges);
    assert_int_equal(trial.denied, 0);
    assert_true(trial.exchanges * 4 < trial.spent);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lease__no_interval_sees_more_than_the_limit),
      cmocka_unit_test(test_lease__of_a_slow_clock_ends_before_the_store_forgets_it),
      cmocka_unit_test(test_lease__what_the_rate_makes_is_spent_where_it_is_wanted),
      cmocka_unit_test(test_lease__light_demand_is_met),
  };
  return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
