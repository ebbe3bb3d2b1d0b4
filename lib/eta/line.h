/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_LINE_H
#define WAITQ_ETA_LINE_H

/* How a line stands at one moment: all that is known of it without any history, and what is announced.
 *
 * The estimator is told of a line in these terms, whether it is a room's or a host's own. */

#include <stdint.h>

#define WAITQ__LINE_PLANS 8
#define WAITQ__LINE_NEVER INT64_MAX

struct waitq__line_plan {
  int64_t at_us;
  double rate_per_s;
};

struct waitq__line {
  int64_t now_us;
  int64_t goes_on_us;         /* from when on turns are given: not after now, a planned time, or WAITQ__LINE_NEVER */
  int64_t rate_changed_us;    /* when the rate was changed last */
  int64_t longest_session_us; /* sessions end by then; 0: not known */
  double rate_per_s;
  double tokens; /* turns that the bucket could give now */
  double burst;
  double waiting;
  double occupied;   /* sessions running and turns not claimed yet */
  double max_active; /* 0: no limit */
  uint32_t phase;
  uint32_t plan_count;
  struct waitq__line_plan plans[WAITQ__LINE_PLANS]; /* in order of time */
};

/* Whether turns are given now, as far as phase and rate are concerned. */
static inline int waitq__line_moves(const struct waitq__line *line) {
  return line->goes_on_us <= line->now_us && line->rate_per_s > 0.0;
}

/* Whether a session must end before the next turn. */
static inline int waitq__line_is_full(const struct waitq__line *line) {
  return line->max_active > 0.0 && line->occupied >= line->max_active;
}

#endif
