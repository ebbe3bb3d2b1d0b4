/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

bool guard_init(struct guard *guard, double rate_per_s, double burst, uint64_t seed) {
  *guard = (struct guard){.rate_per_s = rate_per_s, .burst = burst, .seed = seed};
  for (size_t i = 0; i < GUARD_LOCKS; i++) {
    pthread_mutex_init(&guard->locks[i], NULL);
  }
  guard->buckets = rate_per_s > 0 ? calloc(GUARD_BUCKETS, sizeof *guard->buckets) : NULL;
  return rate_per_s <= 0 || guard->buckets != NULL;
}

void guard_free(struct guard *guard) {
  free(guard->buckets);
  guard->buckets = NULL;
}

/* The finaliser of SplitMix64: with a seed that nobody knows, nobody can choose addresses that meet. */
static uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

static uint64_t key_of(const struct guard *guard, const char *address) {
  uint32_t v4 = 0;
  struct in6_addr v6;
  uint64_t half = 0;
  if (inet_pton(AF_INET, address, &v4) == 1) {
    half = v4;
  } else if (inet_pton(AF_INET6, address, &v6) == 1) {
    memcpy(&half, v6.s6_addr, sizeof half);
    half = mix(half);
  }
  return mix(half ^ guard->seed) | 1; /* 0 is an empty place */
}

int64_t guard_try(struct guard *guard, const char *address, int64_t now_us) {
  if (guard->rate_per_s <= 0) {
    return 0;
  }
  const uint64_t key = key_of(guard, address);
  const size_t at = (key >> 8) % GUARD_BUCKETS;
  const int64_t cost_us = (int64_t)(1e6 / guard->rate_per_s);
  const int64_t room_us = (int64_t)(1e6 / guard->rate_per_s * guard->burst);
  pthread_mutex_lock(&guard->locks[at % GUARD_LOCKS]);
  struct guard_entry *entry = &guard->buckets[at][0];
  for (size_t way = 0; way < GUARD_WAYS; way++) {
    struct guard_entry *other = &guard->buckets[at][way];
    if (other->key == key) {
      entry = other;
      break;
    }
    if (other->full_at_us < entry->full_at_us) {
      entry = other;
    }
  }
  if (entry->key != key) {
    *entry = (struct guard_entry){key, now_us};
  }
  const int64_t full_at_us = (entry->full_at_us > now_us ? entry->full_at_us : now_us) + cost_us;
  const int64_t over_us = full_at_us - now_us - room_us;
  if (over_us <= 0) {
    entry->full_at_us = full_at_us;
  }
  pthread_mutex_unlock(&guard->locks[at % GUARD_LOCKS]);
  return over_us <= 0 ? 0 : over_us / 1000 + 1;
}
