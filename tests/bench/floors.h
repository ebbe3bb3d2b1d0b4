/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_FLOORS_H
#define WAITQ_BENCH_FLOORS_H

/* What this machine cannot do faster, to read the other figures by:
 *
 *     clock       one read of CLOCK_MONOTONIC
 *     siphash     SipHash-2-4 with a tag of 128 bits, of 30 bytes: about what a ticket's signature covers
 *     cache_miss  one load from memory whose address depends on the load before, in a buffer of 256 MiB in random order
 *     call        one call of a function that does nothing */

#include "options.h"
#include "report.h"

struct bench_floors;

struct bench_floors *bench_floors_new(void);
void bench_floors_free(struct bench_floors *floors);

/* Adds one run of each. */
void bench_floors_run(struct bench_floors *floors, const struct bench_options *options, struct bench_report *report);

#endif
