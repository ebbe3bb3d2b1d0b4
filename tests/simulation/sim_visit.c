/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What visitors do, and what each answer may be. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "sim.h"

/* Recent tickets come up more often: old ones have little left to do. */
static size_t pick_ticket(struct sim *sim) {
  if (sim->issued == 0) {
    return SIM_NONE;
  }
  size_t window = rng_once_in(&sim->rng, 10) ? sim->issued : 300;
  window = window < sim->issued ? window : sim->issued;
  return sim->issued - 1 - (size_t)rng_below(&sim->rng, window);
}

static size_t pick_known(struct sim *sim, enum sim_known known) {
  for (int tries = 0; tries < 30; tries++) {
    size_t number = pick_ticket(sim);
    if (number != SIM_NONE && sim->tickets[number].known == known) {
      return number;
    }
  }
  return SIM_NONE;
}

/* Most of those who poll are in line; the others ask what has become of them. */
static size_t pick_poller(struct sim *sim) {
  size_t number = rng_once_in(&sim->rng, 5) ? SIM_NONE : pick_known(sim, SIM_WAITING);
  return number != SIM_NONE ? number : pick_ticket(sim);
}

/* Most of those who come to the door know that they may. */
static size_t pick_enterer(struct sim *sim) {
  size_t number = rng_once_in(&sim->rng, 4) ? SIM_NONE : pick_known(sim, SIM_READY);
  return number != SIM_NONE ? number : pick_ticket(sim);
}

/* A room is full when as many wait as may. A batch is measured when it begins, so that this holds for single joins. */
static void check_full(struct sim *sim) {
  waitq_stats stats = WAITQ_STATS_INIT;
  assert_int_equal(waitq_room_stats(sim_room(sim), &stats, NULL), WAITQ_OK);
  SIM_CHECK(sim, stats.waiting >= sim->policy.max_waiting, "full with %" PRIu64 " waiting, of %" PRIu64, stats.waiting,
            sim->policy.max_waiting);
}

static void check_refusal(struct sim *sim, const waitq_status *status) {
  switch (status->reason) {
    case WAITQ_REASON_DRAINING:
      SIM_CHECK(sim, sim->phase == WAITQ_PHASE_DRAINING, "refused as draining in phase %u", sim->phase);
      break;
    case WAITQ_REASON_CLOSED:
      SIM_CHECK(sim, sim->phase == WAITQ_PHASE_CLOSED, "refused as closed in phase %u", sim->phase);
      break;
    case WAITQ_REASON_FULL:
      SIM_CHECK(sim, sim->policy.max_waiting > 0 && sim->phase <= WAITQ_PHASE_PAUSED, "refused as full in phase %u",
                sim->phase);
      break;
    default:
      sim_fail(sim, "refused: %s", waitq_reason_text(status->reason));
  }
  sim->counts[SIM_FULLS]++;
}

/* One answer to a join. */
static void joined(struct sim *sim, size_t visitor, const waitq_ticket *ticket, const waitq_status *status) {
  size_t has = visitor == SIM_NONE ? SIM_NONE : sim->ticket_of[visitor];
  int can_be_dead = has == SIM_NONE || sim_can_be_dead(sim, &sim->tickets[has]);
  if (status->state == WAITQ_STATE_NONE) {
    SIM_CHECK(sim, can_be_dead, "visitor %zu was refused in spite of ticket %zu", visitor, has);
    SIM_CHECK(sim, ticket->text[0] == '\0', "refused with a ticket");
    check_refusal(sim, status);
    return;
  }
  if (has != SIM_NONE && strcmp(ticket->text, sim->tickets[has].text) == 0) {
    SIM_CHECK(sim, status->state != WAITQ_STATE_LEFT && status->state != WAITQ_STATE_EXPIRED,
              "visitor %zu got a ticket back that is %s", visitor, waitq_state_name(status->state));
    SIM_CHECK(sim, status->state != WAITQ_STATE_ENTERED || sim_session_may_run(sim, &sim->tickets[has]),
              "visitor %zu got ticket %zu back after its session", visitor, has);
    sim_observe(sim, has, status);
    sim_heartbeat(sim, has);
    return;
  }
  SIM_CHECK(sim, can_be_dead, "visitor %zu has two live tickets", visitor);
  SIM_CHECK(sim, sim->phase <= WAITQ_PHASE_PAUSED, "a ticket in phase %u", sim->phase);
  if (has != SIM_NONE && (sim->tickets[has].known == SIM_WAITING || sim->tickets[has].known == SIM_READY)) {
    sim->tickets[has].known = SIM_EXPIRED;
    sim->counts[SIM_EXPIRIES]++;
  }
  sim_issue(sim, ticket->text, visitor);
  sim_observe(sim, sim->issued - 1, status);
  sim->counts[SIM_JOINS]++;
}

