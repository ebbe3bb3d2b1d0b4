/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_REDIS_LINE_H
#define WAITQ_BENCH_REDIS_LINE_H

/* The library on Redis: one room, one to four processes that share it.
 *
 *     redis_join    waitq_join() of a new visitor at the end of the line
 *     redis_leave   waitq_leave() of those who have just joined
 *     redis_enter   waitq_enter() of tickets whose turn has come
 *     redis_poll    waitq_poll() of random tickets that wait, by one thread of each process
 *
 * What a line is filled with stays; whoever joins in a step leaves in the next. The room's bucket holds as many
 * tokens as there are to enter and hardly makes any, so that exactly those have their turn and all others wait. */

#include <stddef.h>

#include "options.h"
#include "redis_report.h"

enum bench_line_part {
  BENCH_LINE_POLL = 1,    /* polls */
  BENCH_LINE_CALLERS = 2, /* joins and leaves with every number of callers; otherwise with the most, submitted, alone */
  BENCH_LINE_ENTER = 4,   /* entries with every number of callers; for one process */
  BENCH_LINE_DURABLE = 8  /* the server writes to its disk before it answers */
};

void bench_redis_line_run(const struct bench_options *options, size_t waiting, unsigned processes, unsigned parts,
                          struct bench_redis_report *report);

#endif
