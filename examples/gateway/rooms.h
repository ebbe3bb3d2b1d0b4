/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ROOMS_H
#define GATEWAY_ROOMS_H

/* The events that this gateway knows, each a room of the library. There is room for so many and no more; a room that is open is
 * found without a lock, and stays open until the gateway ends. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <waitq/waitq.h>

#include "adapt.h"
#include "errands.h"

struct call;
struct gateway;

struct room {
  struct errand opening; /* first: it is what the errand is told from */
  struct gateway *gateway;
  char name[WAITQ_ROOM_NAME_MAX + 1];
  const waitq_policy *policy;
  const struct adapt_policy *adapt_policy;
  waitq_room_t *handle; /* once is_open */
  _Atomic bool is_open;
  _Atomic int64_t heard_at_ms;      /* how late the store was heard of, as far as the watch has looked */
  _Atomic int64_t goes_on_at_ms;    /* of a room that is paused or scheduled: when it goes on; 0: not known */
  _Atomic int64_t heartbeat_ttl_ms; /* how long its visitors may be silent; 0: not known yet */

  /* under the lock */
  bool is_opening;
  int failure;             /* why it could not be opened */
  int64_t failed_until_ms; /* until when that is the answer */
  struct call *waiting;
  bool has_stats;
  int64_t turns_at_ms; /* when turns were counted; 0: not yet */
  uint64_t turns;      /* given, as this gateway counts them */
  waitq_stats stats;   /* the latest */
  struct adapt *adapt; /* NULL: the rate is not adapted; that never changes */
};

struct rooms {
  struct gateway *gateway;
  _Atomic(struct room *) *slots; /* by hash; a power of two, at most half full */
  size_t slot_count;
  size_t capacity;
  _Atomic size_t count;
  pthread_mutex_t lock;
};

bool rooms_init(struct rooms *rooms, struct gateway *gateway, size_t capacity);
void rooms_close(struct rooms *rooms);

/* The room of an event, where it is open; NULL otherwise. */
struct room *rooms_find(const struct rooms *rooms, const char *name);

/* Has call->start called in its loop with call->room open, now or later; or call->refuse, where there is none to be had. */
void rooms_use(struct rooms *rooms, struct call *call, const char *name);

/* Opens the events of the configuration. */
void rooms_open_known(struct rooms *rooms);

/* The room in the index-th slot, where it is open; NULL otherwise. */
struct room *rooms_at(const struct rooms *rooms, size_t index);

#endif
