/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_REFERENCE_H
#define WAITQ_BENCH_REFERENCE_H

/* The waiting room that one would write on Redis without the library, by the commands that a published ticketing
 * gateway sends: per event a sorted set of tokens by Unix second and another for positions, per visitor a stream, a
 * key against double joins, a JSON string and a heartbeat key that expires.
 *
 *     join    a script (EXISTS, TIME, XADD, SETEX), then in one round trip SET, ZADD, EXPIRE, SET, ZADD, EXPIRE
 *     status  EXISTS, EXPIRE, GET, ZRANK, ZCOUNT three times, ZRANK: a round trip each
 *     enter   GET, ZRANK, the bucket, SET, SET, DEL, ZREM, ZADD, ZREMRANGEBYSCORE: a round trip each
 *     bucket  a token bucket as a script (TIME, HMGET, HMSET, EXPIRE)
 *
 * Only what Redis does is measured: the gateway's own work (HTTP, JSON, logging) is left out, and scripts are sent
 * by their hash, so the comparison flatters it. */

#include <hiredis.h>
#include <stdint.h>

#include "swarm.h"

struct bench_reference;

/* Loads the scripts into the server, and the admissions of the last quarter of an hour. */
struct bench_reference *bench_reference_new(uint16_t port);
void bench_reference_free(struct bench_reference *reference);

/* Visitors 0 to count - 1 join, by a script that takes many at a time. */
void bench_reference_fill(struct bench_reference *reference, uint64_t count);

struct bench_sequence bench_reference_join(struct bench_reference *reference);
/* Each operation is of any of those who wait. */
struct bench_sequence bench_reference_status(struct bench_reference *reference, uint64_t waiting);
struct bench_sequence bench_reference_enter(struct bench_reference *reference);
struct bench_sequence bench_reference_bucket(struct bench_reference *reference);

#endif
