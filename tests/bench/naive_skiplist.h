/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_NAIVE_SKIPLIST_H
#define WAITQ_BENCH_NAIVE_SKIPLIST_H

/* The line as one would build it after Redis' sorted set: a skip list whose links know how many nodes they skip, a hash
 * table from id to node, one mutex around both. A poll looks the id up, notes the time, and sums spans. */

#include "design.h"

extern const struct bench_design bench_naive_skiplist;

#endif
