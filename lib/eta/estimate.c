/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/estimate.h"

#include <waitq/queue.h>

/* For a while after a change of rate, the reason says so. */
#define RATE_CHANGED_FOR_US 30000000
#define SLACK_US 1000000 /* turns come in steps, and polls see them late */
#define FALLBACK_US_PER_TURN 2e6
#define ETA_MAX_US 3.2e15 /* a hundred years */

static uint64_t reason_of(const struct waitq__state *state, int slots_bind) {
  if (state->phase == WAITQ_PHASE_SCHEDULED) {
    return WAITQ_REASON_SCHEDULED;
  }
  if (state->phase == WAITQ_PHASE_PAUSED) {
    return WAITQ_REASON_PAUSED;
  }
  if (state->phase == WAITQ_PHASE_CLOSED) {
    return WAITQ_REASON_CLOSED;
  }
  if (waitq__bucket_is_dry(&state->turns.terms)) {
    return WAITQ_REASON_RATE_ZERO;
  }
  if (slots_bind) {
    return WAITQ_REASON_SLOTS;
  }
  return state->now_us - state->rate_changed_us < RATE_CHANGED_FOR_US ? WAITQ_REASON_RATE_CHANGED : WAITQ_REASON_BUCKET;
}

static void by_slots(struct waitq__forecast *forecast, double pace_per_s) {
  forecast->relative = 1;
  forecast->us_per_turn = pace_per_s > 0.0 ? 1e6 / pace_per_s : FALLBACK_US_PER_TURN;
  forecast->low_factor = 0.5;
  forecast->high_factor = 2.0;
  forecast->confidence = pace_per_s > 0.0 ? 0.5 : 0.2;
}

static void by_bucket(struct waitq__forecast *forecast, const struct waitq__state *state, double gone_share) {
  const struct waitq__bucket *turns = &state->turns;
  int64_t level = waitq__bucket_level(&turns->terms, turns->used, turns->touched_us, state->now_us);
  double tokens = (double)level / (double)WAITQ__TOKEN + (double)turns->surplus;
  int64_t from_us = state->now_us;
  if (state->phase == WAITQ_PHASE_SCHEDULED) {
    from_us = state->opens_at_us;
  }
  forecast->us_per_turn = state->rate_per_s > 0.0 ? 1e6 / state->rate_per_s : 0.0;
  double ahead_us = tokens * forecast->us_per_turn;
  forecast->base_us = from_us - (int64_t)(ahead_us < ETA_MAX_US ? ahead_us : ETA_MAX_US);
  forecast->low_factor = 1.0 - gone_share;
  forecast->high_factor = 1.0;
  forecast->confidence = 0.9;
}

struct waitq__forecast waitq__forecast(const struct waitq__state *state, int slots_bind, double pace_per_s,
                                       double gone_share) {
  struct waitq__forecast forecast = {.reason = reason_of(state, slots_bind)};
  if (forecast.reason == WAITQ_REASON_SLOTS) {
    by_slots(&forecast, pace_per_s);
  } else if (forecast.reason != WAITQ_REASON_PAUSED && forecast.reason != WAITQ_REASON_CLOSED) {
    by_bucket(&forecast, state, gone_share);
  }
  return forecast;
}

struct waitq__forecast waitq__forecast_reference(const struct waitq__forecast *forecast,
                                                 const struct waitq__reference_rate *rate) {
  int is_standing = forecast->reason == WAITQ_REASON_PAUSED || forecast->reason == WAITQ_REASON_CLOSED ||
                    forecast->reason == WAITQ_REASON_SCHEDULED || forecast->reason == WAITQ_REASON_RATE_ZERO;
  return (struct waitq__forecast){
      .reason = rate->is_fallback && !is_standing ? (uint64_t)WAITQ_REASON_NO_SAMPLES : forecast->reason,
      .relative = 1,
      .us_per_turn = rate->seconds_per_position * 1e6,
      .low_factor = 1.0,
      .high_factor = 1.0,
      .confidence = rate->confidence,
  };
}

static struct waitq__estimate unknown(void) {
  return (struct waitq__estimate){-1, -1, -1, 0.0};
}

static struct waitq__estimate around(const struct waitq__forecast *forecast, double eta_us) {
  if (eta_us > ETA_MAX_US) {
    return unknown();
  }
  double median = eta_us > 0.0 ? eta_us : 0.0;
  double low = median * forecast->low_factor - SLACK_US;
  return (struct waitq__estimate){
      .eta_us = (int64_t)median,
      .low_us = low > 0.0 ? (int64_t)low : 0,
      .high_us = (int64_t)(median * forecast->high_factor) + SLACK_US,
      .confidence = forecast->confidence,
  };
}

struct waitq__estimate waitq__estimate(const struct waitq__forecast *forecast, uint64_t position, int64_t now_us) {
  if (forecast->us_per_turn <= 0.0) {
    return unknown();
  }
  double turns_us = (double)position * forecast->us_per_turn;
  return around(forecast, forecast->relative ? turns_us : turns_us + (double)(forecast->base_us - now_us));
}

struct waitq__estimate waitq__estimate_planned(const struct waitq__forecast *forecast, const struct waitq__state *state,
                                               uint64_t position, int64_t now_us) {
  int is_known = forecast->reason != WAITQ_REASON_PAUSED && forecast->reason != WAITQ_REASON_CLOSED;
  if (forecast->relative || !is_known) {
    return waitq__estimate(forecast, position, now_us);
  }
  double missing = (double)position;
  int64_t at_us = state->phase == WAITQ_PHASE_SCHEDULED ? state->opens_at_us : state->now_us;
  double rate_per_s = state->rate_per_s;
  if (rate_per_s > 0.0) {
    at_us = forecast->base_us;
  }
  for (uint64_t i = 0; i <= state->plan_count; i++) {
    double span_s = i < state->plan_count ? (double)(state->plans[i].at_us - at_us) * 1e-6 : 1e300;
    if (rate_per_s > 0.0 && missing <= rate_per_s * span_s) {
      return around(forecast, (double)(at_us - now_us) + missing / rate_per_s * 1e6);
    }
    if (i < state->plan_count) {
      missing -= span_s > 0.0 ? rate_per_s * span_s : 0.0;
      at_us = state->plans[i].at_us > at_us ? state->plans[i].at_us : at_us;
      rate_per_s = state->plans[i].rate_per_s;
    }
  }
  return unknown();
}
