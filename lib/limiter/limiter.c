/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Limiters of a store inside this process: a bucket that any number of threads draw from without a lock.
 *
 * What was used is one number, changed by compare-and-swap; the terms stand still, and a change of terms puts new ones in their place.
 * Terms that were replaced are kept until the limiter is freed, so that whoever still looks at them may. */

#include <stdatomic.h>

#include <waitq/limiter.h>

#include "base/name.h"
#include "base/sized.h"
#include "context/context.h"
#include "core/bucket.h"
#include "core/state.h"

#define MS 1000

/* In place of the used units of terms that were replaced: who still draws from them finds it. */
#define DRAINED UINT64_MAX

struct limiter_terms {
  struct limiter_terms *replaced;
  struct waitq__bucket_terms terms;
  _Atomic uint64_t used;
  _Atomic int64_t touched_us;
};

struct waitq_limiter {
  struct waitq__named named;
  waitq_t *context;
  uint64_t handles;
  struct limiter_terms *_Atomic current;
};

void waitq_limit_init(waitq_limit *limit, size_t size) {
  waitq__sized_init(limit, size, &(waitq_limit)WAITQ_LIMIT_INIT, sizeof(waitq_limit));
}

void waitq_decision_init(waitq_decision *decision, size_t size) {
  waitq__sized_init(decision, size, &(waitq_decision)WAITQ_DECISION_INIT, sizeof(waitq_decision));
}

static int read_limit(const waitq_limit *theirs, waitq_limit *limit, waitq_error *error) {
  int code = waitq__sized_read(limit, sizeof *limit, theirs, "limit", error);
  if (code == WAITQ_OK) {
    code = waitq__rate_check(limit->rate_per_s, error);
  }
  if (code == WAITQ_OK && (limit->burst < 1 || limit->burst > WAITQ__BURST_MAX)) {
    code = waitq__fail(error, WAITQ_E_INVALID, "burst is %llu: it must be from 1 to %llu",
                       (unsigned long long)limit->burst, (unsigned long long)WAITQ__BURST_MAX);
  }
  return code;
}

/* Used units, such that level is left of those made. */
static uint64_t used_for(uint64_t made, int64_t level) {
  uint64_t used = made - (uint64_t)level;
  return used == DRAINED ? used + 1 : used; /* a millionth of a token less */
}

static struct limiter_terms *terms_new(const waitq_t *context, const waitq_limit *limit, int64_t now_us,
                                       int64_t level) {
  struct limiter_terms *terms = waitq__alloc_zeroed(&context->allocator, sizeof *terms);
  if (terms == NULL) {
    return NULL;
  }
  terms->terms = waitq__bucket_terms(limit->rate_per_s, limit->burst, now_us);
  int64_t full = (int64_t)limit->burst * WAITQ__TOKEN;
  atomic_init(&terms->used, used_for(0, level < full ? level : full));
  atomic_init(&terms->touched_us, now_us);
  return terms;
}

static void limiter_free(waitq_limiter_t *limiter) {
  struct limiter_terms *terms = atomic_load_explicit(&limiter->current, memory_order_relaxed);
  while (terms != NULL) {
    struct limiter_terms *replaced = terms->replaced;
    waitq__free(&limiter->context->allocator, terms);
    terms = replaced;
  }
  waitq__free(&limiter->context->allocator, limiter);
}

static void limiter_destroy(struct waitq__named *named) {
  limiter_free((waitq_limiter_t *)named);
}

static waitq_limiter_t *limiter_new(waitq_t *context, const char *name, const waitq_limit *limit) {
  waitq_limiter_t *limiter = waitq__alloc_zeroed(&context->allocator, sizeof *limiter);
  if (limiter == NULL) {
    return NULL;
  }
  limiter->named.destroy = limiter_destroy;
  limiter->context = context;
  struct limiter_terms *terms = terms_new(context, limit, waitq__now(context), INT64_MAX);
  atomic_init(&limiter->current, terms);
  if (terms == NULL || waitq__registry_add(&context->limiters, &limiter->named, name) != WAITQ_OK) {
    limiter_free(limiter);
    return NULL;
  }
  return limiter;
}

