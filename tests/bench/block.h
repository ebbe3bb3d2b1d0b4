/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_BLOCK_H
#define WAITQ_BENCH_BLOCK_H

/* A block of operations: what one thread does between two reads of the clock.
 *
 * A server has the visitor's id and the ticket's text in cache when it calls, because it has just read them from a
 * socket. So ids and texts are put into a small block before the timed section, and the timed section reads them from
 * there: 4,096 tickets are 288 KiB, which stays in a core's own cache. What the operation itself touches (planes,
 * tables, nodes) is as cold as the random order of the visits makes it. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/queue.h>

#define BENCH_BLOCK 4096
#define BENCH_ID_LENGTH 32

struct bench_block {
  size_t count;                           /* how many operations */
  size_t good;                            /* how many of them ended as they should; set by the operation */
  int64_t longest_ns;                     /* the longest single one, where the operation takes their times */
  int64_t start_ns;                       /* when the timed section began */
  int64_t end_ns;                         /* and ended */
  int is_disturbed;                       /* the thread lost its processor in between */
  uint32_t slots[BENCH_BLOCK];            /* the visitor's number in the line's own table */
  waitq_visitor visitors[BENCH_BLOCK];    /* point into ids */
  waitq_ticket tickets[BENCH_BLOCK];      /* the texts; with naive designs, and before a join, the id itself */
  char ids[BENCH_BLOCK][BENCH_ID_LENGTH]; /* as a session id: 128 bits in hexadecimal, without NUL */
};

struct bench_block *bench_block_new(void);

/* The id of visitor number `visitor`. */
void bench_visitor_id(uint64_t visitor, char id[BENCH_ID_LENGTH]);

/* Puts visitor number `visitor` into place i of the block. */
void bench_block_visitor(struct bench_block *block, size_t i, uint64_t visitor);

/* The same for an id that is known already. */
void bench_block_id(struct bench_block *block, size_t i, const char *id);

/* Touches the whole block, so that the calling core's cache owns it. */
void bench_block_warm(struct bench_block *block);

/* A well-mixed 64-bit function of a number (SplitMix64): all that is random in the benchmarks comes from it. */
uint64_t bench_mix(uint64_t number);

#endif
