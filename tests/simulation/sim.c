/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/test.h"

void sim_fail(const struct sim *sim, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fail_msg("seed %" PRIu64 ", flags %u, step %" PRIu64 ", %s: %s", sim->seed, sim->flags, sim->step, sim->doing, text);
  abort();
}

struct action {
  const char *name;
  void (*run)(struct sim *sim);
  unsigned weight;
};

static const struct action actions[] = {
    {"join", sim_join, 160},
    {"join many", sim_join_many, 5},
    {"poll", sim_poll, 400},
    {"enter", sim_enter, 150},
    {"leave", sim_leave, 30},
    {"renew", sim_renew, 30},
    {"exit", sim_exit, 40},
    {"an old ticket", sim_old_ticket, 5},
    {"the clock", sim_clock, 150},
    {"set the rate", sim_set_rate, 3},
    {"plan a rate", sim_set_rate_at, 4},
    {"configure", sim_configure, 3},
    {"set the phase", sim_set_phase, 4},
    {"reset", sim_reset, 1},
    {"reopen", sim_reopen, 2},
    {"statistics", sim_sync, 13},
};

static const struct action *pick_action(struct sim *sim) {
  static unsigned total;
  if (total == 0) {
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
      total += actions[i].weight;
    }
  }
  uint64_t dice = rng_below(&sim->rng, total);
  size_t at = 0;
  while (dice >= actions[at].weight) {
    dice -= actions[at].weight;
    at++;
  }
  return &actions[at];
}

static void open_room(struct sim *sim) {
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  sim->policy = sim_first_policy(sim);
  sim->phase = sim->policy.opens_at_ms > 0 ? WAITQ_PHASE_SCHEDULED : WAITQ_PHASE_OPEN;
  sim->allowed_active = sim->policy.max_active;
  sim->allowed_waiting = sim->policy.max_waiting;
  sim->now_us = atomic_load(&sim->world->clock.now_us);
  account_init(&sim->account, sim->phase == WAITQ_PHASE_OPEN ? sim->rate_1024 : 0, sim->policy.burst, sim->now_us);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(waitq_room_open(sim->world->context, "sim", &sim->policy, &sim->rooms[i], NULL), WAITQ_OK);
  }
  options.audience = "sim";
  options.leeway_ms = 0;
  assert_int_equal(waitq_verifier_open(&sim->world->key, 1, &options, &sim->verifier, NULL), WAITQ_OK);
  assert_int_equal(waitq_room_stats(sim->rooms[0], &stats, NULL), WAITQ_OK);
  sim_start_epoch(sim);
  sim->epoch = stats.epoch;
}

static void report(const struct sim *sim) {
  printf("seed %" PRIu64 ", flags %u, %" PRIu64 " steps: %" PRIu64 " joins, %" PRIu64 " refused, %" PRIu64
         " entries, %" PRIu64 " paced, %" PRIu64 " expired, %" PRIu64 " left, %" PRIu64 " without memory, %" PRIu64
         " resets, %" PRIu64 " repeats\n",
         sim->seed, sim->flags, sim->step, sim->counts[SIM_JOINS], sim->counts[SIM_FULLS], sim->counts[SIM_ENTRIES],
         sim->counts[SIM_PACED], sim->counts[SIM_EXPIRIES], sim->counts[SIM_LEAVES], sim->counts[SIM_NOMEM],
         sim->counts[SIM_RESETS], sim->counts[SIM_REPEATS]);
}

void sim_run(const struct subject *subject, uint64_t seed, uint64_t steps, uint32_t flags) {
  struct sim *sim = calloc(1, sizeof *sim);
  assert_non_null(sim);
  sim->seed = seed;
  sim->flags = flags;
  sim->doing = "open";
  rng_init(&sim->rng, seed);
  sim->flaky = flags & SIM_BAD_LINE ? subject->user : NULL;
  sim->world = world_open(subject);
  open_room(sim);
  for (sim->step = 1; sim->step <= steps; sim->step++) {
    const struct action *action = pick_action(sim);
    sim->doing = action->name;
    action->run(sim);
  }
  sim->doing = "close";
  sim_sync(sim);
  report(sim);
  sim_start_epoch(sim);
  waitq_verifier_close(sim->verifier);
  waitq_room_close(sim->rooms[0]);
  waitq_room_close(sim->rooms[1]);
  world_close(sim->world);
  free(sim->tickets);
  free(sim->texts);
  free(sim);
}
