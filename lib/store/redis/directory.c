/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/directory.h"

#include <string.h>

#include "base/lock.h"
#include "base/mem.h"

int waitq__directory_init(struct waitq__directory *directory, const waitq_allocator *allocator) {
  *directory = (struct waitq__directory){.allocator = allocator};
  return pthread_mutex_init(&directory->lock, NULL) == 0 ? 0 : -1;
}

void waitq__directory_destroy(struct waitq__directory *directory) {
  for (uint32_t i = 0; i < directory->count; i++) {
    waitq__pool_destroy(directory->pools[i]);
    waitq__free(directory->allocator, directory->pools[i]);
  }
  waitq__free(directory->allocator, directory->pools);
  pthread_mutex_destroy(&directory->lock);
}

static int is_same(const struct waitq__redis_address *a, const struct waitq__redis_address *b) {
  return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static int grow(struct waitq__directory *directory) {
  if (directory->count < directory->capacity) {
    return 0;
  }
  uint32_t capacity = directory->capacity == 0 ? 8 : directory->capacity * 2;
  struct waitq__pool **pools =
      waitq__realloc(directory->allocator, directory->pools, capacity * sizeof(struct waitq__pool *));
  if (pools == NULL) {
    return -1;
  }
  directory->pools = pools;
  directory->capacity = capacity;
  return 0;
}

static struct waitq__pool *add(struct waitq__directory *directory, const struct waitq__redis_address *address) {
  if (directory->count == WAITQ__DIRECTORY_MOST || grow(directory) != 0) {
    return NULL;
  }
  struct waitq__pool *pool = waitq__alloc(directory->allocator, sizeof *pool);
  if (pool == NULL || waitq__pool_init(pool, address) != 0) {
    waitq__free(directory->allocator, pool);
    return NULL;
  }
  directory->pools[directory->count++] = pool;
  return pool;
}

struct waitq__pool *waitq__directory_find(struct waitq__directory *directory,
                                          const struct waitq__redis_address *address, uint32_t *index) {
  waitq__lock(&directory->lock);
  uint32_t at = 0;
  while (at < directory->count && !is_same(&directory->pools[at]->address, address)) {
    at++;
  }
  struct waitq__pool *pool = at < directory->count ? directory->pools[at] : add(directory, address);
  pthread_mutex_unlock(&directory->lock);
  if (index != NULL) {
    *index = at;
  }
  return pool;
}

struct waitq__pool *waitq__directory_at(struct waitq__directory *directory, uint32_t index) {
  waitq__lock(&directory->lock);
  struct waitq__pool *pool = index < directory->count ? directory->pools[index] : NULL;
  pthread_mutex_unlock(&directory->lock);
  return pool;
}

uint32_t waitq__directory_count(struct waitq__directory *directory) {
  waitq__lock(&directory->lock);
  uint32_t count = directory->count;
  pthread_mutex_unlock(&directory->lock);
  return count;
}
