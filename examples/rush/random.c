/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "random.h"

uint64_t random_next(struct random *random) {
  uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

double random_unit(struct random *random) {
  return (double)(random_next(random) >> 11) * 0x1p-53;
}

int64_t random_between(struct random *random, int64_t low, int64_t high) {
  return low + (int64_t)(random_unit(random) * (double)(high - low));
}

uint64_t random_round(struct random *random, double mean) {
  uint64_t whole = (uint64_t)mean;
  return whole + (random_unit(random) < mean - (double)whole ? 1 : 0);
}