int waitq_limiter_open(waitq_t *context, const char *name, const waitq_limit *limit, waitq_limiter_t **out,
                       waitq_error *error) {
  if (context == NULL || out == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is NULL", context == NULL ? "context" : "out");
  }
  waitq_limit known = WAITQ_LIMIT_INIT;
  int code = waitq__guard(context, error);
  if (code == WAITQ_OK) {
    code = waitq__name_check(name, WAITQ_ROOM_NAME_MAX, "limiter", error);
  }
  if (code == WAITQ_OK && limit != NULL) {
    code = read_limit(limit, &known, error);
  }
  if (code == WAITQ_OK && (context->ops->flags & WAITQ_STORE_IN_PROCESS) == 0) {
    code = waitq__fail(error, WAITQ_E_UNSUPPORTED, "the store is shared with other processes and has no limiters");
  }
  if (code != WAITQ_OK) {
    return code;
  }
  pthread_mutex_lock(&context->lock);
  waitq_limiter_t *limiter = (waitq_limiter_t *)waitq__registry_find(&context->limiters, name);
  if (limiter == NULL) {
    limiter = limiter_new(context, name, &known);
  }
  if (limiter != NULL) {
    limiter->handles++;
    context->handles++;
    *out = limiter;
  }
  pthread_mutex_unlock(&context->lock);
  return limiter != NULL ? WAITQ_OK : waitq__fail(error, WAITQ_E_NOMEM, "no memory for a limiter");
}

/* The bucket lives on without handles, as one in a database would: the context's end frees it. */
void waitq_limiter_close(waitq_limiter_t *limiter) {
  if (limiter == NULL || limiter->context->forks != waitq__fork_count()) {
    return;
  }
  waitq_t *context = limiter->context;
  pthread_mutex_lock(&context->lock);
  limiter->handles--;
  waitq__handle_end(context);
}

static int guard(const waitq_limiter_t *limiter, waitq_error *error) {
  if (limiter == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "limiter is NULL");
  }
  return waitq__guard(limiter->context, error);
}

int waitq_limiter_configure(waitq_limiter_t *limiter, const waitq_limit *limit, waitq_error *error) {
  waitq_limit known = WAITQ_LIMIT_INIT;
  int code = guard(limiter, error);
  if (code == WAITQ_OK) {
    code = read_limit(limit, &known, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  waitq_t *context = limiter->context;
  int64_t now_us = waitq__now(context);
  pthread_mutex_lock(&context->lock);
  struct limiter_terms *old = atomic_load_explicit(&limiter->current, memory_order_relaxed);
  struct limiter_terms *terms = terms_new(context, &known, now_us, 0);
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
  int64_t full = (int64_t)known.burst * WAITQ__TOKEN;
  atomic_init(&terms->used, used_for(0, level < full ? level : full));
  terms->terms.origin_us = at_us;
  atomic_init(&terms->touched_us, at_us);
  terms->replaced = old;
  atomic_store_explicit(&limiter->current, terms, memory_order_release);
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
static void try_take(waitq_limiter_t *limiter, int64_t now_us, int64_t wanted, waitq_decision *decision) {
  for (;;) {
    struct limiter_terms *terms = atomic_load_explicit(&limiter->current, memory_order_acquire);
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

int waitq_limiter_try(waitq_limiter_t *limiter, uint32_t tokens, waitq_decision *decision, waitq_error *error) {
  int code = guard(limiter, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(decision, "decision", error);
  }
  if (code == WAITQ_OK && tokens == 0) {
    code = waitq__fail(error, WAITQ_E_INVALID, "tokens is 0");
  }
  if (code != WAITQ_OK) {
    return code;
  }
  int64_t now_us = waitq__now(limiter->context);
  int64_t wanted = (int64_t)tokens * WAITQ__TOKEN;
  if (decision->size == sizeof *decision) {
    try_take(limiter, now_us, wanted, decision);
  } else {
    waitq_decision known;
    try_take(limiter, now_us, wanted, &known);
    waitq__sized_write(decision, &known, sizeof known);
  }
  return WAITQ_OK;
}
