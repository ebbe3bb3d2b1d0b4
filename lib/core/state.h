/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_STATE_H
#define WAITQ_CORE_STATE_H

/* The state of a room: all that is not a bit of a ticket. A store keeps it as opaque bytes and swaps it by version.
 *
 * Fields are of fixed width and only ever appended; format and bytes tell an older or newer library what it looks at. */

#include <stdint.h>

#include <waitq/error.h>
#include <waitq/room.h>

#include "core/bucket.h"
#include "core/wheel.h"
#include "eta/history.h"

#define WAITQ__STATE_FORMAT 1

/* Sessions end at whole seconds, as passes do: so a pass is good as long as its slot is taken, and no longer. */
#define WAITQ__SESSION_GRAIN_US 1000000

struct waitq__rate_plan {
  int64_t at_us;
  double rate_per_s;
};

struct waitq__state {
  uint32_t format;
  uint32_t bytes;

  /* policy */
  double rate_per_s;
  uint64_t burst;
  uint64_t max_active;
  uint64_t max_waiting;
  int64_t min_poll_us;
  int64_t max_poll_us;
  int64_t opens_at_us;
  uint32_t order;
  uint32_t eta_model;

  /* phase */
  uint32_t phase;
  uint32_t visitor_key;   /* names the key that visitors are hashed with */
  int64_t now_us;         /* the latest time seen; time never runs backward */
  int64_t stood_since_us; /* since when, while claim deadlines stand still */
  int64_t rate_changed_us;

  /* the line: tickets below head had their turn; below floor no turn can be claimed any more */
  uint64_t head;
  uint64_t floor;
  uint64_t ready; /* turns given and not claimed, of tickets from floor to head */

  /* what was dropped from the planes: tickets below trim */
  uint64_t trim;
  uint64_t trimmed_left;
  uint64_t trimmed_entered;

  /* admission: turns are paid for in one bucket, entries paced by another of the same terms */
  struct waitq__bucket turns;
  struct waitq__bucket entries;
  int64_t promised_us; /* those who were asked to come again for their entry come up to here, one a token */

  struct waitq__wheel heartbeat;
  uint64_t heartbeat_end
      [WAITQ__WHEEL_SLOTS]; /* next at the end of each generation of polls: who came later is not silent in it */
  struct waitq__wheel session;
  struct waitq__wheel claim;
  uint64_t claim_end[WAITQ__WHEEL_SLOTS]; /* head at the end of each generation of turns */

  int64_t
      stood_us; /* for how long, in sum, nobody kept the room: deadlines of those who could do nothing were moved by as much */

  /* after a loss: numbers that may or may not have been handed out, and until when whoever shows one gets its place back */
  uint64_t gap_begin;
  uint64_t gap_end;
  int64_t gap_until_us;

  uint32_t on_store_loss;
  uint32_t reserved;

  uint64_t polls_saved; /* 1: the stored SEEN planes are whole: nobody has polled since they were written */

  uint64_t plan_count;
  struct waitq__rate_plan plans[WAITQ_RATE_PLANS_MAX];

  int64_t resumes_at_us; /* when a pause ends by itself; 0: somebody has to end it */
  double hour_weights[24];

  /* what was learnt of the line; last, as readers of the state have no use for it */
  struct waitq__history history;
};

/* Checks a policy; the error names the field. */
int waitq__policy_check(const waitq_policy *policy, waitq_error *error);
int waitq__rate_check(double rate_per_s, waitq_error *error);
int waitq__hour_weight_check(double weight, waitq_error *error);

/* A new room. The policy was checked. */
void waitq__state_init(struct waitq__state *state, const waitq_policy *policy, uint32_t visitor_key, int64_t now_us);

/* Empties the line for a new epoch; policy, phase, plans and buckets stay. */
void waitq__state_reset(struct waitq__state *state);

/* After a loss of the store: numbers from begin to end may or may not have been handed out, and those who hold them have until they have
 * polled to show them. No deadline passes meanwhile. */
void waitq__state_recover(struct waitq__state *state, uint64_t begin, uint64_t end, int64_t now_us);

/* Nobody could do anything for so long, as the store counts it: deadlines move. */
void waitq__state_stand(struct waitq__state *state, int64_t stood_us);

/* Puts a checked policy in force. */
void waitq__state_configure(struct waitq__state *state, const waitq_policy *policy);

/* The policy in force. */
void waitq__state_policy(const struct waitq__state *state, waitq_policy *policy);

/* Makes the buckets fill as rate and phase say: not at all while the room admits nobody. */
void waitq__state_set_terms(struct waitq__state *state, int64_t at_us);

/* Opens a scheduled room. */
void waitq__state_open(struct waitq__state *state, int64_t at_us);

/* Puts a checked rate in force now. */
void waitq__state_set_rate(struct waitq__state *state, double rate_per_s, int64_t at_us);

/* Plans a checked rate. */
int waitq__state_plan_rate(struct waitq__state *state, double rate_per_s, int64_t at_us, waitq_error *error);

/* Moves to another phase. */
int waitq__state_set_phase(struct waitq__state *state, uint32_t phase, waitq_error *error);

/* Pauses up to a moment, or, where that has passed, opens. */
void waitq__state_pause_until(struct waitq__state *state, int64_t until_us);

/* Ends a pause at the moment that was planned for it. */
void waitq__state_resume(struct waitq__state *state);

/* Reads a stored state: WAITQ_E_VERSION for one of a newer library, WAITQ_E_DAMAGED for what cannot be one. */
int waitq__state_read(struct waitq__state *state, const void *bytes, uint64_t size, waitq_error *error);

/* One turn fewer stands. After a loss of a shared store one may be used that was not counted. */
static inline void waitq__state_end_turn(struct waitq__state *state) {
  state->ready -= state->ready > 0;
}

/* Whether visitors are taken in this phase. */
static inline int waitq__state_takes_joins(const struct waitq__state *state) {
  return state->phase <= WAITQ_PHASE_PAUSED;
}

/* Whether turns are given and used in this phase. */
static inline int waitq__state_admits(const struct waitq__state *state) {
  return state->phase == WAITQ_PHASE_OPEN || state->phase == WAITQ_PHASE_DRAINING;
}

/* When a room that admits nobody goes on by itself; WAITQ__NEVER_US where it does not, or needs not. */
static inline int64_t waitq__state_goes_on_us(const struct waitq__state *state) {
  if (state->phase == WAITQ_PHASE_SCHEDULED) {
    return state->opens_at_us;
  }
  return state->phase == WAITQ_PHASE_PAUSED && state->resumes_at_us > 0 ? state->resumes_at_us : WAITQ__NEVER_US;
}

/* Whether claim deadlines stand still in this phase. */
static inline int waitq__state_stands_still(const struct waitq__state *state) {
  return state->phase == WAITQ_PHASE_PAUSED || state->phase == WAITQ_PHASE_CLOSED;
}

#endif
