/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_STREAM_H
#define GATEWAY_STREAM_H

/* Server-sent events: what a status poll would say, when it would be asked for. Each is a poll, and so a heartbeat. */

#include <stdbool.h>
#include <stdint.h>

#include "h2o_loop.h"

struct loop;
struct room;
struct visit;

/* Streams by when they are due, in slots of a tenth of a second. */
#define STREAM_SLOTS 128
#define STREAM_SLOT_MS 100

struct streams {
  struct loop *loop;
  h2o_timeout_entry_t tick; /* linked while there is a stream */
  h2o_linklist_t slots[STREAM_SLOTS];
  uint64_t looked_at; /* the slot of time that was looked at last */
  uint32_t count;
};

void streams_init(struct streams *streams, struct loop *loop);

/* Answers a visit with events on a ticket. */
void stream_begin(struct visit *visit, struct room *room, const char *ticket);

/* Ends all streams; their clients come again, wherever they find somebody. */
void streams_end(struct streams *streams);

#endif
