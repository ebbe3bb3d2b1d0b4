/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_LIMITER_H
#define WAITQ_LIMITER_LIMITER_H

/* The limiters of a context, for the context's end. */

#include <waitq/context.h>

/* Frees all limiters. No handle is open any more. */
void waitq__limiters_free(waitq_t *context);

#endif