/* Nobody once in n times; but a join of nobody whose answer was lost could not be told from a second one. */
static size_t pick_visitor(struct sim *sim, uint64_t n) {
  return rng_once_in(&sim->rng, n) && sim->flaky == NULL ? SIM_NONE : (size_t)rng_below(&sim->rng, SIM_VISITORS);
}

void sim_join(struct sim *sim) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  size_t visitor = pick_visitor(sim, 12);
  uint64_t id = visitor;
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_join(sim_room(sim), visitor == SIM_NONE ? NULL : &id, visitor == SIM_NONE ? 0 : sizeof id, NULL,
                      &ticket, &status, &error);
  } while (sim_again(sim, code));
  if (!sim_out_of_memory(sim, code, &error)) {
    joined(sim, visitor, &ticket, &status);
    if (status.reason == WAITQ_REASON_FULL) {
      check_full(sim);
    }
  }
}

void sim_join_many(struct sim *sim) {
  enum { MOST = 500 };
  size_t count = 1 + (size_t)rng_below(&sim->rng, sim->flags & SIM_CROWDS ? MOST : 12);
  waitq_visitor visitors[MOST];
  size_t who[MOST];
  uint64_t ids[MOST];
  int32_t codes[MOST];
  waitq_ticket *tickets = calloc(MOST, sizeof *tickets);
  waitq_status *statuses = calloc(MOST, sizeof *statuses);
  assert_non_null(tickets);
  assert_non_null(statuses);
  waitq_ticket_init(&tickets[0], sizeof tickets[0]);
  waitq_status_init(&statuses[0], sizeof statuses[0]);
  for (size_t i = 0; i < count; i++) {
    who[i] = pick_visitor(sim, 2);
    ids[i] = who[i];
    visitors[i] = who[i] == SIM_NONE ? (waitq_visitor){NULL, 0} : (waitq_visitor){&ids[i], sizeof ids[i]};
  }
  waitq_error error = WAITQ_ERROR_INIT;
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_join_many(sim_room(sim), visitors, count, NULL, tickets, statuses, codes, &error);
  } while (sim_again(sim, code));
  sim_out_of_memory(sim, code, &error);
  /* The answers are of the moment after the whole batch: turns that came are known before who still waits. */
  for (size_t i = 0; i < count; i++) {
    SIM_CHECK(sim, codes[i] == WAITQ_OK || codes[i] == code, "the first failure is not the one returned");
    if (codes[i] == WAITQ_OK) {
      joined(sim, who[i], &tickets[i], &statuses[i]);
    }
  }
  free(tickets);
  free(statuses);
}

void sim_poll(struct sim *sim) {
  size_t number = pick_poller(sim);
  if (number == SIM_NONE) {
    return;
  }
  if (rng_once_in(&sim->rng, 25)) {
    sim_check_position(sim, number);
    return;
  }
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  uint64_t requests = fake_memory_requests(&sim->world->memory);
  int code = waitq_poll(sim_room(sim), sim->tickets[number].text, &status, &error);
  sim_time_passes(sim);
  SIM_CHECK(sim, code == WAITQ_OK, "poll: %s: %s", waitq_error_name(code), error.text);
  /* Where the store was changed by somebody else, the room is read anew. */
  SIM_CHECK(sim, sim->flaky != NULL || fake_memory_requests(&sim->world->memory) == requests, "a poll allocated");
  sim_observe(sim, number, &status);
  if (status.state == WAITQ_STATE_WAITING || status.state == WAITQ_STATE_READY) {
    sim_heartbeat(sim, number);
  }
}

