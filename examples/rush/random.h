/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_RANDOM_H
#define RUSH_RANDOM_H

/* Repeatable random numbers (splitmix64, public domain, by S. Vigna): one generator a thread, each with its own seed. */

#include <stdint.h>

struct random {
  uint64_t state;
};

uint64_t random_next(struct random *random);

/* Uniform in [0, 1). */
double random_unit(struct random *random);

/* Uniform in [low, high). */
int64_t random_between(struct random *random, int64_t low, int64_t high);

/* A whole number whose mean is `mean`: the fraction decides whether it is rounded up. */
uint64_t random_round(struct random *random, double mean);

#endif
