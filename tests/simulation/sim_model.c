/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The model: tickets in an array, and what may have become of each. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "sim.h"

static uint64_t hash(const char *text) {
  uint64_t value = UINT64_C(14695981039346656037);
  for (; *text != '\0'; text++) {
    value = (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
  }
  return value | 1;
}

/* True where the text is new. */
static int remember_text(struct sim *sim, uint64_t value) {
  size_t at = (size_t)(value >> 20) & (sim->text_capacity - 1);
  for (; sim->texts[at] != 0; at = (at + 1) & (sim->text_capacity - 1)) {
    if (sim->texts[at] == value) {
      return 0;
    }
  }
  sim->texts[at] = value;
  sim->text_count++;
  return 1;
}

static void grow_texts(struct sim *sim) {
  uint64_t *before = sim->texts;
  size_t capacity = sim->text_capacity;
  sim->text_capacity = capacity == 0 ? 1024 : capacity * 2;
  sim->texts = calloc(sim->text_capacity, sizeof *sim->texts);
  assert_non_null(sim->texts);
  sim->text_count = 0;
  for (size_t i = 0; i < capacity; i++) {
    if (before[i] != 0) {
      remember_text(sim, before[i]);
    }
  }
  free(before);
}

static struct sim_ticket *new_ticket(struct sim *sim) {
  if (sim->issued == sim->capacity) {
    sim->capacity = sim->capacity == 0 ? 1024 : sim->capacity * 2;
    sim->tickets = realloc(sim->tickets, sim->capacity * sizeof *sim->tickets);
    assert_non_null(sim->tickets);
  }
  struct sim_ticket *ticket = &sim->tickets[sim->issued++];
  memset(ticket, 0, sizeof *ticket);
  return ticket;
}

void sim_issue(struct sim *sim, const char *text, size_t visitor) {
  SIM_CHECK(sim, text[0] != '\0', "a ticket without a text");
  if (2 * (sim->text_count + 1) > sim->text_capacity) {
    grow_texts(sim);
  }
  SIM_CHECK(sim, remember_text(sim, hash(text)), "a ticket text that was given before: %s", text);
  struct sim_ticket *ticket = new_ticket(sim);
  memcpy(ticket->text, text, strlen(text) + 1);
  ticket->known = SIM_WAITING;
  ticket->position = UINT64_MAX;
  ticket->waiting_us = sim->now_us;
  ticket->claim_lo_us = sim->policy.claim_ttl_ms * 1000;
  if (visitor != SIM_NONE) {
    sim->ticket_of[visitor] = sim->issued - 1;
  }
  sim_heartbeat(sim, sim->issued - 1);
}

void sim_heartbeat(struct sim *sim, size_t number) {
  struct sim_ticket *ticket = &sim->tickets[number];
  int64_t ttl_us = sim->policy.heartbeat_ttl_ms * 1000;
  int64_t from_us = sim->now_us > sim->unsettled_us ? sim->now_us : sim->unsettled_us;
  ticket->silent_lo_us = sim->now_us + ttl_us;
  ticket->silent_hi_us = from_us + ttl_us + ttl_us / 8;
}

/* An entry that was refused may count as a poll, or not. */
void sim_sign_of_life(struct sim *sim, size_t number) {
  struct sim_ticket *ticket = &sim->tickets[number];
  int64_t lo_us = ticket->silent_lo_us;
  sim_heartbeat(sim, number);
  ticket->silent_lo_us = lo_us;
}

int sim_session_runs(const struct sim *sim, const struct sim_ticket *ticket) {
  return ticket->known == SIM_ENTERED && !ticket->session_over && sim->now_us / 1000 < ticket->expires_at_ms;
}

int sim_session_may_run(const struct sim *sim, const struct sim_ticket *ticket) {
  int runs_on = (sim->flags & SIM_LIMITS) != 0 && ticket->known == SIM_ENTERED && !ticket->session_over;
  return runs_on || sim_session_runs(sim, ticket);
}

/* Tickets are forgotten in blocks, when all of a block are over and head has passed it. */
int sim_may_be_forgotten(const struct sim *sim, size_t number) {
  return number / 16384 < sim->head / 16384;
}

static int stands_still(const struct sim *sim) {
  return sim->phase == WAITQ_PHASE_PAUSED || sim->phase == WAITQ_PHASE_CLOSED;
}

/* Whether a ticket may have expired by now, as far as the model knows. */
int sim_can_be_dead(const struct sim *sim, const struct sim_ticket *ticket) {
  switch (ticket->known) {
    case SIM_WAITING:
      return sim->now_us >= ticket->silent_lo_us || sim->now_us - ticket->waiting_us >= ticket->claim_lo_us;
    case SIM_READY:
      return sim->now_us / 1000 >= ticket->enter_by_ms;
    case SIM_ENTERED:
      return !sim_session_runs(sim, ticket);
    default:
      return 1;
  }
}

static void observe_waiting(struct sim *sim, size_t number, const waitq_status *status) {
  struct sim_ticket *ticket = &sim->tickets[number];
  SIM_CHECK(sim, ticket->known == SIM_WAITING, "ticket %zu waits again after it was %d", number, ticket->known);
  SIM_CHECK(sim, number >= sim->head, "ticket %zu waits, but the turn has come to %" PRIu64, number, sim->head - 1);
  SIM_CHECK(sim, sim->now_us <= ticket->silent_hi_us,
            "ticket %zu still waits %" PRId64 " us after its silence ended it", number,
            sim->now_us - ticket->silent_hi_us);
  SIM_CHECK(sim, status->position >= 1 && status->position <= number - sim->head + 1,
            "ticket %zu is at position %" PRIu64 " with head at %" PRIu64, number, status->position, sim->head);
  SIM_CHECK(sim, status->position <= ticket->position, "the position of ticket %zu rose from %" PRIu64 " to %" PRIu64,
            number, ticket->position, status->position);
  SIM_CHECK(sim, status->ahead == status->position - 1, "ahead is not position - 1");
  ticket->position = status->position;
  ticket->waiting_us = sim->now_us;
  ticket->claim_lo_us = sim->policy.claim_ttl_ms * 1000;
}

static void observe_ready(struct sim *sim, size_t number, const waitq_status *status) {
  struct sim_ticket *ticket = &sim->tickets[number];
  SIM_CHECK(sim, ticket->known == SIM_WAITING || ticket->known == SIM_READY, "ticket %zu is ready after it was %d",
            number, ticket->known);
  SIM_CHECK(sim, stands_still(sim) || status->enter_by_ms >= sim->now_us / 1000,
            "ticket %zu is ready %" PRId64 " ms after its deadline", number, sim->now_us / 1000 - status->enter_by_ms);
  if (ticket->known == SIM_WAITING) {
    int64_t ttl_ms = sim->policy.claim_ttl_ms;
    SIM_CHECK(sim, 1000 * status->enter_by_ms + 999 >= ticket->waiting_us + ticket->claim_lo_us,
              "ticket %zu got a turn that is too short", number);
    SIM_CHECK(sim, (sim->flags & SIM_LIMITS) || status->enter_by_ms <= sim->now_us / 1000 + ttl_ms + ttl_ms / 8 + 1,
              "ticket %zu got a turn of %" PRId64 " ms, with a limit of %" PRId64, number,
              status->enter_by_ms - sim->now_us / 1000, ttl_ms);
  } else {
    SIM_CHECK(sim, status->enter_by_ms >= ticket->enter_by_ms, "the deadline of ticket %zu came nearer", number);
    SIM_CHECK(sim,
              status->enter_by_ms == ticket->enter_by_ms || stands_still(sim) ||
                  sim->claims_moved_step >= ticket->told_step ||
                  (sim->flags & SIM_LIMITS) != 0, /* where limits change often, a generation may go on for longer */
              "the deadline of ticket %zu moved by %" PRId64 " ms", number, status->enter_by_ms - ticket->enter_by_ms);
  }
  ticket->known = SIM_READY;
  ticket->enter_by_ms = status->enter_by_ms;
  ticket->told_step = sim->step;
  if (sim->head < number + 1) {
    sim->head = number + 1;
  }
}

static void observe_expired(struct sim *sim, size_t number) {
  struct sim_ticket *ticket = &sim->tickets[number];
  if (ticket->known == SIM_EXPIRED) {
    return;
  }
  if (ticket->known == SIM_LEFT || ticket->known == SIM_ENTERED) {
    SIM_CHECK(sim, sim_may_be_forgotten(sim, number) && !sim_session_runs(sim, ticket),
              "ticket %zu expired after it was %d", number, ticket->known);
    return;
  }
  SIM_CHECK(sim, sim_can_be_dead(sim, ticket),
            "ticket %zu expired too early: silent since at least %" PRId64 " us, told to wait %" PRId64
            " us ago, deadline in %" PRId64 " ms",
            number, sim->now_us - ticket->silent_lo_us + sim->policy.heartbeat_ttl_ms * 1000,
            sim->now_us - ticket->waiting_us, ticket->enter_by_ms - sim->now_us / 1000);
  ticket->known = SIM_EXPIRED;
  sim->counts[SIM_EXPIRIES]++;
}

void sim_observe(struct sim *sim, size_t number, const waitq_status *status) {
  struct sim_ticket *ticket = &sim->tickets[number];
  switch (status->state) {
    case WAITQ_STATE_WAITING:
      observe_waiting(sim, number, status);
      return;
    case WAITQ_STATE_READY:
      observe_ready(sim, number, status);
      return;
    case WAITQ_STATE_EXPIRED:
      observe_expired(sim, number);
      return;
    case WAITQ_STATE_ENTERED:
      SIM_CHECK(sim, ticket->known == SIM_ENTERED, "ticket %zu entered by itself", number);
      return;
    case WAITQ_STATE_LEFT:
      SIM_CHECK(sim, ticket->known == SIM_LEFT, "ticket %zu left by itself", number);
      return;
    default:
      sim_fail(sim, "ticket %zu is %s", number, waitq_state_name(status->state));
  }
}

static void keep_old(struct sim *sim, const struct sim_ticket *ticket) {
  struct sim_old *old = &sim->old[sim->old_count++ % SIM_OLD];
  memset(old, 0, sizeof *old);
  memcpy(old->text, ticket->text, sizeof old->text);
  if (ticket->pass != NULL) {
    memcpy(old->pass, ticket->pass, sizeof old->pass);
  }
}

void sim_start_epoch(struct sim *sim) {
  for (size_t i = 0; i < sim->issued; i++) {
    if (i < 2 || i + 2 > sim->issued || sim->tickets[i].pass != NULL) {
      keep_old(sim, &sim->tickets[i]);
    }
    free(sim->tickets[i].pass);
    free(sim->tickets[i].first_pass);
  }
  sim->issued = 0;
  sim->head = 0;
  sim->left = 0;
  sim->entered = 0;
  sim->unsettled_us = 0;
  for (size_t i = 0; i < SIM_VISITORS; i++) {
    sim->ticket_of[i] = SIM_NONE;
  }
}

void sim_apply_terms(struct sim *sim) {
  int admits = sim->phase == WAITQ_PHASE_OPEN || sim->phase == WAITQ_PHASE_DRAINING;
  account_set(&sim->account, admits ? sim->rate_1024 : 0, sim->policy.burst, sim->now_us);
}

/* The moment at which something planned comes into force next. */
static int64_t next_change(const struct sim *sim) {
  int64_t at_us = sim->plan_count > 0 ? sim->plans[0].at_us : INT64_MAX;
  if (sim->phase == WAITQ_PHASE_SCHEDULED && sim->policy.opens_at_ms * 1000 < at_us) {
    at_us = sim->policy.opens_at_ms * 1000;
  }
  return at_us;
}

void sim_all_are_heard(struct sim *sim) {
  int64_t ttl_us = sim->policy.heartbeat_ttl_ms * 1000;
  for (size_t i = 0; i < sim->issued; i++) {
    struct sim_ticket *ticket = &sim->tickets[i];
    if (ticket->known == SIM_WAITING && ticket->silent_hi_us < sim->now_us + ttl_us + ttl_us / 8) {
      ticket->silent_hi_us = sim->now_us + ttl_us + ttl_us / 8;
    }
  }
}

static void set_time(struct sim *sim) {
  int64_t clock_us = atomic_load(&sim->world->clock.now_us);
  if (clock_us <= sim->now_us) {
    return;
  }
  for (int64_t at_us = next_change(sim); at_us <= clock_us; at_us = next_change(sim)) {
    sim->now_us = at_us > sim->now_us ? at_us : sim->now_us;
    if (sim->phase == WAITQ_PHASE_SCHEDULED && at_us == sim->policy.opens_at_ms * 1000) {
      sim->phase = WAITQ_PHASE_OPEN;
    } else {
      sim->rate_1024 = sim->plans[0].rate_1024;
      sim->plan_count--;
      memmove(&sim->plans[0], &sim->plans[1], sim->plan_count * sizeof sim->plans[0]);
    }
    sim_apply_terms(sim);
  }
  sim->now_us = clock_us;
  account_advance(&sim->account, clock_us);
}

void sim_time_passes(struct sim *sim) {
  set_time(sim);
  if (sim->flaky != NULL && sim->flaky->loads != sim->loads) {
    sim->loads = sim->flaky->loads;
    sim_all_are_heard(sim);
  }
}
