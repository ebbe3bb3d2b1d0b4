/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_ERRANDS_H
#define RUSH_ERRANDS_H

/* Calls that were submitted, until their answers are taken.
 *
 * Each crowd has its own, and all share one context, which hands a completion to whoever asks first: so what is collected goes
 * to the crowd that it belongs to, and is taken there by its own thread. Nothing here allocates after errands_init(). */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <waitq/waitq.h>

/* One call into the library, as the history sees it and as it is timed. In virtual time these differ. */
struct call {
  int64_t begin_ns, end_ns;
  int64_t real_begin_ns;
};

struct errand {
  struct errand *next;
  struct errands *owner;
  struct call call;
  uint32_t visitor;
  int32_t code, retriable; /* of the completion */
  waitq_ticket ticket;
  waitq_status status;
  waitq_pass pass;
};

struct errands {
  waitq_t *context;
  int32_t fd;
  struct errand *all;
  uint32_t capacity, under_way;
  struct errand *idle;
  pthread_mutex_t lock; /* of what follows; any thread puts answers in */
  struct errand *first_done, *last_done;
};

/* 0, or -1 when there is no memory or no descriptor. */
int errands_init(struct errands *errands, waitq_t *context, uint32_t capacity);
void errands_free(struct errands *errands); /* also of one that is all zeros */

/* A call to be submitted, or NULL when all are under way. It is given back when its answer has been taken, or there is none. */
struct errand *errands_take(struct errands *errands, uint32_t visitor);
void errands_give_back(struct errand *errand);

/* What to submit a call with. */
uint64_t errands_tag(const struct errand *errand);

/* Collects what has ended, also for other crowds. False when the context gives no more completions, for it has failed. */
bool errands_collect(struct errands *errands);

/* The next answer for this crowd, or NULL. */
struct errand *errands_next_done(struct errands *errands);

/* Waits until some answer can be collected, or until a moment of the monotonic clock. */
void errands_wait(struct errands *errands, int64_t until_ns);

#endif
