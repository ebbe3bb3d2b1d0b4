/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_GAUGE_H
#define RUSH_GAUGE_H

/* What the view shows of a running run: sums over the workers, and rates over the last readings. */

#include <stdint.h>

#include "run.h"
#include "watch.h"

struct gauge {
  int64_t now_ns; /* by the crowds' clock */
  uint64_t joined, polls, admitted, left, waiting;
  double joins_per_s, polls_per_s, admitted_per_s; /* by the crowds' clock */
  double join_p50_us, join_p99_us, poll_p50_us, poll_p99_us;
  struct watched watched;
};

#define GAUGE_PAST 16

/* The readings before, for the rates. */
struct gauge_past {
  struct gauge readings[GAUGE_PAST];
  uint32_t count; /* readings ever taken */
  uint32_t over;  /* how many readings a rate is taken over, less than GAUGE_PAST */
};

/* Takes a reading. */
struct gauge gauge_read(struct run *run, struct gauge_past *past);

#endif
