/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "guess.h"

#include <math.h>

#define HOUR_WEIGHT 1.8 /* of the hour from 20 to 21 */
#define LEAST_S 1.0
#define MOST_S 600.0

const char *const guess_names[GUESSES] = {"default", "reference", "reference_as_coded", "known_rate", "ceiling"};

void guessers_init(struct guessers *guessers, const struct crowd *crowd) {
  guessers->crowd = crowd;
  guessers->ceiling = ceiling_new(crowd);
  guessers->admitted = 0;
  waitq__reference_init(&guessers->reference, FAKE_CLOCK_START_MS * 1000);
  guessers->is_rate_old = 1;
}

void guessers_free(struct guessers *guessers) {
  ceiling_free(guessers->ceiling);
}

static int64_t now_us(const struct guessers *guessers) {
  return FAKE_CLOCK_START_MS * 1000 + (int64_t)llround(guessers->crowd->now_s * 1e6);
}

void guessers_observe(struct guessers *guessers) {
  uint64_t admitted = guessers->crowd->admitted - guessers->admitted;
  waitq__reference_observe(&guessers->reference, now_us(guessers), admitted);
  guessers->is_rate_old = 1;
  guessers->admitted = guessers->crowd->admitted;
}

static double as_coded(const struct waitq__reference_rate *rate, double reference_s) {
  if (rate->is_fallback) {
    return reference_s;
  }
  return floor(fmax(LEAST_S, fmin(MOST_S, reference_s / HOUR_WEIGHT)));
}

static double known_s(int64_t ms) {
  return ms == WAITQ_UNKNOWN_MS ? NAN : (double)ms / 1000;
}

struct guess guessers_ask(struct guessers *guessers, uint32_t visitor, const waitq_status *status) {
  const struct crowd *crowd = guessers->crowd;
  double position = (double)status->position;
  if (guessers->is_rate_old) {
    guessers->rate = waitq__reference_rate(&guessers->reference, now_us(guessers));
    guessers->is_rate_old = 0;
  }
  double reference_s = position * guessers->rate.seconds_per_position;
  return (struct guess){
      .at_s = crowd->now_s,
      .position = status->position,
      .eta_s =
          {
              [GUESS_DEFAULT] = known_s(status->eta_ms),
              [GUESS_REFERENCE] = reference_s,
              [GUESS_AS_CODED] = as_coded(&guessers->rate, reference_s),
              [GUESS_KNOWN] = crowd->rate_per_s > 0.0 ? position / crowd->rate_per_s : NAN,
              [GUESS_CEILING] = ceiling_wait(guessers->ceiling, visitor, status->position),
          },
      .low_s = known_s(status->eta_low_ms),
      .high_s = known_s(status->eta_high_ms),
      .confidence = status->confidence,
      .reason = status->reason,
  };
}
