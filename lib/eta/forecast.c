/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/forecast.h"

#include <stddef.h>

/* An hour's wait is where widths are taken from: those of shorter waits are no wider. */
#define FAR_S 3600.0

/* Beyond this many microseconds, a hundred years, times are bounded. */
#define FAR_US 3.2e15

/* So few silent visitors bend no line. */
#define FEW 0.01

static int is_anybody_silent(const struct waitq__prospect *prospect) {
  int is_one = 0;
  for (unsigned i = 0; i < prospect->segment_count; i++) {
    is_one |= prospect->segments[i].swept[WAITQ__SWEEPS - 1] > FEW;
  }
  return is_one;
}

int waitq__forecast_is_line(const struct waitq__prospect *prospect) {
  const struct waitq__line *line = prospect->line;
  return waitq__line_moves(line) && line->plan_count == 0 && prospect->sessions == NULL && prospect->patience == NULL &&
         prospect->factor >= 1.0 && prospect->factor <= 1.0 && prospect->unused <= 0.0 && !is_anybody_silent(prospect);
}

void waitq__forecast_line(struct waitq__forecast *forecast, const struct waitq__prospect *prospect,
                          const struct waitq__calibration *calibration) {
  const struct waitq__line *line = prospect->line;
  forecast->kind = WAITQ__FORECAST_LINE;
  forecast->us_per_turn = 1e6 / line->rate_per_s;
  double ahead_us = line->tokens * forecast->us_per_turn;
  forecast->base_us = line->now_us - (int64_t)(ahead_us < FAR_US ? ahead_us : FAR_US);
  double grain_s = waitq__curve_grain();
  double far_s = FAR_S * prospect->factor_error;
  forecast->error_s = 0.0;
  forecast->error_part = 0.0;
  forecast->slack_part = waitq__curve_slack() * prospect->unknown;
  forecast->confidence = 1.0;
  for (unsigned class = 0; class < WAITQ__CLASSES; class ++) {
    double wait_s = waitq__class_begin(class);
    struct waitq__guess near = waitq__calibration_guess(calibration, wait_s, grain_s, 0.0);
    struct waitq__guess far = waitq__calibration_guess(calibration, wait_s, far_s, 0.0);
    forecast->error_s = near.high_s - wait_s > forecast->error_s ? near.high_s - wait_s : forecast->error_s;
    double part = (far.high_s - wait_s) / FAR_S;
    forecast->error_part = part > forecast->error_part ? part : forecast->error_part;
    forecast->confidence = near.confidence < forecast->confidence ? near.confidence : forecast->confidence;
  }
}

void waitq__forecast_guess(const struct waitq__forecast *forecast, double turns, int64_t now_us,
                           struct waitq__guess *guess) {
  double turns_us = turns * forecast->us_per_turn;
  double eta_us = forecast->kind == WAITQ__FORECAST_LINE ? turns_us + (double)(forecast->base_us - now_us) : turns_us;
  double eta_s = eta_us > 0.0 ? (eta_us < FAR_US ? eta_us : FAR_US) * 1e-6 : 0.0;
  double low_s = eta_s - forecast->error_s - eta_s * (forecast->error_part + forecast->slack_part);
  *guess = (struct waitq__guess){
      .eta_s = eta_s,
      .low_s = low_s > 0.0 ? low_s : 0.0,
      .high_s = eta_s + forecast->error_s + eta_s * forecast->error_part,
      .confidence = forecast->confidence,
      .trust = forecast->confidence,
  };
}
