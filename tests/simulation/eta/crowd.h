/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_CROWD_H
#define WAITQ_SIMULATION_ETA_CROWD_H

/* A room of the library on the memory store, and the visitors of a scenario in front of it, in simulated time.
 *
 * Visitors poll as often as their heartbeat needs, probes every 5 s. A host that pushes turns to its visitors is behind
 * them: whoever is still there enters in the tick in which the turn comes, so what is scored is the turn and not the
 * visitor's delay. Nobody else joins, so the ticket's number is the visitor's index. */

#include <stdint.h>

#include <waitq/waitq.h>

#include "../../support/fake_clock.h"
#include "../../support/rng.h"
#include "arrivals.h"
#include "calendar.h"
#include "scenario.h"

#define CROWD_PROBE_POLLS_S 5.0

enum visitor_flag {
  VISITOR_PROBE = 1, /* never leaves, and is scored */
  VISITOR_AWAY = 2,  /* left, or fell silent */
  VISITOR_TURNED = 4 /* had its turn */
};

struct visitor {
  char ticket[WAITQ_TICKET_SIZE];
  uint32_t flags;
  uint32_t pass;
  double joined_s;
  double away_s;    /* when it left or fell silent */
  double entered_s; /* when its session began */
};

struct crowd;

/* Who watches what goes on. A poll of a probe that waits; a turn of a probe. */
struct crowd_watcher {
  void (*polled)(void *user, uint32_t visitor, const waitq_status *status);
  void (*turned)(void *user, uint32_t visitor);
  void *user;
};

struct crowd {
  const struct scenario *scenario;
  struct crowd_watcher watcher;
  struct rng rng;
  struct rng library_rng;
  struct fake_clock clock;
  waitq_t *context;
  waitq_room_t *room;
  struct arrivals arrivals;
  struct calendar *calendar;

  uint64_t tick;
  double now_s;
  double rate_per_s; /* in force */

  struct visitor *visitors;
  uint32_t count;
  uint32_t capacity;
  uint32_t head;     /* those before it had their turn, or missed it */
  uint64_t turns;    /* given so far */
  uint64_t admitted; /* those of them that did not go back: who entered, and turns lost with the silent */
  uint64_t missed;   /* visitors who were there, and whose turn lapsed at the door */
  double tokens;     /* in the bucket */
  uint32_t probes;   /* in line */

  struct passes *passes;
};

void crowd_open(struct crowd *crowd, const struct scenario *scenario, uint64_t seed,
                const struct crowd_watcher *watcher);
void crowd_close(struct crowd *crowd);

/* Lets a tick pass. */
void crowd_step(struct crowd *crowd);

/* Whether everybody has come, and no probe is left in line. */
int crowd_is_over(const struct crowd *crowd);

/* The backend serves nobody at the moment. */
int crowd_is_out(const struct crowd *crowd, double at_s);

/* The rate that is to be in force at a moment. */
double crowd_rate_at(const struct scenario *scenario, double at_s);

/* Whether the turn of a silent visitor costs a token for good. */
int crowd_loses_turns(const struct scenario *scenario);

/* How often visitors poll who are no probes. */
double crowd_heartbeat_s(const struct scenario *scenario);

#endif
