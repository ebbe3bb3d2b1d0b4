/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_BASELINE_H
#define WAITQ_BENCH_BASELINE_H

/* What the figures of the Redis store are read by, from the same kind of server in the same run:
 *
 *     redis_ping        PING, pipelined on one connection: the least that so many round trips cost
 *     reference_join, reference_status, reference_enter, reference_bucket
 *                       a waiting room written on Redis without the library (reference.h), one connection a caller */

#include "options.h"
#include "redis_report.h"

void bench_baseline_ping(const struct bench_options *options, struct bench_redis_report *report);

/* With one length of the line. */
void bench_baseline_reference(const struct bench_options *options, size_t waiting, struct bench_redis_report *report);

/* Joins alone, to a server that writes to its disk before it answers. */
void bench_baseline_durable(const struct bench_options *options, struct bench_redis_report *report);

#endif
