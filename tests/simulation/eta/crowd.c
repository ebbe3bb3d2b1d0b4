/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "crowd.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "passes.h"
#include "room/step.h"

#define JOINS_AT_ONCE 256
#define HOUR_S 3600.0

/* What goes wrong here is a mistake of the simulator or of the library; no figure is worth anything then. */
static void check(int code, const waitq_error *error) {
  if (code != WAITQ_OK) {
    fprintf(stderr, "%s: %s\n", waitq_error_name(code), error->text);
    abort();
  }
}

double crowd_heartbeat_s(const struct scenario *scenario) {
  return scenario->heartbeat_s / 3;
}

int crowd_loses_turns(const struct scenario *scenario) {
  return scenario->claim_s > scenario->heartbeat_s * 10;
}

static waitq_policy policy_of(const struct scenario *scenario) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = scenario->rate_per_s;
  policy.burst = scenario->burst;
  policy.max_active = scenario->max_active;
  policy.eta_model = scenario->eta_model > 0 ? scenario->eta_model : (uint32_t)WAITQ_ETA_DEFAULT;
  policy.claim_ttl_ms = (int64_t)(scenario->claim_s * 1000);
  policy.session_ttl_ms = (int64_t)((scenario->session_s > 0.0 ? scenario->session_s : HOUR_S) * 1000);
  policy.heartbeat_ttl_ms = (int64_t)(scenario->heartbeat_s * 1000);
  policy.max_poll_ms = (int64_t)fmin(10000, crowd_heartbeat_s(scenario) * 1000);
  return policy;
}

static void announce(struct crowd *crowd) {
  waitq_error error = WAITQ_ERROR_INIT;
  for (unsigned i = 0; i < SCENARIO_CHANGES && crowd->scenario->changes[i].at_s > 0.0; i++) {
    const struct scenario_change *change = &crowd->scenario->changes[i];
    int64_t at_ms = FAKE_CLOCK_START_MS + (int64_t)(change->at_s * 1000);
    check(waitq_room_set_rate_at(crowd->room, change->rate_per_s, at_ms, &error), &error);
  }
}

void crowd_open(struct crowd *crowd, const struct scenario *scenario, uint64_t seed,
                const struct crowd_watcher *watcher) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_options options = WAITQ_OPTIONS_INIT;
  waitq_policy policy = policy_of(scenario);
  memset(crowd, 0, sizeof *crowd);
  crowd->scenario = scenario;
  crowd->watcher = *watcher;
  crowd->rate_per_s = scenario->rate_per_s;
  rng_init(&crowd->rng, seed);
  rng_init(&crowd->library_rng, ~seed);
  atomic_init(&crowd->clock.now_us, FAKE_CLOCK_START_MS * 1000);
  arrivals_init(&crowd->arrivals, scenario);
  crowd->calendar = calendar_new();
  crowd->passes = passes_new();
  options.clock = fake_clock_read;
  options.clock_user = &crowd->clock;
  options.random = rng_fill;
  options.random_user = &crowd->library_rng;
  check(waitq_open("memory:", &options, &crowd->context, &error), &error);
  check(waitq_room_open(crowd->context, "eta", &policy, &crowd->room, &error), &error);
  if (scenario->is_announced) {
    announce(crowd);
  }
}

void crowd_close(struct crowd *crowd) {
  waitq_room_close(crowd->room);
  waitq_close(crowd->context);
  calendar_free(crowd->calendar);
  passes_free(crowd->passes);
  arrivals_free(&crowd->arrivals);
  free(crowd->visitors);
}

int crowd_is_out(const struct crowd *crowd, double at_s) {
  return at_s >= crowd->scenario->outage_from_s && at_s < crowd->scenario->outage_to_s;
}

double crowd_rate_at(const struct scenario *scenario, double at_s) {
  double rate_per_s = scenario->rate_per_s;
  for (unsigned i = 0; i < SCENARIO_CHANGES; i++) {
    if (scenario->changes[i].at_s > 0.0 && scenario->changes[i].at_s <= at_s) {
      rate_per_s = scenario->changes[i].rate_per_s;
    }
  }
  return rate_per_s;
}

