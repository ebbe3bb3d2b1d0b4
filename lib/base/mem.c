/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/sized.h"

static void *default_allocate(void *user, size_t bytes) {
  (void)user;
  return malloc(bytes);
}

static void *default_reallocate(void *user, void *old, size_t bytes) {
  (void)user;
  return realloc(old, bytes);
}

static void default_release(void *user, void *old) {
  (void)user;
  free(old);
}

const waitq_allocator waitq__default_allocator = {sizeof(waitq_allocator), default_allocate, default_reallocate,
                                                  default_release, NULL};

void waitq_allocator_init(waitq_allocator *allocator, size_t size) {
  waitq__sized_init(allocator, size, &(waitq_allocator)WAITQ_ALLOCATOR_INIT, sizeof(waitq_allocator));
}

void *waitq__alloc(const waitq_allocator *allocator, size_t bytes) {
  return allocator->allocate(allocator->user, bytes);
}

void *waitq__alloc_zeroed(const waitq_allocator *allocator, size_t bytes) {
  void *memory = allocator->allocate(allocator->user, bytes);
  if (memory != NULL) {
    memset(memory, 0, bytes);
  }
  return memory;
}

void *waitq__realloc(const waitq_allocator *allocator, void *old, size_t bytes) {
  return allocator->reallocate(allocator->user, old, bytes);
}

void waitq__free(const waitq_allocator *allocator, void *old) {
  if (old != NULL) {
    allocator->release(allocator->user, old);
  }
}
