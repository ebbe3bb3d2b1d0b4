/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_ARRIVALS_H
#define WAITQ_SIMULATION_ETA_ARRIVALS_H

/* How many visitors a scenario expects up to a moment. */

#include "scenario.h"

struct arrivals {
  const struct scenario *scenario;
  uint32_t minutes; /* of the recorded day */
  double *before;   /* the share of its requests that came before each minute, and 1 */
};

void arrivals_init(struct arrivals *arrivals, const struct scenario *scenario);
void arrivals_free(struct arrivals *arrivals);

/* Expected visitors from 0 to t. */
double arrivals_until(const struct arrivals *arrivals, double t_s);

/* When the last of them has come. */
double arrivals_end(const struct arrivals *arrivals);

#endif
