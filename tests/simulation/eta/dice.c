/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "dice.h"

#include <math.h>

#define TWO_PI 6.283185307179586
#define ROOT_2 1.4142135623730951

/* From here on the normal distribution is near enough. */
#define MANY 200.0

/* Above 0, so that its logarithm is a number. */
static double fraction_above_zero(struct rng *rng) {
  return 1.0 - rng_fraction(rng);
}

static double standard_normal(struct rng *rng) {
  double radius = sqrt(-2.0 * log(fraction_above_zero(rng)));
  return radius * cos(TWO_PI * rng_fraction(rng));
}

double dice_exponential(struct rng *rng, double mean) {
  return -mean * log(fraction_above_zero(rng));
}

uint64_t dice_poisson(struct rng *rng, double expected) {
  if (expected > MANY) {
    double number = floor(expected + sqrt(expected) * standard_normal(rng) + 0.5);
    return number > 0.0 ? (uint64_t)number : 0;
  }
  uint64_t count = 0;
  double left = expected;
  while ((left -= dice_exponential(rng, 1.0)) > 0.0) {
    count++;
  }
  return count;
}

static double of_mode(struct rng *rng, const struct scenario_mode *mode) {
  return mode->sigma > 0.0 ? mode->median_s * exp(mode->sigma * standard_normal(rng))
                           : dice_exponential(rng, mode->median_s);
}

double dice_session(struct rng *rng, const struct scenario *scenario) {
  double at = rng_fraction(rng);
  unsigned mode = 0;
  while (mode + 1 < SCENARIO_MODES && at >= scenario->modes[mode].share) {
    at -= scenario->modes[mode++].share;
  }
  return of_mode(rng, &scenario->modes[mode]);
}

double dice_session_survival(const struct scenario *scenario, double age_s) {
  double survival = 0.0;
  for (unsigned i = 0; i < SCENARIO_MODES && age_s > 0.0; i++) {
    const struct scenario_mode *mode = &scenario->modes[i];
    if (mode->share > 0.0) {
      double longer = mode->sigma > 0.0 ? 0.5 * erfc(log(age_s / mode->median_s) / mode->sigma / ROOT_2)
                                        : exp(-age_s / mode->median_s);
      survival += mode->share * longer;
    }
  }
  return age_s > 0.0 ? survival : 1.0;
}
