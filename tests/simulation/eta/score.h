/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_SCORE_H
#define WAITQ_SIMULATION_ETA_SCORE_H

/* How right answers were.
 *
 *   ACC    mean of max(0, 1 - |eta - truth| / max(truth, 1 s))
 *   HIT    share within 10 % or 5 s of the truth
 *   COV90  share of intervals that held the truth; width: mean of their width / max(truth, 1 s)
 *
 * An answer that was not given is wrong in every respect, and is counted beside. */

#include <stdint.h>

#include "guess.h"

#define SCORE_BINS 10

struct score {
  uint64_t polls;
  uint64_t unanswered;
  double acc;
  double hit;
  double bias; /* sum of (eta - truth) / max(truth, 1 s) */
};

/* Of the default's intervals and confidences. */
struct score_interval {
  uint64_t polls;
  uint64_t covered;
  uint64_t below; /* the truth came before the interval */
  double width;
  struct {
    uint64_t polls;
    uint64_t hits;
    double confidence;
  } bins[SCORE_BINS]; /* by confidence */
};

/* All of a span. */
struct scores {
  struct score guesses[GUESSES];
  struct score_interval interval;
};

/* Judges the answers of one poll by what came. */
void scores_add(struct scores *scores, const struct guess *guess, double truth_s);

/* Adds what another run has found. */
void scores_merge(struct scores *scores, const struct scores *other);

/* Percent, or NAN where nothing was polled. */
double score_acc(const struct score *score);
double score_hit(const struct score *score);
double score_bias(const struct score *score);
double score_cov90(const struct score_interval *interval);

/* As a part of the truth, not in percent. */
double score_width(const struct score_interval *interval);

/* How far confidence is from the share of hits, on average over the polls, in percent. */
double score_calibration(const struct score_interval *interval);

#endif
