/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The model and the statistics of the room, side by side. */

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "sim.h"

/* What the model knows of the tickets in a range, from head on. */
struct census {
  uint64_t sure;     /* wait for certain */
  uint64_t possible; /* may wait */
};

static struct census count_waiting(const struct sim *sim, size_t from, size_t to) {
  struct census census = {0, 0};
  for (size_t i = from; i < to; i++) {
    const struct sim_ticket *ticket = &sim->tickets[i];
    if (ticket->known == SIM_WAITING) {
      census.sure += sim->now_us < ticket->silent_lo_us;
      census.possible += sim->now_us <= ticket->silent_hi_us;
    }
  }
  return census;
}

/* The statistics count what lies below head: who is ready there, and who may be. */
static struct census count_ready(const struct sim *sim) {
  struct census census = {0, 0};
  int still = sim->phase == WAITQ_PHASE_PAUSED || sim->phase == WAITQ_PHASE_CLOSED;
  for (size_t i = 0; i < sim->head; i++) {
    const struct sim_ticket *ticket = &sim->tickets[i];
    if (ticket->known == SIM_READY) {
      census.sure += sim->now_us / 1000 < ticket->enter_by_ms;
      census.possible +=
          still || sim->claims_moved_step >= ticket->told_step || sim->now_us / 1000 <= ticket->enter_by_ms;
    } else if (ticket->known == SIM_WAITING) {
      census.possible++;
    }
  }
  return census;
}

static uint64_t count_sessions(const struct sim *sim) {
  uint64_t sessions = 0;
  for (size_t i = 0; i < sim->issued; i++) {
    sessions += sim_session_runs(sim, &sim->tickets[i]) != 0;
  }
  return sessions;
}

static void check_counts(struct sim *sim, const waitq_stats *stats) {
  SIM_CHECK(sim, stats->issued == stats->waiting + stats->ready + stats->entered + stats->left + stats->expired,
            "issued %" PRIu64 " is not %" PRIu64 " + %" PRIu64 " + %" PRIu64 " + %" PRIu64 " + %" PRIu64, stats->issued,
            stats->waiting, stats->ready, stats->entered, stats->left, stats->expired);
  SIM_CHECK(sim, stats->expired <= stats->issued && stats->active <= stats->entered,
            "%" PRIu64 " expired, %" PRIu64 " active", stats->expired, stats->active);
  SIM_CHECK(sim, stats->issued == sim->issued, "issued is %" PRIu64 ", the model has %zu", stats->issued, sim->issued);
  SIM_CHECK(sim, stats->entered == sim->entered, "entered is %" PRIu64 ", the model has %" PRIu64, stats->entered,
            sim->entered);
  SIM_CHECK(sim, stats->left == sim->left, "left is %" PRIu64 ", the model has %" PRIu64, stats->left, sim->left);
  SIM_CHECK(sim, stats->epoch == sim->epoch, "the epoch changed by itself");
  SIM_CHECK(sim, stats->phase == sim->phase, "the phase is %u, the model has %u", stats->phase, sim->phase);
  SIM_CHECK(sim, fabs(stats->rate_per_s - (double)sim->rate_1024 / 1024) < 1e-6, "the rate is %g, the model has %g",
            stats->rate_per_s, (double)sim->rate_1024 / 1024);
  SIM_CHECK(sim, stats->now_ms == sim->now_us / 1000, "the room's time is %" PRId64 " ms, the model's %" PRId64,
            stats->now_ms, sim->now_us / 1000);
  SIM_CHECK(sim, stats->head >= sim->head && stats->head <= stats->issued,
            "head is %" PRIu64 ", but was %" PRIu64 ", of %" PRIu64, stats->head, sim->head, stats->issued);
  SIM_CHECK(sim, stats->tokens >= 0.0, "%g tokens", stats->tokens);
}

