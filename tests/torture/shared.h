/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_SHARED_H
#define WAITQ_TESTS_TORTURE_SHARED_H

/* What all processes of a torture have mapped from one file: how it is done, its visitors, and the journals.
 *
 * Visitors belong to no process: whoever finds one whose time has come does its next call. So they wander from node to node,
 * as behind a load balancer, and when a node is killed they go on at another. */

#include <stddef.h>
#include <stdint.h>
#include <waitq/waitq.h>

#include "../support/rng.h"
#include "history.h"

#define NODES_MAX 16
#define THREADS_MAX 16
#define TORTURE_ROOM "torture"

enum visitor_kind {
  VISITOR_PLAIN,    /* waits, enters, exits */
  VISITOR_REPEATS,  /* does everything twice */
  VISITOR_LEAVES,   /* leaves after some polls */
  VISITOR_DECLINES, /* leaves when its turn comes */
  VISITOR_IGNORES,  /* polls on and lets its turn pass */
  VISITOR_SILENT,   /* stops polling, and comes back too late */
  VISITOR_OPERATES  /* reads statistics, and changes the rate now and then */
};

enum visitor_stage { STAGE_OUTSIDE, STAGE_IN_LINE, STAGE_AT_DOOR, STAGE_INSIDE };

struct visitor {
  _Atomic uint32_t owner; /* 0: nobody; otherwise 1 + the node that does its next call */
  _Atomic int64_t due_us; /* when that is */
  _Atomic uint32_t stage; /* written last: what it needs has been written before */
  uint32_t kind;
  uint64_t id;
  uint32_t calls_left; /* polls before it leaves or falls silent */
  uint32_t lives;      /* how many visitors have been in this place */
  struct rng rng;
  char ticket[WAITQ_TICKET_SIZE];
  char pass[WAITQ_PASS_SIZE];
};

struct torture_options {
  char uri[1024];
  uint64_t seed;
  uint32_t nodes;
  uint32_t threads; /* of each node */
  uint32_t visitors;
  uint32_t change_rate; /* 1: an operator changes it now and then */
  uint64_t journal_capacity;
  waitq_policy policy;
};

struct shared {
  struct torture_options options;
  int64_t unix_us; /* what to add to the monotonic clock to get Unix time */
  size_t size;     /* of all */
  size_t journals_at;
  _Atomic uint32_t ready; /* nodes that have opened the room */
  _Atomic uint32_t go;
  _Atomic uint32_t stop;
  _Atomic uint64_t next_id;
  struct visitor visitors[];
};

size_t shared_size(const struct torture_options *options);
/* The journal of a thread of a node; that of the torture itself is of node options.nodes, thread 0. */
struct journal *shared_journal(struct shared *shared, uint32_t node, uint32_t thread);

int64_t torture_now_us(void);
int64_t torture_to_monotonic_us(const struct shared *shared, int64_t unix_ms);
/* The one key of all nodes: a torture's tickets outlive its store. */
void torture_key(waitq_key *key, uint64_t seed);

/* --- visitor.c --- */

/* A node's thread, at work. */
struct worker {
  struct shared *shared;
  struct journal *journal;
  waitq_room_t *room;
  uint32_t node;
  uint32_t thread;
};

void visitor_begin(struct shared *shared, struct visitor *visitor);
/* Does the next call of a visitor who is due, and sets when the one after is. */
void visitor_step(struct worker *worker, struct visitor *visitor);
/* Reads the statistics, and puts them into the journal as op. */
int worker_stats(struct worker *worker, uint32_t op);

/* --- node.c --- */

/* Opens the room, lets the threads work until the end, closes it; 0, or 1 when the room could not be opened. */
int node_run(struct shared *shared, uint32_t node, int writes_final);

#endif
