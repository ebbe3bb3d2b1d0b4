/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_LOCK_H
#define WAITQ_BASE_LOCK_H

/* Taking a mutex that is held for less than a microsecond at a time: looking again for a moment before going to sleep. Waking a thread
 * costs 50 microseconds and more on a virtual machine, a hundred times what it would have waited for. */

#include <pthread.h>

void waitq__lock(pthread_mutex_t *mutex);

#endif
