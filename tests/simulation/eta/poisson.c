/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "poisson.h"

#include <math.h>

#define STEPS 2000
#define KNOWN 64

static double density(unsigned shape, double x) {
  return exp((shape - 1.0) * log(x) - x - lgamma(shape));
}

double poisson_score(unsigned position, double mean_s, double estimate_s) {
  double most = position + 12.0 * sqrt(position) + 12.0;
  double step = most / STEPS;
  double score = 0.0;
  for (unsigned i = 0; i < STEPS; i++) {
    double x = (i + 0.5) * step;
    double truth_s = x * mean_s;
    double right = 1.0 - fabs(estimate_s - truth_s) / fmax(truth_s, 1.0);
    score += right > 0.0 ? right * density(position, x) * step : 0.0;
  }
  return score;
}

/* The score rises up to its best and falls after it: the golden section finds it. */
static double search(unsigned position, double mean_s) {
  const double golden = 0.6180339887498949;
  double low = 0.0;
  double high = (position + 4.0 * sqrt(position)) * mean_s;
  for (int i = 0; i < 60; i++) {
    double a = high - golden * (high - low);
    double b = low + golden * (high - low);
    if (poisson_score(position, mean_s, a) < poisson_score(position, mean_s, b)) {
      low = a;
    } else {
      high = b;
    }
  }
  return (low + high) / 2;
}

double poisson_best(unsigned position, double mean_s) {
  static double known[KNOWN];
  static double known_for_s;
  if (fabs(mean_s - known_for_s) > 0.0) {
    for (unsigned i = 0; i < KNOWN; i++) {
      known[i] = 0.0;
    }
    known_for_s = mean_s;
  }
  if (position >= KNOWN) {
    return position * mean_s;
  }
  if (known[position] <= 0.0) {
    known[position] = search(position, mean_s);
  }
  return known[position];
}
