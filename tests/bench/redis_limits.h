/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_REDIS_LIMITS_H
#define WAITQ_BENCH_REDIS_LIMITS_H

/* Limiters that processes share, with tokens enough for every try.
 *
 *     redis_limiter_exact    every try is decided in Redis; one process, all numbers of callers
 *     redis_limiter_leased   tries from tokens taken ahead; two processes, one thread each; ops/s of both together */

#include "options.h"
#include "redis_report.h"

void bench_redis_limits_run(const struct bench_options *options, struct bench_redis_report *report);

#endif
