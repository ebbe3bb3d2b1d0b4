/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/ages.h"

#include <math.h>
#include <string.h>

#include "eta/sound.h"

#define UNIT_US 10000 /* of the times of cohorts */
#define UNITS_MOST UINT32_MAX

/* Bins begin at FIRST, and are three to an octave. */
#define FIRST_S 0.7
#define BINS_AN_OCTAVE 3

/* What was learnt longer ago than about this fades. */
#define FADE_S 3600.0

/* Of late is the mean of about so many counts, and so far from what was expected is no chance. */
#define COUNTS_OF_LATE 64.0
#define CONTRADICTION 4.0

/* How exactly the hazard of a bin holds for all ages in it. */
#define BIN_ERROR 0.1

/* So many ends are kept. */
#define ENDED_KEPT 2000.0

void waitq__ages_begin(struct waitq__ages *ages, int64_t now_us, uint64_t base) {
  ages->origin_us = now_us;
  ages->base = base;
  ages->cohorts = 0;
  memset(ages->cohort, 0, sizeof ages->cohort);
}

void waitq__ages_init(struct waitq__ages *ages, int64_t now_us) {
  memset(ages, 0, sizeof *ages);
  ages->origin_us = now_us;
}

void waitq__ages_fade(struct waitq__ages *ages, double seconds) {
  float kept = (float)exp(-seconds / FADE_S);
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    ages->ended[bin] *= kept;
    ages->lived[bin] *= kept;
  }
}

double waitq__age_begin(unsigned bin) {
  return bin == 0 ? 0.0 : FIRST_S * exp2((double)(bin - 1) / BINS_AN_OCTAVE);
}

unsigned waitq__age_bin(double age_s) {
  if (!(age_s >= FIRST_S)) {
    return 0;
  }
  int exponent;
  double part = frexp(age_s / FIRST_S, &exponent); /* 0.5 to 1 */
  unsigned third = (part >= 0.5 * 1.2599210498948732 ? 1U : 0U) + (part >= 0.5 * 1.5874010519681994 ? 1U : 0U);
  unsigned bin = 1 + BINS_AN_OCTAVE * (unsigned)(exponent - 1) + third;
  return bin < WAITQ__AGE_BINS ? bin : WAITQ__AGE_BINS - 1;
}

static uint32_t units(const struct waitq__ages *ages, int64_t us) {
  int64_t since = (us - ages->origin_us) / UNIT_US;
  return since < 0 ? 0 : since > UNITS_MOST ? UNITS_MOST : (uint32_t)since;
}

static double seconds_between(uint32_t from, uint32_t to) {
  return to > from ? (double)(to - from) * (UNIT_US * 1e-6) : 0.0;
}

uint64_t waitq__cohort_begin(const struct waitq__ages *ages, unsigned at) {
  return ages->base + (at == 0 ? 0 : ages->cohort[at - 1].end);
}

uint64_t waitq__cohort_end(const struct waitq__ages *ages, unsigned at) {
  return ages->base + ages->cohort[at].end;
}

double waitq__cohort_age_s(const struct waitq__ages *ages, unsigned at, int64_t now_us) {
  return seconds_between(ages->cohort[at].began, units(ages, now_us));
}

double waitq__cohort_since_s(const struct waitq__ages *ages, unsigned at, int64_t now_us) {
  return seconds_between(ages->cohort[at].counted, units(ages, now_us));
}

/* Forgets the first cohort. */
static void drop_first(struct waitq__ages *ages) {
  uint32_t end = ages->cohort[0].end;
  ages->cohorts--;
  memmove(&ages->cohort[0], &ages->cohort[1], ages->cohorts * sizeof ages->cohort[0]);
  for (unsigned i = 0; i < ages->cohorts; i++) {
    ages->cohort[i].end -= end;
  }
  ages->base += end;
}

void waitq__ages_drop(struct waitq__ages *ages, uint64_t number) {
  while (ages->cohorts > 0 && (ages->cohort[0].count == 0 || waitq__cohort_end(ages, 0) <= number)) {
    drop_first(ages);
  }
}

static uint32_t mean_of(uint32_t first, uint32_t second, double weight) {
  return (uint32_t)((double)first + weight * ((double)second - (double)first) + 0.5);
}

/* Makes one of the cohort at and the one after it. */
static void merge(struct waitq__ages *ages, unsigned at) {
  struct waitq__cohort *first = &ages->cohort[at];
  const struct waitq__cohort *second = &ages->cohort[at + 1];
  uint64_t count = (uint64_t)first->count + second->count;
  double weight = count == 0 ? 0.5 : (double)second->count / (double)count;
  first->began = mean_of(first->began, second->began, weight);
  /* What has ended since is divided by the time since: the mean of both. */
  first->counted = mean_of(first->counted, second->counted, weight);
  first->end = second->end;
  first->count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
  ages->cohorts--;
  memmove(&ages->cohort[at + 1], &ages->cohort[at + 2], (ages->cohorts - at - 1) * sizeof ages->cohort[0]);
}

/* The pair that together spans the smallest part of its age. */
static void merge_best(struct waitq__ages *ages, uint32_t now) {
  unsigned best = 0;
  double least = INFINITY;
  for (unsigned i = 0; i + 1 < ages->cohorts; i++) {
    uint32_t from = i == 0 ? ages->cohort[0].began : ages->cohort[i - 1].began;
    double span = seconds_between(from, ages->cohort[i + 1].began);
    double part = span / (seconds_between(ages->cohort[i + 1].began, now) + 1.0);
    if (part < least) {
      least = part;
      best = i;
    }
  }
  merge(ages, best);
}

