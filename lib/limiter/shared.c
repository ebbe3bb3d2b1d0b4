/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limiter/shared.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "context/completions.h"
#include "context/context.h"

/* How soon the thread looks again at a limiter that holds tokens, or may come to hold some. */
#define LOOK_HOLDING_US 50000
#define LOOK_EMPTY_US 250000

static int needs_leases(struct waitq__shared *shared, int64_t now_us) {
  return shared->base.kind == WAITQ__LIMITER_LEASED &&
         (waitq__lease_is_low(&shared->lease, now_us) || waitq__lease_is_ageing(&shared->lease, now_us));
}

static void serve(void *owner) {
  struct waitq__shared *shared = owner;
  waitq__round_work(shared, needs_leases(shared, waitq__monotonic_us()));
}

static int64_t tend(void *owner) {
  struct waitq__shared *shared = owner;
  if (shared->base.kind == WAITQ__LIMITER_EXACT) {
    return INT64_MAX;
  }
  if (needs_leases(shared, waitq__monotonic_us())) {
    waitq__round_work(shared, 1);
  }
  return waitq__monotonic_us() + (waitq__lease_is_empty(&shared->lease) ? LOOK_EMPTY_US : LOOK_HOLDING_US);
}

static void shared_free(struct waitq__shared *shared) {
  pthread_mutex_destroy(&shared->lock);
  waitq__free(&shared->base.context->allocator, shared);
}

int waitq__shared_new(waitq_t *context, const char *name, enum waitq__limiter_kind kind, struct waitq__shared **out,
                      waitq_error *error) {
  unsigned char lessee[16];
  if (context->random(context->random_user, lessee, sizeof lessee) != 0) {
    return waitq__fail(error, WAITQ_E_RANDOM, "the source of randomness gave no name to a lessee");
  }
  struct waitq__shared *shared = waitq__alloc_zeroed(&context->allocator, sizeof *shared);
  if (shared == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a limiter");
  }
  shared->base.context = context;
  shared->base.kind = kind;
  memcpy(shared->name, name, strlen(name) + 1);
  pthread_mutex_init(&shared->lock, NULL);
  waitq__queue_init(&shared->queue);
  waitq__lease_init(&shared->lease, lessee);
  shared->work = (struct waitq__io_work){.tend = tend, .serve = serve, .owner = shared};
  int code = waitq__io_add(&context->io, &shared->work, error);
  if (code != WAITQ_OK) {
    shared_free(shared);
    return code;
  }
  *out = shared;
  return WAITQ_OK;
}

void waitq__shared_end(struct waitq__shared *shared) {
  waitq__io_remove(&shared->base.context->io, &shared->work);
  while (shared->queue.first != NULL) {
    waitq__round_work(shared, 0); /* what was submitted ends, whether or not somebody collects it */
  }
  if (!waitq__lease_is_empty(&shared->lease)) {
    waitq__round_end(shared);
  }
  shared_free(shared);
}

void waitq__shared_call(struct waitq__shared *shared) {
  if (!atomic_load_explicit(&shared->is_called, memory_order_relaxed) &&
      !atomic_exchange_explicit(&shared->is_called, 1, memory_order_relaxed)) {
    waitq__io_serve(&shared->base.context->io, &shared->work);
  }
}

int waitq__shared_open(struct waitq__shared *shared, const waitq_limit *limit, waitq_error *error) {
  struct waitq__try command = {.terms = limit, .error = error};
  return waitq__round_wait(shared, &command);
}

int waitq__shared_configure(struct waitq__shared *shared, const waitq_limit *limit, waitq_error *error) {
  struct waitq__try command = {.terms = limit, .is_configuring = 1, .error = error};
  return waitq__round_wait(shared, &command);
}

/* Decides by what is held here, and sees that there will be more. */
static int decide(struct waitq__shared *shared, uint32_t tokens, waitq_decision *decision) {
  int64_t now_us = waitq__monotonic_us();
  if (waitq__lease_try(&shared->lease, tokens, now_us, decision) == WAITQ__LEASE_ASK) {
    return 0;
  }
  if (waitq__lease_is_low(&shared->lease, now_us)) {
    waitq__shared_call(shared);
  }
  return 1;
}

int waitq__shared_try(struct waitq__shared *shared, uint32_t tokens, waitq_decision *decision, waitq_error *error) {
  if (shared->base.kind == WAITQ__LIMITER_LEASED && decide(shared, tokens, decision)) {
    return WAITQ_OK;
  }
  struct waitq__try try = {.tokens = tokens, .decision = decision, .error = error};
  return waitq__round_wait(shared, &try);
}

int waitq__shared_submit(struct waitq__shared *shared, uint32_t tokens, waitq_decision *decision, uint64_t tag,
                         waitq_error *error) {
  waitq_t *context = shared->base.context;
  if (shared->base.kind == WAITQ__LIMITER_LEASED && decide(shared, tokens, decision)) {
    waitq__complete(context, tag, WAITQ_OK);
    return WAITQ_OK;
  }
  struct waitq__try *try = waitq__alloc_zeroed(&context->allocator, sizeof *try);
  if (try == NULL) {
    waitq__completion_release(context);
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a submitted try");
  }
  try->tokens = tokens;
  try->decision = decision;
  try->is_submitted = 1;
  try->tag = tag;
  waitq__round_leave(shared, try);
  return WAITQ_OK;
}
