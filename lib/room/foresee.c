/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/foresee.h"

#include <math.h>
#include <string.h>

#include "core/advance.h"
#include "core/tally.h"
#include "room/shared.h"

/* A cohort is counted anew when a part of its age has passed, and a fold looks at so many tickets at most. */
#define RECOUNT_PART 0.04
#define RECOUNT_LEAST_S 0.9
#define TICKETS_A_FOLD (256 * 1024)

/* What visitors do is known when some were seen for so many times as long as a silence lasts until it is noticed. */
#define SEEN_ENOUGH 1.3

static double seconds_of(int64_t us) {
  return (double)us * 1e-6;
}

static struct waitq__line line_of(const struct waitq__state *state, const struct waitq__ledger *ledger) {
  const struct waitq__bucket *turns = &state->turns;
  int64_t level = waitq__bucket_level(&turns->terms, turns->used, turns->touched_us, state->now_us);
  struct waitq__line line = {
      .now_us = state->now_us,
      .goes_on_us = waitq__state_admits(state) ? state->now_us : waitq__state_goes_on_us(state),
      .rate_changed_us = state->rate_changed_us,
      .longest_session_us = state->session.ttl_us + state->session.ttl_us / WAITQ__WHEEL_DIVISIONS,
      .rate_per_s = state->rate_per_s,
      .tokens = (double)level / (double)WAITQ__TOKEN + (double)turns->surplus,
      .burst = (double)state->burst,
      .waiting = (double)waitq__waiting(state, ledger),
      .occupied = (double)(waitq__active(ledger) + state->ready),
      .max_active = (double)state->max_active,
      .phase = state->phase,
      .plan_count = (uint32_t)state->plan_count,
  };
  for (uint64_t i = 0; i < state->plan_count; i++) {
    line.plans[i] = (struct waitq__line_plan){state->plans[i].at_us, state->plans[i].rate_per_s};
  }
  return line;
}

/* Whether there is nothing to learn from. */
static int is_idle(const struct waitq__line *line) {
  return line->waiting <= 0.0 && (line->max_active <= 0.0 || line->occupied <= 0.0);
}

static int is_due(const struct waitq__ages *ages, unsigned at, int64_t now_us) {
  double since_s = waitq__cohort_since_s(ages, at, now_us);
  return since_s >= RECOUNT_LEAST_S && since_s >= RECOUNT_PART * waitq__cohort_age_s(ages, at, now_us);
}

/* Counts a cohort of sessions anew. */
static void recount_sessions(struct waitq__state *state, const struct waitq__ledger *ledger, unsigned at,
                             double most_s) {
  struct waitq__ages *sessions = &state->history.sessions;
  uint64_t count =
      waitq__tally_occupied(state, ledger, waitq__cohort_begin(sessions, at), waitq__cohort_end(sessions, at));
  waitq__cohort_recount(sessions, at, state->now_us, most_s, count);
}

static void fold_sessions(struct waitq__state *state, const struct waitq__ledger *ledger, int64_t since_us,
                          const struct waitq__line *line, uint64_t turns) {
  int is_standing = waitq__history_may_stand(&state->history, line, turns);
  int has_stood = (state->history.flags & WAITQ__HISTORY_STALLED) != 0;
  double most_s = has_stood ? waitq__history_patience(&state->history, line) : INFINITY;
  struct waitq__ages *sessions = &state->history.sessions;
  uint64_t budget = TICKETS_A_FOLD;
  waitq__ages_drop(sessions, waitq__word(&ledger->first));
  for (unsigned i = sessions->cohorts; i-- > 0 && !is_standing;) {
    uint64_t tickets = waitq__cohort_end(sessions, i) - waitq__cohort_begin(sessions, i);
    if (sessions->cohort[i].count > 0 && tickets <= budget && is_due(sessions, i, state->now_us)) {
      budget -= tickets;
      recount_sessions(state, ledger, i, most_s);
    }
  }
  uint64_t begin = sessions->cohorts == 0 ? sessions->base : waitq__cohort_end(sessions, sessions->cohorts - 1);
  if (begin + TICKETS_A_FOLD < state->head) {
    waitq__ages_begin(sessions, state->now_us, state->head - TICKETS_A_FOLD);
    begin = sessions->base;
  }
  uint64_t count = waitq__tally_occupied(state, ledger, begin, state->head);
  int64_t span_us = state->now_us - since_us;
  waitq__ages_young(sessions, seconds_of(span_us), waitq__tally_ahead(ledger, begin, state->head), count);
  waitq__ages_open(sessions, state->now_us - span_us / 2, state->now_us, state->head, count);
}

