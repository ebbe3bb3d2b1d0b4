/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/backoff.h"

#include <stdatomic.h>

#include "base/error.h"
#include "base/lock.h"

int waitq__backoff_init(struct waitq__backoff *backoff) {
  *backoff = (struct waitq__backoff){.why = WAITQ_ERROR_INIT};
  return pthread_mutex_init(&backoff->lock, NULL) == 0 ? 0 : -1;
}

void waitq__backoff_destroy(struct waitq__backoff *backoff) {
  pthread_mutex_destroy(&backoff->lock);
}

static enum waitq__backoff_advice advise(struct waitq__backoff *backoff, int64_t now_us) {
  if (backoff->failures == 0 && !backoff->is_doubtful) {
    return WAITQ__BACKOFF_TRY;
  }
  if (backoff->is_tried) {
    return backoff->failures == 0 ? WAITQ__BACKOFF_SOON : WAITQ__BACKOFF_LATER;
  }
  if (now_us < backoff->until_us) {
    return WAITQ__BACKOFF_LATER;
  }
  backoff->is_tried = 1;
  return WAITQ__BACKOFF_TRY;
}

enum waitq__backoff_advice waitq__backoff_ask(struct waitq__backoff *backoff, int64_t now_us, waitq_error *error) {
  waitq__lock(&backoff->lock);
  enum waitq__backoff_advice advice = advise(backoff, now_us);
  if (advice == WAITQ__BACKOFF_LATER) {
    waitq__fail(error, backoff->why.code, "%s", backoff->why.text);
  }
  pthread_mutex_unlock(&backoff->lock);
  return advice;
}

unsigned waitq__backoff_succeeded(struct waitq__backoff *backoff) {
  waitq__lock(&backoff->lock);
  unsigned before = backoff->failures;
  backoff->failures = 0;
  backoff->is_doubtful = 0;
  backoff->is_tried = 0;
  backoff->until_us = 0;
  pthread_mutex_unlock(&backoff->lock);
  return before;
}

/* Of many threads that fail at the same moment, the first counts. */
static void count_failure(struct waitq__backoff *backoff, int64_t now_us) {
  if (!backoff->is_tried && now_us < backoff->until_us) {
    return;
  }
  int64_t most_us = WAITQ__BACKOFF_LEAST_US;
  for (unsigned i = 0; i < backoff->failures && most_us < WAITQ__BACKOFF_MOST_US; i++) {
    most_us *= 2;
  }
  if (most_us > WAITQ__BACKOFF_MOST_US) {
    most_us = WAITQ__BACKOFF_MOST_US;
  }
  backoff->failures++;
  backoff->is_doubtful = 0;
  backoff->is_tried = 0;
  backoff->until_us = now_us + waitq__backoff_jitter(most_us);
}

unsigned waitq__backoff_failed(struct waitq__backoff *backoff, int64_t now_us, const waitq_error *why) {
  waitq__lock(&backoff->lock);
  unsigned before = backoff->failures;
  if (why->code == WAITQ_E_NOMEM) {
    backoff->is_tried = 0; /* nothing is known of it */
  } else {
    count_failure(backoff, now_us);
    backoff->why = *why;
  }
  pthread_mutex_unlock(&backoff->lock);
  return before;
}

void waitq__backoff_doubt(struct waitq__backoff *backoff) {
  waitq__lock(&backoff->lock);
  backoff->is_doubtful = backoff->failures == 0;
  pthread_mutex_unlock(&backoff->lock);
}

int64_t waitq__backoff_jitter(int64_t most_us) {
  /* splitmix64 over a counter that starts elsewhere in each process, as far as addresses do. */
  static _Atomic uint64_t counter;
  uint64_t mixed = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed) + (uint64_t)(uintptr_t)&counter;
  mixed *= 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31;
  return most_us - (int64_t)(mixed % (uint64_t)(most_us / 2 + 1));
}
