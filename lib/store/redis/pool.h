/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_POOL_H
#define WAITQ_STORE_REDIS_POOL_H

/* The links to one server: those that nobody uses at the moment, and whether new ones can be made.
 *
 * The one that was used last is taken first, so that those which a rush left behind grow old, and are closed. */

#include <pthread.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>

#include "base/log.h"
#include "store/redis/backoff.h"
#include "store/redis/link.h"
#include "store/redis/settings.h"

#define WAITQ__POOL_IDLE_MOST 16
#define WAITQ__POOL_IDLE_US 60000000

/* With what links are made. */
struct waitq__dialer {
  const struct waitq__redis_settings *settings;
  const waitq_allocator *allocator;
  struct waitq__log log;
};

struct waitq__pool {
  struct waitq__redis_address address;
  char name[WAITQ__REDIS_ADDRESS_TEXT]; /* of the address, for people */
  struct waitq__backoff backoff;
  pthread_mutex_t lock; /* of all below */
  char run_id[41];      /* of the server, when a link was made last */
  unsigned idle_count;
  struct waitq__link *idle[WAITQ__POOL_IDLE_MOST]; /* the one used last is the last */
  int64_t idle_since_us[WAITQ__POOL_IDLE_MOST];
};

int waitq__pool_init(struct waitq__pool *pool, const struct waitq__redis_address *address); /* 0 or -1 */
void waitq__pool_destroy(struct waitq__pool *pool);

/* An idle link that is good, or NULL. *found_dead, which may be NULL, becomes 1 where there were some that the server has closed. */
struct waitq__link *waitq__pool_take(struct waitq__pool *pool, int *found_dead);

/* A link that is good is given back. */
void waitq__pool_give(struct waitq__pool *pool, struct waitq__link *link);

/* Closes the idle ones. */
void waitq__pool_drop(struct waitq__pool *pool);

/* Makes a link, without a look at the backoff, in the time for connections or up to the deadline. */
int waitq__pool_dial(struct waitq__pool *pool, const struct waitq__dialer *dialer, int64_t deadline_us,
                     struct waitq__link **link, waitq_error *error);

/* Makes a link where the backoff lets it, and tells the backoff. The code matters with WAITQ__BACKOFF_TRY only. */
enum waitq__backoff_advice waitq__pool_open(struct waitq__pool *pool, const struct waitq__dialer *dialer,
                                            int64_t deadline_us, struct waitq__link **link, int *code,
                                            waitq_error *error);

#endif
