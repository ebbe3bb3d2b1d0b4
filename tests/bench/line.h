/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_LINE_H
#define WAITQ_BENCH_LINE_H

/* A line of one design, filled to a number of waiting visitors, and the benchmarks that run on it.
 *
 * Visits are in random order over everybody who waits, shuffled beforehand; two threads visit disjoint halves.
 * Whatever a benchmark changes is undone outside the timed sections, so that the number waiting stays. */

#include <stddef.h>

#include "design.h"
#include "options.h"
#include "report.h"

struct bench_line;

/* Fills a line; adds the figure `fill` (joins from empty to full, growth of all tables included) and, with
 * measure_memory, `memory`. */
struct bench_line *bench_line_fill(const struct bench_design *design, size_t waiting, int measure_memory,
                                   struct bench_report *report);
void bench_line_free(struct bench_line *line);

/* Adds one sample of each of the design's benchmarks. */
void bench_line_run(struct bench_line *line, const struct bench_options *options, struct bench_report *report);

#endif
