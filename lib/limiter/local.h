/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_LOCAL_H
#define WAITQ_LIMITER_LOCAL_H

/* Limiters of a store inside this process: a bucket that any number of threads draw from without a lock.
 *
 * What was used is one number, changed by compare-and-swap; the terms stand still, and a change of terms puts new ones in their place.
 * Terms that were replaced are kept until the limiter is freed, so that whoever still looks at them may. */

#include <stdatomic.h>

#include <waitq/error.h>

#include "limiter/limiter.h"

struct waitq__local_terms;

struct waitq__local {
  struct waitq_limiter base;
  struct waitq__local_terms *_Atomic current;
};

/* A full bucket; NULL where there is no memory. */
struct waitq__local *waitq__local_new(waitq_t *context, const waitq_limit *limit);
void waitq__local_free(struct waitq__local *local);

int waitq__local_configure(struct waitq__local *local, const waitq_limit *limit, waitq_error *error);

/* Never fails, and never waits. */
void waitq__local_try(struct waitq__local *local, uint32_t tokens, waitq_decision *decision);

#endif
