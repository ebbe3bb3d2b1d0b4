/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/calibration.h"

#include <math.h>
#include <stddef.h>

#include "eta/sound.h"

/* 90 % of a normal distribution lie within so many standard deviations. */
#define NINETY 1.645

/* The width before anything is learnt, and its bounds. */
#define FACTOR_FIRST 1.3
#define FACTOR_LEAST 0.3
#define FACTOR_MOST 40.0

/* Of a hundred, so many may lie beyond either bound. A little less than five: the future differs from the past. */
#define MISSES 0.035

/* How fast widths follow: at first, and at least. */
#define GAIN_FIRST 0.5
#define GAIN_LEAST 0.12

/* So many tries are as good as what the errors suggest. */
#define TRIES_PRIOR 6.0F
#define TRIES_MOST 200.0F

/* Means forget what is longer ago than so many. */
#define MEAN_MOST 1000.0

#define HIT_SHARE 0.1
#define HIT_S 5.0

void waitq__calibration_init(struct waitq__calibration *calibration) {
  *calibration = (struct waitq__calibration){.scored = 0};
  for (unsigned i = 0; i < WAITQ__CLASSES; i++) {
    calibration->below[i] = (float)FACTOR_FIRST;
    calibration->above[i] = (float)FACTOR_FIRST;
  }
  waitq__calibration_drop_probes(calibration);
}

void waitq__calibration_drop_probes(struct waitq__calibration *calibration) {
  for (unsigned i = 0; i < WAITQ__PROBES; i++) {
    calibration->probes[i].number = UINT64_MAX;
  }
}

double waitq__class_begin(unsigned class) {
  return class == 0 ? 0.0 : 5.0 * (double)(1U << 2 * (class - 1));
}

static unsigned class_of(double eta_s) {
  unsigned class = 0;
  while (class + 1 < WAITQ__CLASSES && eta_s >= waitq__class_begin(class + 1)) {
    class ++;
  }
  return class;
}

static unsigned bin_of(double trust) {
  unsigned bin = (unsigned)(trust * WAITQ__TRUST_BINS);
  return bin < WAITQ__TRUST_BINS ? bin : WAITQ__TRUST_BINS - 1;
}

/* How likely an error of this deviation stays below a tolerance. */
static double within(double tolerance_s, double deviation_s) {
  return erf(tolerance_s / (deviation_s * 1.4142135623730951));
}

struct waitq__guess waitq__calibration_guess(const struct waitq__calibration *calibration, double eta_s, double error_s,
                                             double slack_s) {
  unsigned class = class_of(eta_s);
  double below_s = error_s * calibration->below[class];
  double slack_below_s = below_s + slack_s / NINETY;
  double above_s = error_s * calibration->above[class];
  double tolerance_s = HIT_SHARE * eta_s > HIT_S ? HIT_SHARE * eta_s : HIT_S;
  /* Below the median: what nothing is known of is as likely to be nothing. */
  double below = 0.5 * within(tolerance_s, below_s) + 0.5 * within(tolerance_s, slack_below_s);
  double trust = 0.5 * below + 0.5 * within(tolerance_s, above_s);
  unsigned bin = bin_of(trust);
  double low_s = eta_s - NINETY * slack_below_s;
  return (struct waitq__guess){
      .eta_s = eta_s,
      .low_s = low_s > 0.0 ? low_s : 0.0,
      .high_s = eta_s + NINETY * above_s,
      .confidence = (calibration->hits[bin] + TRIES_PRIOR * trust) / (calibration->tries[bin] + TRIES_PRIOR),
      .trust = trust,
  };
}

struct waitq__probe *waitq__calibration_free_probe(struct waitq__calibration *calibration, int *is_fair) {
  for (unsigned i = 0; i < WAITQ__PROBES; i++) {
    if (calibration->probes[i].number == UINT64_MAX) {
      *is_fair = i % 2 == 0;
      return &calibration->probes[i];
    }
  }
  return NULL;
}

uint64_t waitq__probe_place(uint64_t bits, uint64_t length, int is_fair) {
  uint64_t mixed = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
  double part = (double)(mixed >> 11) * 0x1p-53;
  double all = (double)length;
  double offset = is_fair ? part * all : exp(part * log(all + 1.0)) - 1.0;
  return (uint64_t)(offset < all ? offset : all - 1.0);
}

void waitq__probe_begin(struct waitq__probe *probe, uint64_t number, int64_t now_us, const struct waitq__span *span) {
  *probe = (struct waitq__probe){
      .number = number,
      .made_us = now_us,
      .eta_s = (float)((double)span->eta_us * 1e-6),
      .low_s = (float)((double)span->low_us * 1e-6),
      .high_s = (float)((double)span->high_us * 1e-6),
      .trust = (float)span->trust,
  };
}

