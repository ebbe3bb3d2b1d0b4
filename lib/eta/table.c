/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/table.h"

#include <math.h>
#include <string.h>

#define PLACES 1
#define BOUNDS (1 + WAITQ__KNOTS)
#define TRUSTS (1 + 2 * WAITQ__KNOTS)

/* In the word of the count: places beyond the last knot have no estimate. */
#define CLOSED (UINT64_C(1) << 32)

struct pair {
  float first;
  float second;
};

static uint64_t pack(double first, double second) {
  struct pair pair = {(float)first, (float)second};
  uint64_t word;
  memcpy(&word, &pair, sizeof word);
  return word;
}

static struct pair unpack(uint64_t word) {
  struct pair pair;
  memcpy(&pair, &word, sizeof pair);
  return pair;
}

static struct pair load(const _Atomic uint64_t *word) {
  return unpack(atomic_load_explicit(word, memory_order_relaxed));
}

void waitq__table_make(struct waitq__table *table, const struct waitq__curve *curve,
                       const struct waitq__calibration *calibration) {
  memset(table, 0, sizeof *table);
  table->words[0] = curve->count | (curve->is_open ? 0 : CLOSED);
  for (unsigned i = 0; i < curve->count; i++) {
    struct waitq__guess guess =
        waitq__calibration_guess(calibration, curve->wait_s[i], curve->error_s[i], curve->slack_s[i]);
    table->words[PLACES + i] = pack(curve->ahead[i], guess.eta_s);
    table->words[BOUNDS + i] = pack(guess.low_s, guess.high_s);
    table->words[TRUSTS + i] = pack(guess.confidence, guess.trust);
  }
}

/* The first knot at which at least as many stand ahead; count where there is none. */
static unsigned knot_at(const _Atomic uint64_t *words, unsigned count, float ahead) {
  unsigned from = 0;
  unsigned to = count;
  while (from < to) {
    unsigned middle = (from + to) / 2;
    if (load(&words[PLACES + middle]).first >= ahead) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from;
}

static double between(float from, float to, double part) {
  return from + (to - from) * part;
}

int waitq__table_find(const _Atomic uint64_t *words, double ahead, struct waitq__guess *guess) {
  uint64_t head = atomic_load_explicit(&words[0], memory_order_relaxed);
  unsigned count = (unsigned)head;
  if (count < 2 || count > WAITQ__KNOTS) {
    return 0;
  }
  unsigned at = knot_at(words, count, (float)ahead);
  if (at == count && (head & CLOSED) != 0) {
    return 0;
  }
  unsigned to = at == count ? count - 1 : at > 0 ? at : 1;
  struct pair from = load(&words[PLACES + to - 1]);
  struct pair last = load(&words[PLACES + to]);
  double span = last.first - from.first;
  double part = span > 0.0 ? (ahead - from.first) / span : 1.0;
  struct pair from_bounds = load(&words[BOUNDS + to - 1]);
  struct pair last_bounds = load(&words[BOUNDS + to]);
  struct pair from_trust = load(&words[TRUSTS + to - 1]);
  struct pair last_trust = load(&words[TRUSTS + to]);
  double bounded = part < 1.0 ? part : 1.0;
  guess->eta_s = between(from.second, last.second, part);
  guess->low_s = between(from_bounds.first, last_bounds.first, bounded);
  guess->high_s = between(from_bounds.second, last_bounds.second, bounded);
  if (part > 1.0 && last.second > 0.0F) {
    /* Beyond the last knot, the interval is as wide as there, as a part of the wait. */
    guess->low_s *= guess->eta_s / last.second;
    guess->high_s *= guess->eta_s / last.second;
  }
  guess->confidence = between(from_trust.first, last_trust.first, bounded);
  guess->trust = between(from_trust.second, last_trust.second, bounded);
  return 1;
}
