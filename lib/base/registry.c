/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/registry.h"

#include <string.h>

#define SMALLEST 16

/* FNV-1a (Fowler, Noll, Vo): names come from the host, not from visitors, so no key is needed. */
static uint64_t hash_of(const char *name) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *name != '\0'; name++) {
    hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
  }
  return hash;
}

struct waitq__named *waitq__registry_find(const struct waitq__registry *registry, const char *name) {
  if (registry->capacity == 0) {
    return NULL;
  }
  uint64_t hash = hash_of(name);
  struct waitq__named *named = registry->chains[hash & (registry->capacity - 1)];
  while (named != NULL && (named->hash != hash || strcmp(named->name, name) != 0)) {
    named = named->next;
  }
  return named;
}

static void link_in(struct waitq__named **chains, size_t capacity, struct waitq__named *named) {
  struct waitq__named **chain = &chains[named->hash & (capacity - 1)];
  named->next = *chain;
  *chain = named;
}

static int grow(struct waitq__registry *registry) {
  size_t capacity = registry->capacity == 0 ? SMALLEST : registry->capacity * 2;
  struct waitq__named **chains = waitq__alloc_zeroed(registry->allocator, capacity * sizeof(struct waitq__named *));
  if (chains == NULL) {
    return WAITQ_E_NOMEM;
  }
  for (size_t i = 0; i < registry->capacity; i++) {
    for (struct waitq__named *named = registry->chains[i]; named != NULL;) {
      struct waitq__named *next = named->next;
      link_in(chains, capacity, named);
      named = next;
    }
  }
  waitq__free(registry->allocator, registry->chains);
  registry->chains = chains;
  registry->capacity = capacity;
  return WAITQ_OK;
}

int waitq__registry_add(struct waitq__registry *registry, struct waitq__named *named, const char *name) {
  if (registry->count == registry->capacity && grow(registry) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  named->hash = hash_of(name);
  if (name != named->name) {
    memcpy(named->name, name, strlen(name) + 1);
  }
  link_in(registry->chains, registry->capacity, named);
  registry->count++;
  return WAITQ_OK;
}

void waitq__registry_remove(struct waitq__registry *registry, struct waitq__named *named) {
  struct waitq__named **at = &registry->chains[named->hash & (registry->capacity - 1)];
  while (*at != named) {
    at = &(*at)->next;
  }
  *at = named->next;
  registry->count--;
}

void waitq__registry_destroy(struct waitq__registry *registry) {
  for (size_t i = 0; i < registry->capacity; i++) {
    while (registry->chains[i] != NULL) {
      struct waitq__named *named = registry->chains[i];
      registry->chains[i] = named->next;
      named->destroy(named);
    }
  }
  waitq__free(registry->allocator, registry->chains);
  registry->chains = NULL;
  registry->capacity = 0;
  registry->count = 0;
}
