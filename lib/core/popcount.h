/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_POPCOUNT_H
#define WAITQ_CORE_POPCOUNT_H

/* Counting bits. A build for plain x86-64 may not use the instruction, so it is asked for at run time: a count is 1 ns with
 * it and 5 ns without, and a position is several counts. */

#include <stdint.h>

#if defined(__x86_64__) && !defined(__POPCNT__)
#define WAITQ__POPCOUNT_TARGET __attribute__((target("popcnt")))
static inline int waitq__has_popcount(void) {
  return __builtin_cpu_supports("popcnt");
}
#else
#define WAITQ__POPCOUNT_TARGET
static inline int waitq__has_popcount(void) {
  return 1;
}
#endif

#endif
