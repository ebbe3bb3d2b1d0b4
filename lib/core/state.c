/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/state.h"

#include <string.h>
#include <waitq/store.h>

#include "base/error.h"
#include "core/number.h"

_Static_assert(sizeof(struct waitq__state) <= WAITQ_STORE_STATE_MAX, "a store takes the state as it is");

void waitq__state_reset(struct waitq__state *state) {
  state->head = 0;
  state->floor = 0;
  state->ready = 0;
  state->trim = 0;
  state->trimmed_left = 0;
  state->trimmed_entered = 0;
  state->turns.surplus = 0;
  state->promised_us = 0;
  state->gap_begin = 0;
  state->gap_end = 0;
  state->gap_until_us = 0;
  state->stood_since_us = state->now_us;
  memset(state->claim_end, 0, sizeof state->claim_end);
  memset(state->heartbeat_end, 0, sizeof state->heartbeat_end);
  waitq__wheel_init(&state->heartbeat, state->heartbeat.ttl_us, state->heartbeat.grain_us, state->now_us);
  waitq__wheel_init(&state->session, state->session.ttl_us, state->session.grain_us, state->now_us);
  waitq__wheel_init(&state->claim, state->claim.ttl_us, state->claim.grain_us, state->now_us);
  waitq__history_new_line(&state->history, state->now_us);
}

void waitq__state_set_terms(struct waitq__state *state, int64_t at_us) {
  double rate_per_s = waitq__state_admits(state) ? state->rate_per_s : 0.0;
  waitq__bucket_set(&state->turns, rate_per_s, state->burst, at_us);
  waitq__bucket_set(&state->entries, rate_per_s, state->burst, at_us);
  state->promised_us = 0;
}

void waitq__state_set_rate(struct waitq__state *state, double rate_per_s, int64_t at_us) {
  state->rate_per_s = rate_per_s;
  state->rate_changed_us = at_us;
  waitq__state_set_terms(state, at_us);
}

int waitq__state_plan_rate(struct waitq__state *state, double rate_per_s, int64_t at_us, waitq_error *error) {
  if (at_us <= state->now_us) {
    waitq__state_set_rate(state, rate_per_s, state->now_us);
    return WAITQ_OK;
  }
  uint64_t at = 0;
  while (at < state->plan_count && state->plans[at].at_us < at_us) {
    at++;
  }
  if (at == state->plan_count || state->plans[at].at_us != at_us) {
    if (state->plan_count == WAITQ_RATE_PLANS_MAX) {
      return waitq__fail(error, WAITQ_E_EXHAUSTED, "%d changes of rate are planned already", WAITQ_RATE_PLANS_MAX);
    }
    memmove(&state->plans[at + 1], &state->plans[at], (state->plan_count - at) * sizeof state->plans[0]);
    state->plan_count++;
  }
  state->plans[at] = (struct waitq__rate_plan){at_us, rate_per_s};
  return WAITQ_OK;
}

void waitq__state_open(struct waitq__state *state, int64_t at_us) {
  state->phase = WAITQ_PHASE_OPEN;
  waitq__state_set_terms(state, at_us);
}

static void move_to_phase(struct waitq__state *state, uint32_t phase, int64_t at_us) {
  int stood_still = waitq__state_stands_still(state);
  state->phase = phase;
  state->resumes_at_us = 0;
  int stands_still = waitq__state_stands_still(state);
  if (stood_still && !stands_still) {
    waitq__wheel_shift(&state->claim, at_us - state->stood_since_us);
  }
  if (!stood_still && stands_still) {
    state->stood_since_us = at_us;
  }
  waitq__state_set_terms(state, at_us);
}

int waitq__state_set_phase(struct waitq__state *state, uint32_t phase, waitq_error *error) {
  if (phase < WAITQ_PHASE_OPEN || phase > WAITQ_PHASE_CLOSED) {
    return waitq__fail(error, WAITQ_E_INVALID, "phase is %u: it must be OPEN, PAUSED, DRAINING or CLOSED", phase);
  }
  move_to_phase(state, phase, state->now_us);
  return WAITQ_OK;
}

void waitq__state_pause_until(struct waitq__state *state, int64_t until_us) {
  int has_passed = until_us <= state->now_us;
  move_to_phase(state, has_passed ? WAITQ_PHASE_OPEN : WAITQ_PHASE_PAUSED, state->now_us);
  state->resumes_at_us = has_passed ? 0 : until_us;
}

void waitq__state_resume(struct waitq__state *state) {
  move_to_phase(state, WAITQ_PHASE_OPEN, state->resumes_at_us);
}

static void move_deadlines(struct waitq__state *state, int64_t by_us) {
  waitq__wheel_shift(&state->heartbeat, by_us);
  if (!waitq__state_stands_still(state)) {
    waitq__wheel_shift(&state->claim, by_us);
  }
}

void waitq__state_recover(struct waitq__state *state, uint64_t begin, uint64_t end, int64_t now_us) {
  int64_t grace_us = 2 * state->max_poll_us;
  int is_in_gap = state->gap_until_us > state->now_us;
  state->gap_begin = is_in_gap && state->gap_begin < begin ? state->gap_begin : begin;
  state->gap_end = end;
  state->gap_until_us = (now_us > state->now_us ? now_us : state->now_us) + grace_us;
  move_deadlines(state, grace_us);
}

