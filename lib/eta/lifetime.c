/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/lifetime.h"

#include <math.h>

/* A bin is believed by itself when it has seen more ends than are borrowed from the fit: many while little is known, few later. */
#define BORROWED_MOST 6.0
#define BORROWED_LEAST 1.5
#define BORROWED_ALL 150.0

/* Few ends a bin are no reason to think that anybody leaves. */
#define LEAST_LEAVERS 3.0
#define BORROWED_LEAVERS 2.0

#define SUMMED_MOST 60.0

/* A year: for means. */
#define AGE_MOST_S 3.15e7

static double total_ended(const struct waitq__ages *ages) {
  double sum = 0.0;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    sum += ages->ended[bin];
  }
  return sum;
}

/* How old those were who lived in each bin: anything between its bounds, but of the cohorts that are in it now. Those have seen no
 * more than its beginning, and where hazards grow with age that is far from the middle. */
static void find_middles(const struct waitq__ages *ages, int64_t now_us, double middle_s[WAITQ__AGE_BINS]) {
  double part[WAITQ__AGE_BINS] = {0.0};
  double sum[WAITQ__AGE_BINS] = {0.0};
  for (unsigned i = 0; i < ages->cohorts; i++) {
    double age_s = waitq__cohort_age_s(ages, i, now_us);
    unsigned bin = waitq__age_bin(age_s);
    double begin_s = waitq__age_begin(bin);
    double lived = ages->cohort[i].count * (age_s - begin_s);
    part[bin] += lived;
    sum[bin] += lived * 0.5 * (begin_s + age_s);
  }
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    double others = ages->lived[bin] > part[bin] ? ages->lived[bin] - part[bin] : 0.0;
    double all = others + part[bin];
    middle_s[bin] = all > 0.0 ? (sum[bin] + others * waitq__age_middle(bin)) / all : waitq__age_middle(bin);
  }
}

void waitq__lifetime_fit(struct waitq__mixture *mixture, const struct waitq__ages *ages, int64_t now_us,
                         double longest_s) {
  struct waitq__age_counts counts = {.ended = ages->ended, .lived = ages->lived};
  find_middles(ages, now_us, counts.middle_s);
  waitq__mixture_fit(mixture, &counts, longest_s);
}

/* How much of a span one lives at a hazard, on average. */
static double lived_in(double hazard, double span_s) {
  return hazard * span_s > 1e-6 ? -expm1(-hazard * span_s) / hazard : span_s;
}

static void sum_up(struct waitq__lifetime *lifetime) {
  double summed = 0.0;
  double lived = 0.0;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    lifetime->begins[bin] = waitq__age_begin(bin);
    lifetime->summed[bin] = summed;
    lifetime->lived[bin] = lived;
    if (bin + 1 < WAITQ__AGE_BINS) {
      double span_s = waitq__age_begin(bin + 1) - lifetime->begins[bin];
      lived += exp(-summed) * lived_in(lifetime->hazard[bin], span_s);
      summed += lifetime->hazard[bin] * span_s;
    }
  }
}

void waitq__lifetime_of_sessions(const struct waitq__ages *ages, const struct waitq__mixture *mixture, int64_t now_us,
                                 double longest_s, struct waitq__lifetime *lifetime) {
  double middle_s[WAITQ__AGE_BINS];
  double seen[WAITQ__AGE_BINS];
  double fitted[WAITQ__AGE_BINS];
  find_middles(ages, now_us, middle_s);
  waitq__mixture_hazards(mixture, longest_s, middle_s, seen);
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    middle_s[bin] = waitq__age_middle(bin);
  }
  waitq__mixture_hazards(mixture, longest_s, middle_s, fitted);
  lifetime->ended = total_ended(ages);
  double borrowed = fmin(BORROWED_MOST, fmax(BORROWED_LEAST, BORROWED_ALL / (lifetime->ended + 1.0)));
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    /* By how much more ended than the fit says of those ages. */
    double more = (ages->ended[bin] + borrowed) / (ages->lived[bin] * seen[bin] + borrowed);
    lifetime->hazard[bin] = more * fitted[bin];
  }
  lifetime->longest_s = longest_s > 0.0 ? longest_s : INFINITY;
  sum_up(lifetime);
}

int waitq__lifetime_of_visitors(const struct waitq__ages *ages, struct waitq__lifetime *lifetime) {
  double ended = total_ended(ages);
  double hazard = 0.0;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    /* Where nobody was seen yet, people are as at the age before, and a little more patient the longer they wait. */
    double borrowed = hazard > 0.0 ? BORROWED_LEAVERS : 0.0;
    double carried = hazard > 0.0 ? borrowed / (hazard * 0.8) : 1.0;
    hazard = (ages->ended[bin] + borrowed) / (ages->lived[bin] + carried);
    lifetime->hazard[bin] = hazard;
  }
  lifetime->longest_s = INFINITY;
  lifetime->ended = ended;
  sum_up(lifetime);
  return ended >= LEAST_LEAVERS;
}

double waitq__lifetime_summed(const struct waitq__lifetime *lifetime, double age_s) {
  if (age_s >= lifetime->longest_s) {
    return SUMMED_MOST;
  }
  unsigned bin = waitq__age_bin(age_s);
  double summed = lifetime->summed[bin] + lifetime->hazard[bin] * (age_s - lifetime->begins[bin]);
  return summed < SUMMED_MOST ? summed : SUMMED_MOST;
}

double waitq__lifetime_lived(const struct waitq__lifetime *lifetime, double seconds) {
  double end_s = seconds < lifetime->longest_s ? seconds : lifetime->longest_s;
  unsigned bin = waitq__age_bin(end_s);
  return lifetime->lived[bin] +
         exp(-lifetime->summed[bin]) * lived_in(lifetime->hazard[bin], end_s - lifetime->begins[bin]);
}

double waitq__lifetime_mean(const struct waitq__lifetime *lifetime) {
  return waitq__lifetime_lived(lifetime, AGE_MOST_S);
}
