/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* A step: what time does to a room, carried out and published. */

#include <string.h>

#include "core/advance.h"
#include "room/room.h"

/* How often what others committed meanwhile is taken over before a call gives up. */
#define ATTEMPTS 16

/* While it is asked for each second, an estimate that is an average is refreshed. */
#define REFRESH_US 1000000

uint64_t waitq__room_turns(const waitq_room_t *room) {
  return room->state.head - waitq__ledger_gone_before(&room->ledger, room->state.head);
}

/* Sweeps up to chunks chunks. When all are done, the wheel in change has its generations retired. Should the change not be committed, they
 * are swept again, which finds the same. */
static void sweep(waitq_room_t *room, struct waitq__sweep *sweep, struct waitq__change *change, int *chunks) {
  if (!waitq__sweep_begin(sweep, &change->state, &room->ledger)) {
    return;
  }
  while (!waitq__sweep_is_done(sweep, &room->ledger)) {
    if ((*chunks)-- <= 0) {
      return;
    }
    uint64_t words[WAITQ__CHUNK_WORDS];
    int found = waitq__sweep_find(sweep, &change->state, &room->ledger, words);
    if (found) {
      waitq__unsaved_add(&room->unsaved[sweep->kind], sweep->at);
    }
    waitq__sweep_step(sweep, &room->ledger, found ? words : NULL);
  }
  sweep->running = 0;
  waitq__wheel_retire(waitq__sweep_wheel(sweep->kind, &change->state), sweep->done_slots);
  if (sweep->kind == WAITQ__SWEEP_SESSIONS) {
    change->clear_planes |= sweep->done_slots << WAITQ__PLANE_RENEWED;
  }
}

/* Whether a change is worth a commit: time alone is not, it passes by itself. */
static int is_change(const waitq_room_t *room, const struct waitq__change *change) {
  struct waitq__state before = room->state;
  before.now_us = change->state.now_us;
  return change->clear_planes != 0 || memcmp(&before, &change->state, sizeof before) != 0;
}

static int step_once(waitq_room_t *room, int64_t now_us, int chunks, waitq_error *error) {
  struct waitq__change change = {.state = room->state};
  waitq__advance_time(&change.state, now_us);
  sweep(room, &room->silent, &change, &chunks);
  sweep(room, &room->sessions, &change, &chunks);
  waitq__advance_generations(&change.state);
  /* After a long silence the generation that has just ended may have expired as well. */
  sweep(room, &room->silent, &change, &chunks);
  sweep(room, &room->sessions, &change, &chunks);
  waitq__advance_turns(&change.state, &room->ledger);
  int trims = !room->sessions.running && waitq__advance_trim(&change.state, &room->ledger);
  int code = WAITQ_OK;
  if (!is_change(room, &change)) {
    room->state.now_us = change.state.now_us;
  } else {
    code = waitq__room_commit(room, &change, error);
  }
  if (code == WAITQ_OK && trims) {
    waitq__ledger_drop(&room->ledger);
  }
  return code;
}

int waitq__room_step(waitq_room_t *room, int64_t now_us, int chunks, waitq_error *error) {
  int code = WAITQ_E_CONFLICT;
  for (int attempt = 0; code == WAITQ_E_CONFLICT && attempt < ATTEMPTS; attempt++) {
    code = step_once(room, now_us, chunks, error);
  }
  if (code == WAITQ_OK) {
    waitq__room_publish(room);
  }
  if (code == WAITQ_OK && chunks != WAITQ__SWEEP_POLL) {
    waitq__room_save_swept(room);
  }
  return code;
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
  view.flags = (state->plan_count > 0 ? WAITQ__VIEW_PLANNED : 0U) | (room->silent.running ? WAITQ__VIEW_SWEEPING : 0U);
  view.seen_slot = waitq__wheel_slot(state->heartbeat.current);
  view.min_poll_us = state->min_poll_us;
  view.max_poll_us = state->max_poll_us;
  view.phase = state->phase;
  view.state = *state;
  waitq__views_publish(&room->views, &view);
}