static void fold_visitors(struct waitq__state *state, const struct waitq__ledger *ledger, int64_t since_us) {
  struct waitq__ages *visitors = &state->history.visitors;
  uint64_t next = waitq__word(&ledger->next);
  waitq__ages_drop(visitors, state->head);
  if (visitors->cohorts == 0 && visitors->base < state->head) {
    waitq__ages_begin(visitors, state->now_us, state->head);
  }
  for (unsigned i = 0; i < visitors->cohorts; i++) {
    uint64_t begin = waitq__cohort_begin(visitors, i);
    uint64_t count =
        waitq__tally_ahead(ledger, begin > state->head ? begin : state->head, waitq__cohort_end(visitors, i));
    if (begin < state->head) {
      waitq__cohort_correct(visitors, i, state->now_us, count);
    } else if (is_due(visitors, i, state->now_us)) {
      waitq__cohort_recount(visitors, i, state->now_us, INFINITY, count);
    }
  }
  uint64_t begin = visitors->cohorts == 0 ? visitors->base : waitq__cohort_end(visitors, visitors->cohorts - 1);
  waitq__ages_open(visitors, state->now_us - (state->now_us - since_us) / 2, state->now_us, next,
                   waitq__tally_ahead(ledger, begin > state->head ? begin : state->head, next));
}

/* Turns given since the last fold, as far as the tickets are still held. */
static uint64_t turns_since(const struct waitq__state *state, const struct waitq__ledger *ledger) {
  uint64_t head = state->history.head;
  if (head > state->head || head < waitq__word(&ledger->first)) {
    return 0;
  }
  return waitq__tally_ahead(ledger, head, state->head);
}

/* Of turns, those that the bucket has made: the others were given back by somebody who did not use them. */
static double paid_since(const struct waitq__state *state, uint64_t turns) {
  uint64_t paid = (state->turns.used - state->history.used) / (uint64_t)WAITQ__TOKEN;
  return (double)(paid < turns ? paid : turns);
}

/* Watches one more place in line: the same for all contexts. */
static void watch(struct waitq__round *round) {
  const waitq_room_t *room = round->room;
  struct waitq__state *state = &round->state;
  uint64_t next = waitq__word(&room->ledger.next);
  int is_fair;
  struct waitq__probe *probe = waitq__calibration_free_probe(&state->history.calibration, &is_fair);
  if (probe == NULL || next <= state->head) {
    return;
  }
  uint64_t bits = (((uint64_t)state->now_us ^ state->head << 20) + 1) * UINT64_C(0x9e3779b97f4a7c15);
  uint64_t number = state->head + waitq__probe_place(bits, next - state->head, is_fair);
  struct waitq__span span;
  if (number < next && !waitq__ledger_test(&room->ledger, WAITQ__PLANE_GONE, number)) {
    uint64_t ahead = waitq__tally_ahead(&room->ledger, state->head, number);
    uint64_t had_turn = state->head - waitq__ledger_gone_before(&room->ledger, state->head);
    struct waitq__forecast forecast = waitq__forecast_after(&room->forecast, had_turn);
    if (waitq__foresee(room, &forecast, had_turn, ahead, state->now_us, &span)) {
      waitq__probe_begin(probe, number, state->now_us, &span);
    }
  }
}

/* After which time a turn that nobody uses is given to another. */
static double claim_s_of(const struct waitq__state *state, double returned_per_s) {
  double claim_s = seconds_of(state->claim.ttl_us) * (1.0 + 0.5 / WAITQ__WHEEL_DIVISIONS);
  if (returned_per_s > 0.0 && (double)state->ready < claim_s * returned_per_s) {
    return (double)state->ready / returned_per_s; /* the host gives them back earlier than they lapse */
  }
  return claim_s;
}

/* Whether turns are used, by how long was waited for them. */
static void fold_presence(struct waitq__state *state, double span_s, double turns, double paid) {
  struct waitq__history *history = &state->history;
  const struct waitq__ages *visitors = &history->visitors;
  if (turns > 0.0 && visitors->cohorts > 0) {
    double age_s = waitq__cohort_age_s(visitors, 0, state->now_us);
    double returned_per_s = waitq__ratio_read(&history->returns).value;
    waitq__presence_add(&history->presence, span_s, turns, age_s, turns - paid, claim_s_of(state, returned_per_s));
  }
}

