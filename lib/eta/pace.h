/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_PACE_H
#define WAITQ_ETA_PACE_H

/* How many turns a second a room has been giving lately: an average that forgets with a time constant of 30 s, corrected for
 * the time it has not seen yet (as in Kingma and Ba, "Adam", section 3). */

#include <stdint.h>

struct waitq__pace {
  int64_t since_us;     /* the start of the piece of time not folded in yet */
  uint64_t since_total; /* turns given up to then */
  double per_s;         /* weighted turns per second */
  double weight;        /* how much of the average is filled: 0 to 1 */
};

void waitq__pace_init(struct waitq__pace *pace, int64_t now_us, uint64_t total);

/* Tells how many turns were given in all. Folds about once a second; a total that falls starts anew. */
void waitq__pace_observe(struct waitq__pace *pace, int64_t now_us, uint64_t total);

/* Turns per second; 0 when none is known. */
double waitq__pace_per_s(const struct waitq__pace *pace);

#endif
