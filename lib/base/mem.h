/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_MEM_H
#define WAITQ_BASE_MEM_H

/* Memory by way of the context's allocator. */

#include <stddef.h>

#include <waitq/context.h>

/* malloc, realloc and free. */
extern const waitq_allocator waitq__default_allocator;

void *waitq__alloc(const waitq_allocator *allocator, size_t bytes);
void *waitq__alloc_zeroed(const waitq_allocator *allocator, size_t bytes);
void *waitq__realloc(const waitq_allocator *allocator, void *old, size_t bytes);
void waitq__free(const waitq_allocator *allocator, void *old);

#endif
