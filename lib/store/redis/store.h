/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_STORE_H
#define WAITQ_STORE_REDIS_STORE_H

/* The Redis store: rooms in a Redis that any number of contexts share. docs/redis.md tells what its keys hold. */

#include <waitq/store.h>

#include "store/redis/client.h"
#include "store/redis/settings.h"

/* A store, as its functions are handed it. */
struct waitq__redis_store {
  const waitq_allocator *allocator;
  struct waitq__client *client;
  struct waitq__redis_settings settings; /* without the passwords */
  char node[17];                         /* what this context calls itself among those that keep a room */
};

/* The functions of the store, for URIs that begin with redis or rediss. */
const waitq_store_ops *waitq__store_redis(void);

#endif