void waitq__foresee_fold(struct waitq__round *round) {
  const struct waitq__ledger *ledger = &round->room->ledger;
  struct waitq__state *state = &round->state;
  struct waitq__history *history = &state->history;
  if (state->now_us < history->folded_us + WAITQ__FOLD_US) {
    return;
  }
  struct waitq__line line = line_of(state, ledger);
  if (is_idle(&line) && (history->flags & WAITQ__HISTORY_WAITED) == 0) {
    return;
  }
  int64_t since_us = history->folded_us;
  if (since_us < state->now_us - 2 * WAITQ__FOLD_US) {
    since_us = state->now_us - 2 * WAITQ__FOLD_US; /* nobody was there for a while: what is new began of late */
  }
  uint64_t turns = turns_since(state, ledger);
  if (state->max_active > 0) {
    fold_sessions(state, ledger, since_us, &line, turns);
  }
  fold_visitors(state, ledger, since_us);
  double paid = paid_since(state, turns);
  fold_presence(state, seconds_of(state->now_us - since_us), (double)turns, paid);
  waitq__history_fold(history, &line, (double)turns, paid);
  waitq__history_note_left(history, waitq__word(&ledger->gone), ledger->left + state->trimmed_left);
  history->used = state->turns.used;
  history->head = state->head;
  watch(round);
}

void waitq__foresee_score(struct waitq__round *round, uint64_t head_before) {
  struct waitq__state *state = &round->state;
  struct waitq__calibration *calibration = &state->history.calibration;
  if (state->head == head_before) {
    return;
  }
  for (unsigned i = 0; i < WAITQ__PROBES; i++) {
    struct waitq__probe *probe = &calibration->probes[i];
    if (probe->number >= state->head) {
      continue;
    }
    if (probe->number >= waitq__word(&round->room->ledger.first) &&
        !waitq__ledger_test(&round->room->ledger, WAITQ__PLANE_GONE, probe->number)) {
      waitq__probe_score(calibration, probe, state->now_us);
    }
    probe->number = UINT64_MAX;
  }
}

int64_t waitq__foresee_due(const waitq_room_t *room) {
  const struct waitq__history *history = &room->state.history;
  int is_waited_for = waitq__waiting(&room->state, &room->ledger) > 0 || (history->flags & WAITQ__HISTORY_WAITED) != 0;
  return is_waited_for ? history->folded_us + WAITQ__FOLD_US : WAITQ__NEVER_US;
}

/* Whether this process hears every poll. */
static int hears_all(const waitq_room_t *room) {
  return waitq__room_is_in_process(room) || room->shared->nodes <= 1;
}

static void add_segments(const struct waitq__state *state, const struct waitq__ledger *ledger, double silence_s,
                         struct waitq__prospect *prospect) {
  const struct waitq__ages *visitors = &state->history.visitors;
  for (unsigned i = 0; i < visitors->cohorts; i++) {
    uint64_t end = waitq__cohort_end(visitors, i);
    if (end > state->head && end <= waitq__word(&ledger->next)) {
      struct waitq__segment *segment = &prospect->segments[prospect->segment_count++];
      memset(segment, 0, sizeof *segment);
      segment->end = (double)waitq__tally_ahead(ledger, state->head, end);
      segment->age_s = waitq__cohort_age_s(visitors, i, state->now_us);
      segment->known_age_s = segment->age_s > silence_s ? segment->age_s - silence_s : 0.0;
    }
  }
}

/* What is known of who leaves, and of who has gone already. */
static void add_visitors(waitq_room_t *room, struct waitq__prospect *prospect) {
  const struct waitq__state *state = &room->state;
  double silence_s = seconds_of(state->heartbeat.ttl_us) * (1.0 + 1.0 / WAITQ__WHEEL_DIVISIONS);
  double known_s = waitq__ages_oldest(&state->history.visitors) / (SEEN_ENOUGH * silence_s);
  prospect->claim_s = claim_s_of(state, prospect->returned_per_s);
  prospect->unknown = known_s < 1.0 ? 1.0 - known_s : 0.0;
  if (hears_all(room)) {
    waitq__silence_count(&room->silence, state, &room->ledger);
  }
  if (hears_all(room) && waitq__silence_is_known(&room->silence, state, &room->ledger)) {
    prospect->silence_s = silence_s;
    prospect->told = waitq__history_told(&state->history);
    waitq__silence_tell(&room->silence, state, &room->ledger, prospect);
  } else {
    add_segments(state, &room->ledger, silence_s, prospect);
  }
}

