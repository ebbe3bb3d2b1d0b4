/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* What operators do to a room: policy, rate, phase, a new epoch. */

#include "base/lock.h"
#include "base/sized.h"
#include "core/advance.h"
#include "core/number.h"
#include "room/lead.h"

/* The latest time that can be planned for: sums with it do not overflow. */
#define AT_MAX_MS (INT64_MAX / 4000)

/* One change that an operator asks for, applied to a state that has been moved to now. */
typedef int (*control_fn)(struct waitq__state *state, const void *argument, waitq_error *error);

struct control {
  struct waitq__request request;
  control_fn apply;
  const void *argument;
};

static enum waitq__verdict plan_control(struct waitq__round *round, struct waitq__request *request) {
  const struct control *control = (const struct control *)request;
  if (request->is_taken) {
    return WAITQ__PLANNED;
  }
  struct waitq__state changed = *waitq__round_state(round);
  int code = control->apply(&changed, control->argument, request->error);
  if (code != WAITQ_OK) {
    return waitq__request_fail(request, code);
  }
  uint64_t generation = waitq__round_state(round)->heartbeat.current;
  if (changed.heartbeat.current != generation) {
    /* Another time limit has ended the generation. */
    changed.heartbeat_end[waitq__wheel_slot(generation)] = waitq__word(&round->room->ledger.next);
  }
  *waitq__round_change(round) = changed;
  round->commits = 1;
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_control(struct waitq__round *round, struct waitq__request *request) {
  (void)round;
  if (!request->is_taken) {
    request->is_taken = 1; /* what the change allows, it allows at once */
    return WAITQ__LATER;
  }
  return WAITQ__DONE;
}

static int control_room(waitq_room_t *room, control_fn apply, const void *argument, waitq_error *error) {
  struct control control = {{.plan = plan_control,
                             .settle = settle_control,
                             .wants_step = 1,
                             .error = error,
                             .now_us = waitq__room_now(room)},
                            apply,
                            argument};
  return waitq__room_run(room, &control.request);
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

static int check_at(const char *name, int64_t at_ms, waitq_error *error) {
  if (at_ms < 0 || at_ms > AT_MAX_MS) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is %lld: it must be Unix time in ms", name, (long long)at_ms);
  }
  return WAITQ_OK;
}

int waitq_room_set_rate_at(waitq_room_t *room, double rate_per_s, int64_t at_ms, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = check_at("at_ms", at_ms, error);
  }
  return code == WAITQ_OK ? set_rate_at(room, rate_per_s, at_ms * 1000, error) : code;
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

static int pause_until(struct waitq__state *state, const void *argument, waitq_error *error) {
  (void)error;
  waitq__state_pause_until(state, *(const int64_t *)argument);
  return WAITQ_OK;
}

int waitq_room_pause_until(waitq_room_t *room, int64_t until_ms, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = check_at("until_ms", until_ms, error);
  }
  const int64_t until_us = code == WAITQ_OK ? until_ms * 1000 : 0;
  return code == WAITQ_OK ? control_room(room, pause_until, &until_us, error) : code;
}

struct reset {
  struct waitq__request request;
  uint64_t before; /* the epoch that is to end */
};

static enum waitq__verdict plan_reset(struct waitq__round *round, struct waitq__request *request) {
  struct reset *reset = (struct reset *)request;
  uint64_t ends = waitq__word(&round->room->ledger.epoch);
  if (reset->before == 0) {
    reset->before = ends;
  }
  if (ends != reset->before) {
    return WAITQ__DONE; /* an earlier try has done it, and its answer was lost */
  }
  if (round->member_count > 0) {
    return WAITQ__LATER;
  }
  uint64_t seconds = (uint64_t)(round->now_us / 1000000);
  uint64_t epoch = ends + 1;
  if (epoch < seconds && seconds <= WAITQ__EPOCH_MAX) {
    epoch = seconds;
  }
  if (epoch > WAITQ__EPOCH_MAX) {
    int code = waitq__fail(request->error, WAITQ_E_EXHAUSTED, "the room has had its last epoch");
    return waitq__request_fail(request, code);
  }
  struct waitq__state *state = waitq__round_change(round);
  waitq__advance_time(state, round->now_us);
  waitq__state_reset(state);
  round->new_epoch = epoch;
  round->commits = 1;
  round->is_exclusive = 1;
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_reset(struct waitq__round *round, struct waitq__request *request) {
  (void)round;
  (void)request;
  return WAITQ__DONE;
}

int waitq_room_reset(waitq_room_t *room, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code != WAITQ_OK) {
    return code;
  }
  struct reset reset = {
      {.plan = plan_reset, .settle = settle_reset, .goes_first = 1, .error = error, .now_us = waitq__room_now(room)},
      0};
  code = waitq__room_run(room, &reset.request);
  if (code == WAITQ_OK) {
    waitq__log(&room->context->log, WAITQ_LOG_INFO, "room %s: epoch %llu", room->named.name,
               (unsigned long long)waitq__word(&room->ledger.epoch));
  }
  return code;
}
