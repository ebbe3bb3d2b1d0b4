/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_REGISTRY_H
#define WAITQ_BASE_REGISTRY_H

/* Things that have a name, found by it: a hash table of chains that doubles. Not thread-safe. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>

#include "base/mem.h"

/* The first member of whatever is registered. */
struct waitq__named {
  struct waitq__named *next;
  void (*destroy)(struct waitq__named *named); /* for waitq__registry_destroy() */
  uint64_t hash;
  char name[72];
};

struct waitq__registry {
  const waitq_allocator *allocator;
  struct waitq__named **chains;
  size_t capacity; /* a power of two, or 0 */
  size_t count;
};

/* The thing of that name; NULL where there is none. */
struct waitq__named *waitq__registry_find(const struct waitq__registry *registry, const char *name);

/* Adds a thing under a name that is not taken, of at most 71 characters. 0, or WAITQ_E_NOMEM. */
int waitq__registry_add(struct waitq__registry *registry, struct waitq__named *named, const char *name);

void waitq__registry_remove(struct waitq__registry *registry, struct waitq__named *named);

/* Removes and destroys all that is registered, and frees the table. */
void waitq__registry_destroy(struct waitq__registry *registry);

#endif
