/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id) {
  struct timespec time;
  clock_gettime(id, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

void waitq__clock_init(struct waitq__clock *clock) {
  clock->offset_us = read_us(CLOCK_REALTIME) - read_us(CLOCK_MONOTONIC);
}

int64_t waitq__clock_now(void *user) {
  const struct waitq__clock *clock = user;
  return read_us(CLOCK_MONOTONIC) + clock->offset_us;
}

int64_t waitq__monotonic_us(void) {
  return read_us(CLOCK_MONOTONIC);
}
