/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What operators do to a room, and what time does. */

#include <inttypes.h>
#include <string.h>

#include "../support/test.h"
#include "sim.h"

waitq_room_t *sim_room(struct sim *sim) {
  return sim->rooms[rng_below(&sim->rng, 2)];
}

void sim_maybe_fail(struct sim *sim) {
  if ((sim->flags & SIM_FAILURES) && rng_once_in(&sim->rng, 8)) {
    fake_memory_fail_at(&sim->world->memory, 1 + rng_below(&sim->rng, 3));
  }
  if (sim->flaky != NULL && rng_once_in(&sim->rng, 5)) {
    sim->flaky->mode = (enum flaky_mode)rng_below(&sim->rng, FLAKY_HAS_A_RIVAL + 1);
    sim->flaky->at = sim->flaky->calls + 1 + rng_below(&sim->rng, 3);
    sim->flaky->until = sim->flaky->at + rng_below(&sim->rng, 2);
  }
}

int sim_again(struct sim *sim, int code) {
  uint64_t failed = sim->flaky == NULL ? 0 : flaky_recover(sim->flaky);
  if (failed > 0) {
    sim_time_passes(sim);
    sim_all_are_heard(sim);
  }
  /* Where the repetition runs out of memory, it is still not known what became of the first attempt. */
  int is_unknown = failed > 0 && (code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT);
  if (!is_unknown && !(sim->is_repeating && code == WAITQ_E_NOMEM)) {
    sim->is_repeating = 0;
    return 0;
  }
  if (sim->is_repeating) {
    fake_memory_recover(&sim->world->memory);
  }
  sim->is_repeating = 1;
  sim->counts[SIM_REPEATS]++;
  return 1;
}

int sim_out_of_memory(struct sim *sim, int code, const waitq_error *error) {
  uint64_t failed = fake_memory_recover(&sim->world->memory);
  sim_time_passes(sim);
  if (code == WAITQ_OK) {
    return 0;
  }
  SIM_CHECK(sim, code == WAITQ_E_NOMEM && failed > 0, "%s: %s", waitq_error_name(code), error->text);
  sim->counts[SIM_NOMEM]++;
  return 1;
}

/* 0, or from a thousandth a second to some hundreds, more often small. */
static int64_t random_rate_1024(struct sim *sim) {
  static const int64_t most[] = {1, 100, 2000, 20000, 200000};
  return (int64_t)rng_below(&sim->rng, (uint64_t)most[rng_below(&sim->rng, 5)] + 1);
}

static void random_terms(struct sim *sim, waitq_policy *policy) {
  if (sim->flags & SIM_CROWDS) {
    sim->rate_1024 = (int64_t)rng_below(&sim->rng, 1000000);
    policy->rate_per_s = (double)sim->rate_1024 / 1024;
    policy->burst = 1 + rng_below(&sim->rng, 2000);
    policy->max_active = rng_once_in(&sim->rng, 2) ? 0 : 1 + rng_below(&sim->rng, 2000);
    policy->max_waiting = rng_once_in(&sim->rng, 2) ? 0 : 1 + rng_below(&sim->rng, 5000);
    return;
  }
  sim->rate_1024 = random_rate_1024(sim);
  policy->rate_per_s = (double)sim->rate_1024 / 1024;
  policy->burst = 1 + rng_below(&sim->rng, rng_once_in(&sim->rng, 2) ? 3 : 60);
  policy->max_active = rng_once_in(&sim->rng, 2) ? 0 : 1 + rng_below(&sim->rng, 60);
  policy->max_waiting = rng_once_in(&sim->rng, 2) ? 0 : 1 + rng_below(&sim->rng, 200);
}

static void random_limits(struct sim *sim, waitq_policy *policy) {
  policy->claim_ttl_ms = rng_between(&sim->rng, 500, 40000);
  policy->session_ttl_ms = rng_between(&sim->rng, 2000, 120000);
  policy->heartbeat_ttl_ms = rng_between(&sim->rng, 3000, 90000);
  policy->max_poll_ms = policy->heartbeat_ttl_ms / 3;
  policy->min_poll_ms = rng_between(&sim->rng, 1, policy->max_poll_ms);
}

waitq_policy sim_first_policy(struct sim *sim) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  random_terms(sim, &policy);
  random_limits(sim, &policy);
  if (rng_once_in(&sim->rng, 2)) {
    policy.opens_at_ms = fake_clock_now_ms(&sim->world->clock) + rng_between(&sim->rng, 1, 20000);
  }
  return policy;
}

