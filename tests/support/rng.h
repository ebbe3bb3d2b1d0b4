/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_RNG_H
#define WAITQ_TESTS_SUPPORT_RNG_H

/* Random numbers that a seed repeats: xoshiro256**, seeded by splitmix64 (Blackman and Vigna, public domain).
 *
 * A test takes its seed from rng_seed(), which prints it: WAITQ_TEST_SEED=17 runs a failure again. */

#include <stddef.h>
#include <stdint.h>

struct rng {
  uint64_t state[4];
};

/* The seed of the environment variable WAITQ_TEST_SEED, or otherwise the one given; prints it beside the name. */
uint64_t rng_seed(const char *name, uint64_t otherwise);

/* The number in an environment variable, or otherwise the one given. */
uint64_t rng_environment(const char *variable, uint64_t otherwise);

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* 0 to limit - 1. */
uint64_t rng_below(struct rng *rng, uint64_t limit);

/* low to high, both included. */
int64_t rng_between(struct rng *rng, int64_t low, int64_t high);

/* True once in n times. */
int rng_once_in(struct rng *rng, uint64_t n);

/* 0 to below 1. */
double rng_fraction(struct rng *rng);

/* Is a waitq_random_fn; user is the generator. For one thread at a time. */
int32_t rng_fill(void *user, void *buffer, size_t bytes);

#endif
