/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/entry.h"

/* How far the tickets with earlier turns are looked through; beyond, the end of the queue is near enough. */
#define LOOK_AHEAD 65536

/* Seven eighths of a token: one in eight visitors comes in vain, so that no token waits for one. */
static int64_t spacing(int64_t token_us) {
  return token_us - token_us / 8;
}

static int64_t time_of_a_token(const struct waitq__state *state) {
  return waitq__bucket_wait(&state->entries.terms, 0, WAITQ__TOKEN, state->entries.terms.origin_us);
}

static int64_t clamp(int64_t us) {
  return us < INT64_MAX / 4 ? us : INT64_MAX / 4;
}

/* How many with an earlier turn may be at the door. */
static uint64_t before(const struct waitq__state *state, const struct waitq__ledger *ledger, uint64_t number) {
  return number - state->floor > LOOK_AHEAD ? state->ready : waitq__ledger_unclaimed(ledger, state->floor, number);
}

int64_t waitq__entry_wait(struct waitq__state *state, const struct waitq__ledger *ledger, uint64_t number) {
  if (waitq__bucket_is_dry(&state->entries.terms)) {
    return WAITQ__NEVER_US;
  }
  int64_t wait_us = waitq__bucket_wait_for(&state->entries, 1, state->now_us);
  if (wait_us == 0 || wait_us == WAITQ__NEVER_US) {
    return wait_us;
  }
  int64_t token_us = time_of_a_token(state);
  double ahead_us = (double)before(state, ledger, number) * (double)spacing(token_us);
  int64_t by_turn_us = clamp(state->now_us + wait_us + (ahead_us < 1e17 ? (int64_t)ahead_us : INT64_MAX / 8));
  int64_t end_us = state->promised_us > state->now_us + wait_us ? state->promised_us : state->now_us + wait_us;
  /* Whoever is sent in by an earlier turn sends another to the end: the promises are one more in any case. */
  state->promised_us = clamp(end_us + spacing(token_us));
  return (by_turn_us < end_us ? by_turn_us : end_us) - state->now_us;
}

int64_t waitq__entries_caught_up(const struct waitq__state *state) {
  int64_t end_us = state->promised_us;
  if (end_us > state->now_us) {
    /* Of those who were promised an instant, only they come whose turns still stand. */
    double longest_us = (double)state->ready * (double)time_of_a_token(state);
    if (longest_us < (double)(end_us - state->now_us)) {
      end_us = state->now_us + (int64_t)longest_us;
    }
  }
  return end_us - state->claim.ttl_us / 4;
}
