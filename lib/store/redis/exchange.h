/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_EXCHANGE_H
#define WAITQ_STORE_REDIS_EXCHANGE_H

/* One round trip to a room: scripts/exchange.lua does what a waitq_store_exchange asks, and answers. Append, mark, commit and load are
 * exchanges that ask for one thing only. Joins alone are done by a smaller script where the room is as it is known here: joining.h.
 *
 * A context says every half second that it is there (a beat): while nobody does, the room's time stands. */

#include <waitq/store.h>

#include "store/redis/answer.h"
#include "store/redis/arguments.h"
#include "store/redis/keys.h"
#include "store/redis/store.h"

/* A room of a store, in this process. */
struct waitq__redis_room {
  struct waitq__redis_store *store;
  struct waitq__keys keys;
  struct waitq__arguments arguments;
  int64_t next_beat_us; /* of the monotonic clock */
  uint64_t next;        /* what was known last, for what a loss must not take back */
  uint64_t change;
  uint64_t losses;
  uint64_t stood_ms;
  uint64_t born_us; /* when the room was made that is known */
  uint32_t nodes;
};

/* How the script goes about it; the values are exchange.lua's. */
enum waitq__exchange_mode {
  WAITQ__EXCHANGE_RECOVERING = 1,
  WAITQ__EXCHANGE_BEAT = 2,
  WAITQ__EXCHANGE_ADOPTING = 4,  /* a room that another server has kept is taken over as it is */
  WAITQ__EXCHANGE_ANY_EPOCH = 8, /* whatever the room's epoch is */
  WAITQ__EXCHANGE_LOADING = 16,  /* nothing is written, and the head is told in any case */
  WAITQ__EXCHANGE_COMMITTING = 32,
  WAITQ__EXCHANGE_REPEATING = 64, /* a visitor joins twice */
  WAITQ__EXCHANGE_UNTOLD = 128,   /* nobody wants to be told the head */
  WAITQ__EXCHANGE_STRICT = 256,   /* a commit counts only where nothing has changed */
  WAITQ__EXCHANGE_TELLING = 512   /* this context's polls are told up to a moment ago */
};

#define WAITQ__EXCHANGE_MODES 10

/* How many chunks of planes one exchange tells. */
#define WAITQ__EXCHANGE_PAGE 256

/* Asks, and reads the answer, which points into the reply; the caller frees that. mode: what cannot be seen from exchange. */
int waitq__redis_converse(struct waitq__redis_room *room, const waitq_store_exchange *exchange, unsigned mode,
                          uint32_t page, struct waitq__answer *answer, struct waitq__reply **reply, waitq_error *error);

/* The exchange function of the store. What the sink returns comes back as it is where nothing was asked but what changed, and as
 * WAITQ_E_STORE otherwise. */
int waitq__redis_exchange(void *room, waitq_store_exchange *exchange, waitq_error *error);

#endif
