/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_WATCH_H
#define RUSH_WATCH_H

/* One visitor of the crowd, for the view: where it stands, what it was told, and how true that was. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <waitq/queue.h>

#define WATCH_NOBODY UINT32_MAX

/* What the view shows. Times are the crowd's. */
struct watched {
  uint32_t visitor; /* WATCH_NOBODY: nobody yet */
  bool entered, gone;
  uint64_t position;
  int64_t eta_ms, low_ms, high_ms;
  int64_t first_at_ns, first_eta_ms; /* when the watch began, and the estimate of then */
  int64_t turn_ns;                   /* when it entered */
};

/* One worker writes, the view reads. */
struct watch {
  pthread_mutex_t lock;
  struct watched now;
  uint32_t current;       /* whom the worker watches; WATCH_NOBODY: it looks for somebody */
  int64_t shortest_ms;    /* whoever is watched next waits at least so long, or a third of what is left, */
  int64_t ends_ns;        /* and comes to the turn before this time */
  int64_t pause_until_ns; /* how long the last one stays on view */
  int64_t pause_ns;
};

/* ends_ns is set by the owner before the first call below. */
void watch_init(struct watch *watch, int64_t shortest_ms, int64_t pause_ns);
void watch_free(struct watch *watch);

/* A visitor's poll has answered WAITING: shows it, if it is the one, or begins to watch it, if there is none. */
void watch_waiting(struct watch *watch, uint32_t visitor, int64_t now_ns, const waitq_status *status);

/* A visitor has entered, or has gone without. */
void watch_finished(struct watch *watch, uint32_t visitor, int64_t now_ns, bool entered);

/* A copy for the view. */
struct watched watch_read(struct watch *watch);

#endif
