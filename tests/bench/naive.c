/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "naive.h"

#include <sodium.h>
#include <time.h>

int64_t naive_now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void naive_bucket_open(struct naive_bucket *bucket) {
  *bucket = (struct naive_bucket){.tokens = 1e6, .rate_per_s = 1e9, .burst = 1e6, .filled_us = naive_now_us()};
}

int naive_bucket_take(struct naive_bucket *bucket, uint64_t position, int64_t now_us) {
  if (now_us > bucket->filled_us) {
    bucket->tokens += (double)(now_us - bucket->filled_us) * bucket->rate_per_s / 1e6;
    bucket->tokens = bucket->tokens < bucket->burst ? bucket->tokens : bucket->burst;
    bucket->filled_us = now_us;
  }
  if ((double)position > bucket->tokens) {
    return 0;
  }
  bucket->tokens -= 1;
  return 1;
}

void naive_status_set(struct naive_status *status, uint64_t position, uint64_t waiting,
                      const struct naive_bucket *bucket) {
  status->position = position;
  status->ahead = position - 1;
  status->behind = waiting - position;
  status->eta_ms = (int64_t)((double)position * 1e3 / bucket->rate_per_s);
}

void naive_reserve(struct naive_reservation *reservation) {
  unsigned char bytes[16];
  randombytes_buf(bytes, sizeof bytes);
  sodium_bin2hex(reservation->text, sizeof reservation->text, bytes, sizeof bytes);
}
