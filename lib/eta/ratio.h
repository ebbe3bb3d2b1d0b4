/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_RATIO_H
#define WAITQ_ETA_RATIO_H

/* How many events there are to a unit of something, of late: turns to a second, turns to a turn that the rate allows.
 *
 * Events and units are summed up at five scales, which forget with time constants of 4 s to about a quarter of an hour. The longest
 * scale that does not contradict a shorter one is the one to believe: it is the most exact as long as nothing has changed,
 * and soon after a change it contradicts.
 *
 * Example: 350 turns a second where 500 are allowed, for 60 s: each scale says 0.7, the longest to within 0.5 %. */

#define WAITQ__RATIO_SCALES 5

struct waitq__ratio {
  float events[WAITQ__RATIO_SCALES];
  float units[WAITQ__RATIO_SCALES];
};

struct waitq__ratio_value {
  double value;
  double error;  /* its standard error, as for events that come independently */
  double events; /* how many it rests on; 0: nothing is known */
};

/* Adds what was seen in a span of time. */
void waitq__ratio_add(struct waitq__ratio *ratio, double seconds, double events, double units);

/* The value at the longest scale that no shorter one contradicts. */
struct waitq__ratio_value waitq__ratio_read(const struct waitq__ratio *ratio);

/* Forgets everything. */
void waitq__ratio_reset(struct waitq__ratio *ratio);

/* Whether this can be one. */
int waitq__ratio_is_sound(const struct waitq__ratio *ratio);

#endif
