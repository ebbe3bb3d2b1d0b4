/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_CALIBRATION_H
#define WAITQ_ETA_CALIBRATION_H

/* How right estimates are: places in line are noted with what is said of them, and when their turn comes, that is compared.
 *
 * What is learnt makes the next estimates honest. The interval is as wide as has held the truth nine times in ten, by classes of
 * waits (below 5 s, 20 s, 80 s ...), below the median and above it. The confidence is how often the truth was near when as much was
 * expected. Whatever is not known yet is as the curve's own errors suggest. */

#include <stdint.h>

#define WAITQ__CLASSES 6
#define WAITQ__TRUST_BINS 5
#define WAITQ__PROBES 20

/* A place that is watched. */
struct waitq__probe {
  uint64_t number; /* of its ticket; UINT64_MAX: none */
  int64_t made_us;
  float eta_s;
  float low_s;
  float high_s;
  float trust; /* how likely the curve's own errors made a hit */
};

struct waitq__calibration {
  uint64_t scored;
  /* running means */
  double acc;
  double hit;
  double bias;
  double cov90;
  double width;
  float below[WAITQ__CLASSES]; /* what errors are multiplied by, for the bound below the median */
  float above[WAITQ__CLASSES];
  float seen[WAITQ__CLASSES]; /* how many were compared */
  float hits[WAITQ__TRUST_BINS];
  float tries[WAITQ__TRUST_BINS];
  struct waitq__probe probes[WAITQ__PROBES];
};

/* An estimate as it is given, in microseconds. */
struct waitq__span {
  int64_t eta_us;
  int64_t low_us;
  int64_t high_us;
  double confidence;
  double trust; /* as below */
};

/* One estimate, in seconds. */
struct waitq__guess {
  double eta_s;
  double low_s;
  double high_s;
  double confidence;
  double trust; /* before what was learnt of hits */
};

void waitq__calibration_init(struct waitq__calibration *calibration);

/* Makes an estimate of a wait, of the standard error that the curve gives it, and of by how much it may be shorter besides. */
struct waitq__guess waitq__calibration_guess(const struct waitq__calibration *calibration, double eta_s, double error_s,
                                             double slack_s);

/* The shortest wait of a class. */
double waitq__class_begin(unsigned class);

/* A probe that watches nothing; NULL where all watch. is_fair is set where it counts for the means as well. */
struct waitq__probe *waitq__calibration_free_probe(struct waitq__calibration *calibration, int *is_fair);

/* Where to look in a line of so many, of whom there is one at least: at any place with the same chance, or rather near the head, of which there are
 * few. The bits are any that differ from one time to the next; they are mixed here (SplitMix64). */
uint64_t waitq__probe_place(uint64_t bits, uint64_t length, int is_fair);

/* Begins to watch. */
void waitq__probe_begin(struct waitq__probe *probe, uint64_t number, int64_t now_us, const struct waitq__span *span);

/* Compares what was said with the time at which the turn came, and is free again. */
void waitq__probe_score(struct waitq__calibration *calibration, struct waitq__probe *probe, int64_t turn_us);

/* Forgets what is watched. */
void waitq__calibration_drop_probes(struct waitq__calibration *calibration);

int waitq__calibration_is_sound(const struct waitq__calibration *calibration);

#endif
