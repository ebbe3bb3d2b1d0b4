/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_BACKOFF_H
#define WAITQ_STORE_REDIS_BACKOFF_H

/* Leaving alone, for a moment, what could not be reached: up to 50 ms after the first failure, twice as long after each further one, at
 * most a second. A random part of it, up to a half, is left out, so that a fleet of nodes does not come back all at once. When the
 * moment is over one thread tries for all; the others go on failing until it has told how that went. */

#include <pthread.h>
#include <stdint.h>

#include <waitq/error.h>

#define WAITQ__BACKOFF_LEAST_US 50000
#define WAITQ__BACKOFF_MOST_US 1000000

struct waitq__backoff {
  pthread_mutex_t lock;
  unsigned failures; /* in a row */
  int is_doubtful;   /* whether it can be reached is to be found out, by one thread alone */
  int is_tried;      /* one is finding out */
  int64_t until_us;
  waitq_error why; /* the last failure */
};

enum waitq__backoff_advice {
  WAITQ__BACKOFF_TRY,  /* and then tell how it went */
  WAITQ__BACKOFF_SOON, /* another thread is finding out, and may well succeed */
  WAITQ__BACKOFF_LATER /* it failed, and another trial is not due, or is being made: the error tells why */
};

int waitq__backoff_init(struct waitq__backoff *backoff); /* 0 or -1 */
void waitq__backoff_destroy(struct waitq__backoff *backoff);

enum waitq__backoff_advice waitq__backoff_ask(struct waitq__backoff *backoff, int64_t now_us, waitq_error *error);

/* Both return how many failures in a row there were before. */
unsigned waitq__backoff_succeeded(struct waitq__backoff *backoff);
unsigned waitq__backoff_failed(struct waitq__backoff *backoff, int64_t now_us, const waitq_error *why);

void waitq__backoff_doubt(struct waitq__backoff *backoff);

/* Something between a half of it and all of it. */
int64_t waitq__backoff_jitter(int64_t most_us);

#endif
