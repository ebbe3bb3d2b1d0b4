/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/mixture.h"

#include <math.h>

#include "eta/ages.h"

/* Before anything is known sessions are taken to last two minutes, give or take a factor of four. */
#define GUESS_LOG_MEDIAN 4.8
#define GUESS_WIDTH 1.0
#define GUESS_LOG_SPREAD (-0.2)
#define GUESS_SPREAD_WIDTH 0.35

#define STEP_FIRST 0.3F
#define STEP_LEAST 0.004F
#define STEP_MOST 0.5F

/* While little is known the fit moves several times a fold. */
#define MOVES_AT_FIRST 3
#define ENDED_AT_FIRST 500.0

/* Two are looked for from so many ends on, a few rounds a fold, and believed when they gain as much. */
#define ENDED_FOR_TWO 200.0
#define ROUNDS 4
#define GAIN_FOR_TWO 12.0

/* As if each of two had been seen so often, with this spread: without it one could shrink to a point. */
#define SPREAD_PRIOR 0.5
#define SPREAD_PRIOR_TIMES 20.0
#define SHARE_LEAST 0.02

double waitq__age_middle(unsigned bin) {
  double begin = waitq__age_begin(bin);
  return bin == 0 ? 0.5 * waitq__age_begin(1) : begin * 1.1224620483093730;
}

/* The upper tail of a normal distribution. */
static double tail(double z) {
  return 0.5 * erfc(z * 0.7071067811865476);
}

static double bell(double z) {
  return exp(-0.5 * z * z) * 0.3989422804014327;
}

/* The hazard of a lognormal distribution at an age whose logarithm is given. */
static double lognormal_hazard(double log_age, double age_s, double log_median, double spread) {
  double z = (log_age - log_median) / spread;
  if (z > 5.0) {
    return z / (age_s * spread) * (1.0 + 1.0 / (z * z));
  }
  return bell(z) / (age_s * spread * tail(z));
}

static double hazard_of_two(const struct waitq__mixture *mixture, double log_age, double age_s) {
  double density = 0.0;
  double alive = 1e-12;
  for (unsigned i = 0; i < 2; i++) {
    double share = i == 0 ? mixture->share : 1.0 - mixture->share;
    double z = (log_age - mixture->middle[i]) / mixture->spread[i];
    density += share * bell(z) / (age_s * mixture->spread[i]);
    alive += share * tail(z);
  }
  return density / alive;
}

static double merit_of_bin(const struct waitq__age_counts *counts, unsigned bin, double hazard) {
  return counts->ended[bin] * log(hazard + 1e-12) - counts->lived[bin] * (hazard + 1e-12);
}

/* How well one distribution explains what was seen, as a logarithm of likelihood. */
static double merit_of_one(const struct waitq__age_counts *counts, double log_median, double log_spread) {
  double sum = 0.0;
  double spread = exp(log_spread);
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    if (counts->lived[bin] > 0.0F) {
      double age_s = counts->middle_s[bin];
      sum += merit_of_bin(counts, bin, lognormal_hazard(log(age_s), age_s, log_median, spread));
    }
  }
  return sum;
}

static double merit_of_two(const struct waitq__age_counts *counts, const struct waitq__mixture *mixture) {
  double sum = 0.0;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    if (counts->lived[bin] > 0.0F) {
      double age_s = counts->middle_s[bin];
      sum += merit_of_bin(counts, bin, hazard_of_two(mixture, log(age_s), age_s));
    }
  }
  return sum;
}

/* With what is likely beforehand. */
static double merit(const struct waitq__age_counts *counts, double log_median, double log_spread) {
  double from_median = (log_median - GUESS_LOG_MEDIAN) / GUESS_WIDTH;
  double from_spread = (log_spread - GUESS_LOG_SPREAD) / GUESS_SPREAD_WIDTH;
  return merit_of_one(counts, log_median, log_spread) - 0.5 * (from_median * from_median + from_spread * from_spread);
}

