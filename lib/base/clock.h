/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_CLOCK_H
#define WAITQ_BASE_CLOCK_H

/* The default clock: the real time at the moment of its making, advanced by the monotonic clock from then on. So it tells
 * Unix time, and a step of the system's clock moves no deadline. */

#include <stdint.h>

struct waitq__clock {
  int64_t offset_us; /* real minus monotonic time */
};

void waitq__clock_init(struct waitq__clock *clock);

/* A waitq_clock_fn; user is a struct waitq__clock. */
int64_t waitq__clock_now(void *user);

/* The monotonic clock, in microseconds: deadlines are moments of it. */
int64_t waitq__monotonic_us(void);

#endif
