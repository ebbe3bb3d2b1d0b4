/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_SHARED_H
#define WAITQ_LIMITER_SHARED_H

/* Limiters whose bucket is in a store that others draw from as well.
 *
 * Tries gather here, and one round trip at a time takes all of them to the store, as a database commits in groups: the more come, the
 * more go with each. Whoever comes while nobody is under way leads: it does the round trip itself, without a lock and without
 * waking anybody. Who comes meanwhile follows: waits to be answered, or to lead the next round. Tries that were submitted
 * have nobody who waits; the context's thread leads for them.
 *
 *     alone         try -> store -> answer                                      one round trip
 *     100 threads   1 try -> store;  99 gather -> store;  ...                   two round trips for each, 50 tries a round trip */

#include <pthread.h>
#include <stdatomic.h>

#include <waitq/room.h>
#include <waitq/store.h>

#include "context/io.h"
#include "limiter/lease.h"
#include "limiter/limiter.h"
#include "limiter/round.h"

struct waitq__shared {
  struct waitq_limiter base;
  char name[WAITQ_ROOM_NAME_MAX + 1]; /* of the bucket */
  pthread_mutex_t lock;               /* of the queue; held for moments only */
  struct waitq__queue queue;
  int is_led;            /* somebody is under way */
  _Atomic int is_called; /* the context's thread has been woken for this limiter, and has not come yet */
  double rate_per_s;     /* in force, as was last heard: for the store to make the bucket anew */
  uint64_t burst;
  struct waitq__lease lease; /* of a leased limiter */
  struct waitq__io_work work;
};

/* Without a word to the store yet. The context's thread looks after it from now on. */
int waitq__shared_new(waitq_t *context, const char *name, enum waitq__limiter_kind kind, struct waitq__shared **out,
                      waitq_error *error);

/* Gives back to the store what is held of it, and frees it. Nobody has it open any more. */
void waitq__shared_end(struct waitq__shared *shared);

/* Makes the bucket where the store has none, or changes its terms. */
int waitq__shared_open(struct waitq__shared *shared, const waitq_limit *limit, waitq_error *error);
int waitq__shared_configure(struct waitq__shared *shared, const waitq_limit *limit, waitq_error *error);

int waitq__shared_try(struct waitq__shared *shared, uint32_t tokens, waitq_decision *decision, waitq_error *error);

/* The same, answered by a completion, which has been reserved. */
int waitq__shared_submit(struct waitq__shared *shared, uint32_t tokens, waitq_decision *decision, uint64_t tag,
                         waitq_error *error);

/* Has the context's thread see what there is to do. */
void waitq__shared_call(struct waitq__shared *shared);

#endif
