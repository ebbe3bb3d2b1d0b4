/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_ROUTE_H
#define WAITQ_STORE_REDIS_ROUTE_H

/* The way to the server that a call is for: the only one, the master that the Sentinels name, or the master of its slot. */

#include <stdint.h>

#include <waitq/error.h>

#include "store/redis/cluster.h"
#include "store/redis/directory.h"
#include "store/redis/pool.h"
#include "store/redis/refusal.h"
#include "store/redis/sentinel.h"

struct waitq__route {
  struct waitq__dialer dialer;
  struct waitq__directory directory;
  struct waitq__cluster cluster;   /* where it is a Cluster */
  struct waitq__sentinel sentinel; /* where there are Sentinels */
  struct waitq__pool *only;        /* where there is one server */
};

/* A call on its way. */
struct waitq__errand {
  int64_t deadline_us;
  uint16_t slot;
  unsigned hops;               /* how often it was sent on in a row */
  int has_begun;               /* something was tried: so it goes on until the deadline */
  int is_asking;               /* sent on as an exception */
  struct waitq__pool *sent_to; /* by MOVED or ASK; NULL otherwise */
  struct waitq__pool *pool;    /* of the link that it has */
  struct waitq__link *link;
  waitq_error last; /* why it is not done yet */
};

/* How it goes on. */
enum waitq__step {
  WAITQ__STEP_DONE,
  WAITQ__STEP_AGAIN, /* at once */
  WAITQ__STEP_WAIT,  /* a moment, and again */
  WAITQ__STEP_FAIL   /* with the last error */
};

int waitq__route_init(struct waitq__route *route, const struct waitq__dialer *dialer); /* 0 or a negative code */
void waitq__route_destroy(struct waitq__route *route);

/* Reaches a server for the first time, and looks whether it is fit. */
int waitq__route_open(struct waitq__route *route, int64_t deadline_us, waitq_error *error);

/* Gets the errand a link: DONE. */
enum waitq__step waitq__route_take(struct waitq__route *route, struct waitq__errand *errand);

/* The errand's link is good, and given back. */
void waitq__route_give(struct waitq__errand *errand);

/* The errand's link is not good any more. A server that took too long has its idle links closed: whether it answers at all is seen when new
 * ones are made. */
void waitq__route_lost(struct waitq__route *route, struct waitq__errand *errand, int took_too_long);

/* A server answered, on a link that has been given back, that another one is to be asked, or is the master now. */
enum waitq__step waitq__route_redirect(struct waitq__route *route, struct waitq__errand *errand,
                                       const struct waitq__refusal *refusal);
enum waitq__step waitq__route_renew(struct waitq__route *route, struct waitq__errand *errand);

/* A server answered that it cannot at the moment: another one may have taken its place. */
enum waitq__step waitq__route_wait(struct waitq__route *route, struct waitq__errand *errand);

#endif
