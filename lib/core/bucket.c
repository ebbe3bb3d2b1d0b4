/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/bucket.h"

/* A 128-bit product: a rate times any span of time. */
__extension__ typedef unsigned __int128 wide;

/* So many units made since the last touch that the difference to used may have wrapped around. */
#define LONG_IDLE (UINT64_C(1) << 62)

#define NANO 1e9
#define NANO_PER_US UINT64_C(1000000000000000) /* 10^9 parts of a token, 10^6 microseconds in a second */

struct waitq__bucket_terms waitq__bucket_terms(double rate_per_s, uint64_t burst, int64_t origin_us) {
  wide units = (wide)(uint64_t)(rate_per_s * NANO + 0.5) * (uint64_t)WAITQ__TOKEN;
  wide rest = (units % NANO_PER_US) << 64;
  return (struct waitq__bucket_terms){
      .origin_us = origin_us,
      .rate_high = (uint64_t)(units / NANO_PER_US),
      .rate_low = (uint64_t)((rest + NANO_PER_US - 1) / NANO_PER_US),
      .burst = burst,
  };
}

static wide made_in(const struct waitq__bucket_terms *terms, int64_t span_us) {
  if (span_us <= 0) {
    return 0;
  }
  uint64_t span = (uint64_t)span_us;
  return (wide)terms->rate_high * span + (uint64_t)(((wide)terms->rate_low * span) >> 64);
}

uint64_t waitq__bucket_made(const struct waitq__bucket_terms *terms, int64_t now_us) {
  return (uint64_t)made_in(terms, now_us - terms->origin_us);
}

int64_t waitq__bucket_level(const struct waitq__bucket_terms *terms, uint64_t used, int64_t touched_us,
                            int64_t now_us) {
  int64_t full = (int64_t)terms->burst * WAITQ__TOKEN;
  int64_t at = now_us > touched_us ? now_us : touched_us;
  if (made_in(terms, at - touched_us) >= LONG_IDLE) {
    return full;
  }
  int64_t level = (int64_t)(waitq__bucket_made(terms, at) - used);
  if (level < 0) {
    return 0;
  }
  return level < full ? level : full;
}

int64_t waitq__bucket_wait(const struct waitq__bucket_terms *terms, int64_t level, int64_t wanted, int64_t at_us) {
  if (level >= wanted) {
    return 0;
  }
  if (waitq__bucket_is_dry(terms) || wanted > (int64_t)terms->burst * WAITQ__TOKEN) {
    return WAITQ__NEVER_US;
  }
  /* The level is rounded down; counted from the origin, the moment is exact. */
  int64_t since_us = at_us > terms->origin_us ? at_us - terms->origin_us : 0;
  wide made = made_in(terms, since_us);
  if (made >= LONG_IDLE) {
    made = 0;
    since_us = 0;
  }
  wide rate = (wide)terms->rate_high << 64 | terms->rate_low;
  wide target = (made + (uint64_t)(wanted - level)) << 64;
  wide span = target / rate + (target % rate != 0);
  return span > (wide)(INT64_MAX / 4) ? WAITQ__NEVER_US : (int64_t)span - since_us;
}

int64_t waitq__bucket_wait_shown_ms(const struct waitq__bucket_terms *terms, int64_t level, int64_t wanted) {
  if (level >= wanted) {
    return 0;
  }
  if (waitq__bucket_is_dry(terms)) {
    return INT64_MAX;
  }
  double units_per_ms = ((double)terms->rate_high + (double)terms->rate_low * 0x1p-64) * 1000.0;
  double ms = (double)(wanted - level) / units_per_ms;
  return ms < 9e15 ? (int64_t)(ms + 0.999999) : INT64_MAX;
}

void waitq__bucket_init(struct waitq__bucket *bucket, double rate_per_s, uint64_t burst, int64_t now_us) {
  bucket->terms = waitq__bucket_terms(rate_per_s, burst, now_us);
  bucket->used = 0 - burst * (uint64_t)WAITQ__TOKEN;
  bucket->touched_us = now_us;
  bucket->surplus = 0;
}

static int64_t level_of(const struct waitq__bucket *bucket, int64_t now_us) {
  return waitq__bucket_level(&bucket->terms, bucket->used, bucket->touched_us, now_us);
}

uint64_t waitq__bucket_available(const struct waitq__bucket *bucket, int64_t now_us) {
  return bucket->surplus + (uint64_t)(level_of(bucket, now_us) / WAITQ__TOKEN);
}

void waitq__bucket_take(struct waitq__bucket *bucket, uint64_t tokens, int64_t now_us) {
  uint64_t given = tokens < bucket->surplus ? tokens : bucket->surplus;
  int64_t at = now_us > bucket->touched_us ? now_us : bucket->touched_us;
  int64_t left = level_of(bucket, at) - (int64_t)(tokens - given) * WAITQ__TOKEN;
  bucket->surplus -= given;
  bucket->used = waitq__bucket_made(&bucket->terms, at) - (uint64_t)left;
  bucket->touched_us = at;
}

void waitq__bucket_give(struct waitq__bucket *bucket, uint64_t tokens) {
  bucket->surplus += tokens;
}

void waitq__bucket_absorb(struct waitq__bucket *bucket, int64_t now_us) {
  int64_t at = now_us > bucket->touched_us ? now_us : bucket->touched_us;
  uint64_t level = (uint64_t)level_of(bucket, at);
  uint64_t full = bucket->terms.burst * (uint64_t)WAITQ__TOKEN;
  uint64_t missing = (full - level) / (uint64_t)WAITQ__TOKEN;
  level = bucket->surplus > missing ? full : level + bucket->surplus * (uint64_t)WAITQ__TOKEN;
  bucket->used = waitq__bucket_made(&bucket->terms, at) - level;
  bucket->touched_us = at;
  bucket->surplus = 0;
}

void waitq__bucket_set(struct waitq__bucket *bucket, double rate_per_s, uint64_t burst, int64_t now_us) {
  int64_t at = now_us > bucket->touched_us ? now_us : bucket->touched_us;
  int64_t level = level_of(bucket, at);
  int64_t full = (int64_t)burst * WAITQ__TOKEN;
  bucket->terms = waitq__bucket_terms(rate_per_s, burst, at);
  bucket->used = 0 - (uint64_t)(level < full ? level : full);
  bucket->touched_us = at;
}

int64_t waitq__bucket_wait_for(const struct waitq__bucket *bucket, uint64_t tokens, int64_t now_us) {
  if (tokens <= bucket->surplus) {
    return 0;
  }
  int64_t at = now_us > bucket->touched_us ? now_us : bucket->touched_us;
  int64_t wait =
      waitq__bucket_wait(&bucket->terms, level_of(bucket, at), (int64_t)(tokens - bucket->surplus) * WAITQ__TOKEN, at);
  return wait == 0 || wait == WAITQ__NEVER_US ? wait : wait + (at - now_us);
}
