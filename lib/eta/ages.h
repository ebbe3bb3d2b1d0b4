/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_AGES_H
#define WAITQ_ETA_AGES_H

/* How old those get who go through a stage: sessions until they end, visitors in line until they leave.
 *
 * Who began at about the same time is a cohort: all tickets up to a number, and how many of them are still there. There are
 * few cohorts, fine for the young and coarse for the old, so that each spans about the same part of its age. Whoever
 * knows better counts a cohort anew now and then; what has gone meanwhile did so at an age that is known, and is noted in the
 * bin of that age, as is the time that all have lived in it. Ends divided by time lived is the hazard of that age.
 *
 * Example: a cohort of 100 that began 60 s ago has 97 left, and had 99 one second ago: two ends and 98 seconds in the bin of
 * 56 to 71 s. */

#include <stdint.h>

#include "eta/mixture.h"

#define WAITQ__COHORTS 28

struct waitq__cohort {
  uint32_t began;   /* hundredths of a second after the origin, on average */
  uint32_t counted; /* when it was counted last */
  uint32_t end;     /* the number after its last ticket, from the base on */
  uint32_t count;   /* how many are still there */
};

struct waitq__ages {
  int64_t origin_us;
  uint64_t base; /* the number of the first ticket of the first cohort */
  uint32_t cohorts;
  float surprise; /* by how much more ended of late than what was learnt says, in standard deviations */
  struct waitq__cohort cohort[WAITQ__COHORTS];
  float ended[WAITQ__AGE_BINS];
  float lived[WAITQ__AGE_BINS]; /* seconds */
};

/* No cohorts; tickets are counted from base on. What was learnt of ages stays where it is. */
void waitq__ages_begin(struct waitq__ages *ages, int64_t now_us, uint64_t base);

/* Forgets all, what was learnt as well. */
void waitq__ages_init(struct waitq__ages *ages, int64_t now_us);

/* Lets what was learnt fade, in a span of time. */
void waitq__ages_fade(struct waitq__ages *ages, double seconds);

/* Forgets half of what was learnt, where what ended of late contradicts it; but not so much that little is left. */
void waitq__ages_doubt(struct waitq__ages *ages);

/* Adds a cohort of those up to, not including, end; count are there. Before that, two neighbours may become one. */
void waitq__ages_open(struct waitq__ages *ages, int64_t began_us, int64_t now_us, uint64_t end, uint64_t count);

/* Tickets of a cohort: from, not including, to. */
uint64_t waitq__cohort_begin(const struct waitq__ages *ages, unsigned at);
uint64_t waitq__cohort_end(const struct waitq__ages *ages, unsigned at);

/* How old a cohort is, and how long ago it was counted, in seconds. */
double waitq__cohort_age_s(const struct waitq__ages *ages, unsigned at, int64_t now_us);
double waitq__cohort_since_s(const struct waitq__ages *ages, unsigned at, int64_t now_us);

/* Takes note of a count. Of the time since the last at most most_s counts as lived: when a line has stood still for long, that nobody's
 * session ended meanwhile is not how long they last. A count that has grown is a correction, from which nothing is learnt. */
void waitq__cohort_recount(struct waitq__ages *ages, unsigned at, int64_t now_us, double most_s, uint64_t count);

/* The same without anything learnt. */
void waitq__cohort_correct(struct waitq__ages *ages, unsigned at, int64_t now_us, uint64_t count);

/* Notes how many of those who began within the last span are there still. */
void waitq__ages_young(struct waitq__ages *ages, double span_s, uint64_t began, uint64_t left);

/* Notes that one of an age has ended, of a host that counts no cohorts. */
void waitq__ages_end_one(struct waitq__ages *ages, int64_t now_us, double age_s);

/* Forgets the first cohorts: all of whom are over, or that end at a number or before. */
void waitq__ages_drop(struct waitq__ages *ages, uint64_t number);

/* The oldest age of which something is known, in seconds. */
double waitq__ages_oldest(const struct waitq__ages *ages);

/* The bin of an age, and the age at which a bin begins. */
unsigned waitq__age_bin(double age_s);
double waitq__age_begin(unsigned bin);

int waitq__ages_are_sound(const struct waitq__ages *ages);

#endif
