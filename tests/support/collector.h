/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_COLLECTOR_H
#define WAITQ_TESTS_SUPPORT_COLLECTOR_H

/* Collects what has become of submitted calls, and checks that each ends once. A call's tag is its number, from 0 on.
 *
 *     collector_init(&collector, context, 100);
 *     for (i = 0; i < 100; i++) waitq_submit_join(..., i, &error);
 *     collector_take(&collector, 100, 64);
 *     assert_int_equal(collector.codes[7], WAITQ_OK);
 *     collector_end(&collector);                      nothing more has come */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <waitq/waitq.h>

struct collector {
  waitq_t *context;
  int32_t fd;
  size_t expected; /* tags are below */
  int32_t *codes;  /* by tag; COLLECTOR_NONE: it has not come */
  int32_t *retriable;
  size_t *order; /* the tags, as they came */
  size_t count;  /* how many have come */
  pthread_mutex_t lock;
};

#define COLLECTOR_NONE INT32_MIN

void collector_init(struct collector *collector, waitq_t *context, size_t expected);
void collector_free(struct collector *collector);

/* Waits at the descriptor, and collects at most capacity at a time, until count have come in all. */
void collector_take(struct collector *collector, size_t count, size_t capacity);

/* One collection without waiting; how many came. From any thread. */
size_t collector_look(struct collector *collector, size_t capacity);

/* Whether the descriptor is readable within the time. */
int collector_is_readable(const struct collector *collector, int within_ms);

/* There is nothing more to collect, and the descriptor says so. Frees the collector. */
void collector_end(struct collector *collector);

#endif
