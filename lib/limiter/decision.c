/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limiter/decision.h"

#include "base/sized.h"

#define MS 1000
#define LONGEST_US 9e15

int64_t waitq__level_wait_us(const struct waitq__level *level, double tokens) {
  double missing = tokens - level->tokens;
  if (missing <= 0) {
    return 0;
  }
  if (tokens > (double)level->burst || level->rate_per_s * LONGEST_US <= missing * 1e6) {
    return INT64_MAX;
  }
  double us = missing / level->rate_per_s * 1e6;
  int64_t whole = (int64_t)us;
  return (double)whole < us ? whole + 1 : whole;
}

static int64_t wait_ms(const struct waitq__level *level, double tokens) {
  int64_t us = waitq__level_wait_us(level, tokens);
  return us == INT64_MAX ? INT64_MAX : (us + MS - 1) / MS;
}

static void write(waitq_decision *decision, const waitq_decision *known) {
  if (decision->size == sizeof *known) {
    *decision = *known;
  } else {
    waitq__sized_write(decision, known, sizeof *known);
  }
}

static uint64_t whole(double tokens) {
  return tokens > 0 ? (uint64_t)tokens : 0;
}

void waitq__decision_admit(waitq_decision *decision, const struct waitq__level *level) {
  const waitq_decision known = {
      .size = sizeof known,
      .admitted = 1,
      .remaining = whole(level->tokens),
      .reset_ms = wait_ms(level, (double)level->burst),
  };
  write(decision, &known);
}

void waitq__decision_deny(waitq_decision *decision, const struct waitq__level *level, uint64_t wanted,
                          int64_t not_before_us) {
  int64_t wait_us = waitq__level_wait_us(level, (double)wanted);
  uint64_t remaining = whole(level->tokens);
  if (wait_us < not_before_us) {
    wait_us = not_before_us;
  }
  /* A millisecond at least: to say that the same try may succeed at once would make a loop of it. */
  const waitq_decision known = {
      .size = sizeof known,
      .remaining = remaining < wanted ? remaining : wanted - 1,
      .retry_after_ms = wait_us == INT64_MAX ? INT64_MAX
                        : wait_us <= MS      ? 1
                                             : (wait_us + MS - 1) / MS,
      .reset_ms = wait_ms(level, (double)level->burst),
  };
  write(decision, &known);
}
