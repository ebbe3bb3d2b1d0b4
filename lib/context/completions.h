/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CONTEXT_COMPLETIONS_H
#define WAITQ_CONTEXT_COMPLETIONS_H

/* What has become of submitted calls, until the host collects it. */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>

struct waitq__completed {
  uint64_t tag;
  int32_t code;
};

struct waitq__completions {
  const waitq_allocator *allocator;
  pthread_mutex_t lock;
  struct waitq__completed *ring;
  size_t capacity;
  size_t first;
  size_t count;
  size_t reserved; /* calls under way */
  int fd;          /* -1 until somebody asks for it */
};

void waitq__completions_init(struct waitq__completions *completions, const waitq_allocator *allocator);
void waitq__completions_free(struct waitq__completions *completions);

/* Makes room for the completion of a call that is about to be submitted, so that completing it needs no memory; and gives it back where
 * it is not submitted after all. */
int waitq__completion_reserve(waitq_t *context, waitq_error *error);
void waitq__completion_release(waitq_t *context);

/* Completes a submitted call. From any thread, without a lock. */
void waitq__complete(waitq_t *context, uint64_t tag, int code);

#endif
