/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_VERDICT_H
#define RUSH_VERDICT_H

/* What the record of a run proves. Counts come from the workers, not from the library. */

#include <stdbool.h>
#include <stdint.h>

#include "estimates.h"
#include "histogram.h"
#include "limit.h"
#include "run.h"

struct verdict {
  uint64_t joined, polls, admitted, left, lost, refused, paced, held, retried, failed;
  uint64_t waiting;          /* at the end, those at the door included */
  uint64_t over_limit;       /* windows with too many entries, of all lengths */
  uint64_t order_violations; /* visitors overtaken, positions that rose, turns taken back */
  uint64_t restored_rises;   /* positions that rose after a loss of the store */
  struct limit_window windows[LIMIT_WINDOWS];
  struct estimates estimates;
  uint64_t samples_lost;
  struct histogram join_time, poll_time, enter_time;
  double library_s; /* sum of the measured times of all calls, the reading of the clock included */
  double cpu_s, real_s;
};

/* After run_wait(). 0, or -1 when there is no memory. */
int verdict_reach(struct verdict *verdict, const struct run *run);

/* Limit and order. */
bool verdict_is_kept(const struct verdict *verdict);

#endif
