/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_REDIS_BENCH_H
#define WAITQ_BENCH_REDIS_BENCH_H

/* All that runs with a Redis server: each benchmark on one of its own, new and empty, on this machine. The server
 * keeps nothing on its disk, but where it is asked to write before it answers. */

#include "options.h"
#include "redis_report.h"

void bench_redis_run(const struct bench_options *options, struct bench_redis_report *report);

#endif
