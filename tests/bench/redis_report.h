/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_REDIS_REPORT_H
#define WAITQ_BENCH_REDIS_REPORT_H

/* The figures that have a Redis server in them: what an operation costs the caller, and what it costs the server.
 *
 * A figure is named by its key; bench and mode are read by other programs and are never changed. Each run adds one
 * sample of the values that it has measured, the others are NAN. Callers are the operations under way at once, in
 * all processes. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_BLOCKING "blocking"   /* a thread for each caller */
#define BENCH_SUBMITTED "submitted" /* one thread a process, which submits and collects */
#define BENCH_PIPELINED "pipelined" /* one connection, with as many commands in flight */
#define BENCH_CONNECTED "connected" /* one thread, with a connection for each caller */

struct bench_redis_key {
  const char *bench;
  const char *mode;
  size_t waiting;
  unsigned callers;
  unsigned threads; /* that call, in all processes */
  unsigned processes;
  int fsync_always; /* the server writes to its disk before it answers (appendfsync always) */
};

enum bench_redis_value {
  BENCH_REDIS_NS,       /* of a thread for one operation */
  BENCH_REDIS_OPS,      /* a second, of all together */
  BENCH_REDIS_CPU_US,   /* of the server for one operation */
  BENCH_REDIS_COMMANDS, /* that the server carries out in a second, those inside of scripts included */
  BENCH_REDIS_BYTES,    /* of the server's memory for one ticket */
  BENCH_REDIS_P50_US,   /* of one operation, from the caller's side */
  BENCH_REDIS_P99_US,
  BENCH_REDIS_AGE_P99_MS, /* of status.age_ms */
  BENCH_REDIS_CPU_SHARE,  /* of one processor, by the server */
  BENCH_REDIS_JOINS,      /* of mixed work: a second */
  BENCH_REDIS_POLLS,      /* of mixed work: a second */
  BENCH_REDIS_ENTERS,     /* of mixed work: a second */
  BENCH_REDIS_OVER_LIMIT, /* of mixed work: most admissions above what the limit allowed in any interval; 0: none */
  BENCH_REDIS_VALUES
};

struct bench_redis_sample {
  double values[BENCH_REDIS_VALUES];
};

/* A sample in which nothing is measured yet. */
struct bench_redis_sample bench_redis_sample_empty(void);

struct bench_redis_report;

struct bench_redis_report *bench_redis_report_new(void);
void bench_redis_report_free(struct bench_redis_report *report);
void bench_redis_report_add(struct bench_redis_report *report, const struct bench_redis_key *key,
                            const struct bench_redis_sample *sample);

/* The median of a value, NAN where it was not measured. The key's threads do not count; with a waiting of
 * BENCH_LARGEST it is that of the longest line that was measured. */
#define BENCH_LARGEST SIZE_MAX
double bench_redis_report_get(const struct bench_redis_report *report, const struct bench_redis_key *key,
                              enum bench_redis_value value);

void bench_redis_report_print(const struct bench_redis_report *report);

/* Writes the figures as objects of a list, separated by commas; comma_first where the list holds some already. */
void bench_redis_report_write(const struct bench_redis_report *report, int comma_first, FILE *file);

#endif
