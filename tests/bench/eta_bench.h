/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_ETA_BENCH_H
#define WAITQ_BENCH_ETA_BENCH_H

/* The estimator, on a line in which all of it has work: 5,000 slots, sessions that end, visitors who leave.
 *
 * `eta_estimate`: one estimate, of a place drawn at random; `eta_fold`: one second folded, and the curve drawn; `eta_room_fold`: the same
 * in a room of the memory store with 300,000 waiting, all that is due in that second included. */

#include "options.h"
#include "report.h"

void bench_eta_run(const struct bench_options *options, struct bench_report *report);

#endif