void sim_clock(struct sim *sim) {
  uint64_t dice = rng_below(&sim->rng, 1000);
  int64_t us;
  if (dice < 600) {
    us = rng_between(&sim->rng, 0, 50000);
  } else if (dice < 945) {
    us = rng_between(&sim->rng, 0, 1000000);
  } else if (dice < 960) {
    us = rng_between(&sim->rng, 0, 20000000);
  } else if (dice < 961) {
    us = rng_between(&sim->rng, 0, INT64_C(7200000000));
  } else {
    /* Backward: what the room has seen by now is what it must not fall behind. */
    sim_sync(sim);
    us = -rng_between(&sim->rng, 1, rng_once_in(&sim->rng, 2) ? 1000000 : INT64_C(60000000));
    fake_clock_advance_us(&sim->world->clock, us);
    sim_sync(sim);
    sim_poll(sim);
    if (rng_once_in(&sim->rng, 3)) {
      return;
    }
    us = -us + rng_between(&sim->rng, 0, 1000);
  }
  fake_clock_advance_us(&sim->world->clock, us);
}

void sim_set_rate(struct sim *sim) {
  waitq_error error = WAITQ_ERROR_INIT;
  int64_t rate_1024 = random_rate_1024(sim);
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_room_set_rate(sim_room(sim), (double)rate_1024 / 1024, &error);
  } while (sim_again(sim, code));
  if (!sim_out_of_memory(sim, code, &error)) {
    sim->rate_1024 = rate_1024;
    sim_apply_terms(sim);
  }
}

static void plan(struct sim *sim, int64_t rate_1024, int64_t at_us) {
  uint64_t at = 0;
  while (at < sim->plan_count && sim->plans[at].at_us < at_us) {
    at++;
  }
  if (at == sim->plan_count || sim->plans[at].at_us != at_us) {
    memmove(&sim->plans[at + 1], &sim->plans[at], (sim->plan_count - at) * sizeof sim->plans[0]);
    sim->plan_count++;
  }
  sim->plans[at].at_us = at_us;
  sim->plans[at].rate_1024 = rate_1024;
}

void sim_set_rate_at(struct sim *sim) {
  waitq_error error = WAITQ_ERROR_INIT;
  int64_t rate_1024 = random_rate_1024(sim);
  int64_t at_ms = sim->now_us / 1000 + rng_between(&sim->rng, -1000, 60000);
  sim_time_passes(sim);
  if (sim->plan_count == WAITQ_RATE_PLANS_MAX) {
    for (uint64_t i = 0; i < sim->plan_count; i++) {
      at_ms = sim->plans[i].at_us == 1000 * at_ms ? at_ms + 1 : at_ms;
    }
  }
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_room_set_rate_at(sim_room(sim), (double)rate_1024 / 1024, at_ms, &error);
  } while (sim_again(sim, code));
  if (code == WAITQ_E_EXHAUSTED) {
    SIM_CHECK(sim, sim->plan_count == WAITQ_RATE_PLANS_MAX, "no place for a plan beside %" PRIu64, sim->plan_count);
    fake_memory_recover(&sim->world->memory);
    return;
  }
  if (sim_out_of_memory(sim, code, &error)) {
    return;
  }
  if (1000 * at_ms <= sim->now_us) {
    sim->rate_1024 = rate_1024;
    sim_apply_terms(sim);
    return;
  }
  SIM_CHECK(sim, sim->plan_count < WAITQ_RATE_PLANS_MAX, "a plan too many");
  plan(sim, rate_1024, 1000 * at_ms);
}

/* Windows widen: deadlines given under the old limits are kept, and the generation that is open may go on for a while. */
static void limits_changed(struct sim *sim, const waitq_policy *before) {
  int64_t heartbeat_us = before->heartbeat_ttl_ms * 1000;
  int64_t ttl_us = sim->policy.heartbeat_ttl_ms * 1000;
  if (heartbeat_us != ttl_us) {
    int64_t settled_us = sim->now_us + heartbeat_us + heartbeat_us / 8;
    sim->unsettled_us = settled_us > sim->unsettled_us ? settled_us : sim->unsettled_us;
  }
  for (size_t i = 0; i < sim->issued; i++) {
    struct sim_ticket *ticket = &sim->tickets[i];
    int64_t claim_us = sim->policy.claim_ttl_ms * 1000;
    ticket->claim_lo_us = claim_us < ticket->claim_lo_us ? claim_us : ticket->claim_lo_us;
    if (heartbeat_us != ttl_us && ticket->silent_hi_us < sim->unsettled_us + ttl_us + ttl_us / 8) {
      ticket->silent_hi_us = sim->unsettled_us + ttl_us + ttl_us / 8;
    }
  }
  sim->claims_moved_step = sim->step;
}

