/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_SLOTS_H
#define WAITQ_STORE_REDIS_SLOTS_H

/* The slots of a Cluster: which one a key is in, and what CLUSTER SLOTS says of who keeps them.
 *
 * The slot of a key is the CRC16 (polynomial 0x1021, nothing reflected: that of XMODEM) of it, modulo 16384; where the key has a
 * hash tag, of the tag alone. The tag is what stands between the first '{' and the first '}' behind it; an empty one is none. So
 * "wq:{concert}:state" is in the slot of "concert", and "wq:{}:state" in that of the whole key. */

#include <stdint.h>

#include "store/redis/codec.h"
#include "store/redis/settings.h"

#define WAITQ__SLOTS 16384

uint16_t waitq__crc16(struct waitq__text text);
uint16_t waitq__slot_of(struct waitq__text key);

/* Some slots in a row, and the master that keeps them. */
struct waitq__slot_range {
  uint32_t first;
  uint32_t last;
  struct waitq__redis_address master;
};

/* Reads the index-th range of a reply to CLUSTER SLOTS, which the server at asked gave: an empty host means that one. 0, or -1 where it
 * is no such range. */
int waitq__slot_range_read(const struct waitq__reply *reply, size_t index, const struct waitq__redis_address *asked,
                           struct waitq__slot_range *range);

/* The servers of that range: 0 is the master, the others are its replicas. 0, or -1 beyond the last, and where an address makes no
 * sense. */
int waitq__slot_server_read(const struct waitq__reply *reply, size_t index, size_t server,
                            const struct waitq__redis_address *asked, struct waitq__redis_address *address);

#endif
