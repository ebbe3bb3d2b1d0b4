/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_DIRECTORY_H
#define WAITQ_STORE_REDIS_DIRECTORY_H

/* All servers that were ever heard of, each with its pool. One that is known stays known, at the same index, until the end: so a pool is
 * used without a lock on the directory, and a slot names its master in two bytes. */

#include <pthread.h>
#include <stdint.h>

#include <waitq/context.h>

#include "store/redis/pool.h"

#define WAITQ__DIRECTORY_MOST 65535

struct waitq__directory {
  const waitq_allocator *allocator;
  pthread_mutex_t lock;
  uint32_t count;
  uint32_t capacity;
  struct waitq__pool **pools;
};

int waitq__directory_init(struct waitq__directory *directory, const waitq_allocator *allocator); /* 0 or -1 */
void waitq__directory_destroy(struct waitq__directory *directory);

/* The server at an address, which becomes known with this; its index where that is not NULL. NULL where there is no memory. */
struct waitq__pool *waitq__directory_find(struct waitq__directory *directory,
                                          const struct waitq__redis_address *address, uint32_t *index);

/* NULL beyond the last. */
struct waitq__pool *waitq__directory_at(struct waitq__directory *directory, uint32_t index);
uint32_t waitq__directory_count(struct waitq__directory *directory);

#endif
