/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_SWARM_H
#define WAITQ_BENCH_SWARM_H

/* Callers that each have a connection to Redis of their own, and do one operation after the other on it, in one
 * thread: what a server with a pool of connections and cheap threads of its own does. An operation is a sequence of
 * round trips; each may carry several commands. */

#include <hiredis.h>
#include <stdint.h>

#include "histogram.h"

/* One kind of operation. */
struct bench_sequence {
  unsigned steps; /* round trips */
  /* Adds the commands of a round trip of operation `number`, with redisAppendCommand() and its kin. Returns how
   * many. */
  unsigned (*ask)(void *user, redisContext *connection, uint64_t number, unsigned step);
  /* Whether a reply is as it should be. */
  int (*is_good)(void *user, unsigned step, unsigned index, const redisReply *reply);
  void *user;
};

struct bench_swarm_result {
  uint64_t ops;
  uint64_t good; /* of which all replies were good */
  int64_t start_ns;
  int64_t end_ns;
  struct bench_histogram latency;
};

struct bench_swarm;

struct bench_swarm *bench_swarm_connect(uint16_t port, unsigned callers);
void bench_swarm_close(struct bench_swarm *swarm);

/* Operations first, first + 1, ... from all callers, until so many have begun or that much time has passed, and all
 * are done. */
void bench_swarm_run(struct bench_swarm *swarm, const struct bench_sequence *sequence, uint64_t first, uint64_t most,
                     int64_t lasts_ns, struct bench_swarm_result *result);

/* A connection whose calls wait. */
redisContext *bench_connect(uint16_t port);

#endif