static void note(struct crowd *crowd, double at_s, enum errand_kind kind, uint32_t visitor) {
  calendar_add(crowd->calendar, (uint64_t)ceil(at_s / crowd->scenario->tick_s), kind, visitor);
}

static double poll_interval_s(const struct crowd *crowd, const struct visitor *visitor) {
  return (visitor->flags & VISITOR_PROBE) != 0 ? CROWD_PROBE_POLLS_S : crowd_heartbeat_s(crowd->scenario);
}

/* Throws the dice for one who has joined. */
static void settle_in(struct crowd *crowd, uint32_t number) {
  const struct scenario *scenario = crowd->scenario;
  struct visitor *visitor = &crowd->visitors[number];
  double everybody = scenario->visitors + scenario->from_start;
  visitor->joined_s = crowd->now_s;
  visitor->away_s = INFINITY;
  if (rng_fraction(&crowd->rng) * everybody < scenario->probes) {
    visitor->flags = VISITOR_PROBE;
    crowd->probes++;
  } else if (rng_fraction(&crowd->rng) < scenario->impatient) {
    double patience_s = dice_exponential(&crowd->rng, scenario->patience_s);
    note(crowd, crowd->now_s + patience_s, ERRAND_LEAVE, number);
  }
  double first_s = rng_fraction(&crowd->rng) * poll_interval_s(crowd, visitor);
  note(crowd, crowd->now_s + first_s, ERRAND_POLL, number);
}

static void join(struct crowd *crowd, uint32_t number) {
  static const waitq_visitor anonymous[JOINS_AT_ONCE];
  waitq_ticket tickets[JOINS_AT_ONCE];
  waitq_error error = WAITQ_ERROR_INIT;
  for (uint32_t i = 0; i < number; i++) {
    waitq_ticket_init(&tickets[i], sizeof tickets[i]);
  }
  check(waitq_join_many(crowd->room, anonymous, number, NULL, tickets, NULL, NULL, &error), &error);
  while (crowd->count + number > crowd->capacity) {
    crowd->capacity = crowd->capacity == 0 ? 1024 : crowd->capacity * 2;
    crowd->visitors = realloc(crowd->visitors, crowd->capacity * sizeof *crowd->visitors);
    assert(crowd->visitors != NULL);
  }
  for (uint32_t i = 0; i < number; i++) {
    memset(&crowd->visitors[crowd->count], 0, sizeof *crowd->visitors);
    memcpy(crowd->visitors[crowd->count].ticket, tickets[i].text, WAITQ_TICKET_SIZE);
    settle_in(crowd, crowd->count++);
  }
}

static void let_join(struct crowd *crowd) {
  double before_s = crowd->now_s - crowd->scenario->tick_s;
  double expected = arrivals_until(&crowd->arrivals, crowd->now_s) - arrivals_until(&crowd->arrivals, before_s);
  uint64_t number = expected > 0.0 ? dice_poisson(&crowd->rng, expected) : 0;
  number += crowd->tick == 1 ? (uint64_t)crowd->scenario->from_start : 0;
  while (number > 0) {
    uint32_t part = number < JOINS_AT_ONCE ? (uint32_t)number : JOINS_AT_ONCE;
    join(crowd, part);
    number -= part;
  }
}

static void poll(struct crowd *crowd, uint32_t number) {
  struct visitor *visitor = &crowd->visitors[number];
  waitq_status status = WAITQ_STATUS_INIT;
  if ((visitor->flags & (VISITOR_AWAY | VISITOR_TURNED)) != 0) {
    return;
  }
  waitq_error error = WAITQ_ERROR_INIT;
  check(waitq_poll(crowd->room, visitor->ticket, &status, &error), &error);
  if ((visitor->flags & VISITOR_PROBE) != 0 && status.state == WAITQ_STATE_WAITING) {
    crowd->watcher.polled(crowd->watcher.user, number, &status);
  }
  note(crowd, crowd->now_s + poll_interval_s(crowd, visitor), ERRAND_POLL, number);
}

