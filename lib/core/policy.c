/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* A policy: what is allowed in it, and how it goes into the state and comes out again. */

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "core/state.h"

/* No time limit is longer than ten years: sums of a few of them stay far from overflow. */
#define TTL_MAX_MS INT64_C(315360000000)
#define OPENS_AT_MAX_MS INT64_C(253402300799999) /* the end of the year 9999 */

int waitq__rate_check(double rate_per_s, waitq_error *error) {
  if (isnan(rate_per_s)) {
    return waitq__fail(error, WAITQ_E_INVALID, "rate_per_s is not a number");
  }
  if (rate_per_s < 0.0 || rate_per_s > WAITQ__RATE_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "rate_per_s is %g: it must be from 0 to %g", rate_per_s,
                       WAITQ__RATE_MAX);
  }
  return WAITQ_OK;
}

int waitq__hour_weight_check(double weight, waitq_error *error) {
  if (isnan(weight) || weight < 0.0 || (weight > 0.0 && weight < 0.01) || weight > 100.0) {
    return waitq__fail(error, WAITQ_E_INVALID, "a weight of an hour is %g: it must be 0, or from 0.01 to 100", weight);
  }
  return WAITQ_OK;
}

static int check_ttl(const char *name, int64_t ttl_ms, waitq_error *error) {
  if (ttl_ms < 1 || ttl_ms > TTL_MAX_MS) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is %lld: it must be from 1 to %lld", name, (long long)ttl_ms,
                       (long long)TTL_MAX_MS);
  }
  return WAITQ_OK;
}

static int check_times(const waitq_policy *policy, waitq_error *error) {
  const struct {
    const char *name;
    int64_t ms;
  } ttls[] = {{"claim_ttl_ms", policy->claim_ttl_ms},
              {"session_ttl_ms", policy->session_ttl_ms},
              {"heartbeat_ttl_ms", policy->heartbeat_ttl_ms},
              {"min_poll_ms", policy->min_poll_ms},
              {"max_poll_ms", policy->max_poll_ms}};
  for (unsigned i = 0; i < sizeof ttls / sizeof ttls[0]; i++) {
    int code = check_ttl(ttls[i].name, ttls[i].ms, error);
    if (code != WAITQ_OK) {
      return code;
    }
  }
  if (policy->min_poll_ms > policy->max_poll_ms) {
    return waitq__fail(error, WAITQ_E_INVALID, "min_poll_ms is %lld, more than max_poll_ms, %lld",
                       (long long)policy->min_poll_ms, (long long)policy->max_poll_ms);
  }
  if (policy->max_poll_ms > policy->heartbeat_ttl_ms / 3) {
    return waitq__fail(error, WAITQ_E_INVALID,
                       "max_poll_ms is %lld: it must be at most a third of heartbeat_ttl_ms, %lld, or visitors who "
                       "poll as asked are taken for gone",
                       (long long)policy->max_poll_ms, (long long)policy->heartbeat_ttl_ms);
  }
  if (policy->opens_at_ms < 0 || policy->opens_at_ms > OPENS_AT_MAX_MS) {
    return waitq__fail(error, WAITQ_E_INVALID, "opens_at_ms is %lld: it must be Unix time in ms, or 0",
                       (long long)policy->opens_at_ms);
  }
  return WAITQ_OK;
}

int waitq__policy_check(const waitq_policy *policy, waitq_error *error) {
  int code = waitq__rate_check(policy->rate_per_s, error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (policy->burst < 1 || policy->burst > WAITQ__BURST_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "burst is %llu: it must be from 1 to %llu",
                       (unsigned long long)policy->burst, (unsigned long long)WAITQ__BURST_MAX);
  }
  if (policy->order != WAITQ_ORDER_FIFO) {
    return waitq__fail(error, WAITQ_E_INVALID, "order is %u, which is no order", policy->order);
  }
  if (policy->on_store_loss < WAITQ_LOSS_HOLD || policy->on_store_loss > WAITQ_LOSS_LOCAL) {
    return waitq__fail(error, WAITQ_E_INVALID, "on_store_loss is %u, which is no way to go on", policy->on_store_loss);
  }
  if (policy->reserved != 0) {
    return waitq__fail(error, WAITQ_E_VERSION, "policy->reserved is not zero");
  }
  if (policy->eta_model != WAITQ_ETA_DEFAULT && policy->eta_model != WAITQ_ETA_REFERENCE) {
    return waitq__fail(error, WAITQ_E_INVALID, "eta_model is %u, which is no model", policy->eta_model);
  }
  for (unsigned hour = 0; hour < 24; hour++) {
    code = waitq__hour_weight_check(policy->eta_hour_weights[hour], error);
    if (code != WAITQ_OK) {
      return code;
    }
  }
  return check_times(policy, error);
}

