/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_KEYS_H
#define WAITQ_STORE_REDIS_KEYS_H

/* The keys of a room. They share its name as hash tag, so that they lie in one slot of a Cluster, and scripts are told all of
 * them, so that a room of which a part has moved is not taken for a whole one. join.lua is told the two that it looks at: where one of these
 * has moved, the other is refused as well.
 *
 *     wq:{room}            hash    the head: see below
 *     wq:{room}:visitors   hash    16 bytes of keyed hash -> 13 bytes: ticket number (5, big-endian), when it was issued (8, big-endian,
 *                                  Unix microseconds). Records of tickets below trim mean nothing, and are removed by and by
 *     wq:{room}:changes    zset    "<plane>:<chunk>" -> when bits of these 16,384 tickets changed last, as a count of changes
 *     wq:{room}:nodes      zset    contexts that keep the room -> Unix milliseconds of their last sign of life
 *     wq:{room}:scratch    string  only while a script runs
 *     wq:{room}:<plane>    string  bit n - base (as GETBIT counts) is ticket n's
 *
 * Fields of the head: format of all this; version, epoch, next, join_limit, state as in waitq/store.h; trim, base (the ticket of the
 * planes' first bit, a multiple of 16,384); change (the count of changes), losses; server (run_id of the server that has kept the room
 * up to now), alive_ms (when somebody was there last), stood_ms (for how long, in sum, nobody was), kept_ms (when the keys' time to live
 * was set last), born_us (when the room was made), cleaned (the cursor of the removal of visitors). Times are Unix milliseconds of the server. The others are for
 * people: see describe.h. */

#include "store/redis/codec.h"

enum waitq__redis_key {
  WAITQ__KEY_HEAD,
  WAITQ__KEY_VISITORS,
  WAITQ__KEY_CHANGES,
  WAITQ__KEY_NODES,
  WAITQ__KEY_SCRATCH,
  WAITQ__KEY_PLANES, /* the first of 24 */
  WAITQ__KEY_COUNT = WAITQ__KEY_PLANES + 24
};

#define WAITQ__ROOM_NAME_MAX 64
#define WAITQ__KEY_SIZE 88

struct waitq__keys {
  char names[WAITQ__KEY_COUNT][WAITQ__KEY_SIZE];
  struct waitq__text texts[WAITQ__KEY_COUNT]; /* the same, for a call */
};

/* The keys of a room; its name has been checked. The texts point into keys, which must stay where it is. */
void waitq__keys_init(struct waitq__keys *keys, const char *room);

#endif
