/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_CALENDAR_H
#define WAITQ_SIMULATION_ETA_CALENDAR_H

/* What visitors are going to do, by tick: a list for each of the ticks to come. A million visitors who poll cost a list
 * cell each, and no comparison.
 *
 * The lists lie in a ring of ticks; what is due later than a turn of the ring is passed by until it is due. Within a tick
 * things happen in the order in which they were noted, the same in every run. */

#include <stdint.h>

enum errand_kind { ERRAND_POLL, ERRAND_LEAVE, ERRAND_ENTER, ERRAND_EXIT };

struct errand {
  uint64_t tick;
  uint32_t visitor;
  uint32_t next;
  enum errand_kind kind;
};

struct calendar;

struct calendar *calendar_new(void);
void calendar_free(struct calendar *calendar);

/* Notes an errand for a tick; one that is over stands for the current one. The first tick is 1. */
void calendar_add(struct calendar *calendar, uint64_t tick, enum errand_kind kind, uint32_t visitor);

/* Takes out one errand of the current tick; 0 when there is none left, and the tick is over. */
int calendar_take(struct calendar *calendar, struct errand *errand);

#endif
