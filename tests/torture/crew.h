/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_CREW_H
#define WAITQ_TESTS_TORTURE_CREW_H

/* Some nodes that torture one room, and what becomes of them.
 *
 *     struct crew *crew = crew_start(&options);
 *     child_sleep_ms(5000);                     meanwhile the caller does what it likes to the store and the nodes
 *     crew_end(crew, &history);
 *
 * Each node is a program of its own: this one, started again (crew_is_node()). In the memory store, which no two processes
 * share, there is one node, whose threads are of this process. */

#include "history.h"
#include "shared.h"

struct crew;

/* What a torture is like where nothing else is asked for: 4 nodes of 3 threads, 400 visitors, 200 entries/s. */
void torture_defaults(struct torture_options *options, const char *uri, uint64_t seed);
int torture_is_in_memory(const struct torture_options *options);

/* The first call of main(): where the program was started as a node, does the node's work and returns 1, with its status. */
int crew_is_node(int count, char **arguments, int *status);

/* Returns when all nodes have opened the room, and have begun. */
struct crew *crew_start(const struct torture_options *options);

/* SIGKILL; its visitors go on at other nodes. The same node can be started again. */
void crew_kill_node(struct crew *crew, uint32_t node);
void crew_start_node(struct crew *crew, uint32_t node);

/* Notes that the store lost what it had acknowledged in the time before since_us; it is well from now on. */
void crew_note_loss(struct crew *crew, int64_t since_us, int64_t window_us);

/* Lets the nodes end their calls and close, reads the last statistics, and gathers the history. */
void crew_end(struct crew *crew, struct history *history);

#endif
