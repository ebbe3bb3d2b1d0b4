/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_SCRAPES_H
#define GATEWAY_SCRAPES_H

/* GET /metrics. A thread of its own writes the text: loops have no time for it, and that of errands may be waiting for the store just
 * when figures matter most. One text is written at a time, and all who ask meanwhile share the next one, so none is told what
 * was so before the question. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "errands.h"

struct call;
struct gateway;
struct visit;

struct scrapes {
  struct errand writing; /* first: it is what is run */
  struct gateway *gateway;
  struct errands thread;
  size_t hint; /* the thread's own: how long the last text was */
  pthread_mutex_t lock;
  struct call *waiting;
  bool is_writing;
};

bool scrapes_start(struct scrapes *scrapes, struct gateway *gateway);

/* Answers a visit with the metrics. */
void scrapes_reply(struct visit *visit);

/* Answers all who wait, and ends the thread; scrapes_free() when no loop runs any more. */
void scrapes_stop(struct scrapes *scrapes);
void scrapes_free(struct scrapes *scrapes);

#endif
