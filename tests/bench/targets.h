/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_TARGETS_H
#define WAITQ_BENCH_TARGETS_H

/* What the library set out to reach, beside what was measured. For the reader: nothing fails on it. */

#include "redis_report.h"
#include "report.h"

void bench_targets_print(const struct bench_report *report, const struct bench_redis_report *redis);

#endif