void waitq__state_policy(const struct waitq__state *state, waitq_policy *policy) {
  *policy = (waitq_policy){
      .size = sizeof *policy,
      .rate_per_s = state->rate_per_s,
      .burst = state->burst,
      .max_active = state->max_active,
      .max_waiting = state->max_waiting,
      .claim_ttl_ms = state->claim.ttl_us / 1000,
      .session_ttl_ms = state->session.ttl_us / 1000,
      .heartbeat_ttl_ms = state->heartbeat.ttl_us / 1000,
      .min_poll_ms = state->min_poll_us / 1000,
      .max_poll_ms = state->max_poll_us / 1000,
      .opens_at_ms = state->opens_at_us / 1000,
      .order = state->order,
      .eta_model = state->eta_model,
      .on_store_loss = state->on_store_loss,
  };
  memcpy(policy->eta_hour_weights, state->hour_weights, sizeof policy->eta_hour_weights);
}

static void copy_limits(struct waitq__state *state, const waitq_policy *policy) {
  state->rate_per_s = policy->rate_per_s;
  state->burst = policy->burst;
  state->max_active = policy->max_active;
  state->max_waiting = policy->max_waiting;
  state->min_poll_us = policy->min_poll_ms * 1000;
  state->max_poll_us = policy->max_poll_ms * 1000;
  state->order = policy->order;
  state->eta_model = policy->eta_model;
  state->on_store_loss = policy->on_store_loss;
  memcpy(state->hour_weights, policy->eta_hour_weights, sizeof state->hour_weights);
}

void waitq__state_init(struct waitq__state *state, const waitq_policy *policy, uint32_t visitor_key, int64_t now_us) {
  *state = (struct waitq__state){.format = WAITQ__STATE_FORMAT, .bytes = sizeof *state};
  copy_limits(state, policy);
  state->opens_at_us = policy->opens_at_ms * 1000;
  state->phase = state->opens_at_us > now_us ? WAITQ_PHASE_SCHEDULED : WAITQ_PHASE_OPEN;
  state->visitor_key = visitor_key;
  state->now_us = now_us;
  state->rate_changed_us = INT64_MIN / 2;
  waitq__bucket_init(&state->turns, policy->rate_per_s, policy->burst, now_us);
  waitq__bucket_init(&state->entries, policy->rate_per_s, policy->burst, now_us);
  waitq__wheel_init(&state->heartbeat, policy->heartbeat_ttl_ms * 1000, 1, now_us);
  waitq__wheel_init(&state->session, policy->session_ttl_ms * 1000, WAITQ__SESSION_GRAIN_US, now_us);
  waitq__wheel_init(&state->claim, policy->claim_ttl_ms * 1000, 1, now_us);
  waitq__history_init(&state->history, now_us);
}

void waitq__state_configure(struct waitq__state *state, const waitq_policy *policy) {
  int rate_changes = policy->rate_per_s < state->rate_per_s || policy->rate_per_s > state->rate_per_s;
  copy_limits(state, policy);
  waitq__state_set_terms(state, state->now_us);
  if (rate_changes) {
    state->rate_changed_us = state->now_us;
  }
  if (state->phase == WAITQ_PHASE_SCHEDULED) {
    state->opens_at_us = policy->opens_at_ms * 1000;
  }
  waitq__wheel_set_ttl(&state->heartbeat, policy->heartbeat_ttl_ms * 1000, state->now_us);
  waitq__wheel_set_ttl(&state->session, policy->session_ttl_ms * 1000, state->now_us);
  /* While claim deadlines stand still, their time is the one at which they stopped. */
  int64_t claims_us = waitq__state_stands_still(state) ? state->stood_since_us : state->now_us;
  waitq__wheel_set_ttl(&state->claim, policy->claim_ttl_ms * 1000, claims_us);
}