static void leave(struct crowd *crowd, uint32_t number) {
  struct visitor *visitor = &crowd->visitors[number];
  if ((visitor->flags & VISITOR_TURNED) != 0) {
    return;
  }
  visitor->flags |= VISITOR_AWAY;
  visitor->away_s = crowd->now_s;
  if (rng_fraction(&crowd->rng) < crowd->scenario->tells) {
    waitq_error error = WAITQ_ERROR_INIT;
    check(waitq_leave(crowd->room, visitor->ticket, NULL, &error), &error);
  }
}

static void run_errands(struct crowd *crowd) {
  struct errand errand;
  while (calendar_take(crowd->calendar, &errand)) {
    switch (errand.kind) {
      case ERRAND_POLL:
        poll(crowd, errand.visitor);
        break;
      case ERRAND_LEAVE:
        leave(crowd, errand.visitor);
        break;
      case ERRAND_ENTER:
        passes_enter(crowd, errand.visitor);
        break;
      case ERRAND_EXIT:
        passes_exit(crowd, errand.visitor);
        break;
    }
  }
}

static void take_turn(struct crowd *crowd, uint32_t number) {
  struct visitor *visitor = &crowd->visitors[number];
  visitor->flags |= VISITOR_TURNED;
  if ((visitor->flags & VISITOR_PROBE) != 0) {
    crowd->probes--;
    crowd->watcher.turned(crowd->watcher.user, number);
  }
  if ((visitor->flags & VISITOR_AWAY) == 0) {
    crowd->admitted++;
    passes_enter(crowd, number);
  } else if (crowd->scenario->skips) {
    waitq_error error = WAITQ_ERROR_INIT;
    check(waitq_leave(crowd->room, visitor->ticket, NULL, &error), &error);
  }
}

/* Whoever has a turn now takes it; taking it may move the line on. */
static void take_turns(struct crowd *crowd) {
  waitq_error error = WAITQ_ERROR_INIT;
  uint32_t before;
  do {
    waitq_stats stats = WAITQ_STATS_INIT;
    check(waitq_room_stats(crowd->room, &stats, &error), &error);
    assert(stats.issued == crowd->count);
    before = crowd->head;
    crowd->tokens = stats.tokens;
    crowd->turns = waitq__room_turns(crowd->room);
    crowd->head = (uint32_t)stats.head;
    for (uint32_t number = before; number < crowd->head; number++) {
      take_turn(crowd, number);
    }
  } while (crowd->head != before);
  if (crowd_loses_turns(crowd->scenario)) {
    crowd->admitted = crowd->turns;
  }
}

/* What happens that was not announced. What was comes into force by itself. */
static void change_rate(struct crowd *crowd) {
  double rate_per_s = crowd_rate_at(crowd->scenario, crowd->now_s);
  waitq_error error = WAITQ_ERROR_INIT;
  if (fabs(rate_per_s - crowd->rate_per_s) > 0.0 && !crowd->scenario->is_announced) {
    check(waitq_room_set_rate(crowd->room, rate_per_s, &error), &error);
  }
  crowd->rate_per_s = rate_per_s;
}

void crowd_step(struct crowd *crowd) {
  crowd->tick++;
  crowd->now_s = (double)crowd->tick * crowd->scenario->tick_s;
  atomic_store_explicit(&crowd->clock.now_us, FAKE_CLOCK_START_MS * 1000 + (int64_t)llround(crowd->now_s * 1e6),
                        memory_order_relaxed);
  change_rate(crowd);
  let_join(crowd);
  if (crowd->scenario->backend_per_s > 0.0) {
    passes_serve(crowd);
  }
  run_errands(crowd);
  take_turns(crowd);
}

int crowd_is_over(const struct crowd *crowd) {
  return crowd->now_s >= arrivals_end(&crowd->arrivals) && crowd->probes == 0;
}
