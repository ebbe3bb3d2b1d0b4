/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#define _POSIX_C_SOURCE 200809L

#include "clock.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

int64_t clock_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void clock_sleep_until_ns(int64_t at_ns) {
  const struct timespec at = {(time_t)(at_ns / NS_PER_S), (long)(at_ns % NS_PER_S)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
  }
}

static double seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

double clock_cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int64_t virtual_clock_step(struct virtual_clock *clock) {
  int64_t now = atomic_load_explicit(&clock->now_ns, memory_order_relaxed) + 1;
  atomic_store_explicit(&clock->now_ns, now, memory_order_relaxed);
  return now;
}

void virtual_clock_advance(struct virtual_clock *clock, int64_t to_ns) {
  if (to_ns > atomic_load_explicit(&clock->now_ns, memory_order_relaxed)) {
    atomic_store_explicit(&clock->now_ns, to_ns, memory_order_relaxed);
  }
}

int64_t virtual_clock_us(void *clock) {
  struct virtual_clock *self = clock;
  return atomic_load_explicit(&self->now_ns, memory_order_relaxed) / NS_PER_US;
}
