/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_NAIVE_TREE_H
#define WAITQ_BENCH_NAIVE_TREE_H

/* The line as a more careful engineer would build it: records of a cache line each in an array, in order of arrival; a
 * Fenwick tree (a tree of partial counts in an array, 4 bytes a ticket) that says how many before a record are still in
 * line; an open hash table from id to record; one mutex around all. */

#include "design.h"

extern const struct bench_design bench_naive_tree;

#endif
