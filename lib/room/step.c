/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* A step: what time does to a room, and what readers see of it. */

#include "room/step.h"

#include <stddef.h>
#include <string.h>

#include "core/advance.h"
#include "room/foresee.h"
#include "room/patrol.h"
#include "room/round.h"
#include "room/shared.h"

uint64_t waitq__room_turns(const waitq_room_t *room) {
  return room->state.head - waitq__ledger_gone_before(&room->ledger, room->state.head);
}

/* Sweeps up to chunks chunks. When all are done, the wheel in the round's state has its generations retired. Should the round fail, they
 * are swept again, which finds the same. */
static void sweep(struct waitq__round *round, struct waitq__sweep *sweep, int *chunks) {
  waitq_room_t *room = round->room;
  struct waitq__state *state = waitq__round_change(round);
  if (!waitq__sweep_begin(sweep, state, &room->ledger)) {
    return;
  }
  while (!waitq__sweep_is_done(sweep, &room->ledger)) {
    if ((*chunks)-- <= 0) {
      return;
    }
    uint64_t words[WAITQ__CHUNK_WORDS];
    int found = waitq__sweep_find(sweep, state, &room->ledger, words);
    if (found) {
      waitq__unsaved_add(&room->unsaved[sweep->kind], sweep->at);
    }
    waitq__sweep_step(sweep, &room->ledger, found ? words : NULL);
  }
  sweep->running = 0;
  waitq__wheel_retire(waitq__sweep_wheel(sweep->kind, state), sweep->done_slots);
  if (sweep->kind == WAITQ__SWEEP_SESSIONS) {
    round->clear_planes |= sweep->done_slots << WAITQ__PLANE_RENEWED;
  }
}

/* A shared store's rooms are swept by whoever holds all that was heard: see keep.c. */
static void sweep_both(struct waitq__round *round, int *chunks) {
  waitq_room_t *room = round->room;
  if (waitq__room_is_in_process(room)) {
    sweep(round, &room->silent, chunks);
    sweep(round, &room->sessions, chunks);
  }
}

/* Whether a change is worth a commit: time alone is not, it passes by itself. */
static int is_change(const struct waitq__round *round) {
  struct waitq__state before = round->room->state;
  before.now_us = round->state.now_us;
  return round->clear_planes != 0 || memcmp(&before, &round->state, sizeof before) != 0;
}

/* What a shared store adds: nobody may have been there for a while; and the turns that stand are counted, for after a loss contexts learn
 * one after the other who used them. */
static void plan_shared(struct waitq__round *round) {
  waitq_room_t *room = round->room;
  struct waitq__state *state = waitq__round_change(round);
  waitq__state_stand(state, room->shared->stood_us);
  state->ready = waitq__ledger_unclaimed(&room->ledger, state->floor, state->head);
  if (state->gap_until_us != 0 && state->gap_until_us <= state->now_us) {
    state->gap_begin = 0;
    state->gap_end = 0;
    state->gap_until_us = 0;
  }
}

void waitq__plan_step(struct waitq__round *round, int chunks) {
  waitq_room_t *room = round->room;
  struct waitq__state *state = waitq__round_change(round);
  waitq__advance_time(state, round->now_us);
  if (!waitq__room_is_in_process(room)) {
    plan_shared(round);
  }
  if (room->late_us != 0) { /* polls went on, and were noted in a generation that should have ended */
    waitq__wheel_prolong(&state->heartbeat, room->late_us);
  }
  sweep_both(round, &chunks);
  waitq__advance_generations(state, &room->ledger);
  /* After a long silence the generation that has just ended may have expired as well. */
  sweep_both(round, &chunks);
  uint64_t head = state->head;
  if (waitq__room_is_in_process(room) || !waitq__patrol_is_due(room, state, state->now_us)) {
    /* Nobody is given a turn who may be found to have fallen silent in a moment. */
    waitq__advance_turns(state, &room->ledger);
  }
  waitq__foresee_score(round, head);
  waitq__foresee_fold(round);
  round->trims = !room->sessions.running && waitq__advance_trim(state, &room->ledger);
  round->commits |= is_change(round);
}

void waitq__room_publish(waitq_room_t *room) {
  struct waitq__view view;
  const struct waitq__state *state = &room->state;
  int is_sweeping = room->silent.running || room->sessions.running;
  room->due_us = is_sweeping ? state->now_us : waitq__advance_due(state, &room->ledger);
  int64_t foresee_us = waitq__foresee_due(room);
  room->due_us = foresee_us < room->due_us ? foresee_us : room->due_us;
  waitq__foresee_draw(room);
  view.had_turn = waitq__room_turns(room);
  view.forecast = waitq__forecast_after(&room->forecast, view.had_turn);
  view.epoch = waitq__word(&room->ledger.epoch);
  view.head = state->head;
  view.floor = state->floor;
  view.trim = state->trim;
  view.now_us = state->now_us;
  view.due_us = room->due_us;
  view.heard_us = room->shared == NULL ? 0 : atomic_load_explicit(&room->shared->heard_us, memory_order_relaxed);
  int is_restoring = state->gap_until_us > 0 && !waitq__room_is_in_process(room);
  view.flags = (is_restoring ? WAITQ__VIEW_RESTORING : 0U) | (room->silent.running ? WAITQ__VIEW_SWEEPING : 0U);
  view.seen_slot = waitq__wheel_slot(state->heartbeat.current);
  view.min_poll_us = state->min_poll_us;
  view.max_poll_us = state->max_poll_us;
  view.phase = state->phase;
  memcpy(&view.state, state, offsetof(struct waitq__state, history));
  waitq__views_publish(&room->views, &view);
}
