/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_LIMITER_H
#define WAITQ_LIMITER_LIMITER_H

/* What all limiters have in common. Three kinds are behind the one interface:
 *
 *   local   the bucket is here, and threads change it by compare-and-swap (local.h): of a store in this process
 *   exact   the bucket is in the store, and decides on each try (shared.h)
 *   leased  the bucket is in the store, and this process decides from tokens taken ahead (lease.h), as long as it has some
 *
 * An exact and a leased limiter of one name are two limiters here, on one bucket there. */

#include <stdint.h>

#include <waitq/limiter.h>

#include "base/registry.h"

enum waitq__limiter_kind { WAITQ__LIMITER_LOCAL, WAITQ__LIMITER_EXACT, WAITQ__LIMITER_LEASED };

/* The beginning of a struct waitq__local or a struct waitq__shared. */
struct waitq_limiter {
  struct waitq__named named;
  waitq_t *context;
  uint64_t handles; /* under the context's lock */
  enum waitq__limiter_kind kind;
};

#endif
