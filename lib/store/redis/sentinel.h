/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_SENTINEL_H
#define WAITQ_STORE_REDIS_SENTINEL_H

/* Which server is the master, as the Sentinels say and as it says itself: a Sentinel may be behind, or cut off.
 *
 * The master is known until a link to it is lost, or it says that it is none. Then the Sentinels are asked again, the one that was right
 * last first. */

#include <pthread.h>
#include <stdint.h>

#include <waitq/error.h>

#include "store/redis/backoff.h"
#include "store/redis/directory.h"

struct waitq__sentinel {
  struct waitq__directory *directory;
  struct waitq__backoff backoff; /* of finding a master and making a link to it */
  pthread_mutex_t lock;          /* of all below */
  struct waitq__pool *master;    /* NULL: to be found out */
  uint8_t order[WAITQ__REDIS_ADDRESSES_MAX];
};

int waitq__sentinel_init(struct waitq__sentinel *sentinel, struct waitq__directory *directory); /* 0 or -1 */
void waitq__sentinel_destroy(struct waitq__sentinel *sentinel);

/* NULL where it is not known. */
struct waitq__pool *waitq__sentinel_master(struct waitq__sentinel *sentinel);

/* This one is not the master any more, or may not be. */
void waitq__sentinel_forget(struct waitq__sentinel *sentinel, const struct waitq__pool *master);

/* Makes a link to the master, which is found out first where it is not known, and tells the backoff how that went. */
int waitq__sentinel_connect(struct waitq__sentinel *sentinel, const struct waitq__dialer *dialer, int64_t deadline_us,
                            struct waitq__pool **master, struct waitq__link **link, waitq_error *error);

#endif
