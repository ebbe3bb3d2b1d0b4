/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_CALLS_H
#define WAITQ_BENCH_CALLS_H

/* Calls to the library from many callers at once, one after the other by each: in as many threads, which wait in the
 * call, or submitted by one thread, which keeps as many under way. The time of a call is from its beginning, or
 * submission, to the moment at which the caller has its answer. */

#include <stddef.h>
#include <stdint.h>
#include <waitq/waitq.h>

#include "nodes.h"

enum bench_call { BENCH_CALL_JOIN, BENCH_CALL_LEAVE, BENCH_CALL_ENTER, BENCH_CALL_TRY };

/* A ticket as a client keeps it; without the size, which would make a million of them larger. */
struct bench_text {
  char text[WAITQ_TICKET_SIZE];
};

struct bench_calls {
  enum bench_call call;
  waitq_t *context;
  waitq_room_t *room;       /* of joins, leaves, enters */
  waitq_limiter_t *limiter; /* of tries */
  struct bench_text *texts; /* joins put tickets in, leaves and enters read them: call i of texts[i] */
  uint64_t visitor;         /* who joins in call 0 */
  size_t most;              /* calls */
  int64_t lasts_ns;         /* no call begins later */
};

/* Both return how many calls there were, 0 to n - 1, and count them in the result. What a call that
 * fails says is printed, for the first of them. */
size_t bench_calls_block(const struct bench_calls *calls, unsigned threads, struct bench_node_result *result);
size_t bench_calls_submit(const struct bench_calls *calls, unsigned outstanding, struct bench_node_result *result);

#endif
