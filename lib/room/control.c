/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* What operators do to a room: policy, rate, phase, a new epoch. */

#include "base/lock.h"
#include "base/sized.h"
#include "core/advance.h"
#include "core/number.h"
#include "room/room.h"

/* One change that an operator asks for, applied to a state that has been moved to now. */
typedef int (*control_fn)(struct waitq__state *state, const void *argument, waitq_error *error);

static int control_once(waitq_room_t *room, int64_t now_us, control_fn control, const void *argument,
                        waitq_error *error) {
  int code = waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, error);
  if (code != WAITQ_OK) {
    return code;
  }
  struct waitq__change change = {.state = room->state};
  code = control(&change.state, argument, error);
  if (code == WAITQ_OK) {
    code = waitq__room_commit(room, &change, error);
  }
  if (code == WAITQ_OK) {
    /* What the change allows, it allows at once; it is made, whether or not this succeeds. */
    waitq__room_step(room, now_us, WAITQ__SWEEP_CALL, NULL);
  }
  return code;
}

static int control_room(waitq_room_t *room, control_fn control, const void *argument, waitq_error *error) {
  int64_t now_us = waitq__now(room->context);
  waitq__lock(&room->lock);
  int code = WAITQ_E_CONFLICT;
  for (int attempt = 0; code == WAITQ_E_CONFLICT && attempt < 16; attempt++) {
    code = control_once(room, now_us, control, argument, error);
  }
  pthread_mutex_unlock(&room->lock);
  return code;
}

static int configure(struct waitq__state *state, const void *argument, waitq_error *error) {
  (void)error;
  waitq__state_configure(state, argument);
  return WAITQ_OK;
}

int waitq_room_configure(waitq_room_t *room, const waitq_policy *policy, waitq_error *error) {
  waitq_policy known = WAITQ_POLICY_INIT;
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_read(&known, sizeof known, policy, "policy", error);
  }
  if (code == WAITQ_OK) {
    code = waitq__policy_check(&known, error);
  }
  return code == WAITQ_OK ? control_room(room, configure, &known, error) : code;
}

int waitq_room_policy(waitq_room_t *room, waitq_policy *policy, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(policy, "policy", error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  waitq_policy known;
  waitq__lock(&room->lock);
  waitq__state_policy(&room->state, &known);
  pthread_mutex_unlock(&room->lock);
  waitq__sized_write(policy, &known, sizeof known);
  return WAITQ_OK;
}

static int plan_rate(struct waitq__state *state, const void *argument, waitq_error *error) {
  const struct waitq__rate_plan *plan = argument;
  return waitq__state_plan_rate(state, plan->rate_per_s, plan->at_us, error);
}

static int set_rate_at(waitq_room_t *room, double rate_per_s, int64_t at_us, waitq_error *error) {
  const struct waitq__rate_plan plan = {at_us, rate_per_s};
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__rate_check(rate_per_s, error);
  }
  return code == WAITQ_OK ? control_room(room, plan_rate, &plan, error) : code;
}

int waitq_room_set_rate(waitq_room_t *room, double rate_per_s, waitq_error *error) {
  return set_rate_at(room, rate_per_s, INT64_MIN, error);
}

int waitq_room_set_rate_at(waitq_room_t *room, double rate_per_s, int64_t at_ms, waitq_error *error) {
  if (at_ms < 0 || at_ms > INT64_MAX / 1000) {
    int code = waitq__room_guard(room, error);
    return code != WAITQ_OK
               ? code
               : waitq__fail(error, WAITQ_E_INVALID, "at_ms is %lld: it must be Unix time in ms", (long long)at_ms);
  }
  return set_rate_at(room, rate_per_s, at_ms * 1000, error);
}

static int set_phase(struct waitq__state *state, const void *argument, waitq_error *error) {
  const uint32_t *phase = argument;
  return waitq__state_set_phase(state, *phase, error);
}

int waitq_room_set_phase(waitq_room_t *room, uint32_t phase, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = control_room(room, set_phase, &phase, error);
  }
  if (code == WAITQ_OK) {
    waitq__log(&room->context->log, WAITQ_LOG_INFO, "room %s: phase %u", room->named.name, phase);
  }
  return code;
}

/* The store empties planes and visitors as it takes the new epoch over; then the room reads itself anew. */
static int reset_once(waitq_room_t *room, int64_t now_us, waitq_error *error) {
  struct waitq__state state = room->state;
  waitq__advance_time(&state, now_us);
  waitq__state_reset(&state);
  uint64_t seconds = (uint64_t)(now_us / 1000000);
  uint64_t epoch = waitq__word(&room->ledger.epoch) + 1;
  if (epoch < seconds && seconds <= WAITQ__EPOCH_MAX) {
    epoch = seconds;
  }
  if (epoch > WAITQ__EPOCH_MAX) {
    return waitq__fail(error, WAITQ_E_EXHAUSTED, "the room has had its last epoch");
  }
  const waitq_store_commit commit = {
      .size = sizeof commit,
      .version = room->version,
      .epoch = epoch,
      .join_limit = waitq__join_limit_empty(&state),
      .state = &state,
      .state_size = sizeof state,
  };
  int code = room->context->ops->commit(room->stored, &commit, error);
  if (code != WAITQ_OK && code != WAITQ_E_CONFLICT) {
    return code;
  }
  int load_code = waitq__room_load(room, error);
  return load_code == WAITQ_OK ? code : load_code;
}

int waitq_room_reset(waitq_room_t *room, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t now_us = waitq__now(room->context);
  waitq__lock(&room->lock);
  code = WAITQ_E_CONFLICT;
  for (int attempt = 0; code == WAITQ_E_CONFLICT && attempt < 16; attempt++) {
    code = reset_once(room, now_us, error);
  }
  uint64_t epoch = waitq__word(&room->ledger.epoch);
  pthread_mutex_unlock(&room->lock);
  if (code == WAITQ_OK) {
    waitq__log(&room->context->log, WAITQ_LOG_INFO, "room %s: epoch %llu", room->named.name, (unsigned long long)epoch);
  }
  return code;
}