void sim_configure(struct sim *sim) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_policy before = sim->policy;
  waitq_policy policy = sim->policy;
  int64_t rate_1024 = sim->rate_1024;
  sim_sync(sim);
  random_terms(sim, &policy);
  if (sim->flags & SIM_LIMITS) {
    random_limits(sim, &policy);
  }
  if (sim->phase == WAITQ_PHASE_SCHEDULED && rng_once_in(&sim->rng, 2)) {
    policy.opens_at_ms = sim->now_us / 1000 + rng_between(&sim->rng, 1, 20000);
  }
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_room_configure(sim_room(sim), &policy, &error);
  } while (sim_again(sim, code));
  if (sim_out_of_memory(sim, code, &error)) {
    sim->rate_1024 = rate_1024;
    return;
  }
  /* What was let in under a higher limit is not thrown out. */
  sim->allowed_active = before.max_active == 0 ? UINT64_MAX : sim->allowed_active;
  sim->allowed_waiting = before.max_waiting == 0 ? UINT64_MAX : sim->allowed_waiting;
  sim->allowed_active = policy.max_active > sim->allowed_active ? policy.max_active : sim->allowed_active;
  sim->allowed_waiting = policy.max_waiting > sim->allowed_waiting ? policy.max_waiting : sim->allowed_waiting;
  sim->policy = policy;
  limits_changed(sim, &before);
  sim_apply_terms(sim);
}

void sim_set_phase(struct sim *sim) {
  static const uint32_t phases[] = {WAITQ_PHASE_OPEN,   WAITQ_PHASE_OPEN,     WAITQ_PHASE_OPEN,  WAITQ_PHASE_OPEN,
                                    WAITQ_PHASE_PAUSED, WAITQ_PHASE_DRAINING, WAITQ_PHASE_CLOSED};
  waitq_error error = WAITQ_ERROR_INIT;
  uint32_t phase = phases[rng_below(&sim->rng, 7)];
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_room_set_phase(sim_room(sim), phase, &error);
  } while (sim_again(sim, code));
  if (!sim_out_of_memory(sim, code, &error)) {
    sim->phase = phase;
    sim->claims_moved_step = sim->step;
    sim_apply_terms(sim);
  }
}

void sim_reset(struct sim *sim) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  if (!rng_once_in(&sim->rng, sim->flags & SIM_CROWDS ? 60 : 6)) {
    return;
  }
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_room_reset(sim_room(sim), &error);
  } while (sim_again(sim, code));
  if (sim_out_of_memory(sim, code, &error)) {
    return;
  }
  sim_start_epoch(sim);
  assert_int_equal(waitq_room_stats(sim_room(sim), &stats, NULL), WAITQ_OK);
  SIM_CHECK(sim, stats.epoch != sim->epoch, "a reset without a new epoch");
  SIM_CHECK(sim, stats.issued == 0 && stats.active == 0, "a reset that left %" PRIu64 " tickets", stats.issued);
  sim->epoch = stats.epoch;
  sim->counts[SIM_RESETS]++;
}

/* Both handles go, or one. */
void sim_reopen(struct sim *sim) {
  size_t first = (size_t)rng_below(&sim->rng, 2);
  size_t count = 1 + (size_t)rng_below(&sim->rng, 2);
  fake_memory_recover(&sim->world->memory);
  for (size_t i = 0; i < count; i++) {
    waitq_room_close(sim->rooms[(first + i) % 2]);
  }
  for (size_t i = 0; i < count; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    for (int tries = 0;; tries++) {
      sim_maybe_fail(sim);
      int code;
      do {
        code = waitq_room_open(sim->world->context, "sim", NULL, &sim->rooms[(first + i) % 2], &error);
      } while (sim_again(sim, code));
      if (!sim_out_of_memory(sim, code, &error)) {
        break;
      }
    }
  }
}
