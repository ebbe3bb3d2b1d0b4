/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/forecast.h"

#include <math.h>
#include <stddef.h>

#include "eta/table.h"

/* An hour's wait is where widths are taken from: those of shorter waits are no wider. */
#define FAR_S 3600.0

/* What the reference is given as an interval, either way. */
#define REFERENCE_ERROR_S 1.0

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
  double ahead_us = line->tokens * 1e6 / line->rate_per_s;
  double error_s = 0.0;
  double error_part = 0.0;
  forecast->kind = WAITQ__FORECAST_LINE;
  forecast->us_per_turn = 1e6 / line->rate_per_s;
  forecast->base_us = line->now_us - (int64_t)(ahead_us < WAITQ__FORECAST_FAR_US ? ahead_us : WAITQ__FORECAST_FAR_US);
  forecast->confidence = 1.0;
  for (unsigned class = 0; class < WAITQ__CLASSES; class ++) {
    double wait_s = waitq__class_begin(class);
    double slack_s = waitq__curve_slack() * prospect->unknown * wait_s;
    struct waitq__guess near = waitq__calibration_guess(calibration, wait_s, waitq__curve_grain(), slack_s);
    struct waitq__guess far = waitq__calibration_guess(calibration, wait_s, FAR_S * prospect->factor_error, 0.0);
    error_s = fmax(error_s, near.high_s - wait_s);
    error_part = fmax(error_part, (far.high_s - wait_s) / FAR_S);
    forecast->confidence = fmin(forecast->confidence, near.confidence);
  }
  forecast->error_us = error_s * 1e6;
  forecast->low_part = fmax(0.0, 1.0 - error_part - waitq__curve_slack() * prospect->unknown);
  forecast->high_part = 1.0 + error_part;
}

void waitq__forecast_reference(struct waitq__forecast *forecast, const struct waitq__reference_rate *rate) {
  forecast->kind = WAITQ__FORECAST_PACE;
  forecast->us_per_turn = rate->seconds_per_position * 1e6;
  forecast->low_part = 1.0;
  forecast->high_part = 1.0;
  forecast->error_us = REFERENCE_ERROR_S * 1e6;
  forecast->confidence = rate->confidence;
}

struct waitq__forecast waitq__forecast_after(const struct waitq__forecast *forecast, uint64_t had_turn) {
  struct waitq__forecast after = *forecast;
  if (forecast->kind == WAITQ__FORECAST_LINE) {
    double since_us = (double)(int64_t)(had_turn - forecast->had_turn) * forecast->us_per_turn;
    after.base_us += fabs(since_us) < WAITQ__FORECAST_FAR_US ? (int64_t)since_us : 0;
    after.had_turn = had_turn;
  }
  return after;
}

int waitq__forecast_bent(const struct waitq__forecast *forecast, const struct waitq__guess *guess, int64_t now_us,
                         struct waitq__span *span) {
  if (!(guess->eta_s < WAITQ__FORECAST_FAR_US * 1e-6)) {
    return 0;
  }
  double since_us = now_us > forecast->base_us ? (double)(now_us - forecast->base_us) : 0.0;
  double eta_us = guess->eta_s * 1e6 - since_us;
  double low_us = guess->low_s * 1e6 - since_us;
  double high_us = fmin(guess->high_s * 1e6, 2.0 * WAITQ__FORECAST_FAR_US) - since_us;
  span->eta_us = eta_us > 0.0 ? (int64_t)eta_us : 0;
  span->low_us = low_us > 0.0 ? (int64_t)low_us : 0;
  span->high_us = high_us > 0.0 ? (int64_t)high_us : 0;
  span->confidence = guess->confidence;
  span->trust = guess->trust;
  return 1;
}

int waitq__forecast_find(const struct waitq__forecast *forecast, const _Atomic uint64_t *table, double position,
                         int64_t now_us, struct waitq__span *span) {
  struct waitq__guess guess;
  if (forecast->kind == WAITQ__FORECAST_NONE) {
    return 0;
  }
  if (forecast->kind != WAITQ__FORECAST_TABLE) {
    return waitq__forecast_straight(forecast, position, now_us, span);
  }
  return waitq__table_find(table, position, &guess) && waitq__forecast_bent(forecast, &guess, now_us, span);
}
