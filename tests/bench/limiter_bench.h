/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_LIMITER_BENCH_H
#define WAITQ_BENCH_LIMITER_BENCH_H

/* `limiter_try`: one token from a bucket that never runs dry; `limiter_denied`: a try that is refused. Both have nobody
 * waiting, and both read the default clock. */

#include "options.h"
#include "report.h"

void bench_limiter_run(const struct bench_options *options, struct bench_report *report);

#endif
