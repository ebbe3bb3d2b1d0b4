/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_CREW_H
#define WAITQ_BENCH_CREW_H

/* One or two threads that run blocks in lockstep.
 *
 *     thread 0:  prepare all | run its block (timed) | finish all, count | ...
 *     thread 1:      wait    | run its block (timed) |       wait        | ...
 *
 * Preparing and finishing happen while nobody is timed, so all timed work meets full contention, and only that.
 *
 * A block in which the kernel gave a processor to somebody else, or which the threads did not begin together, says
 * nothing about the work. It is left out, unless there is no other. Waiting for a lock of the line is no such case. */

#include <stddef.h>
#include <stdint.h>

#include "block.h"

#define BENCH_THREADS_MAX 2

struct bench_job {
  void *user;
  void (*prepare)(void *user, struct bench_block *block, unsigned thread); /* by thread 0, for each thread's block */
  void (*run)(void *user, struct bench_block *block);                      /* timed, by each thread */
  void (*finish)(void *user, struct bench_block *block);                   /* by thread 0; may be NULL */
  int64_t enough_ns;                                                       /* stop after this much that counts */
  size_t most_blocks;                                                      /* or so many blocks a thread */
};

/* What one sample found. */
struct bench_sample {
  double ns_per_op;  /* mean over the threads of a thread's time for one operation */
  double ops_per_s;  /* of all threads together */
  double longest_ns; /* the longest of block->longest_ns */
  double good;       /* share of the operations that ended as they should */
};

/* How many blocks there were so far, and how many of them were left out. */
void bench_crew_totals(size_t *blocks, size_t *left_out);

struct bench_sample bench_crew_run(const struct bench_job *job, unsigned threads);

#endif
