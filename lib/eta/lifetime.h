/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_LIFETIME_H
#define WAITQ_ETA_LIFETIME_H

/* How long a stage lasts, as a survival curve: learnt from ages, and continued where nothing is known yet.
 *
 * Where much is known of an age, its hazard is what was seen; where little is, that of the distribution that fits all that is
 * known best, those who are still there included: see mixture.h. The fit moves a little at every fold, and so costs little. */

#include "eta/ages.h"

struct waitq__lifetime {
  double hazard[WAITQ__AGE_BINS];
  double summed[WAITQ__AGE_BINS]; /* hazard summed up to the beginning of each bin */
  double lived[WAITQ__AGE_BINS];  /* how long one lives up to then, on average */
  double begins[WAITQ__AGE_BINS];
  double longest_s; /* nobody gets older; INFINITY where that is not known */
  double ended;     /* on how many ends it rests */
};

/* Moves the fit of sessions towards what is known now. longest_s: how long they can be; 0: any time. */
void waitq__lifetime_fit(struct waitq__mixture *mixture, const struct waitq__ages *ages, int64_t now_us,
                         double longest_s);

/* The curve of sessions, with the fit where little is known. */
void waitq__lifetime_of_sessions(const struct waitq__ages *ages, const struct waitq__mixture *mixture, int64_t now_us,
                                 double longest_s, struct waitq__lifetime *lifetime);

/* The curve of visitors in line, who stay where nothing else is known. Returns whether anybody is likely to leave. */
int waitq__lifetime_of_visitors(const struct waitq__ages *ages, struct waitq__lifetime *lifetime);

/* The hazard summed up to an age: who is of age a lives on to age b with a chance of exp(summed(a) - summed(b)). */
double waitq__lifetime_summed(const struct waitq__lifetime *lifetime, double age_s);

/* How much of so many seconds one lives, on average. */
double waitq__lifetime_lived(const struct waitq__lifetime *lifetime, double seconds);

/* How long a session lasts on average, in seconds. */
double waitq__lifetime_mean(const struct waitq__lifetime *lifetime);

#endif
