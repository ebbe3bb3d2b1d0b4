/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_NODES_H
#define WAITQ_BENCH_NODES_H

/* Nodes: processes that do the same steps at the same time, as the servers of a site, while this process looks on.
 *
 *     this process:   await | look, go |      finish, look | release | await ...
 *     each node:      begin            | the step  | end             | tidies up, prepares the next
 *
 * A node is a fork of this process. It does not outlive it; a node that fails ends it. */

#include <stdint.h>

#include "histogram.h"

#define BENCH_NODES_MAX 4

/* What one node did in one step. It fills this in between begin and end. */
struct bench_node_result {
  uint64_t ops;     /* operations */
  uint64_t good;    /* that ended as they should */
  int64_t start_ns; /* set by begin and end */
  int64_t end_ns;
  int64_t busy_ns; /* time in operations, of all threads; 0: from start to end, in `threads` threads */
  unsigned threads;
  struct bench_histogram latency; /* of operations */
  struct bench_histogram age;     /* of answers, in microseconds */
  uint64_t counts[4];             /* of the step's own */
};

struct bench_nodes;

/* What a node is given. */
struct bench_node {
  struct bench_nodes *nodes;
  unsigned index;
  struct bench_node_result *result;
};

/* Starts nodes; each calls main and ends with it. */
struct bench_nodes *bench_nodes_start(unsigned count, void (*main)(struct bench_node *node, void *user), void *user);

/* Waits until all nodes are about to begin a step. */
void bench_nodes_await(struct bench_nodes *nodes);
/* Lets them begin. */
void bench_nodes_go(struct bench_nodes *nodes);
/* Waits until all have ended it; returns what they did, together, from the first start to the last end. It is good
 * until the next step has ended. */
const struct bench_node_result *bench_nodes_finish(struct bench_nodes *nodes);
/* Lets them go on. */
void bench_nodes_release(struct bench_nodes *nodes);

/* Waits for the end of all. */
void bench_nodes_end(struct bench_nodes *nodes);

/* In a node: waits for go, then empties the result and starts the clock; stops the clock and waits for release. */
void bench_node_begin(struct bench_node *node);
void bench_node_end(struct bench_node *node);

#endif
