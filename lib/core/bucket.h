/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_BUCKET_H
#define WAITQ_CORE_BUCKET_H

/* A token bucket in integers: the generic cell rate algorithm (ITU-T I.371) in token space.
 *
 * The bucket stores how many tokens were used. How many the rate has made is computed from its origin at each look, never
 * added up, so nothing drifts however long it runs and however often it is looked at. level = made - used, at most
 * the burst. Amounts are in units of 2^-20 token, modulo 2^64; time is in microseconds.
 *
 * Example: 500/s, burst 100, full at t = 0. At t = 0, 100 tokens are taken: level 0. At t = 3 ms the level is 1.5 tokens:
 * one can be taken, the second 1 ms later.
 *
 * Time that runs backward gives no tokens and takes none away: a look is never earlier than the last touch. */

#include <stdint.h>

#define WAITQ__TOKEN (INT64_C(1) << 20)
#define WAITQ__RATE_MAX 1e9
#define WAITQ__BURST_MAX UINT64_C(1000000000)
#define WAITQ__NEVER_US INT64_MAX

struct waitq__bucket_terms {
  int64_t origin_us;  /* since when the rate holds */
  uint64_t rate_high; /* units per microsecond: the whole part */
  uint64_t
      rate_low; /* and the rest, in 2^-64 units, rounded up: after a whole second the tokens of a whole second are there */
  uint64_t burst; /* tokens */
};

struct waitq__bucket {
  struct waitq__bucket_terms terms;
  uint64_t used;      /* units, modulo 2^64 */
  int64_t touched_us; /* when used was last written */
  uint64_t surplus;   /* whole tokens given back: they come on top of the burst */
};

/* Terms that hold from origin_us on. rate_per_s is finite, 0 to WAITQ__RATE_MAX; it counts to the ninth decimal. */
struct waitq__bucket_terms waitq__bucket_terms(double rate_per_s, uint64_t burst, int64_t origin_us);

/* Whether the terms make no token, ever. */
static inline int waitq__bucket_is_dry(const struct waitq__bucket_terms *terms) {
  return (terms->rate_high | terms->rate_low) == 0;
}

/* How many units the rate made from the origin to now. */
uint64_t waitq__bucket_made(const struct waitq__bucket_terms *terms, int64_t now_us);

/* Units in the bucket at now, without the surplus: 0 to the burst. */
int64_t waitq__bucket_level(const struct waitq__bucket_terms *terms, uint64_t used, int64_t touched_us, int64_t now_us);

/* Microseconds after at_us until what is level then has grown to wanted units; WAITQ__NEVER_US where it never does. */
int64_t waitq__bucket_wait(const struct waitq__bucket_terms *terms, int64_t level, int64_t wanted, int64_t at_us);

/* The same in whole milliseconds, to the accuracy of a double: for showing, not for deciding. INT64_MAX where it never does. */
int64_t waitq__bucket_wait_shown_ms(const struct waitq__bucket_terms *terms, int64_t level, int64_t wanted);

/* A full bucket. */
void waitq__bucket_init(struct waitq__bucket *bucket, double rate_per_s, uint64_t burst, int64_t now_us);

/* Whole tokens that can be taken now, the surplus included. */
uint64_t waitq__bucket_available(const struct waitq__bucket *bucket, int64_t now_us);

/* Takes tokens that are available, from the surplus first. */
void waitq__bucket_take(struct waitq__bucket *bucket, uint64_t tokens, int64_t now_us);

/* Gives tokens back that were taken and not used. */
void waitq__bucket_give(struct waitq__bucket *bucket, uint64_t tokens);

/* Puts the surplus into the bucket, as far as the burst allows. */
void waitq__bucket_absorb(struct waitq__bucket *bucket, int64_t now_us);

/* Changes rate and burst from now on; what is in the bucket stays, up to the new burst. */
void waitq__bucket_set(struct waitq__bucket *bucket, double rate_per_s, uint64_t burst, int64_t now_us);

/* Microseconds from now until tokens can be taken; 0 when they can, WAITQ__NEVER_US when they never can. */
int64_t waitq__bucket_wait_for(const struct waitq__bucket *bucket, uint64_t tokens, int64_t now_us);

#endif