void waitq__state_stand(struct waitq__state *state, int64_t stood_us) {
  if (stood_us > state->stood_us) {
    move_deadlines(state, stood_us - state->stood_us);
    state->stood_us = stood_us;
  }
}

/* Times, and spans of time, with which one can reckon: sums of a few of them do not overflow. */
static int is_time(int64_t us) {
  return us >= 0 && us <= INT64_MAX / 4;
}

static int is_wheel(const struct waitq__wheel *wheel) {
  int is_one = wheel->ttl_us > 0 && is_time(wheel->ttl_us) && wheel->grain_us > 0 &&
               wheel->grain_us <= WAITQ__SESSION_GRAIN_US && is_time(wheel->ends_us) &&
               wheel->current >= wheel->oldest && wheel->current - wheel->oldest < WAITQ__WHEEL_SLOTS;
  for (unsigned slot = 0; is_one && slot < WAITQ__WHEEL_SLOTS; slot++) {
    is_one = is_time(wheel->begins_us[slot]) && is_time(wheel->expires_us[slot]);
  }
  return is_one;
}

static int is_bucket(const struct waitq__bucket *bucket) {
  return is_time(bucket->terms.origin_us) && is_time(bucket->touched_us) &&
         bucket->terms.rate_high <= (uint64_t)(WAITQ__RATE_MAX / 1e6) * (uint64_t)WAITQ__TOKEN &&
         bucket->terms.burst >= 1 && bucket->terms.burst <= WAITQ__BURST_MAX && bucket->surplus <= WAITQ__NUMBER_END;
}

static int is_line(const struct waitq__state *state) {
  int is_one = state->floor <= state->head && state->trim <= state->floor &&
               state->ready <= state->head - state->floor && state->gap_begin <= state->gap_end &&
               state->gap_end <= WAITQ__NUMBER_END;
  for (unsigned slot = 0; is_one && slot < WAITQ__WHEEL_SLOTS; slot++) {
    is_one = state->claim_end[slot] <= state->head;
  }
  return is_one;
}

static int is_plan(const struct waitq__state *state) {
  int is_one = state->plan_count <= WAITQ_RATE_PLANS_MAX;
  for (uint64_t i = 0; is_one && i < state->plan_count; i++) {
    is_one = waitq__rate_check(state->plans[i].rate_per_s, NULL) == WAITQ_OK;
  }
  for (unsigned hour = 0; is_one && hour < 24; hour++) {
    is_one = waitq__hour_weight_check(state->hour_weights[hour], NULL) == WAITQ_OK;
  }
  return is_one && is_time(state->resumes_at_us) && (state->resumes_at_us == 0 || state->phase == WAITQ_PHASE_PAUSED);
}

static int is_plausible(const struct waitq__state *state) {
  return is_wheel(&state->heartbeat) && is_wheel(&state->session) && is_wheel(&state->claim) &&
         is_bucket(&state->turns) && is_bucket(&state->entries) && is_line(state) && is_plan(state) &&
         is_time(state->now_us) && is_time(state->opens_at_us) && is_time(state->promised_us) &&
         state->rate_changed_us >= INT64_MIN / 2 && state->rate_changed_us <= INT64_MAX / 4 &&
         is_time(state->stood_since_us) && is_time(state->stood_us) && is_time(state->gap_until_us) &&
         is_time(state->min_poll_us) && is_time(state->max_poll_us) && state->bytes == sizeof *state &&
         state->phase >= WAITQ_PHASE_SCHEDULED && state->phase <= WAITQ_PHASE_CLOSED && state->burst >= 1 &&
         state->burst <= WAITQ__BURST_MAX && waitq__rate_check(state->rate_per_s, NULL) == WAITQ_OK &&
         state->on_store_loss >= WAITQ_LOSS_HOLD && state->on_store_loss <= WAITQ_LOSS_LOCAL &&
         state->min_poll_us > 0 && state->max_poll_us >= state->min_poll_us;
}

int waitq__state_read(struct waitq__state *state, const void *bytes, uint64_t size, waitq_error *error) {
  uint32_t format = 0;
  if (size >= sizeof format) {
    memcpy(&format, bytes, sizeof format);
  }
  if (format > WAITQ__STATE_FORMAT) {
    return waitq__fail(error, WAITQ_E_VERSION, "the room's state is of format %u; this library knows %d", format,
                       WAITQ__STATE_FORMAT);
  }
  if (format == 0 || size != sizeof *state) {
    return waitq__fail(error, WAITQ_E_DAMAGED, "the room's state has %llu bytes of format %u", (unsigned long long)size,
                       format);
  }
  memcpy(state, bytes, sizeof *state);
  if (!is_plausible(state)) {
    return waitq__fail(error, WAITQ_E_DAMAGED, "the room's state contradicts itself");
  }
  if (!waitq__history_is_sound(&state->history)) {
    waitq__history_init(&state->history, state->now_us); /* it is learnt anew; no place in line depends on it */
  }
  return WAITQ_OK;
}
