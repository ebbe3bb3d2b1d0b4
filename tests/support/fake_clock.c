/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "fake_clock.h"

int64_t fake_clock_read(void *user) {
  struct fake_clock *clock = user;
  atomic_fetch_add_explicit(&clock->reads, 1, memory_order_relaxed);
  return atomic_load_explicit(&clock->now_us, memory_order_relaxed);
}

int64_t fake_clock_now_ms(struct fake_clock *clock) {
  return atomic_load_explicit(&clock->now_us, memory_order_relaxed) / 1000;
}

void fake_clock_advance_us(struct fake_clock *clock, int64_t us) {
  atomic_fetch_add_explicit(&clock->now_us, us, memory_order_relaxed);
}

void fake_clock_advance_ms(struct fake_clock *clock, int64_t ms) {
  fake_clock_advance_us(clock, ms * 1000);
}

void fake_clock_set_ms(struct fake_clock *clock, int64_t unix_ms) {
  atomic_store_explicit(&clock->now_us, unix_ms * 1000, memory_order_relaxed);
}
