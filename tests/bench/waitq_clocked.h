/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_WAITQ_CLOCKED_H
#define WAITQ_BENCH_WAITQ_CLOCKED_H

/* A room whose clock stands still until the benchmark moves it.
 *
 * Enter: at a million a second the clock moves by as many microseconds as turns are wanted, so exactly those get their
 * turn.
 *
 * Turn: heartbeats are counted in generations of an eighth of heartbeat_ttl_ms. Everybody is polled once; then the
 * clock moves by one generation, which crosses the end of exactly one, at a rate of zero. The line is older than
 * heartbeat_ttl_ms, so with that one generation expires, and who has been silent since must be found; nobody has.
 * `turn` is one waitq_room_stats() after that: it does all that is due, and reads the counts. `turn_longest_poll` is
 * the longest of 2,048 single polls instead: a poll does at most a bounded part of the work, the rest is left to those
 * that follow. Each of these polls is timed alone, so an interrupt shows in it too: read its minimum and median. */

#include <stddef.h>

#include "block.h"

struct waitq_clocked;

struct waitq_clocked *waitq_clocked_open(size_t waiting);
void waitq_clocked_close(struct waitq_clocked *line);

/* See struct bench_design. */
void waitq_clocked_ready(struct waitq_clocked *line, struct bench_block *block, size_t skip);
void waitq_clocked_enter(struct waitq_clocked *line, struct bench_block *block);
void waitq_clocked_refill(struct waitq_clocked *line, struct bench_block *block);
void waitq_clocked_age(struct waitq_clocked *line);
void waitq_clocked_turn(struct waitq_clocked *line, struct bench_block *block);
void waitq_clocked_turn_poll(struct waitq_clocked *line, struct bench_block *block);

#endif
