/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_RUN_H
#define RUSH_RUN_H

/* One run: a room, the crowds in front of it, and the threads that move them. */

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <waitq/waitq.h>

#include "clock.h"
#include "crowd.h"
#include "drift.h"
#include "options.h"
#include "trace.h"
#include "watch.h"

struct run;

struct worker {
  struct run *run;
  struct crowd crowd;
  pthread_t thread;
};

struct run {
  const struct options *options;
  struct trace trace;
  struct virtual_clock clock; /* of a trace */
  struct watch watch;
  struct drift drift; /* of a shared store */
  int64_t gained_ns;  /* by the room's clock on ours; known after run_wait() */
  waitq_t *context;
  waitq_room_t *room;
  char room_name[WAITQ_ROOM_NAME_MAX + 1];
  bool has_shared_store;
  waitq_policy policy;
  struct worker *workers;
  uint32_t worker_count;
  int64_t start_ns, end_ns; /* by the crowds' clock */
  int64_t real_start_ns;
  double cpu_start_s, cpu_s, real_s; /* spent; known after run_wait() */
  atomic_uint running;               /* workers that go on */
  atomic_bool stop;                  /* set it to end the run early */
};

/* Prepares everything. 0; -1, or -2 for a trace that cannot be read, with one line in message. */
int run_open(struct run *run, const struct options *options, char *message, size_t size);
void run_close(struct run *run);

/* Starts the workers. 0, or -1 with one line in message. */
int run_start(struct run *run, char *message, size_t size);

/* Waits for the workers. */
void run_wait(struct run *run);

/* Now, by the crowds' clock, but not later than the end. */
int64_t run_now_ns(const struct run *run);

#endif
