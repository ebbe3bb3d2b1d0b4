/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/lock.h"

#define LOOKS 64
#define PAUSES 16

static inline void pause_a_moment(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void waitq__lock(pthread_mutex_t *mutex) {
  for (unsigned look = 0; look < LOOKS; look++) {
    if (pthread_mutex_trylock(mutex) == 0) {
      return;
    }
    for (unsigned i = 0; i < PAUSES; i++) {
      pause_a_moment();
    }
  }
  pthread_mutex_lock(mutex);
}
