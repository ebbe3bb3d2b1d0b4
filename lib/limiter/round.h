/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_ROUND_H
#define WAITQ_LIMITER_ROUND_H

/* Tries that wait for the store, and the round trips that take them there. */

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

#include <waitq/limiter.h>

#include "limiter/lease.h"

struct waitq__shared;

/* One who waits. Of a caller's own it lies on that caller's stack; a submitted one is allocated. */
struct waitq__try {
  struct waitq__try *next;
  uint64_t tokens;
  waitq_decision *decision;
  waitq_error *error;       /* the caller's; may be NULL */
  const waitq_limit *terms; /* no try, but these terms for the bucket; NULL for a try */
  int is_configuring;       /* the terms are put in force, also where it has others */
  int is_submitted;
  uint64_t tag;
  int code;            /* the answer */
  _Atomic int is_done; /* and that it is there */
  sem_t woken;         /* for the answer, and for each chance to lead */
  unsigned wakings;    /* how often it is posted: it must not be gone before */
};

struct waitq__queue {
  struct waitq__try *first;
  struct waitq__try **last;
  uint64_t submitted; /* how many of them */
};

void waitq__queue_init(struct waitq__queue *queue);

/* Waits until it is answered, and returns the answer's code. The caller has filled in what is asked. */
int waitq__round_wait(struct waitq__shared *shared, struct waitq__try *try);

/* Leaves a submitted try to the context's thread. */
void waitq__round_leave(struct waitq__shared *shared, struct waitq__try *try);

/* For the context's thread: one round, for whatever waits, or for the leases alone; none where somebody is under way. */
void waitq__round_work(struct waitq__shared *shared, int is_for_leases);

/* A last round, which gives all leases back. Nobody else uses the limiter any more. */
void waitq__round_end(struct waitq__shared *shared);

#endif
