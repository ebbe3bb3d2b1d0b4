/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_ESTIMATES_H
#define RUSH_ESTIMATES_H

/* Estimates against what became of them.
 *
 * Judged are the polls of visitors who got their turn before the run ended. The actual moment of a turn is taken to
 * be the middle of what the record proves (turns.h); how far off that may be is told as well. */

#include "history.h"
#include "turns.h"

struct estimates {
  uint64_t samples;
  /* While adding: sums. After estimates_finish(): percentages, and a mean. */
  double acc;          /* max(0, 1 - |estimate - actual| / max(actual, 1 s)) */
  double hit;          /* within 10 % or 5 s */
  double cov90;        /* the actual wait lies in the 90 % interval */
  double uncertain_ms; /* half of the bracket around the actual moment */
};

void estimates_add(struct estimates *estimates, const struct turns *turns, const struct history *history);
void estimates_finish(struct estimates *estimates);

#endif
