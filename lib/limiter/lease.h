/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_LEASE_H
#define WAITQ_LIMITER_LEASE_H

/* Tokens that this process has taken ahead of a bucket in the store, and spends by itself.
 *
 * Why the sum over all processes is never over the limit: the store lets the bucket hold at most the burst less all leases, so
 * bucket and leases together never hold more than the burst, and in any interval no more is spent than what was there at its beginning and
 * what the rate makes. That is true as long as no process spends what the store no longer counts as leased:
 *
 *   - What is claimed at an exchange is what is held at that moment, all of it; what was spent since is told with the next.
 *   - The store answers how many of them it has noted. The others are dropped (after a loss of its data, or too late).
 *   - The time to spend begins here before the request is sent, in the store after it has come, and is a tenth shorter here: for
 *     clocks that do not run at one speed, and for a thread that stands still between its look at the clock and its decision.
 *   - After an exchange whose outcome is unknown, what it may have brought is never spent; the next claim tells the store so. One that is
 *     carried out late is recognised by its number.
 *
 * A clock of the store that is set forward counts as time that has passed: leases run out early, and the bucket fills.
 *
 * Example: burst 1,000, one process, 2,000 tokens a second in demand. It holds 200, a tenth of a second's; when fewer than 100 are
 * left it claims those, and takes 100 more: 20 exchanges a second for 2,000 decisions.
 *
 * All moments are of the monotonic clock, in microseconds. Any thread may take; one at a time asks and hears. */

#include <stdatomic.h>
#include <stdint.h>

#include <waitq/limiter.h>
#include <waitq/store.h>

#define WAITQ__LEASE_TTL_US 1000000

/* A lease is renewed, or given back, when so much of its time has passed. */
#define WAITQ__LEASE_RENEW_US (WAITQ__LEASE_TTL_US / 3)

/* How long it counts what was heard of the bucket: tokens that others give back, or new terms, may be missed for so long. */
#define WAITQ__LEASE_STALE_US 100000

/* What was last heard of the bucket. Read by any thread, between two looks at the sequence. */
struct waitq__heard {
  _Atomic uint32_t sequence; /* odd while it is being written */
  _Atomic int64_t at_us;     /* 0: nothing was */
  _Atomic int64_t ask_after_us;
  _Atomic double level;
  _Atomic double rate_per_s;
  _Atomic uint64_t burst;
};

struct waitq__lease {
  _Atomic uint64_t held;
  _Atomic int64_t until_us;       /* what is held may be spent before this moment */
  _Atomic uint64_t low;           /* when fewer are held, it is time for more ... */
  _Atomic int64_t renew_after_us; /* ... unless that was tried a moment ago */
  struct waitq__heard heard;

  /* Of whoever asks and hears. */
  unsigned char lessee[16];
  uint64_t number;  /* of the last exchange */
  uint64_t claimed; /* by the last exchange */
  uint64_t after;   /* held after it */
  uint64_t target;  /* as many as are wanted, by recent demand */
  uint64_t fair;    /* as many as may be wanted */
  double recent;    /* spent in the last tenth of a second */
  int64_t asked_us; /* when the last exchange was sent */
};

enum waitq__lease_outcome {
  WAITQ__LEASE_ADMITTED,
  WAITQ__LEASE_DENIED, /* the store had too few tokens a moment ago, and cannot have made more since */
  WAITQ__LEASE_ASK     /* the store knows */
};

void waitq__lease_init(struct waitq__lease *lease, const unsigned char *lessee);

/* Decides, and fills in the decision, where that can be done here. */
enum waitq__lease_outcome waitq__lease_try(struct waitq__lease *lease, uint64_t tokens, int64_t now_us,
                                           waitq_decision *decision);

/* Whether so few are left that more should be taken before they run out. */
static inline int waitq__lease_is_low(struct waitq__lease *lease, int64_t now_us) {
  return atomic_load_explicit(&lease->held, memory_order_relaxed) <
             atomic_load_explicit(&lease->low, memory_order_relaxed) &&
         now_us >= atomic_load_explicit(&lease->renew_after_us, memory_order_relaxed);
}

/* Whether something is held whose time is running out. What has run out is forgotten. */
int waitq__lease_is_ageing(struct waitq__lease *lease, int64_t now_us);

int waitq__lease_is_empty(const struct waitq__lease *lease);

/* Why an exchange takes place. */
enum waitq__lease_cause {
  WAITQ__LEASE_RENEW,
  WAITQ__LEASE_STARVED, /* tries wait for tokens that were not there */
  WAITQ__LEASE_END      /* nothing is held any more after this */
};

/* Fills in what an exchange asks about leases. */
void waitq__lease_ask(struct waitq__lease *lease, int64_t now_us, enum waitq__lease_cause cause,
                      waitq_store_limit *limit);

/* Takes in its answer. */
void waitq__lease_hear(struct waitq__lease *lease, int64_t now_us, const waitq_store_limit *limit);

/* There was none, or an error. */
void waitq__lease_miss(struct waitq__lease *lease, int64_t now_us);

#endif
