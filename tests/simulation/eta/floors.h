/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_FLOORS_H
#define WAITQ_SIMULATION_ETA_FLOORS_H

/* What the default estimator has reached in the small form of each scenario, less one point; a coverage
 * above 88 % is as good as any. Where it gets better, these follow: simulate_eta --quick --seeds 1 prints the figures, and
 * with --floors the table of floors.c. */

struct floor {
  const char *span;
  double acc;
  double hit;
  double cov90;
};

/* The floor of a span; NULL where there is none. */
const struct floor *floor_of(const char *span);

#endif
