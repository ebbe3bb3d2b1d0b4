/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/fork.h"

#include <pthread.h>

_Atomic unsigned waitq__forks;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int installed;

static void in_child(void) {
  atomic_fetch_add_explicit(&waitq__forks, 1, memory_order_relaxed);
}

static void install(void) {
  installed = pthread_atfork(NULL, NULL, in_child) == 0;
}

int waitq__fork_watch(void) {
  pthread_once(&once, install);
  return installed ? 0 : -1;
}
