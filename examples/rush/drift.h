/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_DRIFT_H
#define RUSH_DRIFT_H

/* How much faster than ours the room's clock went: with a shared store, its clock is the store's, and limits hold by that.
 *
 * It is read ten times a second, each time between two readings of ours, so it is known to within a read and a millisecond. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <waitq/waitq.h>

struct drift {
  waitq_room_t *room;
  pthread_t thread;
  bool is_running;
  atomic_bool stop;
  bool has_sample;
  int64_t least_ahead_ns; /* the room's clock minus ours, at the least, so far */
  int64_t gained_ns;      /* by how much that may have risen, between any two readings */
};

/* Reads once, and then from a thread of its own; 0, or -1 when there is none. */
int drift_start(struct drift *drift, waitq_room_t *room);

/* The most that the room's clock may have gained on ours. */
int64_t drift_stop(struct drift *drift);

#endif