static double mean_of(double mean, double value, uint64_t scored) {
  double share = 1.0 / ((double)scored + 1.0);
  share = share < 1.0 / MEAN_MOST ? 1.0 / MEAN_MOST : share;
  return mean + (value - mean) * share;
}

static void score_means(struct waitq__calibration *calibration, const struct waitq__probe *probe, double truth_s,
                        int is_hit) {
  double error_s = probe->eta_s - truth_s;
  double scale_s = truth_s > 1.0 ? truth_s : 1.0;
  double acc = 1.0 - fabs(error_s) / scale_s;
  int is_covered = truth_s >= probe->low_s && truth_s <= probe->high_s;
  uint64_t scored = calibration->scored;
  calibration->acc = mean_of(calibration->acc, acc > 0.0 ? acc : 0.0, scored);
  calibration->hit = mean_of(calibration->hit, is_hit, scored);
  calibration->bias = mean_of(calibration->bias, error_s / scale_s, scored);
  calibration->cov90 = mean_of(calibration->cov90, is_covered, scored);
  calibration->width = mean_of(calibration->width, (probe->high_s - probe->low_s) / scale_s, scored);
  calibration->scored++;
}

/* Wider after a miss, a little narrower otherwise, so that misses come as often as they may. */
static void follow(float *factor, int missed, double gain) {
  double next = *factor * exp(gain * (missed ? 1.0 - MISSES : -MISSES));
  *factor = (float)(next < FACTOR_LEAST ? FACTOR_LEAST : next > FACTOR_MOST ? FACTOR_MOST : next);
}

static void learn(struct waitq__calibration *calibration, const struct waitq__probe *probe, double truth_s,
                  int is_hit) {
  unsigned class = class_of(probe->eta_s);
  double gain = GAIN_FIRST / sqrt(1.0 + calibration->seen[class]);
  gain = gain < GAIN_LEAST ? GAIN_LEAST : gain;
  follow(&calibration->below[class], truth_s < probe->low_s, gain);
  follow(&calibration->above[class], truth_s > probe->high_s, gain);
  calibration->seen[class] += calibration->seen[class] < 1e6F ? 1.0F : 0.0F;
  unsigned bin = bin_of(probe->trust);
  if (calibration->tries[bin] >= TRIES_MOST) {
    calibration->tries[bin] *= 0.5F;
    calibration->hits[bin] *= 0.5F;
  }
  calibration->tries[bin] += 1.0F;
  calibration->hits[bin] += (float)is_hit;
}

void waitq__probe_score(struct waitq__calibration *calibration, struct waitq__probe *probe, int64_t turn_us) {
  double truth_s = turn_us > probe->made_us ? (double)(turn_us - probe->made_us) * 1e-6 : 0.0;
  double tolerance_s = HIT_SHARE * truth_s > HIT_S ? HIT_SHARE * truth_s : HIT_S;
  int is_hit = fabs(probe->eta_s - truth_s) <= tolerance_s;
  if ((probe - calibration->probes) % 2 == 0) {
    score_means(calibration, probe, truth_s, is_hit);
  }
  learn(calibration, probe, truth_s, is_hit);
  probe->number = UINT64_MAX;
}

static int is_mean(double value, double least, double most) {
  return value >= least && value <= most;
}

int waitq__calibration_is_sound(const struct waitq__calibration *calibration) {
  int is_sound = is_mean(calibration->acc, 0.0, 1.0) && is_mean(calibration->hit, 0.0, 1.0) &&
                 is_mean(calibration->bias, -1e15, 1e15) && is_mean(calibration->cov90, 0.0, 1.0) &&
                 is_mean(calibration->width, 0.0, 1e15) && waitq__are_sound(calibration->seen, WAITQ__CLASSES) &&
                 waitq__are_sound(calibration->hits, WAITQ__TRUST_BINS) &&
                 waitq__are_sound(calibration->tries, WAITQ__TRUST_BINS);
  for (unsigned i = 0; is_sound && i < WAITQ__CLASSES; i++) {
    is_sound = is_mean(calibration->below[i], FACTOR_LEAST, FACTOR_MOST) &&
               is_mean(calibration->above[i], FACTOR_LEAST, FACTOR_MOST);
  }
  for (unsigned i = 0; is_sound && i < WAITQ__PROBES; i++) {
    const struct waitq__probe *probe = &calibration->probes[i];
    is_sound = probe->made_us >= 0 && waitq__is_sound(probe->eta_s) && waitq__is_sound(probe->low_s) &&
               waitq__is_sound(probe->high_s) && is_mean(probe->trust, 0.0, 1.0);
  }
  return is_sound;
}
