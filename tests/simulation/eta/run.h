/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_RUN_H
#define WAITQ_SIMULATION_ETA_RUN_H

/* One run of a scenario with one seed: the same seed gives the same figures to the last bit. */

#include <stdint.h>
#include <stdio.h>

#include "scenario.h"
#include "score.h"

struct outcome {
  struct scores spans[SCENARIO_SPANS];
  uint64_t joined;
  uint64_t turns;
  uint64_t missed;   /* visitors who were there, and whose turn lapsed at the door */
  double lasted_s;   /* in simulated time */
  waitq_stats stats; /* at the end: what the room makes of its own estimates among it */
};

/* Runs a scenario. Where samples is not NULL, every one_in-th poll goes there as a line of comma-separated values. */
void run(const struct scenario *scenario, uint64_t seed, FILE *samples, unsigned one_in, struct outcome *outcome);

/* The heading of such lines. */
extern const char run_heading[];

#endif
