/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_REALTIME_H
#define RUSH_REALTIME_H

/* A crowd that comes in real time, at given rates.
 *
 * Visitors near the head poll when the library asks them to. The others are called in turn, until the polls of this
 * second are used up. */

#include <stdatomic.h>
#include <stdbool.h>

#include "crowd.h"

struct realtime_plan {
  double joins_per_s, polls_per_s; /* of this crowd */
  int64_t start_ns, end_ns;
  int64_t shortest_call_ns; /* between two answers to one visitor, where the worker calls */
  const atomic_bool *stop;  /* true: end now */
};

/* Runs until the end. */
void realtime_run(struct crowd *crowd, const struct realtime_plan *plan);

#endif
