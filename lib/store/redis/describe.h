/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_DESCRIBE_H
#define WAITQ_STORE_REDIS_DESCRIBE_H

/* What a state says, as fields of the head for whoever looks with redis-cli: phase, head, floor, ready, rate_per_s, burst, max_active,
 * max_waiting, heartbeat_ttl_ms, now_ms. Nothing reads them. */

#include <stddef.h>
#include <stdint.h>

#include "store/redis/arguments.h"

/* Adds a name and a value for each field, and returns how many fields; none where the bytes are no state of this library. */
uint32_t waitq__describe(struct waitq__arguments *arguments, const void *state, size_t size);

#endif
