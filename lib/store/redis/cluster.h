/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_CLUSTER_H
#define WAITQ_STORE_REDIS_CLUSTER_H

/* Which master of a Cluster keeps which slot, as far as is known. It need not be right: the servers redirect who is wrong. */

#include <pthread.h>
#include <stdint.h>

#include <waitq/error.h>

#include "store/redis/directory.h"
#include "store/redis/slots.h"

#define WAITQ__SLOT_UNKNOWN UINT16_MAX

struct waitq__cluster {
  struct waitq__directory *directory;
  pthread_mutex_t lock; /* of all below */
  int is_refreshing;
  uint32_t turn; /* the known servers are asked in turn */
  uint16_t owners[WAITQ__SLOTS];
};

int waitq__cluster_init(struct waitq__cluster *cluster, struct waitq__directory *directory); /* 0 or -1 */
void waitq__cluster_destroy(struct waitq__cluster *cluster);

/* The master of a slot; NULL where none is known. */
struct waitq__pool *waitq__cluster_owner(struct waitq__cluster *cluster, uint16_t slot);

/* A server has said that another one keeps a slot. */
void waitq__cluster_moved(struct waitq__cluster *cluster, uint16_t slot, const struct waitq__redis_address *address);

/* Asks a server, and if that one cannot tell any other but the one to avoid, for all slots. Does nothing, and succeeds, while another
 * thread is doing that. first and avoid may be NULL. */
int waitq__cluster_refresh(struct waitq__cluster *cluster, const struct waitq__dialer *dialer,
                           struct waitq__pool *first, const struct waitq__pool *avoid, int64_t deadline_us,
                           waitq_error *error);

#endif
