/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/history.h"

#include <math.h>
#include <string.h>
#include <waitq/queue.h>

/* A line stands when no turn was given for so long, and so many should have been. */
#define STALLED_S 3.0
#define STALLED_TURNS 8.0

/* Until so many sessions have ended nobody knows how long they last. */
#define ENDED_LEAST 10.0

/* From this part of that on, nothing is learnt of sessions. */
#define MAY_STAND 0.25

/* For a while after a change of rate, the reason says so. */
#define RATE_CHANGED_FOR_US 30000000

/* The longest span that one fold is taken to cover: of a longer one nobody knows what went on in it. */
#define SPAN_MOST_S 60.0

/* A factor is believed as far as it is beyond this many standard errors, and at least so far from 1. */
#define TOLD_KEPT 0.998 /* of what is known of who says so, from fold to fold */
#define BELIEF 2.0
#define FACTOR_GRAIN 0.004

void waitq__history_init(struct waitq__history *history, int64_t now_us) {
  memset(history, 0, sizeof *history);
  history->folded_us = now_us;
  history->moved_us = now_us;
  waitq__ages_init(&history->sessions, now_us);
  waitq__ages_init(&history->visitors, now_us);
  waitq__calibration_init(&history->calibration);
}

void waitq__history_new_line(struct waitq__history *history, int64_t now_us) {
  history->folded_us = now_us;
  history->moved_us = now_us;
  history->head = 0;
  history->gone = 0;
  history->left = 0;
  history->flags = 0;
  history->pending_units = 0.0;
  history->pending_s = 0.0;
  waitq__ages_begin(&history->sessions, now_us, 0);
  waitq__ages_begin(&history->visitors, now_us, 0);
  waitq__calibration_drop_probes(&history->calibration);
}

/* How many turns there should have been since the last. */
static double missing_turns(const struct waitq__history *history, const struct waitq__line *line) {
  double still_s = (double)(line->now_us - history->moved_us) * 1e-6;
  if (!waitq__line_is_full(line)) {
    return still_s * line->rate_per_s;
  }
  const struct waitq__ages *sessions = &history->sessions;
  struct waitq__lifetime length;
  waitq__lifetime_of_sessions(sessions, &history->session_length, line->now_us, (double)line->longest_session_us * 1e-6,
                              &length);
  double missing = 0.0;
  for (unsigned i = 0; i < sessions->cohorts && length.ended >= ENDED_LEAST; i++) {
    double age_s = waitq__cohort_age_s(sessions, i, line->now_us);
    double before_s = age_s > still_s ? age_s - still_s : 0.0;
    missing += sessions->cohort[i].count *
               -expm1(waitq__lifetime_summed(&length, before_s) - waitq__lifetime_summed(&length, age_s));
  }
  return missing;
}

double waitq__history_patience(const struct waitq__history *history, const struct waitq__line *line) {
  double still_s = (double)(line->now_us - history->moved_us) * 1e-6;
  double missing = missing_turns(history, line);
  double enough_s = missing > 0.0 ? still_s * STALLED_TURNS / missing : INFINITY;
  return enough_s > STALLED_S ? enough_s : STALLED_S;
}

int waitq__history_may_stand(const struct waitq__history *history, const struct waitq__line *line, uint64_t turns) {
  double still_s = (double)(line->now_us - history->moved_us) * 1e-6;
  return turns == 0 && waitq__line_is_full(line) && still_s > MAY_STAND * STALLED_S &&
         missing_turns(history, line) > MAY_STAND * STALLED_TURNS;
}

/* Adds a span in which somebody waited all the time. Spans without a turn are kept back: that the line stood is not how it moves. */
static void add_span(struct waitq__history *history, const struct waitq__line *line, double span_s, double turns,
                     int is_bucket) {
  history->pending_s += span_s;
  history->pending_units += is_bucket ? span_s * line->rate_per_s : 0.0;
  if (turns <= 0.0) {
    return;
  }
  if (is_bucket && (history->flags & WAITQ__HISTORY_STALLED) == 0) {
    waitq__ratio_add(&history->allowed, history->pending_s, turns, history->pending_units);
  }
  history->pending_s = 0.0;
  history->pending_units = 0.0;
}

void waitq__history_fold(struct waitq__history *history, const struct waitq__line *line, double turns, double paid) {
  double span_s = (double)(line->now_us - history->folded_us) * 1e-6;
  uint64_t was = history->flags;
  int moves = waitq__line_moves(line) && line->waiting > 0.0;
  int is_bucket = moves && !waitq__line_is_full(line);
  int is_whole = line->rate_changed_us <= history->folded_us && span_s <= SPAN_MOST_S;
  if (line->rate_changed_us > history->folded_us) {
    waitq__ratio_reset(&history->allowed);
    waitq__ratio_reset(&history->returns);
  }
  if (turns > 0.0 || !moves || (was & WAITQ__HISTORY_WAITED) == 0) {
    history->moved_us = line->now_us;
  }
  if (moves && is_whole && (was & WAITQ__HISTORY_WAITED) != 0) {
    waitq__ratio_add(&history->returns, span_s, turns - paid, span_s);
    add_span(history, line, span_s, turns > 0.0 ? paid : 0.0, is_bucket && (was & WAITQ__HISTORY_BUCKET) != 0);
  } else {
    history->pending_s = 0.0;
    history->pending_units = 0.0;
  }
  double still_s = (double)(line->now_us - history->moved_us) * 1e-6;
  int is_stalled = moves && still_s > STALLED_S && missing_turns(history, line) > STALLED_TURNS;
  waitq__ages_fade(&history->sessions, span_s < SPAN_MOST_S ? span_s : SPAN_MOST_S);
  waitq__ages_fade(&history->visitors, span_s < SPAN_MOST_S ? span_s : SPAN_MOST_S);
  if (line->max_active > 0.0) {
    waitq__ages_doubt(&history->sessions);
    waitq__lifetime_fit(&history->session_length, &history->sessions, line->now_us,
                        (double)line->longest_session_us * 1e-6);
  }
  history->folded_us = line->now_us;
  history->flags = WAITQ__HISTORY_FOLDED | (moves ? WAITQ__HISTORY_WAITED : 0U) |
                   (is_bucket ? WAITQ__HISTORY_BUCKET : 0U) | (is_stalled ? WAITQ__HISTORY_STALLED : 0U);
}

