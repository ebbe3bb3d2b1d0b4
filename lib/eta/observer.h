/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_OBSERVER_H
#define WAITQ_ETA_OBSERVER_H

/* A line that is known by counters alone: cohorts are counted down by what the host tells of single visitors, and the rest of what the
 * gauges say is missing is taken from all of them alike.
 *
 * A place that is watched has the number of the turn that is its own if nobody leaves; who leaves before it brings it forward. */

#include <waitq/eta.h>

#include "eta/history.h"

struct waitq__observer {
  struct waitq__history history;
  waitq_eta_sample folded; /* what was told at the last fold */
  waitq_eta_sample latest;
  int has_sample;
};

void waitq__observer_init(struct waitq__observer *observer);

/* A visitor with so many ahead has left. */
void waitq__observer_left(struct waitq__observer *observer, double ahead, int64_t now_us);

/* Takes note of a sample: folds it, if it is time. Returns the turns since the last sample. */
uint64_t waitq__observer_take(struct waitq__observer *observer, const struct waitq__line *line,
                              const waitq_eta_sample *sample);

/* Watches a place with so many ahead. */
void waitq__observer_watch(struct waitq__observer *observer, struct waitq__probe *probe, uint64_t ahead, int64_t now_us,
                           const struct waitq__span *span);

/* Fills in the segments of the line. */
void waitq__observer_tell(const struct waitq__observer *observer, int64_t now_us, struct waitq__prospect *prospect);

#endif