/* Looks a step to each side, and goes where it is better. Returns whether it went. */
static int move(struct waitq__mixture *mixture, const struct waitq__age_counts *counts) {
  float median = mixture->log_median;
  float spread = mixture->log_spread;
  float step = mixture->log_step;
  double best = merit(counts, median, spread);
  int has_moved = 0;
  const float to[4][2] = {
      {median + step, spread}, {median - step, spread}, {median, spread + step}, {median, spread - step}};
  for (unsigned i = 0; i < 4; i++) {
    double found = merit(counts, to[i][0], to[i][1]);
    if (found > best) {
      best = found;
      mixture->log_median = to[i][0];
      mixture->log_spread = to[i][1];
      has_moved = 1;
    }
  }
  return has_moved;
}

/* Ages as a distribution: how much of it lies in each bin, and what lives on beyond the oldest that is known. */
struct masses {
  double in[WAITQ__AGE_BINS];
  double beyond;
  double oldest_log_s;
};

static void find_masses(const struct waitq__age_counts *counts, struct masses *masses) {
  masses->beyond = 1.0;
  masses->oldest_log_s = 0.0;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    masses->in[bin] = 0.0;
    if (counts->lived[bin] > 0.0F && counts->ended[bin] > 0.0F) {
      double end_s = bin + 1 < WAITQ__AGE_BINS ? waitq__age_begin(bin + 1) : 2.0 * waitq__age_begin(bin);
      double dies = -expm1(-counts->ended[bin] / counts->lived[bin] * (end_s - waitq__age_begin(bin)));
      masses->in[bin] = masses->beyond * dies;
      masses->beyond -= masses->in[bin];
      masses->oldest_log_s = log(end_s);
    }
  }
}

/* Sums for one of two. */
struct part {
  double mass;
  double first;
  double second; /* moments of the logarithm, from the old middle on */
};

static void add_to(struct part parts[2], const double chances[2], double mass, const double firsts[2],
                   const double seconds[2]) {
  double sum = chances[0] + chances[1];
  for (unsigned i = 0; i < 2 && sum > 1e-300; i++) {
    double part = mass * chances[i] / sum;
    parts[i].mass += part;
    parts[i].first += part * firsts[i];
    parts[i].second += part * seconds[i];
  }
}

static void add_bins(const struct waitq__mixture *mixture, const struct masses *masses, struct part parts[2]) {
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    if (masses->in[bin] > 0.0) {
      double log_age = log(waitq__age_middle(bin));
      double apart[2] = {log_age - mixture->middle[0], log_age - mixture->middle[1]};
      double squares[2] = {apart[0] * apart[0], apart[1] * apart[1]};
      double chances[2] = {mixture->share * bell(apart[0] / mixture->spread[0]) / mixture->spread[0],
                           (1.0 - mixture->share) * bell(apart[1] / mixture->spread[1]) / mixture->spread[1]};
      add_to(parts, chances, masses->in[bin], apart, squares);
    }
  }
}

static void add_beyond(const struct waitq__mixture *mixture, const struct masses *masses, struct part parts[2]) {
  double chances[2];
  double firsts[2];
  double seconds[2];
  for (unsigned i = 0; i < 2; i++) {
    double spread = mixture->spread[i];
    double z = (masses->oldest_log_s - mixture->middle[i]) / spread;
    double above = tail(z) + 1e-12;
    double ratio = z < 5.0 ? bell(z) / above : z + 1.0 / z;
    chances[i] = (i == 0 ? mixture->share : 1.0 - mixture->share) * above;
    firsts[i] = spread * ratio;
    seconds[i] = spread * spread * (1.0 + z * ratio);
  }
  add_to(parts, chances, masses->beyond, firsts, seconds);
}

/* One round of expectation and maximisation. times: how many ends the masses stand for. */
static void improve(struct waitq__mixture *mixture, const struct masses *masses, double times) {
  struct part parts[2] = {{0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}};
  add_bins(mixture, masses, parts);
  add_beyond(mixture, masses, parts);
  for (unsigned i = 0; i < 2; i++) {
    double mass = parts[i].mass + 1e-9;
    double shift = parts[i].first / mass;
    double variance = parts[i].second / mass - shift * shift;
    double seen = times * mass;
    variance = (variance * seen + SPREAD_PRIOR * SPREAD_PRIOR * SPREAD_PRIOR_TIMES) / (seen + SPREAD_PRIOR_TIMES);
    mixture->middle[i] += (float)shift;
    mixture->spread[i] = (float)sqrt(variance > 0.01 ? variance : 0.01);
  }
  double share = parts[0].mass / (parts[0].mass + parts[1].mass + 1e-12);
  share = share < SHARE_LEAST ? SHARE_LEAST : share > 1.0 - SHARE_LEAST ? 1.0 - SHARE_LEAST : share;
  mixture->share = (float)share;
}