void waitq__history_note_left(struct waitq__history *history, uint64_t gone, uint64_t left) {
  double went = gone > history->gone ? (double)(gone - history->gone) : 0.0;
  double said = left > history->left ? (double)(left - history->left) : 0.0;
  history->told[0] = history->told[0] * TOLD_KEPT + (said < went ? said : went);
  history->told[1] = history->told[1] * TOLD_KEPT + went;
  history->gone = gone;
  history->left = left;
}

double waitq__history_told(const struct waitq__history *history) {
  return (history->told[0] + 0.5) / (history->told[1] + 1.0);
}

/* The factor as far as it is not chance. */
static void read_factor(const struct waitq__history *history, struct waitq__prospect *prospect) {
  struct waitq__ratio_value allowed = waitq__ratio_read(&history->allowed);
  prospect->factor = 1.0;
  prospect->factor_error = 0.001;
  if (allowed.events < 4.0) {
    return;
  }
  double apart = allowed.value - 1.0;
  double chance = BELIEF * allowed.error;
  if (fabs(apart) > chance && fabs(apart) > FACTOR_GRAIN) {
    double share = 1.0 - chance * chance / (apart * apart);
    prospect->factor = 1.0 + apart * share;
    prospect->factor_error = allowed.error / allowed.value;
  }
}

void waitq__history_read(const struct waitq__history *history, const struct waitq__line *line,
                         struct waitq__outlook *outlook) {
  struct waitq__prospect *prospect = &outlook->prospect;
  *prospect = (struct waitq__prospect){.line = line};
  read_factor(history, prospect);
  struct waitq__ratio_value returns = waitq__ratio_read(&history->returns);
  prospect->returned_per_s = returns.events >= 1.0 ? returns.value : 0.0;
  double given_per_s = prospect->factor * line->rate_per_s + prospect->returned_per_s;
  prospect->unused = given_per_s > 0.0 ? prospect->returned_per_s / given_per_s : 0.0;
  if (line->max_active > 0.0) {
    waitq__lifetime_of_sessions(&history->sessions, &history->session_length, line->now_us,
                                (double)line->longest_session_us * 1e-6, &outlook->session_length);
    prospect->sessions = &history->sessions;
    prospect->session_length = &outlook->session_length;
  }
  if (waitq__lifetime_of_visitors(&history->visitors, &outlook->patience)) {
    prospect->patience = &outlook->patience;
  }
  if (prospect->returned_per_s > 0.0 && waitq__presence_read(&history->presence, &outlook->presence)) {
    prospect->presence = &outlook->presence;
  }
}

uint32_t waitq__history_reason(const struct waitq__history *history, const struct waitq__line *line) {
  switch (line->phase) {
    case WAITQ_PHASE_SCHEDULED:
      return WAITQ_REASON_SCHEDULED;
    case WAITQ_PHASE_PAUSED:
      return WAITQ_REASON_PAUSED;
    case WAITQ_PHASE_CLOSED:
      return WAITQ_REASON_CLOSED;
    default:
      break;
  }
  if (line->rate_per_s <= 0.0) {
    return WAITQ_REASON_RATE_ZERO;
  }
  if ((history->flags & WAITQ__HISTORY_STALLED) != 0) {
    return WAITQ_REASON_STALLED;
  }
  if (waitq__line_is_full(line)) {
    double ended = 0.0;
    for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
      ended += history->sessions.ended[bin];
    }
    return ended >= 1.0 ? WAITQ_REASON_SLOTS : WAITQ_REASON_NO_SAMPLES;
  }
  return line->now_us - line->rate_changed_us < RATE_CHANGED_FOR_US ? WAITQ_REASON_RATE_CHANGED : WAITQ_REASON_BUCKET;
}

int waitq__history_is_sound(const struct waitq__history *history) {
  return history->folded_us >= 0 && history->folded_us <= INT64_MAX / 4 && history->moved_us >= 0 &&
         history->moved_us <= INT64_MAX / 4 && history->head <= UINT64_MAX / 4 && history->pending_units >= 0.0 &&
         history->pending_units <= 1e15 && history->pending_s >= 0.0 && history->pending_s <= 1e15 &&
         history->told[0] >= 0.0 && history->told[0] <= history->told[1] && history->told[1] <= 1e15 &&
         waitq__ratio_is_sound(&history->allowed) && waitq__ratio_is_sound(&history->returns) &&
         waitq__presence_is_sound(&history->presence) && waitq__ages_are_sound(&history->sessions) &&
         waitq__ages_are_sound(&history->visitors) && waitq__mixture_is_sound(&history->session_length) &&
         waitq__calibration_is_sound(&history->calibration);
}
