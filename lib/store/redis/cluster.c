/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/cluster.h"

#include <string.h>

#include "base/error.h"
#include "base/lock.h"
#include "base/mem.h"
#include "store/redis/refusal.h"

int waitq__cluster_init(struct waitq__cluster *cluster, struct waitq__directory *directory) {
  memset(cluster, 0, sizeof *cluster);
  memset(cluster->owners, 0xff, sizeof cluster->owners);
  cluster->directory = directory;
  return pthread_mutex_init(&cluster->lock, NULL) == 0 ? 0 : -1;
}

void waitq__cluster_destroy(struct waitq__cluster *cluster) {
  pthread_mutex_destroy(&cluster->lock);
}

struct waitq__pool *waitq__cluster_owner(struct waitq__cluster *cluster, uint16_t slot) {
  waitq__lock(&cluster->lock);
  uint16_t owner = cluster->owners[slot];
  pthread_mutex_unlock(&cluster->lock);
  return owner == WAITQ__SLOT_UNKNOWN ? NULL : waitq__directory_at(cluster->directory, owner);
}

void waitq__cluster_moved(struct waitq__cluster *cluster, uint16_t slot, const struct waitq__redis_address *address) {
  uint32_t index;
  if (waitq__directory_find(cluster->directory, address, &index) != NULL) {
    waitq__lock(&cluster->lock);
    cluster->owners[slot] = (uint16_t)index;
    pthread_mutex_unlock(&cluster->lock);
  }
}

/* Makes the replicas known too: they are asked when the masters are gone. */
static int replicas_learn(struct waitq__cluster *cluster, const struct waitq__reply *reply, size_t range,
                          const struct waitq__pool *asked) {
  struct waitq__redis_address address;
  for (size_t server = 1; waitq__slot_server_read(reply, range, server, &asked->address, &address) == 0; server++) {
    if (waitq__directory_find(cluster->directory, &address, NULL) == NULL) {
      return WAITQ_E_NOMEM;
    }
  }
  return WAITQ_OK;
}

static int owners_read(struct waitq__cluster *cluster, const struct waitq__reply *reply,
                       const struct waitq__pool *asked, uint16_t *owners, waitq_error *error) {
  memset(owners, 0xff, WAITQ__SLOTS * sizeof *owners);
  for (size_t i = 0; i < waitq__reply_count(reply); i++) {
    struct waitq__slot_range range;
    uint32_t index;
    if (waitq__slot_range_read(reply, i, &asked->address, &range) != 0) {
      return waitq__fail(error, WAITQ_E_STORE, "%s answers CLUSTER SLOTS with what makes no sense", asked->name);
    }
    if (waitq__directory_find(cluster->directory, &range.master, &index) == NULL ||
        replicas_learn(cluster, reply, i, asked) != WAITQ_OK) {
      return waitq__fail(error, WAITQ_E_NOMEM, "no memory for the servers of a Cluster");
    }
    for (uint32_t slot = range.first; slot <= range.last; slot++) {
      owners[slot] = (uint16_t)index;
    }
  }
  return WAITQ_OK;
}

static int reply_use(struct waitq__cluster *cluster, const waitq_allocator *allocator, const struct waitq__reply *reply,
                     const struct waitq__pool *asked, waitq_error *error) {
  if (waitq__reply_type(reply) == WAITQ__REPLY_ERROR) {
    struct waitq__refusal refusal = waitq__refusal_of(waitq__reply_text(reply));
    return waitq__refusal_fail(&refusal, &asked->address, waitq__reply_text(reply), error);
  }
  if (waitq__reply_count(reply) == 0) {
    return waitq__fail(error, WAITQ_E_STORE, "%s knows of no slot that any server keeps", asked->name);
  }
  uint16_t *owners = waitq__alloc(allocator, sizeof cluster->owners);
  if (owners == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for the slots of a Cluster");
  }
  int code = owners_read(cluster, reply, asked, owners, error);
  if (code == WAITQ_OK) {
    waitq__lock(&cluster->lock);
    memcpy(cluster->owners, owners, sizeof cluster->owners);
    pthread_mutex_unlock(&cluster->lock);
  }
  waitq__free(allocator, owners);
  return code;
}

static int ask_link(struct waitq__cluster *cluster, const struct waitq__dialer *dialer, struct waitq__pool *pool,
                    struct waitq__link *link, int64_t deadline_us, waitq_error *error) {
  static const struct waitq__text words[] = {{"CLUSTER", 7}, {"SLOTS", 5}};
  struct waitq__reply *reply = NULL;
  int was_sent = 0;
  int code = waitq__link_queue(link, words, 2, error);
  if (code == WAITQ_OK) {
    code = waitq__link_exchange(link, &reply, 1, deadline_us, &was_sent, error);
  }
  if (code != WAITQ_OK) {
    waitq__link_close(link);
    return code;
  }
  code = reply_use(cluster, dialer->allocator, reply, pool, error);
  waitq__reply_free(reply);
  waitq__pool_give(pool, link);
  return code;
}

static int ask(struct waitq__cluster *cluster, const struct waitq__dialer *dialer, struct waitq__pool *pool,
               int64_t deadline_us, waitq_error *error) {
  struct waitq__link *link = waitq__pool_take(pool, NULL);
  if (link == NULL) {
    int code = WAITQ_OK;
    if (waitq__pool_open(pool, dialer, deadline_us, &link, &code, error) != WAITQ__BACKOFF_TRY) {
      return WAITQ_E_STORE;
    }
    if (code != WAITQ_OK) {
      return code;
    }
  }
  return ask_link(cluster, dialer, pool, link, deadline_us, error);
}

static int ask_all(struct waitq__cluster *cluster, const struct waitq__dialer *dialer, struct waitq__pool *first,
                   const struct waitq__pool *avoid, uint32_t turn, int64_t deadline_us, waitq_error *error) {
  int code = waitq__fail(error, WAITQ_E_STORE, "no server of the Cluster is left to ask");
  if (first != NULL) {
    int64_t now_us = waitq__monotonic_us();
    code = ask(cluster, dialer, first, now_us + (deadline_us - now_us) / 2, error);
  }
  uint32_t count = waitq__directory_count(cluster->directory);
  for (uint32_t i = 0; i < count && code != WAITQ_OK && code != WAITQ_E_NOMEM; i++) {
    struct waitq__pool *pool = waitq__directory_at(cluster->directory, (turn + i) % count);
    int64_t now_us = waitq__monotonic_us();
    if (now_us >= deadline_us) {
      break;
    }
    if (pool != first && pool != avoid) {
      /* One that does not answer leaves half of the time for the others. */
      code = ask(cluster, dialer, pool, now_us + (deadline_us - now_us) / 2, error);
    }
  }
  return code;
}

int waitq__cluster_refresh(struct waitq__cluster *cluster, const struct waitq__dialer *dialer,
                           struct waitq__pool *first, const struct waitq__pool *avoid, int64_t deadline_us,
                           waitq_error *error) {
  waitq__lock(&cluster->lock);
  int is_mine = !cluster->is_refreshing;
  cluster->is_refreshing = 1;
  uint32_t turn = cluster->turn++;
  pthread_mutex_unlock(&cluster->lock);
  if (!is_mine) {
    return WAITQ_OK;
  }
  int code = ask_all(cluster, dialer, first, avoid, turn, deadline_us, error);
  waitq__lock(&cluster->lock);
  cluster->is_refreshing = 0;
  pthread_mutex_unlock(&cluster->lock);
  return code;
}