static void draw_default(waitq_room_t *room, struct waitq__forecast *forecast) {
  const struct waitq__state *state = &room->state;
  struct waitq__line line = line_of(state, &room->ledger);
  struct waitq__outlook outlook;
  waitq__history_read(&state->history, &line, &outlook);
  add_visitors(room, &outlook.prospect);
  if (waitq__forecast_is_line(&outlook.prospect)) {
    waitq__forecast_line(forecast, &outlook.prospect, &state->history.calibration);
    return;
  }
  struct waitq__curve curve;
  struct waitq__table table;
  waitq__curve_draw(&outlook.prospect, &curve);
  waitq__table_make(&table, &curve, &state->history.calibration);
  waitq__tables_publish(&room->tables, &table);
  forecast->kind = curve.count > 0 ? WAITQ__FORECAST_TABLE : WAITQ__FORECAST_NONE;
}

/* The reference knows of nothing but turns. */
static void draw_reference(waitq_room_t *room, uint64_t turns, struct waitq__forecast *forecast) {
  const struct waitq__state *state = &room->state;
  uint64_t admitted = turns > room->reference_total ? turns - room->reference_total : 0;
  waitq__reference_observe(&room->reference, state->now_us, admitted);
  for (unsigned hour = 0; hour < 24; hour++) {
    double weight = state->hour_weights[hour];
    room->reference.hour_weight[hour] = weight > 0.0 ? weight : 1.0;
  }
  struct waitq__reference_rate rate = waitq__reference_rate(&room->reference, state->now_us);
  struct waitq__line line = line_of(state, &room->ledger);
  room->is_guess = rate.is_fallback && waitq__line_moves(&line);
  waitq__forecast_reference(forecast, &rate);
}

/* What binds may change with every step. */
static uint32_t reason_of(const waitq_room_t *room) {
  if (room->is_guess) {
    return WAITQ_REASON_NO_SAMPLES;
  }
  struct waitq__line line = line_of(&room->state, &room->ledger);
  return waitq__history_reason(&room->state.history, &line);
}

void waitq__foresee_draw(waitq_room_t *room) {
  const struct waitq__state *state = &room->state;
  const struct waitq__drawn drawn = {
      .folded_us = state->history.folded_us,
      .rate_changed_us = state->rate_changed_us,
      .goes_on_us = waitq__state_goes_on_us(state),
      .epoch = waitq__word(&room->ledger.epoch),
      .phase = state->phase,
      .plan_count = state->plan_count,
      .max_active = state->max_active,
      .eta_model = state->eta_model,
  };
  uint64_t turns = waitq__room_turns(room);
  int is_reference = state->eta_model == WAITQ_ETA_REFERENCE;
  int is_old = state->now_us >= room->drawn_us + WAITQ__FOLD_US || state->now_us < room->drawn_us;
  if (is_reference || is_old || memcmp(&drawn, &room->drawn, sizeof drawn) != 0) {
    struct waitq__forecast forecast = {.base_us = state->now_us, .had_turn = turns};
    room->is_guess = 0;
    if (is_reference) {
      draw_reference(room, turns, &forecast);
    } else {
      draw_default(room, &forecast);
    }
    room->forecast = forecast;
    room->drawn = drawn;
    room->drawn_us = state->now_us;
  }
  room->forecast.reason = reason_of(room);
  room->reference_total = turns;
}

int waitq__foresee_bent(const waitq_room_t *room, const struct waitq__forecast *forecast, uint64_t had_turn,
                        uint64_t ahead, int64_t now_us, struct waitq__span *span) {
  struct waitq__guess guess;
  double position = (double)(ahead + 1) + (double)(int64_t)(had_turn - forecast->had_turn);
  return forecast->kind == WAITQ__FORECAST_TABLE && waitq__tables_find(&room->tables, position, &guess) &&
         waitq__forecast_bent(forecast, &guess, now_us, span);
}
