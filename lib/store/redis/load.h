/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_LOAD_H
#define WAITQ_STORE_REDIS_LOAD_H

/* The load function of the store: all of a room, as of one moment, from as many exchanges as it takes. */

#include <waitq/store.h>

int waitq__redis_load(void *room, const waitq_store_sink *sink, waitq_error *error);

#endif