void waitq__ages_open(struct waitq__ages *ages, int64_t began_us, int64_t now_us, uint64_t end, uint64_t count) {
  uint64_t last = ages->cohorts == 0 ? ages->base : waitq__cohort_end(ages, ages->cohorts - 1);
  if (end <= last) {
    return;
  }
  if (end - ages->base > UINT32_MAX || (now_us - ages->origin_us) / UNIT_US > UNITS_MOST / 2) {
    waitq__ages_begin(ages, now_us,
                      last); /* numbers and times do not fit any more: sessions of a year are not followed */
  }
  if (ages->cohorts == WAITQ__COHORTS) {
    merge_best(ages, units(ages, now_us));
  }
  uint32_t began = units(ages, began_us);
  uint32_t least = ages->cohorts == 0 ? 0 : ages->cohort[ages->cohorts - 1].began;
  ages->cohort[ages->cohorts++] = (struct waitq__cohort){
      .began = began < least ? least : began,
      .counted = units(ages, now_us),
      .end = (uint32_t)(end - ages->base),
      .count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count,
  };
}

void waitq__cohort_correct(struct waitq__ages *ages, unsigned at, int64_t now_us, uint64_t count) {
  ages->cohort[at].count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
  ages->cohort[at].counted = units(ages, now_us);
}

/* Compares a count with what was learnt of its bin before. */
static void compare(struct waitq__ages *ages, unsigned bin, double ended, double lived) {
  double known = ages->ended[bin];
  double expected = ages->lived[bin] > 0.0F ? lived * known / ages->lived[bin] : 0.0;
  double variance = 1.0 + expected + expected * expected * (1.0 / (known + 1.0) + BIN_ERROR * BIN_ERROR);
  double kept = 1.0 - 1.0 / COUNTS_OF_LATE;
  if (known > 0.0) {
    double apart = (ended - expected) / sqrt(variance);
    ages->surprise = (float)(ages->surprise * kept + apart * sqrt(1.0 - kept * kept));
  }
}

void waitq__ages_doubt(struct waitq__ages *ages) {
  double all = 0.0;
  for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
    all += ages->ended[bin];
  }
  if (fabsf(ages->surprise) > CONTRADICTION && all > ENDED_KEPT) {
    float kept = (float)fmax(0.5, ENDED_KEPT / all);
    for (unsigned bin = 0; bin < WAITQ__AGE_BINS; bin++) {
      ages->ended[bin] *= kept;
      ages->lived[bin] *= kept;
    }
    ages->surprise = 0.0F;
  }
}

void waitq__cohort_recount(struct waitq__ages *ages, unsigned at, int64_t now_us, double most_s, uint64_t count) {
  struct waitq__cohort *cohort = &ages->cohort[at];
  double since_s = waitq__cohort_since_s(ages, at, now_us);
  double age_s = waitq__cohort_age_s(ages, at, now_us) - 0.5 * since_s;
  since_s = since_s < most_s ? since_s : most_s;
  if (count <= cohort->count && age_s > 0.0) {
    unsigned bin = waitq__age_bin(age_s);
    double ended = (double)(cohort->count - count);
    double lived = 0.5 * ((double)cohort->count + (double)count) * since_s;
    compare(ages, bin, ended, lived);
    ages->ended[bin] += (float)ended;
    ages->lived[bin] += (float)lived;
  }
  waitq__cohort_correct(ages, at, now_us, count);
}

void waitq__ages_young(struct waitq__ages *ages, double span_s, uint64_t began, uint64_t left) {
  /* Who began within the span has lived through half of it, and who has ended already through a quarter, on average. */
  uint64_t ended = began > left ? began - left : 0;
  ages->ended[0] += (float)ended;
  ages->lived[0] += (float)((0.25 * (double)ended + 0.5 * (double)left) * span_s);
}

void waitq__ages_end_one(struct waitq__ages *ages, int64_t now_us, double age_s) {
  ages->ended[waitq__age_bin(age_s)] += 1.0F;
  unsigned best = 0;
  double least = INFINITY;
  for (unsigned i = 0; i < ages->cohorts; i++) {
    double apart = fabs(waitq__cohort_age_s(ages, i, now_us) - age_s);
    if (ages->cohort[i].count > 0 && apart < least) {
      least = apart;
      best = i;
    }
  }
  if (least < INFINITY) {
    ages->cohort[best].count--;
  }
}

double waitq__ages_oldest(const struct waitq__ages *ages) {
  unsigned bin = WAITQ__AGE_BINS;
  while (bin > 0 && ages->lived[bin - 1] < 1.0F) {
    bin--;
  }
  return bin == WAITQ__AGE_BINS ? INFINITY : waitq__age_begin(bin);
}

int waitq__ages_are_sound(const struct waitq__ages *ages) {
  int is_sound = ages->cohorts <= WAITQ__COHORTS && waitq__are_sound(ages->ended, WAITQ__AGE_BINS) &&
                 waitq__are_sound(ages->lived, WAITQ__AGE_BINS) && ages->origin_us >= 0 &&
                 ages->origin_us <= INT64_MAX / 4 && ages->surprise >= -1e6F && ages->surprise <= 1e6F &&
                 ages->base <= UINT64_MAX / 4;
  for (unsigned i = 1; is_sound && i < ages->cohorts; i++) {
    is_sound = ages->cohort[i].began >= ages->cohort[i - 1].began && ages->cohort[i].end >= ages->cohort[i - 1].end;
  }
  return is_sound;
}
