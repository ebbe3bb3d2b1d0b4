/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_REPORT_H
#define WAITQ_BENCH_REPORT_H

/* The figures: gathered over the runs, printed as a table, written as JSON.
 *
 * A figure is named by (bench, waiting, threads); these names are read by other programs and are never changed. Each
 * run adds one sample; minimum, median and maximum are over the samples. */

#include <stddef.h>
#include <stdint.h>

#include "redis_report.h"

struct bench_report;

struct bench_report *bench_report_new(void);
void bench_report_free(struct bench_report *report);

/* Adds one run's figure. */
void bench_report_add(struct bench_report *report, const char *prefix, const char *bench, size_t waiting,
                      unsigned threads, double ns_per_op, double ops_per_s);

/* Sets what a waiting ticket costs in memory, by three yardsticks: what malloc has handed out, by how much the resident
 * set grew, and what the design itself reports (0 where it does not). */
void bench_report_memory(struct bench_report *report, const char *prefix, size_t waiting, double heap_bytes,
                         double resident_bytes, double reported_bytes);

/* The medians of ns per operation and of operations per second, and the bytes per ticket; NAN where not measured. */
double bench_report_ns(const struct bench_report *report, const char *bench, size_t waiting, unsigned threads);
double bench_report_ops(const struct bench_report *report, const char *bench, size_t waiting, unsigned threads);
double bench_report_bytes(const struct bench_report *report, const char *bench, size_t waiting);

void bench_report_print(struct bench_report *report);

/* A list of objects; the memory objects have bytes_per_ticket instead of times, and those with Redis stand at the
 * end. */
void bench_report_write_json(struct bench_report *report, const struct bench_redis_report *redis, const char *path);

/* The value below which that share of the samples lies: 0 the least, 0.5 the median, 1 the greatest. At most 64
 * samples. */
double bench_report_quantile(const double *samples, size_t count, double share);

#endif