/* The median before anything is known: short where sessions cannot be long. */
static double guess_of(double longest_s) {
  return longest_s > 0.0 && log(longest_s) - 1.0 < GUESS_LOG_MEDIAN ? log(longest_s) - 1.0 : GUESS_LOG_MEDIAN;
}

static void fit_two(struct waitq__mixture *mixture, const struct waitq__age_counts *counts, double ended) {
  struct masses masses;
  find_masses(counts, &masses);
  int is_new = mixture->spread[0] <= 0.0F;
  if (is_new) {
    float spread = expf(mixture->log_spread);
    mixture->share = 0.5F;
    mixture->middle[0] = mixture->log_median - 0.7F * spread;
    mixture->middle[1] = mixture->log_median + 0.7F * spread;
    mixture->spread[0] = mixture->spread[1] = 0.6F * spread;
  }
  for (unsigned i = 0; i < (is_new ? 10 * ROUNDS : ROUNDS); i++) {
    improve(mixture, &masses, ended);
  }
  double gained = merit_of_two(counts, mixture) - merit_of_one(counts, mixture->log_median, mixture->log_spread);
  mixture->merit_gained = (float)(gained > 1e6 ? 1e6 : gained < -1e6 ? -1e6 : gained);
}

void waitq__mixture_fit(struct waitq__mixture *mixture, const struct waitq__age_counts *counts, double longest_s) {
  double ended = 0.0;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    ended += counts->ended[bin];
  }
  if (mixture->log_step <= 0.0F) {
    mixture->log_median = (float)guess_of(longest_s);
    mixture->log_spread = (float)GUESS_LOG_SPREAD;
    mixture->log_step = STEP_FIRST;
  }
  for (unsigned i = 0; i < (ended < ENDED_AT_FIRST ? MOVES_AT_FIRST : 1); i++) {
    float step = mixture->log_step * (move(mixture, counts) ? 1.5F : 0.5F);
    mixture->log_step = step > STEP_MOST ? STEP_MOST : step < STEP_LEAST ? STEP_LEAST : step;
  }
  if (ended >= ENDED_FOR_TWO) {
    fit_two(mixture, counts, ended);
  }
}

void waitq__mixture_hazards(const struct waitq__mixture *mixture, double longest_s,
                            const double ages_s[WAITQ__AGE_BINS], double hazards[WAITQ__AGE_BINS]) {
  int is_fitted = mixture->log_step > 0.0F;
  int is_two = mixture->spread[0] > 0.0F && mixture->merit_gained > GAIN_FOR_TWO;
  double log_median = is_fitted ? mixture->log_median : guess_of(longest_s);
  double spread = exp(is_fitted ? mixture->log_spread : GUESS_LOG_SPREAD);
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    double age_s = ages_s[bin];
    double log_age = log(age_s);
    hazards[bin] =
        (is_two ? hazard_of_two(mixture, log_age, age_s) : lognormal_hazard(log_age, age_s, log_median, spread)) + 1e-9;
  }
}

static int is_within(float value, float least, float most) {
  return value >= least && value <= most;
}

int waitq__mixture_is_sound(const struct waitq__mixture *mixture) {
  int is_sound = is_within(mixture->log_median, -40.0F, 40.0F) && is_within(mixture->log_spread, -4.0F, 4.0F) &&
                 is_within(mixture->log_step, 0.0F, 1.0F) && is_within(mixture->share, 0.0F, 1.0F) &&
                 is_within(mixture->merit_gained, -1e6F, 1e6F);
  for (unsigned i = 0; i < 2; i++) {
    is_sound =
        is_sound && is_within(mixture->middle[i], -100.0F, 100.0F) && is_within(mixture->spread[i], 0.0F, 100.0F);
  }
  return is_sound;
}
