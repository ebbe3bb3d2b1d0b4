/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_CLOCK_H
#define RUSH_CLOCK_H

/* Real time, and a time of one's own for replaying a day in seconds. All in nanoseconds. */

#include <stdatomic.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* The monotonic clock. A read costs some 25 ns, which every measured call contains about once. */
int64_t clock_now_ns(void);

void clock_sleep_until_ns(int64_t at_ns);

/* CPU time that this process has used so far, user and system, in seconds. */
double clock_cpu_s(void);

/* A clock that moves only when told to. One thread moves it; any thread may read it. */
struct virtual_clock {
  _Atomic int64_t now_ns;
};

/* Moves on by one nanosecond, so that no two events bear the same time stamp, and tells the time. */
int64_t virtual_clock_step(struct virtual_clock *clock);

/* Moves on to a time; does nothing when that time has passed. */
void virtual_clock_advance(struct virtual_clock *clock, int64_t to_ns);

/* A waitq_clock_fn; its user is the struct virtual_clock. */
int64_t virtual_clock_us(void *clock);

#endif
