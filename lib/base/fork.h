/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_FORK_H
#define WAITQ_BASE_FORK_H

/* Noticing a fork without a system call: a handler counts, and whoever must not cross a fork compares. */

#include <stdatomic.h>

extern _Atomic unsigned waitq__forks;

/* Installs the handler, once a process. 0, or -1 when there is no memory for it. */
int waitq__fork_watch(void);

/* How many forks this process descends from since the handler was installed. */
static inline unsigned waitq__fork_count(void) {
  return atomic_load_explicit(&waitq__forks, memory_order_relaxed);
}

#endif