static char *copy_text(const char *text) {
  char *copy = malloc(WAITQ_PASS_SIZE);
  assert_non_null(copy);
  memcpy(copy, text, strlen(text) + 1);
  return copy;
}

static void check_pass(struct sim *sim, size_t number, const waitq_pass *pass) {
  waitq_claims claims = WAITQ_CLAIMS_INIT;
  int code = waitq_verify(sim->verifier, pass->text, strlen(pass->text), sim->now_us / 1000, NULL, &claims, NULL);
  SIM_CHECK(sim, code == WAITQ_OK, "the pass of ticket %zu: %s", number, waitq_error_name(code));
  SIM_CHECK(sim, claims.number == number, "ticket %zu has a pass for number %" PRIu64, number, claims.number);
  SIM_CHECK(sim, claims.epoch == sim->epoch, "ticket %zu has a pass of another epoch", number);
  SIM_CHECK(sim, claims.expires_at_ms == pass->expires_at_ms, "ticket %zu: two expiries", number);
  int64_t lasts_ms = pass->expires_at_ms - sim->now_us / 1000;
  int64_t ttl_ms = sim->policy.session_ttl_ms;
  SIM_CHECK(sim, lasts_ms > 0, "ticket %zu: its pass has expired", number);
  if ((sim->flags & SIM_LIMITS) == 0) {
    SIM_CHECK(sim, lasts_ms <= ttl_ms + ttl_ms / 8 + 1000,
              "ticket %zu: a pass of %" PRId64 " ms, with a limit of %" PRId64, number, lasts_ms, ttl_ms);
  }
}

static void entered_first(struct sim *sim, size_t number, const waitq_pass *pass) {
  struct sim_ticket *ticket = &sim->tickets[number];
  SIM_CHECK(sim, ticket->known == SIM_WAITING || ticket->known == SIM_READY, "ticket %zu entered after it was %d",
            number, ticket->known);
  SIM_CHECK(sim, sim->phase == WAITQ_PHASE_OPEN || sim->phase == WAITQ_PHASE_DRAINING, "an entry in phase %u",
            sim->phase);
  SIM_CHECK(sim,
            ticket->known == SIM_WAITING || sim->claims_moved_step >= ticket->told_step ||
                (sim->flags & SIM_LIMITS) != 0 || sim->now_us / 1000 <= ticket->enter_by_ms,
            "ticket %zu entered after its deadline", number);
  account_take(&sim->account, 1);
  SIM_CHECK(sim, account_has(&sim->account, 0, -1000), "an entry too many: %.6f tokens", account_tokens(&sim->account));
  check_pass(sim, number, pass);
  SIM_CHECK(sim, pass->expires_at_ms >= sim->now_us / 1000 + sim->policy.session_ttl_ms,
            "ticket %zu: a session shorter than its limit", number);
  ticket->known = SIM_ENTERED;
  ticket->pass = copy_text(pass->text);
  ticket->first_pass = copy_text(pass->text);
  ticket->expires_at_ms = pass->expires_at_ms;
  if (sim->head < number + 1) {
    sim->head = number + 1;
  }
  sim->entered++;
  sim->counts[SIM_ENTRIES]++;
}

static void entered_again(struct sim *sim, size_t number, const waitq_pass *pass) {
  struct sim_ticket *ticket = &sim->tickets[number];
  SIM_CHECK(sim, sim_session_may_run(sim, ticket), "ticket %zu got a pass after its session", number);
  check_pass(sim, number, pass);
  SIM_CHECK(sim,
            strcmp(pass->text, ticket->pass) == 0 || strcmp(pass->text, ticket->first_pass) == 0 ||
                strcmp(ticket->pass, ticket->first_pass) != 0 ||
                ((sim->flags & SIM_LIMITS) != 0 && pass->expires_at_ms > ticket->expires_at_ms),
            "ticket %zu got another pass", number);
}

