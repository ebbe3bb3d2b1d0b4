/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limiter/local.h"

#include "base/error.h"
#include "base/sized.h"
#include "context/context.h"
#include "core/bucket.h"

#define MS 1000

/* In place of the used units of terms that were replaced: who still draws from them finds it. */
#define DRAINED UINT64_MAX

struct waitq__local_terms {
  struct waitq__local_terms *replaced;
  struct waitq__bucket_terms terms;
  _Atomic uint64_t used;
  _Atomic int64_t touched_us;
};

/* Used units, such that level is left of those made. */
static uint64_t used_for(uint64_t made, int64_t level) {
  uint64_t used = made - (uint64_t)level;
  return used == DRAINED ? used + 1 : used; /* a millionth of a token less */
}

static struct waitq__local_terms *terms_new(const waitq_t *context, const waitq_limit *limit, int64_t now_us,
                                            int64_t level) {
  struct waitq__local_terms *terms = waitq__alloc_zeroed(&context->allocator, sizeof *terms);
  if (terms == NULL) {
    return NULL;
  }
  terms->terms = waitq__bucket_terms(limit->rate_per_s, limit->burst, now_us);
  int64_t full = (int64_t)limit->burst * WAITQ__TOKEN;
  atomic_init(&terms->used, used_for(0, level < full ? level : full));
  atomic_init(&terms->touched_us, now_us);
  return terms;
}

struct waitq__local *waitq__local_new(waitq_t *context, const waitq_limit *limit) {
  struct waitq__local *local = waitq__alloc_zeroed(&context->allocator, sizeof *local);
  if (local == NULL) {
    return NULL;
  }
  local->base.context = context;
  local->base.kind = WAITQ__LIMITER_LOCAL;
  struct waitq__local_terms *terms = terms_new(context, limit, waitq__now(context), INT64_MAX);
  atomic_init(&local->current, terms);
  if (terms == NULL) {
    waitq__local_free(local);
    return NULL;
  }
  return local;
}

void waitq__local_free(struct waitq__local *local) {
  const waitq_allocator *allocator = &local->base.context->allocator;
  struct waitq__local_terms *terms = atomic_load_explicit(&local->current, memory_order_relaxed);
  while (terms != NULL) {
    struct waitq__local_terms *replaced = terms->replaced;
    waitq__free(allocator, terms);
    terms = replaced;
  }
  waitq__free(allocator, local);
}

int waitq__local_configure(struct waitq__local *local, const waitq_limit *limit, waitq_error *error) {
  waitq_t *context = local->base.context;
  int64_t now_us = waitq__now(context);
  pthread_mutex_lock(&context->lock);
  struct waitq__local_terms *old = atomic_load_explicit(&local->current, memory_order_relaxed);
  struct waitq__local_terms *terms = terms_new(context, limit, now_us, 0);
  if (terms == NULL) {
    pthread_mutex_unlock(&context->lock);
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a limit");
  }
  uint64_t used = atomic_exchange_explicit(&old->used, DRAINED, memory_order_acq_rel);
  int64_t touched_us = atomic_load_explicit(&old->touched_us, memory_order_relaxed);
  int64_t at_us = now_us > touched_us ? now_us : touched_us;
  int64_t level = waitq__bucket_level(&old->terms, used, touched_us, at_us);
  if (level == 0) {
    /* Another thread may have taken tokens at a later moment than this one knows of: what it took ahead stays owed. */
    level = (int64_t)(waitq__bucket_made(&old->terms, at_us) - used);
    level = level < 0 ? level : 0;
  }
  int64_t full = (int64_t)limit->burst * WAITQ__TOKEN;
  atomic_init(&terms->used, used_for(0, level < full ? level : full));
  terms->terms.origin_us = at_us;
  atomic_init(&terms->touched_us, at_us);
  terms->replaced = old;
  atomic_store_explicit(&local->current, terms, memory_order_release);
  pthread_mutex_unlock(&context->lock);
  return WAITQ_OK;
}

static int64_t ms_of(int64_t us) {
  return us == WAITQ__NEVER_US ? INT64_MAX : (us + MS - 1) / MS;
}

static void decide(const struct waitq__bucket_terms *terms, int64_t level, int64_t wanted, int64_t at_us, int admitted,
                   waitq_decision *decision) {
  int64_t full = (int64_t)terms->burst * WAITQ__TOKEN;
  *decision = (waitq_decision){
      .size = sizeof *decision,
      .admitted = (uint32_t)admitted,
      .remaining = (uint64_t)(level / WAITQ__TOKEN),
      .retry_after_ms = admitted ? 0 : ms_of(waitq__bucket_wait(terms, level, wanted, at_us)),
      .reset_ms = waitq__bucket_wait_shown_ms(terms, level, full),
  };
}

/* Takes tokens from the newest terms. Terms that turn out drained have been replaced: their successor is at hand in a moment. */
static void try_take(struct waitq__local *local, int64_t now_us, int64_t wanted, waitq_decision *decision) {
  for (;;) {
    struct waitq__local_terms *terms = atomic_load_explicit(&local->current, memory_order_acquire);
    uint64_t used = atomic_load_explicit(&terms->used, memory_order_relaxed);
    if (used == DRAINED) {
      continue;
    }
    int64_t touched_us = atomic_load_explicit(&terms->touched_us, memory_order_relaxed);
    int64_t at_us = now_us > touched_us ? now_us : touched_us;
    int64_t level = waitq__bucket_level(&terms->terms, used, touched_us, at_us);
    if (level < wanted) {
      decide(&terms->terms, level, wanted, at_us, 0, decision);
      return;
    }
    uint64_t taken = used_for(waitq__bucket_made(&terms->terms, at_us), level - wanted);
    if (atomic_compare_exchange_weak_explicit(&terms->used, &used, taken, memory_order_acq_rel, memory_order_relaxed)) {
      atomic_store_explicit(&terms->touched_us, at_us, memory_order_relaxed);
      decide(&terms->terms, level - wanted, wanted, at_us, 1, decision);
      return;
    }
  }
}

void waitq__local_try(struct waitq__local *local, uint32_t tokens, waitq_decision *decision) {
  int64_t now_us = waitq__now(local->base.context);
  int64_t wanted = (int64_t)tokens * WAITQ__TOKEN;
  if (decision->size == sizeof *decision) {
    try_take(local, now_us, wanted, decision);
  } else {
    waitq_decision known;
    try_take(local, now_us, wanted, &known);
    waitq__sized_write(decision, &known, sizeof known);
  }
}
