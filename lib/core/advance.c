/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/advance.h"

#include <string.h>

#include "core/entry.h"
#include "core/number.h"

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static uint64_t fewer(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t waitq__waiting(const struct waitq__state *state, const struct waitq__ledger *ledger) {
  uint64_t next = waitq__word(&ledger->next);
  uint64_t gone = waitq__word(&ledger->gone);
  return (next - state->head) - (gone - waitq__ledger_gone_before(ledger, state->head));
}

uint64_t waitq__free_slots(const struct waitq__state *state, const struct waitq__ledger *ledger) {
  if (state->max_active == 0) {
    return UINT64_MAX;
  }
  uint64_t taken = waitq__active(ledger) + state->ready;
  return taken < state->max_active ? state->max_active - taken : 0;
}

/* Puts in force, each at its own moment, what was planned up to now. */
static void apply_plans(struct waitq__state *state, int64_t now_us) {
  for (;;) {
    int64_t opens_us = waitq__state_goes_on_us(state);
    int64_t plan_us = state->plan_count > 0 ? state->plans[0].at_us : WAITQ__NEVER_US;
    if (earlier(opens_us, plan_us) > now_us) {
      return;
    }
    if (opens_us <= plan_us && state->phase == WAITQ_PHASE_PAUSED) {
      waitq__state_resume(state);
      continue;
    }
    if (opens_us <= plan_us) {
      waitq__state_open(state, opens_us);
      continue;
    }
    waitq__state_set_rate(state, state->plans[0].rate_per_s, plan_us);
    state->plan_count--;
    memmove(&state->plans[0], &state->plans[1], state->plan_count * sizeof state->plans[0]);
  }
}

/* Turns whose deadline has passed give their tokens back. */
static void lapse(struct waitq__state *state, const struct waitq__ledger *ledger) {
  struct waitq__wheel *claim = &state->claim;
  waitq__wheel_roll(claim, state->now_us);
  state->claim_end[waitq__wheel_slot(claim->current)] = state->head;
  uint64_t generation = claim->oldest;
  while (generation < claim->current && waitq__wheel_deadline(claim, generation) <= state->now_us) {
    generation++;
  }
  if (generation > claim->oldest) {
    uint64_t floor = state->claim_end[waitq__wheel_slot(generation - 1)];
    /* No more than were given: a store that died between two calls may have forgotten who had gone. */
    uint64_t lapsed = fewer(waitq__ledger_unclaimed(ledger, state->floor, floor), state->ready);
    state->ready -= lapsed;
    state->floor = floor;
    claim->oldest = generation;
    waitq__bucket_give(&state->turns, lapsed);
  }
}

static void give_turns(struct waitq__state *state, const struct waitq__ledger *ledger) {
  if (waitq__entries_caught_up(state) > state->now_us) {
    return;
  }
  if (waitq__bucket_is_dry(&state->turns.terms)) {
    return; /* at a rate of zero nobody is let in, whatever the bucket holds */
  }
  uint64_t turns = fewer(waitq__bucket_available(&state->turns, state->now_us), waitq__free_slots(state, ledger));
  if (turns > 0) {
    uint64_t taken;
    state->head = waitq__ledger_walk(ledger, state->head, turns, &taken);
    state->ready += taken;
    state->claim_end[waitq__wheel_slot(state->claim.current)] = state->head;
    if (taken > 0) {
      waitq__bucket_take(&state->turns, taken, state->now_us);
    }
  }
  if (state->turns.surplus > 0 && waitq__waiting(state, ledger) == 0) {
    waitq__bucket_absorb(&state->turns, state->now_us); /* with nobody waiting, the burst bounds what is kept */
  }
}

void waitq__advance_time(struct waitq__state *state, int64_t now_us) {
  if (now_us > state->now_us) {
    apply_plans(state, now_us);
    state->now_us = now_us;
  }
}

void waitq__advance_generations(struct waitq__state *state, const struct waitq__ledger *ledger) {
  uint64_t generation = state->heartbeat.current;
  waitq__wheel_roll(&state->heartbeat, state->now_us);
  if (state->heartbeat.current != generation) {
    state->heartbeat_end[waitq__wheel_slot(generation)] = waitq__word(&ledger->next);
  }
  waitq__wheel_roll(&state->session, state->now_us);
}

void waitq__advance_turns(struct waitq__state *state, const struct waitq__ledger *ledger) {
  if (!waitq__state_stands_still(state)) {
    lapse(state, ledger);
  }
  if (waitq__state_admits(state)) {
    give_turns(state, ledger);
  }
}

int waitq__advance_trim(struct waitq__state *state, const struct waitq__ledger *ledger) {
  if (!waitq__ledger_can_drop(ledger, state->floor)) {
    return 0;
  }
  uint64_t left;
  uint64_t entered;
  waitq__ledger_first_counts(ledger, &left, &entered);
  state->trimmed_left += left;
  state->trimmed_entered += entered;
  state->trim = waitq__word(&ledger->first) + WAITQ__CHUNK_TICKETS;
  return 1;
}

/* Turns lapse in the order in which they were given: after the ttl was made shorter, later ones wait for the oldest. */
static int64_t claims_due(const struct waitq__wheel *claim) {
  return claim->oldest < claim->current ? earlier(claim->ends_us, waitq__wheel_deadline(claim, claim->oldest))
                                        : claim->ends_us;
}

int64_t waitq__advance_due(const struct waitq__state *state, const struct waitq__ledger *ledger) {
  int64_t due_us = earlier(waitq__wheel_next(&state->heartbeat), waitq__wheel_next(&state->session));
  if (!waitq__state_stands_still(state)) {
    due_us = earlier(due_us, claims_due(&state->claim));
  }
  if (state->plan_count > 0) {
    due_us = earlier(due_us, state->plans[0].at_us);
  }
  due_us = earlier(due_us, waitq__state_goes_on_us(state));
  int is_dry = waitq__bucket_is_dry(&state->turns.terms);
  if (waitq__state_admits(state) && !is_dry && waitq__waiting(state, ledger) > 0 &&
      waitq__free_slots(state, ledger) > 0) {
    int64_t wait_us = waitq__bucket_wait_for(&state->turns, 1, state->now_us);
    if (wait_us != WAITQ__NEVER_US) {
      int64_t turn_us = state->now_us + wait_us;
      int64_t caught_up_us = waitq__entries_caught_up(state);
      due_us = earlier(due_us, turn_us > caught_up_us ? turn_us : caught_up_us);
    }
  }
  return due_us;
}

static uint64_t join_limit(const struct waitq__state *state, uint64_t next, uint64_t waiting) {
  if (!waitq__state_takes_joins(state)) {
    return 0;
  }
  if (state->max_waiting == 0) {
    return WAITQ__NUMBER_END;
  }
  uint64_t places = waiting < state->max_waiting ? state->max_waiting - waiting : 0;
  return places < WAITQ__NUMBER_END - next ? next + places : WAITQ__NUMBER_END;
}

uint64_t waitq__join_limit(const struct waitq__state *state, const struct waitq__ledger *ledger) {
  return join_limit(state, waitq__word(&ledger->next), waitq__waiting(state, ledger));
}

uint64_t waitq__join_limit_empty(const struct waitq__state *state) {
  return join_limit(state, 0, 0);
}

int64_t waitq__claim_deadline(const struct waitq__state *state, uint64_t number) {
  const struct waitq__wheel *claim = &state->claim;
  uint64_t generation = claim->oldest;
  int64_t deadline_us = waitq__wheel_deadline(claim, generation);
  while (generation < claim->current && number >= state->claim_end[waitq__wheel_slot(generation)]) {
    generation++;
    /* Turns lapse in order: where a later generation was given less time, it still waits for the earlier ones. */
    if (waitq__wheel_deadline(claim, generation) > deadline_us) {
      deadline_us = waitq__wheel_deadline(claim, generation);
    }
  }
  return deadline_us;
}
