/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_FLEET_H
#define WAITQ_SIMULATION_ETA_FLEET_H

/* Many runs, each in a process of its own, as many at once as there are processors. */

#include <stddef.h>

#include "run.h"

struct task {
  struct scenario scenario;
  uint64_t seed;
  const char *samples; /* a file that the run appends its polls to, or NULL */
  unsigned one_in;
  struct outcome outcome;
};

/* Runs all tasks; 0, or -1 when one did not come to its end. */
int fleet_run(struct task *tasks, size_t count, unsigned at_once);

#endif