static void check_limits(struct sim *sim, const waitq_stats *stats) {
  uint64_t taken = stats->active + stats->ready;
  if (sim->policy.max_active > 0) {
    SIM_CHECK(sim, taken <= sim->allowed_active, "%" PRIu64 " active and %" PRIu64 " ready, of %" PRIu64, stats->active,
              stats->ready, sim->allowed_active);
    sim->allowed_active = taken > sim->policy.max_active ? taken : sim->policy.max_active;
  }
  if (sim->policy.max_waiting > 0) {
    SIM_CHECK(sim, stats->waiting <= sim->allowed_waiting, "%" PRIu64 " wait, of %" PRIu64, stats->waiting,
              sim->allowed_waiting);
    sim->allowed_waiting = stats->waiting > sim->policy.max_waiting ? stats->waiting : sim->policy.max_waiting;
  }
  /* Turns wait while those who had theirs stand in a queue at the door that would take long of their time to claim. */
  int door_is_clear = sim->door_us - sim->policy.claim_ttl_ms * 1000 / 4 <= sim->now_us;
  int admits = sim->phase == WAITQ_PHASE_OPEN || sim->phase == WAITQ_PHASE_DRAINING;
  int has_slot = sim->policy.max_active == 0 || taken < sim->policy.max_active;
  int has_rate = stats->rate_per_s > 0.0;
  SIM_CHECK(sim, !(admits && has_rate && has_slot && door_is_clear && stats->waiting > 0 && stats->tokens >= 1.0),
            "%" PRIu64 " wait before %g tokens and a free slot", stats->waiting, stats->tokens);
}

static void check_census(struct sim *sim, const waitq_stats *stats) {
  struct census waiting = count_waiting(sim, (size_t)sim->head, sim->issued);
  SIM_CHECK(sim, stats->waiting >= waiting.sure && stats->waiting <= waiting.possible,
            "%" PRIu64 " wait; the model has %" PRIu64 " to %" PRIu64, stats->waiting, waiting.sure, waiting.possible);
  struct census ready = count_ready(sim);
  /* Where limits change, turns that were given less time lapse with the ones before them, which were given more. */
  int lapses_late = (sim->flags & SIM_LIMITS) != 0;
  SIM_CHECK(sim, stats->ready >= ready.sure && (lapses_late || stats->ready <= ready.possible),
            "%" PRIu64 " are ready; the model has %" PRIu64 " to %" PRIu64, stats->ready, ready.sure, ready.possible);
  uint64_t sessions = count_sessions(sim);
  /* Where limits change often, a slot may be kept for longer than its pass says; never for less. */
  SIM_CHECK(sim, stats->active == sessions || (lapses_late && stats->active > sessions),
            "%" PRIu64 " sessions run; the model has %" PRIu64, stats->active, sessions);
}

void sim_sync(struct sim *sim) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  fake_memory_recover(&sim->world->memory);
  int code = waitq_room_stats(sim_room(sim), &stats, &error);
  SIM_CHECK(sim, code == WAITQ_OK, "stats: %s: %s", waitq_error_name(code), error.text);
  sim_time_passes(sim);
  check_counts(sim, &stats);
  sim->head = stats.head;
  check_limits(sim, &stats);
  check_census(sim, &stats);
}

void sim_check_position(struct sim *sim, size_t number) {
  waitq_status status = WAITQ_STATUS_INIT;
  sim_sync(sim);
  int code = waitq_poll(sim_room(sim), sim->tickets[number].text, &status, NULL);
  SIM_CHECK(sim, code == WAITQ_OK, "poll: %s", waitq_error_name(code));
  if (status.state == WAITQ_STATE_WAITING) {
    struct census ahead = count_waiting(sim, (size_t)sim->head, number);
    struct census behind = count_waiting(sim, number + 1, sim->issued);
    SIM_CHECK(sim, status.ahead >= ahead.sure && status.ahead <= ahead.possible,
              "ticket %zu has %" PRIu64 " ahead; the model has %" PRIu64 " to %" PRIu64, number, status.ahead,
              ahead.sure, ahead.possible);
    SIM_CHECK(sim, status.behind >= behind.sure && status.behind <= behind.possible,
              "ticket %zu has %" PRIu64 " behind; the model has %" PRIu64 " to %" PRIu64, number, status.behind,
              behind.sure, behind.possible);
  }
  sim_observe(sim, number, &status);
  if (status.state == WAITQ_STATE_WAITING || status.state == WAITQ_STATE_READY) {
    sim_heartbeat(sim, number);
  }
}
