/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_NAIVE_H
#define WAITQ_BENCH_NAIVE_H

/* What the naive designs share: an answer, a token bucket, a reservation. All of it is less than the library does: the
 * estimate is a division, the reservation a random number that nobody remembers, the id itself is the ticket, and
 * nothing is signed. So the comparison flatters the naive designs where it is not exact. */

#include <stdint.h>

/* How long a visitor may be silent: longer than the benchmarks take. */
#define NAIVE_TTL_US INT64_C(3600000000)

struct naive_bucket {
  double tokens;
  double rate_per_s;
  double burst;
  int64_t filled_us;
};

struct naive_status {
  uint64_t position; /* 1 is the next; 0: not in line */
  uint64_t ahead;
  uint64_t behind;
  int64_t eta_ms;
};

struct naive_reservation {
  char text[33];
};

/* The system's real time. */
int64_t naive_now_us(void);

void naive_bucket_open(struct naive_bucket *bucket);

/* Takes a token for the visitor at this position, where as many tokens are there as stand up to that position. */
int naive_bucket_take(struct naive_bucket *bucket, uint64_t position, int64_t now_us);

void naive_status_set(struct naive_status *status, uint64_t position, uint64_t waiting,
                      const struct naive_bucket *bucket);

/* 128 random bits in hexadecimal. */
void naive_reserve(struct naive_reservation *reservation);

#endif
