/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "context/completions.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <waitq/submit.h>

#include "base/lock.h"
#include "base/sized.h"
#include "context/context.h"

#define SMALLEST_RING 64

void waitq_completion_init(waitq_completion *completion, size_t size) {
  waitq__sized_init(completion, size, &(waitq_completion)WAITQ_COMPLETION_INIT, sizeof(waitq_completion));
}

void waitq__completions_init(struct waitq__completions *completions, const waitq_allocator *allocator) {
  *completions = (struct waitq__completions){.allocator = allocator, .fd = -1};
  pthread_mutex_init(&completions->lock, NULL);
}

void waitq__completions_free(struct waitq__completions *completions) {
  if (completions->fd >= 0) {
    close(completions->fd);
  }
  waitq__free(completions->allocator, completions->ring);
  pthread_mutex_destroy(&completions->lock);
}

static int grow(struct waitq__completions *completions) {
  size_t capacity = completions->capacity == 0 ? SMALLEST_RING : 2 * completions->capacity;
  struct waitq__completed *ring = waitq__alloc(completions->allocator, capacity * sizeof *ring);
  if (ring == NULL) {
    return WAITQ_E_NOMEM;
  }
  for (size_t i = 0; i < completions->count; i++) {
    ring[i] = completions->ring[(completions->first + i) % completions->capacity];
  }
  waitq__free(completions->allocator, completions->ring);
  completions->ring = ring;
  completions->capacity = capacity;
  completions->first = 0;
  return WAITQ_OK;
}

int waitq__completion_reserve(waitq_t *context, waitq_error *error) {
  struct waitq__completions *completions = &context->completions;
  int code = WAITQ_OK;
  waitq__lock(&completions->lock);
  if (completions->count + completions->reserved == completions->capacity) {
    code = grow(completions);
  }
  completions->reserved += code == WAITQ_OK;
  pthread_mutex_unlock(&completions->lock);
  return code == WAITQ_OK ? code : waitq__fail(error, code, "no memory for a completion");
}

void waitq__completion_release(waitq_t *context) {
  waitq__lock(&context->completions.lock);
  context->completions.reserved--;
  pthread_mutex_unlock(&context->completions.lock);
}

static void raise_fd(int fd) {
  const uint64_t one = 1;
  ssize_t written = write(fd, &one, sizeof one);
  (void)written; /* it cannot be full: it is read before it is raised again */
}

static void lower_fd(int fd) {
  uint64_t count;
  ssize_t got = read(fd, &count, sizeof count);
  (void)got; /* nothing to read is what is wanted */
}

void waitq__complete(waitq_t *context, uint64_t tag, int code) {
  struct waitq__completions *completions = &context->completions;
  waitq__lock(&completions->lock);
  completions->ring[(completions->first + completions->count) % completions->capacity] =
      (struct waitq__completed){tag, code};
  completions->reserved--;
  completions->count++;
  if (completions->count == 1 && completions->fd >= 0) {
    raise_fd(completions->fd);
  }
  pthread_mutex_unlock(&completions->lock);
}

static int check_context(const waitq_t *context, waitq_error *error) {
  return context == NULL ? waitq__fail(error, WAITQ_E_INVALID, "context is NULL") : waitq__guard(context, error);
}

int waitq_completion_fd(waitq_t *context, int32_t *fd, waitq_error *error) {
  int code = check_context(context, error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (fd == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "fd is NULL");
  }
  struct waitq__completions *completions = &context->completions;
  waitq__lock(&completions->lock);
  if (completions->fd < 0) {
    completions->fd = eventfd(completions->count > 0, EFD_CLOEXEC | EFD_NONBLOCK);
  }
  *fd = completions->fd;
  pthread_mutex_unlock(&completions->lock);
  return *fd >= 0 ? WAITQ_OK : waitq__fail(error, WAITQ_E_NOMEM, "no file descriptor is left");
}

static int32_t is_retriable(int code) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq__fail(&error, code, "%s", "");
  return error.retriable;
}

int waitq_complete(waitq_t *context, waitq_completion *out, size_t capacity, size_t *count, waitq_error *error) {
  int code = check_context(context, error);
  if (code == WAITQ_OK && count == NULL) {
    code = waitq__fail(error, WAITQ_E_INVALID, "count is NULL");
  }
  if (code == WAITQ_OK) {
    *count = 0;
    code = capacity == 0 ? WAITQ_OK : waitq__sized_check(out, "completions", error);
  }
  if (code != WAITQ_OK || capacity == 0) {
    return code;
  }
  struct waitq__completions *completions = &context->completions;
  size_t size = out->size;
  waitq__lock(&completions->lock);
  for (; *count < capacity && completions->count > 0; completions->count--, ++*count) {
    const struct waitq__completed *done = &completions->ring[completions->first];
    const waitq_completion known = {size, done->tag, done->code, done->code == 0 ? 0 : is_retriable(done->code)};
    waitq_completion *target = (waitq_completion *)((char *)out + *count * size);
    target->size = size;
    waitq__sized_write(target, &known, sizeof known);
    completions->first = (completions->first + 1) % completions->capacity;
  }
  if (completions->count == 0 && completions->fd >= 0) {
    lower_fd(completions->fd);
  }
  pthread_mutex_unlock(&completions->lock);
  return WAITQ_OK;
}
