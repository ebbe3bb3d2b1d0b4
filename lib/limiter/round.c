/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limiter/round.h"

#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "context/completions.h"
#include "context/context.h"
#include "limiter/decision.h"
#include "limiter/shared.h"

/* What goes to the store at once. */
struct round {
  struct waitq__queue tries;
  const struct waitq__try *command; /* the first of them, where that one has terms */
  waitq_store_limit limit;
  int code;
  waitq_error error;
  uint64_t tokens[WAITQ_STORE_TRIES_MAX];
  unsigned char admitted[WAITQ_STORE_TRIES_MAX];
};

void waitq__queue_init(struct waitq__queue *queue) {
  queue->first = NULL;
  queue->last = &queue->first;
  queue->submitted = 0;
}

static void append(struct waitq__queue *queue, struct waitq__try *try) {
  try->next = NULL;
  *queue->last = try;
  queue->last = &try->next;
  queue->submitted += try->is_submitted != 0;
}

static struct waitq__try *remove_first(struct waitq__queue *queue) {
  struct waitq__try *try = queue->first;
  queue->first = try->next;
  if (queue->first == NULL) {
    queue->last = &queue->first;
  }
  queue->submitted -= try->is_submitted != 0;
  return try;
}

/* Answers those of whom a lease decides, in their order; the others stay. */
static void decide_here(struct waitq__shared *shared, int64_t now_us, struct waitq__queue *answered) {
  struct waitq__queue waiting;
  waitq__queue_init(&waiting);
  while (shared->queue.first != NULL) {
    struct waitq__try *try = remove_first(&shared->queue);
    int is_decided =
        try->terms == NULL && waitq__lease_try(&shared->lease, try->tokens, now_us, try->decision) != WAITQ__LEASE_ASK;
    append(is_decided ? answered : &waiting, try);
  }
  while (waiting.first != NULL) {
    append(&shared->queue, remove_first(&waiting));
  }
}

/* Takes the first of the queue into the round: as many as go at once; new terms only before all others. */
static void gather(struct waitq__shared *shared, struct round *round) {
  waitq__queue_init(&round->tries);
  round->command = NULL;
  round->limit = (waitq_store_limit){.size = sizeof round->limit,
                                     .rate_per_s = shared->rate_per_s,
                                     .burst = shared->burst,
                                     .tries = round->tokens,
                                     .admitted = round->admitted};
  while (shared->queue.first != NULL && round->limit.try_count < WAITQ_STORE_TRIES_MAX) {
    const struct waitq__try *first = shared->queue.first;
    if (first->terms != NULL) {
      if (round->tries.first != NULL) {
        return;
      }
      round->command = first;
      round->limit.rate_per_s = first->terms->rate_per_s;
      round->limit.burst = first->terms->burst;
      round->limit.configure = first->is_configuring != 0;
    } else {
      round->tokens[round->limit.try_count++] = first->tokens;
    }
    append(&round->tries, remove_first(&shared->queue));
  }
}

static void ask(struct waitq__shared *shared, struct round *round) {
  waitq_t *context = shared->base.context;
  round->error = (waitq_error)WAITQ_ERROR_INIT;
  round->code = context->ops->limit(context->store, shared->name, &round->limit, &round->error);
}

static void tell_failure(struct round *round) {
  for (struct waitq__try *try = round->tries.first; try != NULL; try = try->next) {
    try->code = waitq__fail(try->error, round->code, "%s", round->error.text);
  }
}

/* Writes the decisions. The store tells what is left after all of them; each is told what was left after its own. */
static void tell_decisions(struct round *round) {
  const waitq_store_limit *limit = &round->limit;
  struct waitq__level level = {limit->level + (double)limit->leased, limit->rate_per_s, limit->burst};
  for (uint32_t i = 0; i < limit->try_count; i++) {
    level.tokens += limit->admitted[i] ? (double)limit->tries[i] : 0;
  }
  uint32_t at = 0;
  for (struct waitq__try *try = round->tries.first; try != NULL; try = try->next) {
    if (try->terms != NULL) {
      continue;
    }
    if (limit->admitted[at++]) {
      level.tokens -= (double)try->tokens;
      waitq__decision_admit(try->decision, &level);
    } else {
      waitq__decision_deny(try->decision, &level, try->tokens, 0);
    }
  }
}

/* Lets one of those who wait lead. Whether there are also some whom nobody waits for. */
static int hand_over(struct waitq__shared *shared) {
  for (struct waitq__try *try = shared->queue.first; try != NULL; try = try->next) {
    if (!try->is_submitted) {
      try->wakings++;
      sem_post(&try->woken);
      break;
    }
  }
  return shared->queue.submitted > 0;
}

