/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CONTEXT_CONTEXT_H
#define WAITQ_CONTEXT_CONTEXT_H

/* The inside of a context, for what hangs on it: rooms and limiters. */

#include <pthread.h>
#include <stdatomic.h>

#include <waitq/context.h>
#include <waitq/store.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/registry.h"
#include "context/completions.h"
#include "context/io.h"
#include "token/keyring.h"

/* A key that contexts agree on through their store: 32 bytes, and eight to know it by. */
struct waitq__agreed_key {
  unsigned char bytes[40];
};

struct waitq {
  waitq_allocator allocator;
  struct waitq__log log;
  struct waitq__clock default_clock;
  waitq_clock_fn clock;
  void *clock_user;
  waitq_random_fn random;
  void *random_user;
  struct waitq__keyring ring;
  pthread_mutex_t ring_lock;        /* held to add keys */
  struct waitq__agreed_key own_key; /* what the contexts of the store have agreed on, where the host brought no key */
  int has_own_key;
  waitq_store_env store_env;
  const waitq_store_ops *ops;
  void *store;
  unsigned forks;
  _Atomic int is_closed;
  pthread_mutex_t lock; /* of all below: taken to open and close, never on the way of a poll or a join */
  struct waitq__completions completions;
  struct waitq__io io;
  struct waitq__registry rooms;
  struct waitq__registry limiters;
  uint64_t handles; /* open rooms and limiters; the context lives as long as one of them does */
};

/* Whether a call may go on: the context is open, and this is its process. */
static inline int waitq__guard(const waitq_t *context, waitq_error *error) {
  if (atomic_load_explicit(&context->is_closed, memory_order_relaxed)) {
    return waitq__fail(error, WAITQ_E_CLOSED, "the context is closed");
  }
  if (context->forks != waitq__fork_count()) {
    return waitq__fail(error, WAITQ_E_FORKED, "the context was opened before a fork: open one in this process");
  }
  return WAITQ_OK;
}

/* Microseconds since the Unix epoch; never negative. */
static inline int64_t waitq__now(const waitq_t *context) {
  int64_t now_us = context->clock(context->clock_user);
  return now_us > 0 ? now_us : 0;
}

/* Whether others write to the store as well. */
static inline int waitq__is_shared(const waitq_t *context) {
  return context->ops->exchange != NULL;
}

/* The key at index, which was agreed on. */
struct waitq__agreed_key waitq__agreed_key_of(const struct waitq__keyring *ring, size_t index);

/* Adds such a key to the context's, behind the others; from any thread. 0, or a negative error code. */
int waitq__context_add_key(waitq_t *context, const struct waitq__agreed_key *agreed, waitq_error *error);

/* Frees a context that is closed and has no handles left. Takes the lock with it. */
void waitq__context_free(waitq_t *context);

/* Ends a handle, under the lock; releases the lock, and frees the context where it was the last one. */
void waitq__handle_end(waitq_t *context);

#endif
