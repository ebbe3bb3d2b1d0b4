/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_MIXTURE_H
#define WAITQ_ETA_MIXTURE_H

/* Lengths of sessions as one or two lognormal distributions: short visits and long ones.
 *
 * The single one maximises the likelihood of what was seen, moving a little at every fold. The two are found by expectation and
 * maximisation over the bins of ages, with those who are still there as one censored mass at the oldest age that is known. They are
 * believed where they explain what was seen far better than one does. */

#define WAITQ__AGE_BINS 36

struct waitq__mixture {
  float log_median;   /* the single one; in seconds */
  float log_spread;   /* the logarithm of the standard deviation of the logarithm */
  float log_step;     /* how far a better one is looked for; 0: nothing is known */
  float share;        /* of the first of two */
  float middle[2];    /* means of the logarithm */
  float spread[2];    /* standard deviations of it */
  float merit_gained; /* by how much two explain better: a difference of logarithms of likelihood */
  float reserved;
};

/* What was seen, by bins of ages. */
struct waitq__age_counts {
  const float *ended;
  const float *lived;
  double middle_s[WAITQ__AGE_BINS]; /* how old those were who lived in a bin */
};

/* The middle of a bin, where nothing else is known. */
double waitq__age_middle(unsigned bin);

/* Moves the fit towards what is known now. longest_s: how long sessions can be; 0: any time. */
void waitq__mixture_fit(struct waitq__mixture *mixture, const struct waitq__age_counts *counts, double longest_s);

/* The hazards of the fit at an age in each bin. */
void waitq__mixture_hazards(const struct waitq__mixture *mixture, double longest_s,
                            const double ages_s[WAITQ__AGE_BINS], double hazards[WAITQ__AGE_BINS]);

int waitq__mixture_is_sound(const struct waitq__mixture *mixture);

#endif
