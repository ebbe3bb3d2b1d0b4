/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "score.h"

#include <math.h>

#define NEAR 0.1
#define NEAR_S 5.0

static int is_hit(double eta_s, double truth_s) {
  return fabs(eta_s - truth_s) <= fmax(NEAR * truth_s, NEAR_S);
}

static void judge(struct score *score, double eta_s, double truth_s) {
  score->polls++;
  if (isnan(eta_s)) {
    score->unanswered++;
    return;
  }
  double error = (eta_s - truth_s) / fmax(truth_s, 1.0);
  score->acc += fmax(0.0, 1.0 - fabs(error));
  score->hit += is_hit(eta_s, truth_s);
  score->bias += error;
}

static void judge_interval(struct score_interval *interval, const struct guess *guess, double truth_s) {
  interval->polls++;
  if (isnan(guess->low_s) || isnan(guess->high_s)) {
    return;
  }
  interval->covered += guess->low_s <= truth_s && truth_s <= guess->high_s;
  interval->below += truth_s < guess->low_s;
  interval->width += (guess->high_s - guess->low_s) / fmax(truth_s, 1.0);
  double scaled = guess->confidence * SCORE_BINS;
  unsigned bin = scaled <= 0.0 ? 0 : scaled >= SCORE_BINS - 1 ? SCORE_BINS - 1 : (unsigned)scaled;
  interval->bins[bin].polls++;
  interval->bins[bin].hits += (uint64_t)is_hit(guess->eta_s[GUESS_DEFAULT], truth_s);
  interval->bins[bin].confidence += guess->confidence;
}

void scores_add(struct scores *scores, const struct guess *guess, double truth_s) {
  for (unsigned i = 0; i < GUESSES; i++) {
    judge(&scores->guesses[i], guess->eta_s[i], truth_s);
  }
  judge_interval(&scores->interval, guess, truth_s);
}

void scores_merge(struct scores *scores, const struct scores *other) {
  for (unsigned i = 0; i < GUESSES; i++) {
    scores->guesses[i].polls += other->guesses[i].polls;
    scores->guesses[i].unanswered += other->guesses[i].unanswered;
    scores->guesses[i].acc += other->guesses[i].acc;
    scores->guesses[i].hit += other->guesses[i].hit;
    scores->guesses[i].bias += other->guesses[i].bias;
  }
  scores->interval.polls += other->interval.polls;
  scores->interval.covered += other->interval.covered;
  scores->interval.below += other->interval.below;
  scores->interval.width += other->interval.width;
  for (unsigned i = 0; i < SCORE_BINS; i++) {
    scores->interval.bins[i].polls += other->interval.bins[i].polls;
    scores->interval.bins[i].hits += other->interval.bins[i].hits;
    scores->interval.bins[i].confidence += other->interval.bins[i].confidence;
  }
}

static double per(double sum, uint64_t count) {
  return count > 0 ? sum / (double)count : NAN;
}

double score_acc(const struct score *score) {
  return 100.0 * per(score->acc, score->polls);
}

double score_hit(const struct score *score) {
  return 100.0 * per(score->hit, score->polls);
}

double score_bias(const struct score *score) {
  return 100.0 * per(score->bias, score->polls - score->unanswered);
}

double score_cov90(const struct score_interval *interval) {
  return 100.0 * per((double)interval->covered, interval->polls);
}

double score_width(const struct score_interval *interval) {
  return per(interval->width, interval->polls);
}

double score_calibration(const struct score_interval *interval) {
  double off = 0.0;
  uint64_t polls = 0;
  for (unsigned i = 0; i < SCORE_BINS; i++) {
    off += fabs(interval->bins[i].confidence - (double)interval->bins[i].hits);
    polls += interval->bins[i].polls;
  }
  return 100.0 * per(off, polls);
}
