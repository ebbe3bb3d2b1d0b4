/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t rng_environment(const char *variable, uint64_t otherwise) {
  const char *text = getenv(variable);
  return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

uint64_t rng_seed(const char *name, uint64_t otherwise) {
  uint64_t seed = rng_environment("WAITQ_TEST_SEED", otherwise);
  printf("%s: WAITQ_TEST_SEED=%" PRIu64 "\n", name, seed);
  fflush(stdout);
  return seed;
}

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void rng_init(struct rng *rng, uint64_t seed) {
  for (int i = 0; i < 4; i++) {
    rng->state[i] = splitmix(&seed);
  }
}

static uint64_t rotate(uint64_t value, int by) {
  return (value << by) | (value >> (64 - by));
}

uint64_t rng_next(struct rng *rng) {
  uint64_t *s = rng->state;
  uint64_t result = rotate(s[1] * 5, 7) * 9;
  uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate(s[3], 45);
  return result;
}

uint64_t rng_below(struct rng *rng, uint64_t limit) {
  return rng_next(rng) % limit;
}

int64_t rng_between(struct rng *rng, int64_t low, int64_t high) {
  return low + (int64_t)rng_below(rng, (uint64_t)(high - low) + 1);
}

int rng_once_in(struct rng *rng, uint64_t n) {
  return rng_below(rng, n) == 0;
}

double rng_fraction(struct rng *rng) {
  return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

int32_t rng_fill(void *user, void *buffer, size_t bytes) {
  unsigned char *out = buffer;
  while (bytes > 0) {
    uint64_t value = rng_next(user);
    size_t part = bytes < sizeof value ? bytes : sizeof value;
    memcpy(out, &value, part);
    out += part;
    bytes -= part;
  }
  return 0;
}
