/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_CROWD_H
#define RUSH_CROWD_H

/* The visitors of one worker, and what each does next: join, poll until the turn comes, enter at once, stay for a
 * moment, exit; or leave. Whose pace that happens at is for the worker to say (realtime.h, replay.h).
 *
 * With a store on a network, all calls but polls are submitted (errands.h): otherwise a worker would stand still for a round trip
 * with each of them.
 *
 * Nothing here allocates after crowd_init(). Every call into the library is timed. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <waitq/waitq.h>

#include "clock.h"
#include "errands.h"
#include "histogram.h"
#include "history.h"
#include "random.h"
#include "sessions.h"
#include "watch.h"
#include "wheel.h"

#define CROWD_NOBODY UINT32_MAX

enum stage { STAGE_JOINING, STAGE_WAITING, STAGE_READY, STAGE_INSIDE, STAGE_DONE };

struct visitor {
  int64_t answered_ns; /* when it was told last where it stands */
  int64_t leave_at_ns; /* INT64_MAX: it has patience */
  uint64_t position;
  uint32_t session;
  uint32_t next_to_call; /* CROWD_NOBODY: the last */
  uint8_t stage;
};

/* Read by the view while the worker writes. */
struct crowd_counters {
  _Atomic uint64_t joined, polls, admitted, left;
  _Atomic uint64_t paced;   /* enters that were asked to come again in a moment */
  _Atomic uint64_t held;    /* joins and enters that were asked to come again because the store was away */
  _Atomic uint64_t lost;    /* tickets that expired or were forgotten */
  _Atomic uint64_t refused; /* joins that got no ticket */
  _Atomic uint64_t retried; /* calls that failed and were repeated */
  _Atomic uint64_t failed;  /* calls that failed for good */
};

struct crowd_plan {
  waitq_room_t *room;
  waitq_t *context;                /* of the room, where calls are submitted; NULL: each call is waited for */
  bool has_shared_store;           /* answers may be older than the call */
  struct virtual_clock *clock;     /* NULL: real time */
  struct watch *watch;             /* NULL: nobody is watched */
  uint32_t capacity;               /* most visitors */
  uint32_t first_id, id_step;      /* visitor i is number first_id + i * id_step of all crowds */
  double leave_share;              /* 0 to 1: how many lose patience, */
  int64_t leave_within_ns;         /* at some moment in so long after they joined */
  int64_t own_pace_ns;             /* whoever is asked to poll within so long does so without being called */
  uint32_t wheel_slots;            /* longest wait of those, in ms; a power of two */
  uint32_t sessions;               /* most visitors inside; who finds no place exits at once */
  uint32_t samples, sample_stride; /* of the history */
  int64_t start_ns;
  uint64_t seed;
};

struct crowd {
  struct crowd_plan plan;
  uint32_t arrived; /* visitors who exist by now */
  struct visitor *visitors;
  char (*tickets)[WAITQ_TICKET_SIZE];
  struct wheel wheel;                   /* those who go their own pace */
  uint32_t first_to_call, last_to_call; /* the others, in the order in which they were told where they stand */
  struct sessions sessions;
  struct errands errands;
  bool is_over; /* nobody begins anything any more */
  struct random random;
  struct history history;
  struct histogram join_time, poll_time, enter_time, leave_time, exit_time;
  struct crowd_counters counters;
  waitq_error first_error; /* of the calls that failed for good */
};

/* 0, or -1 when there is no memory. */
int crowd_init(struct crowd *crowd, const struct crowd_plan *plan);
void crowd_free(struct crowd *crowd);

/* The next visitor comes and joins. False when all have come, or so many calls are under way that this one has to wait. */
bool crowd_arrive(struct crowd *crowd);

/* Does what is due by the visitors' own pace. */
void crowd_act_due(struct crowd *crowd, int64_t now_ns);

/* Calls the visitor who was told where it stands the longest time ago: it polls, or leaves if its patience has ended.
 * False when there is none to whom nothing was told since since_ns. */
bool crowd_call_next(struct crowd *crowd, int64_t since_ns);

/* Sleeps until a moment of the monotonic clock, and meanwhile takes the answers to what was submitted. */
void crowd_rest(struct crowd *crowd, int64_t until_ns);

/* Waits for the last answers to what was submitted. To be called by the worker, as its last act. */
void crowd_go_home(struct crowd *crowd);

uint64_t crowd_count(const _Atomic uint64_t *counter);

#endif
