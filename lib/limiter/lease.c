/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limiter/lease.h"

#include <string.h>

#include "limiter/decision.h"

#define SECOND_US 1e6
#define MARGIN_US (WAITQ__LEASE_TTL_US / 10)

/* Demand is what was spent in so much time. */
#define WINDOW_US 1e5

/* Where the bucket is dry it is not asked more often than this, or than a quarter of the time in which it fills. */
#define PAUSE_US 10000

/* After a miss, and where no tries wait, so much time passes before the store is asked again. */
#define MISS_US 50000

void waitq__lease_init(struct waitq__lease *lease, const unsigned char *lessee) {
  memset(lease, 0, sizeof *lease);
  memcpy(lease->lessee, lessee, sizeof lease->lessee);
  lease->fair = 1;
}

/* What was heard, as it stood at one moment. */
struct view {
  int64_t at_us;
  int64_t ask_after_us;
  struct waitq__level level;
};

static struct view look(struct waitq__heard *heard) {
  struct view view;
  uint32_t before;
  do {
    before = atomic_load_explicit(&heard->sequence, memory_order_acquire);
    view.at_us = atomic_load_explicit(&heard->at_us, memory_order_acquire);
    view.ask_after_us = atomic_load_explicit(&heard->ask_after_us, memory_order_acquire);
    view.level.tokens = atomic_load_explicit(&heard->level, memory_order_acquire);
    view.level.rate_per_s = atomic_load_explicit(&heard->rate_per_s, memory_order_acquire);
    view.level.burst = atomic_load_explicit(&heard->burst, memory_order_acquire);
  } while (before % 2 != 0 || atomic_load_explicit(&heard->sequence, memory_order_relaxed) != before);
  return view;
}

static void publish(struct waitq__heard *heard, const struct view *view) {
  uint32_t sequence = atomic_load_explicit(&heard->sequence, memory_order_relaxed);
  atomic_store_explicit(&heard->sequence, sequence + 1, memory_order_relaxed);
  /* Each of these releases the odd number before it: who sees one sees that it is being written. */
  atomic_store_explicit(&heard->at_us, view->at_us, memory_order_release);
  atomic_store_explicit(&heard->ask_after_us, view->ask_after_us, memory_order_release);
  atomic_store_explicit(&heard->level, view->level.tokens, memory_order_release);
  atomic_store_explicit(&heard->rate_per_s, view->level.rate_per_s, memory_order_release);
  atomic_store_explicit(&heard->burst, view->level.burst, memory_order_release);
  atomic_store_explicit(&heard->sequence, sequence + 2, memory_order_release);
}

/* Takes tokens out of what is held. Returns 0 where there are too few; *left is what is held then. */
static int take(struct waitq__lease *lease, uint64_t tokens, uint64_t *left) {
  uint64_t held = atomic_load_explicit(&lease->held, memory_order_relaxed);
  while (held >= tokens) {
    if (atomic_compare_exchange_weak_explicit(&lease->held, &held, held - tokens, memory_order_relaxed,
                                              memory_order_relaxed)) {
      *left = held - tokens;
      return 1;
    }
  }
  *left = held;
  return 0;
}

/* Takes up to so many, and returns how many. */
static uint64_t take_some(struct waitq__lease *lease, uint64_t tokens) {
  uint64_t held = atomic_load_explicit(&lease->held, memory_order_relaxed);
  uint64_t taken;
  do {
    taken = tokens < held ? tokens : held;
  } while (!atomic_compare_exchange_weak_explicit(&lease->held, &held, held - taken, memory_order_relaxed,
                                                  memory_order_relaxed));
  return taken;
}

enum waitq__lease_outcome waitq__lease_try(struct waitq__lease *lease, uint64_t tokens, int64_t now_us,
                                           waitq_decision *decision) {
  uint64_t left = 0;
  int is_admitted = now_us < atomic_load_explicit(&lease->until_us, memory_order_acquire) && take(lease, tokens, &left);
  struct view view = look(&lease->heard);
  int64_t age_us = now_us > view.at_us ? now_us - view.at_us : 0;
  struct waitq__level level = view.level;
  double full = (double)level.burst - (double)left;
  level.tokens += level.rate_per_s * (double)age_us / SECOND_US;
  level.tokens = level.tokens < full ? level.tokens : full;
  if (is_admitted) {
    level.tokens += (double)left;
    waitq__decision_admit(decision, &level);
    return WAITQ__LEASE_ADMITTED;
  }
  if (view.at_us == 0 || age_us >= WAITQ__LEASE_STALE_US ||
      (now_us >= view.ask_after_us && level.tokens >= (double)tokens)) {
    return WAITQ__LEASE_ASK;
  }
  waitq__decision_deny(decision, &level, tokens, view.ask_after_us - now_us);
  return WAITQ__LEASE_DENIED;
}

