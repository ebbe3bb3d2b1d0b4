/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_LIMIT_H
#define WAITQ_STORE_REDIS_LIMIT_H

/* Limiters in Redis: one call of scripts/limit.lua is one round trip of waitq/store.h. Tries that follow one another and want
 * the same go there as one run, "<count>x<tokens>", so a thousand visitors cost the script as much as one. */

#include <waitq/store.h>

/* The limit function of the store; store is a struct waitq__redis_store. */
int waitq__redis_limit(void *store, const char *name, waitq_store_limit *limit, waitq_error *error);

#endif