static void deliver(struct waitq__shared *shared, struct waitq__queue *answered, const struct waitq__try *self) {
  waitq_t *context = shared->base.context;
  while (answered->first != NULL) {
    struct waitq__try *try = remove_first(answered);
    if (try->is_submitted) {
      uint64_t tag = try->tag;
      int code = try->code;
      waitq__free(&context->allocator, try);
      waitq__complete(context, tag, code);
    } else if (try == self) {
      atomic_store_explicit(&try->is_done, 1, memory_order_relaxed);
    } else {
      try->wakings++;
      atomic_store_explicit(&try->is_done, 1, memory_order_release);
      sem_post(&try->woken);
    }
  }
}

/* The round itself. Comes with the lock, which is free while the store is asked. */
static void go(struct waitq__shared *shared, enum waitq__lease_cause cause, struct waitq__queue *answered) {
  int is_leased = shared->base.kind == WAITQ__LIMITER_LEASED;
  struct round round;
  gather(shared, &round);
  pthread_mutex_unlock(&shared->lock);
  if (is_leased) {
    waitq__lease_ask(&shared->lease, waitq__monotonic_us(), cause, &round.limit);
  }
  ask(shared, &round);
  if (round.code == WAITQ_OK) {
    tell_decisions(&round);
  } else {
    tell_failure(&round);
  }
  if (is_leased && round.code == WAITQ_OK) {
    waitq__lease_hear(&shared->lease, waitq__monotonic_us(), &round.limit);
  } else if (is_leased) {
    waitq__lease_miss(&shared->lease, waitq__monotonic_us());
  }
  waitq__lock(&shared->lock);
  if (round.code == WAITQ_OK) {
    shared->rate_per_s = round.limit.rate_per_s;
    shared->burst = round.limit.burst;
  }
  while (round.tries.first != NULL) {
    append(answered, remove_first(&round.tries));
  }
  if (is_leased) {
    decide_here(shared, waitq__monotonic_us(), answered);
  }
}

/* Leads. Comes with the lock while nobody leads, and gives it back. */
static void lead(struct waitq__shared *shared, const struct waitq__try *self, int is_for_leases,
                 enum waitq__lease_cause cause) {
  struct waitq__queue answered;
  waitq__queue_init(&answered);
  shared->is_led = 1;
  if (shared->base.kind == WAITQ__LIMITER_LEASED) {
    decide_here(shared, waitq__monotonic_us(), &answered);
  }
  const struct waitq__try *first = shared->queue.first;
  if (first != NULL && first->terms == NULL) {
    cause = WAITQ__LEASE_STARVED;
  }
  if (first != NULL || is_for_leases) {
    go(shared, cause, &answered);
  }
  shared->is_led = 0;
  int is_work_left = hand_over(shared);
  pthread_mutex_unlock(&shared->lock);
  if (is_work_left) {
    waitq__shared_call(shared);
  }
  deliver(shared, &answered, self);
}

static void sleep_until_woken(struct waitq__try *try) {
  while (sem_wait(&try->woken) != 0 && errno == EINTR) {
  }
}

int waitq__round_wait(struct waitq__shared *shared, struct waitq__try *try) {
  unsigned woken = 0;
  atomic_init(&try->is_done, 0);
  sem_init(&try->woken, 0, 0);
  waitq__lock(&shared->lock);
  append(&shared->queue, try);
  for (;;) {
    if (shared->is_led) {
      pthread_mutex_unlock(&shared->lock);
    } else {
      lead(shared, try, 0, WAITQ__LEASE_RENEW);
    }
    if (atomic_load_explicit(&try->is_done, memory_order_acquire)) {
      break;
    }
    sleep_until_woken(try);
    woken++;
    if (atomic_load_explicit(&try->is_done, memory_order_acquire)) {
      break;
    }
    waitq__lock(&shared->lock);
  }
  for (; woken < try->wakings; woken++) {
    sleep_until_woken(try);
  }
  sem_destroy(&try->woken);
  return try->code;
}

void waitq__round_leave(struct waitq__shared *shared, struct waitq__try *try) {
  waitq__lock(&shared->lock);
  append(&shared->queue, try);
  int is_led = shared->is_led;
  pthread_mutex_unlock(&shared->lock);
  if (!is_led) {
    waitq__shared_call(shared);
  }
}

void waitq__round_work(struct waitq__shared *shared, int is_for_leases) {
  waitq__lock(&shared->lock);
  atomic_store_explicit(&shared->is_called, 0, memory_order_relaxed);
  if (shared->is_led || (shared->queue.first == NULL && !is_for_leases)) {
    pthread_mutex_unlock(&shared->lock);
  } else {
    lead(shared, NULL, is_for_leases, WAITQ__LEASE_RENEW);
  }
}

void waitq__round_end(struct waitq__shared *shared) {
  waitq__lock(&shared->lock);
  lead(shared, NULL, 1, WAITQ__LEASE_END);
}
