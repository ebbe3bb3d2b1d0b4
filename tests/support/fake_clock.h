/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_FAKE_CLOCK_H
#define WAITQ_TESTS_SUPPORT_FAKE_CLOCK_H

/* A clock that stands still until a test moves it, forward or backward.
 *
 *     struct fake_clock clock = FAKE_CLOCK_INIT;
 *     options.clock = fake_clock_read;
 *     options.clock_user = &clock;
 *     fake_clock_advance_ms(&clock, 100); */

#include <stdatomic.h>
#include <stdint.h>

/* Where a fake clock starts: 2023-11-14 22:13:20 UTC, a whole second. */
#define FAKE_CLOCK_START_MS INT64_C(1700000000000)

#define FAKE_CLOCK_INIT \
  { FAKE_CLOCK_START_MS * 1000, 0 }

struct fake_clock {
  _Atomic int64_t now_us;
  _Atomic uint64_t reads;
};

/* Is a waitq_clock_fn; user is the clock. */
int64_t fake_clock_read(void *user);

int64_t fake_clock_now_ms(struct fake_clock *clock);
void fake_clock_advance_ms(struct fake_clock *clock, int64_t ms);
void fake_clock_advance_us(struct fake_clock *clock, int64_t us);
void fake_clock_set_ms(struct fake_clock *clock, int64_t unix_ms);

#endif
