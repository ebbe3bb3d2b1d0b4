/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_REDIS_MIXED_H
#define WAITQ_BENCH_REDIS_MIXED_H

/* `redis_mixed`: a ticket opening. Two processes share one room and are asked for 30,000 joins and 150,000 polls a
 * second, at their own times, whether the earlier ones are answered or not; those in line are polled in turn, and
 * whoever is told that the turn has come enters. The room lets 500 a second in.
 *
 * The latency is that of joins and entries, from the moment at which they were due. Of the admissions it is checked
 * that in no interval there were more than the limit allows: an entry took effect at some time between its
 * submission and its answer, so of those submitted after a and answered before b there may be no more than burst +
 * rate x (b - a), for every a and b. */

#include "options.h"
#include "redis_report.h"

void bench_redis_mixed_run(const struct bench_options *options, struct bench_redis_report *report);

#endif