/* Who comes to the door early is told when to come again, and the queue there is as long as the longest such time. */
static void paced(struct sim *sim, const waitq_pass *pass) {
  SIM_CHECK(sim, sim->rate_1024 > 0, "paced at a rate of zero");
  int64_t token_us = INT64_C(1024000000) / sim->rate_1024;
  int64_t end_us = sim->now_us + 1000 * pass->retry_after_ms + token_us;
  sim->door_us = end_us > sim->door_us ? end_us : sim->door_us;
  sim->counts[SIM_PACED]++;
}

static void not_entered(struct sim *sim, size_t number, const waitq_pass *pass) {
  struct sim_ticket *ticket = &sim->tickets[number];
  SIM_CHECK(sim, pass->text[0] == '\0', "a pass in state %s", waitq_state_name(pass->state));
  SIM_CHECK(sim, !sim_session_runs(sim, ticket), "ticket %zu is inside, and got no pass again", number);
  if (pass->state != WAITQ_STATE_READY) {
    SIM_CHECK(sim, pass->state != WAITQ_STATE_WAITING || (ticket->known == SIM_WAITING && number >= sim->head),
              "ticket %zu waits again", number);
    sim_sign_of_life(sim, number);
    SIM_CHECK(sim, pass->state != WAITQ_STATE_EXPIRED || sim_can_be_dead(sim, ticket), "ticket %zu expired too early",
              number);
    return;
  }
  if (sim->head < number + 1) {
    sim->head = number + 1;
  }
  switch (pass->reason) {
    case WAITQ_REASON_PACING:
      SIM_CHECK(sim, !account_has(&sim->account, 1, 1000), "ticket %zu was paced before %.6f tokens", number,
                account_tokens(&sim->account));
      SIM_CHECK(sim, pass->retry_after_ms > 0, "no time to ask again");
      paced(sim, pass);
      break;
    case WAITQ_REASON_RATE_ZERO:
      SIM_CHECK(sim, sim->rate_1024 == 0, "ticket %zu is told of a rate of zero", number);
      break;
    case WAITQ_REASON_PAUSED:
    case WAITQ_REASON_CLOSED:
      SIM_CHECK(sim, sim->phase == WAITQ_PHASE_PAUSED || sim->phase == WAITQ_PHASE_CLOSED, "a pause in phase %u",
                sim->phase);
      break;
    default:
      sim_fail(sim, "ticket %zu is ready and did not enter: %s", number, waitq_reason_text(pass->reason));
  }
}

void sim_enter(struct sim *sim) {
  size_t number = pick_enterer(sim);
  if (number == SIM_NONE) {
    return;
  }
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_enter(sim_room(sim), sim->tickets[number].text, NULL, &pass, &error);
  } while (sim_again(sim, code));
  if (sim_out_of_memory(sim, code, &error)) {
    return;
  }
  if (pass.state != WAITQ_STATE_ENTERED) {
    not_entered(sim, number, &pass);
  } else if (sim->tickets[number].known == SIM_ENTERED) {
    entered_again(sim, number, &pass);
  } else {
    entered_first(sim, number, &pass);
  }
}

void sim_leave(struct sim *sim) {
  size_t number = pick_ticket(sim);
  if (number == SIM_NONE) {
    return;
  }
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_leave(sim_room(sim), sim->tickets[number].text, &status, &error);
  } while (sim_again(sim, code));
  if (sim_out_of_memory(sim, code, &error)) {
    return;
  }
  struct sim_ticket *ticket = &sim->tickets[number];
  if (status.state == WAITQ_STATE_LEFT && (ticket->known == SIM_WAITING || ticket->known == SIM_READY)) {
    ticket->known = SIM_LEFT;
    sim->left++;
    sim->counts[SIM_LEAVES]++;
    return;
  }
  SIM_CHECK(sim, status.state != WAITQ_STATE_WAITING && status.state != WAITQ_STATE_READY, "ticket %zu did not leave",
            number);
  sim_observe(sim, number, &status);
}