int waitq__lease_is_empty(const struct waitq__lease *lease) {
  return atomic_load_explicit(&lease->held, memory_order_relaxed) == 0;
}

int waitq__lease_is_ageing(struct waitq__lease *lease, int64_t now_us) {
  if (waitq__lease_is_empty(lease)) {
    return 0;
  }
  int64_t left_us = atomic_load_explicit(&lease->until_us, memory_order_relaxed) - now_us;
  if (left_us <= -MARGIN_US) {
    take_some(lease, UINT64_MAX); /* the store has forgotten it, too */
    return 0;
  }
  return left_us <= WAITQ__LEASE_TTL_US - MARGIN_US - WAITQ__LEASE_RENEW_US &&
         now_us >= atomic_load_explicit(&lease->renew_after_us, memory_order_relaxed);
}

/* How many tokens should be held, by what was spent of late. */
static void choose_target(struct waitq__lease *lease, int64_t now_us, uint64_t held, enum waitq__lease_cause cause) {
  double spent = lease->after > held ? (double)(lease->after - held) : 0;
  int64_t passed = now_us - lease->asked_us;
  double passed_us = (double)passed;
  if (passed_us >= WINDOW_US) {
    lease->recent = spent * WINDOW_US / passed_us;
  } else {
    lease->recent = lease->recent * (1 - passed_us / WINDOW_US) + spent;
  }
  uint64_t target = (uint64_t)lease->recent + (lease->recent > 0);
  if (cause == WAITQ__LEASE_END || (cause == WAITQ__LEASE_RENEW && spent == 0 && passed >= WAITQ__LEASE_RENEW_US)) {
    target = 0;
  } else if (cause == WAITQ__LEASE_STARVED && target < 2 * lease->target + 1) {
    target = 2 * lease->target + 1; /* what was spent is no measure where there was no more to spend */
  }
  lease->target = target < lease->fair ? target : lease->fair;
}

void waitq__lease_ask(struct waitq__lease *lease, int64_t now_us, enum waitq__lease_cause cause,
                      waitq_store_limit *limit) {
  uint64_t held = atomic_load_explicit(&lease->held, memory_order_relaxed);
  choose_target(lease, now_us, held, cause);
  uint64_t returned = 0;
  if (held > 2 * lease->target) {
    returned = take_some(lease, held - lease->target);
    held = atomic_load_explicit(&lease->held, memory_order_relaxed);
  }
  lease->asked_us = now_us;
  lease->claimed = held;
  lease->after = held;
  lease->number++;
  memcpy(limit->lessee, lease->lessee, sizeof limit->lessee);
  limit->lease_number = lease->number;
  limit->lease_held = held;
  limit->lease_returned = returned;
  limit->lease_wanted = lease->target > held ? lease->target - held : 0;
  limit->lease_ttl_us = WAITQ__LEASE_TTL_US;
}

/* When the store should be asked again, having had less than was wanted. */
static int64_t pause_us(const struct waitq__level *level) {
  double pause = PAUSE_US;
  double quarter = (double)level->burst * SECOND_US / 4;
  if (quarter < pause * level->rate_per_s) {
    pause = quarter / level->rate_per_s;
  }
  int64_t next_us = waitq__level_wait_us(level, 1);
  if (next_us > (int64_t)pause) {
    return next_us < WAITQ__LEASE_STALE_US ? next_us : WAITQ__LEASE_STALE_US;
  }
  return (int64_t)pause;
}

void waitq__lease_hear(struct waitq__lease *lease, int64_t now_us, const waitq_store_limit *limit) {
  if (limit->lease_kept < lease->claimed) {
    take_some(lease, lease->claimed - limit->lease_kept);
  }
  /* After what was dropped, so that none of it is spent in the new time. */
  atomic_store_explicit(&lease->until_us, lease->asked_us + WAITQ__LEASE_TTL_US - MARGIN_US, memory_order_release);
  atomic_fetch_add_explicit(&lease->held, limit->leased, memory_order_relaxed);
  lease->after = limit->lease_kept + limit->leased;
  uint64_t lessees = limit->lessees + (lease->after == 0);
  lease->fair = limit->burst / (2 * (lessees > 0 ? lessees : 1));
  lease->fair = lease->fair > 0 ? lease->fair : 1;
  int is_dry = limit->leased < limit->lease_wanted || limit->level < 1;
  struct view view = {now_us, now_us, {limit->level, limit->rate_per_s, limit->burst}};
  if (is_dry) {
    view.ask_after_us += pause_us(&view.level);
  }
  publish(&lease->heard, &view);
  atomic_store_explicit(&lease->low, (lease->target + 1) / 2, memory_order_relaxed);
  atomic_store_explicit(&lease->renew_after_us, view.ask_after_us, memory_order_relaxed);
}

void waitq__lease_miss(struct waitq__lease *lease, int64_t now_us) {
  atomic_store_explicit(&lease->renew_after_us, now_us + MISS_US, memory_order_relaxed);
}
