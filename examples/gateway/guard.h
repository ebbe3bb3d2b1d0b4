/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_GUARD_H
#define GATEWAY_GUARD_H

/* How many joins an address may make: a token bucket for each, in a table of fixed size. Where many addresses meet in one place of
 * it, the one that was heard of longest ago is forgotten, which lets it have a full bucket again. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define GUARD_BUCKETS 16384
#define GUARD_WAYS 4
#define GUARD_LOCKS 64

struct guard_entry {
  uint64_t key;
  int64_t full_at_us; /* when the bucket will be full again: the generic cell rate algorithm */
};

struct guard {
  double rate_per_s; /* 0: no limit */
  double burst;
  uint64_t seed;
  struct guard_entry (*buckets)[GUARD_WAYS];
  pthread_mutex_t locks[GUARD_LOCKS];
};

bool guard_init(struct guard *guard, double rate_per_s, double burst, uint64_t seed);
void guard_free(struct guard *guard);

/* Takes a token of an address, which counts by its first 64 bits where it is one of IPv6. 0, or in how many ms there will be one. */
int64_t guard_try(struct guard *guard, const char *address, int64_t now_us);

#endif
