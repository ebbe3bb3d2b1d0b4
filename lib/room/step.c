/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* A step: what time does to a room, and what readers see of it. */

#include "room/step.h"

#include <string.h>

#include "core/advance.h"
#include "room/patrol.h"
#include "room/round.h"
#include "room/shared.h"

/* While it is asked for each second, an estimate that is an average is refreshed. */
#define REFRESH_US 1000000

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
  sweep_both(round, &chunks);
  waitq__advance_generations(state, &room->ledger);
  /* After a long silence the generation that has just ended may have expired as well. */
  sweep_both(round, &chunks);
  if (waitq__room_is_in_process(room) || !waitq__patrol_is_due(room, state, state->now_us)) {
    /* Nobody is given a turn who may be found to have fallen silent in a moment. */
    waitq__advance_turns(state, &room->ledger);
  }
  round->trims = !room->sessions.running && waitq__advance_trim(state, &room->ledger);
  round->commits |= is_change(round);
}

static struct waitq__forecast forecast_of(waitq_room_t *room, int64_t *due_us) {
  const struct waitq__state *state = &room->state;
  uint64_t turns = waitq__room_turns(room);
  uint64_t next = waitq__word(&room->ledger.next);
  double gone_share = next == 0 ? 0.0 : (double)waitq__word(&room->ledger.gone) / (double)next;
  int slots_bind = waitq__free_slots(state, &room->ledger) == 0;
  waitq__pace_observe(&room->pace, state->now_us, turns);
  struct waitq__forecast forecast = waitq__forecast(state, slots_bind, waitq__pace_per_s(&room->pace), gone_share);
  if (state->eta_model == WAITQ_ETA_REFERENCE) {
    uint64_t admitted = turns > room->reference_total ? turns - room->reference_total : 0;
    waitq__reference_observe(&room->reference, state->now_us, admitted);
    struct waitq__reference_rate rate = waitq__reference_rate(&room->reference, state->now_us);
    forecast = waitq__forecast_reference(&forecast, &rate);
  }
  room->reference_total = turns;
  if (forecast.relative && state->now_us + REFRESH_US < *due_us) {
    *due_us = state->now_us + REFRESH_US;
  }
  return forecast;
}

void waitq__room_publish(waitq_room_t *room) {
  struct waitq__view view;
  const struct waitq__state *state = &room->state;
  int is_sweeping = room->silent.running || room->sessions.running;
  room->due_us = is_sweeping ? state->now_us : waitq__advance_due(state, &room->ledger);
  view.forecast = forecast_of(room, &room->due_us);
  view.epoch = waitq__word(&room->ledger.epoch);
  view.head = state->head;
  view.had_turn = waitq__room_turns(room);
  view.floor = state->floor;
  view.trim = state->trim;
  view.now_us = state->now_us;
  view.due_us = room->due_us;
  int is_restoring = state->gap_until_us > 0 && !waitq__room_is_in_process(room);
  view.flags = (is_restoring ? WAITQ__VIEW_RESTORING : 0U) | (state->plan_count > 0 ? WAITQ__VIEW_PLANNED : 0U) |
               (room->silent.running ? WAITQ__VIEW_SWEEPING : 0U);
  view.seen_slot = waitq__wheel_slot(state->heartbeat.current);
  view.min_poll_us = state->min_poll_us;
  view.max_poll_us = state->max_poll_us;
  view.phase = state->phase;
  view.state = *state;
  waitq__views_publish(&room->views, &view);
}