void sim_renew(struct sim *sim) {
  size_t number = pick_known(sim, SIM_ENTERED);
  if (number == SIM_NONE) {
    return;
  }
  struct sim_ticket *ticket = &sim->tickets[number];
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_renew(sim_room(sim), ticket->pass, &pass, &error);
  } while (sim_again(sim, code));
  if (code == WAITQ_E_EXPIRED) {
    fake_memory_recover(&sim->world->memory);
    sim_time_passes(sim);
    SIM_CHECK(sim, sim->now_us / 1000 >= ticket->expires_at_ms, "ticket %zu: a good pass was not renewed", number);
    return;
  }
  if (sim_out_of_memory(sim, code, &error)) {
    return;
  }
  if (pass.state != WAITQ_STATE_ENTERED) {
    SIM_CHECK(sim, pass.state == WAITQ_STATE_EXPIRED && !sim_session_runs(sim, ticket),
              "ticket %zu is inside, renewed to %s", number, waitq_state_name(pass.state));
    return;
  }
  SIM_CHECK(sim, sim_session_may_run(sim, ticket), "ticket %zu was renewed after its session", number);
  check_pass(sim, number, &pass);
  SIM_CHECK(sim, (sim->flags & SIM_LIMITS) || pass.expires_at_ms >= sim->now_us / 1000 + sim->policy.session_ttl_ms,
            "ticket %zu: renewed for less than the limit", number);
  SIM_CHECK(sim, pass.expires_at_ms >= ticket->expires_at_ms, "ticket %zu: renewed to an earlier end", number);
  memcpy(ticket->pass, pass.text, strlen(pass.text) + 1);
  ticket->expires_at_ms = pass.expires_at_ms;
}

void sim_exit(struct sim *sim) {
  size_t number = pick_known(sim, SIM_ENTERED);
  if (number == SIM_NONE) {
    return;
  }
  struct sim_ticket *ticket = &sim->tickets[number];
  waitq_error error = WAITQ_ERROR_INIT;
  sim_maybe_fail(sim);
  int code;
  do {
    code = waitq_exit(sim_room(sim), rng_once_in(&sim->rng, 2) ? ticket->pass : ticket->first_pass, &error);
  } while (sim_again(sim, code));
  if (!sim_out_of_memory(sim, code, &error)) {
    ticket->session_over = 1;
  }
}

void sim_old_ticket(struct sim *sim) {
  if (sim->old_count == 0) {
    return;
  }
  size_t kept = sim->old_count < SIM_OLD ? sim->old_count : SIM_OLD;
  const struct sim_old *old = &sim->old[rng_below(&sim->rng, kept)];
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  SIM_CHECK(sim, waitq_poll(sim_room(sim), old->text, &status, NULL) == WAITQ_OK && status.state == WAITQ_STATE_STALE,
            "an old ticket is %s", waitq_state_name(status.state));
  SIM_CHECK(sim,
            waitq_enter(sim_room(sim), old->text, NULL, &pass, NULL) == WAITQ_OK && pass.state == WAITQ_STATE_STALE,
            "an old ticket entered as %s", waitq_state_name(pass.state));
  SIM_CHECK(sim, waitq_leave(sim_room(sim), old->text, &status, NULL) == WAITQ_OK && status.state == WAITQ_STATE_STALE,
            "an old ticket left as %s", waitq_state_name(status.state));
  if (old->pass[0] != '\0') {
    int code;
    do {
      code = waitq_renew(sim_room(sim), old->pass, &pass, NULL);
    } while (sim_again(sim, code));
    SIM_CHECK(sim, code == WAITQ_E_EXPIRED || (code == WAITQ_OK && pass.state == WAITQ_STATE_STALE),
              "an old pass: %s, %s", waitq_error_name(code), waitq_state_name(pass.state));
    SIM_CHECK(sim, waitq_exit(sim_room(sim), old->pass, NULL) == WAITQ_OK, "an old pass did not exit");
  }
  sim_time_passes(sim);
}
