/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "estimates.h"

#include "clock.h"

static double magnitude(double x) {
  return x < 0 ? -x : x;
}

/* An estimate that was not given counts as wrong in every respect. */
static void judge(struct estimates *estimates, const struct eta_sample *sample, double actual_ms) {
  if (sample->eta_ms < 0) {
    return;
  }
  const double error_ms = magnitude((double)sample->eta_ms - actual_ms);
  const double relative = error_ms / (actual_ms > 1000 ? actual_ms : 1000);
  estimates->acc += relative < 1 ? 1 - relative : 0;
  estimates->hit += error_ms <= 0.1 * actual_ms || error_ms <= 5000;
  estimates->cov90 += (double)sample->low_ms <= actual_ms && actual_ms <= (double)sample->high_ms;
}

void estimates_add(struct estimates *estimates, const struct turns *turns, const struct history *history) {
  for (uint32_t s = 0; s < history->sample_count; s++) {
    const struct eta_sample *sample = &history->samples[s];
    const struct visit *visit = &history->visits[sample->visitor];
    if (visit->ready_end_ns == 0) {
      continue;
    }
    const struct turn_bracket bracket = turns_bracket(turns, visit);
    /* Where the order was broken the bracket is empty; the later bound is then left aside. */
    const int64_t after_ns = bracket.after_ns < bracket.by_ns ? bracket.after_ns : bracket.by_ns;
    const int64_t actual_ns = after_ns + (bracket.by_ns - after_ns) / 2 - sample->at_ns;
    estimates->samples++;
    estimates->uncertain_ms += (double)(bracket.by_ns - after_ns) / 2 / (double)NS_PER_MS;
    judge(estimates, sample, actual_ns > 0 ? (double)actual_ns / (double)NS_PER_MS : 0);
  }
}

void estimates_finish(struct estimates *estimates) {
  if (estimates->samples > 0) {
    const double samples = (double)estimates->samples;
    estimates->acc *= 100 / samples;
    estimates->hit *= 100 / samples;
    estimates->cov90 *= 100 / samples;
    estimates->uncertain_ms /= samples;
  }
}
