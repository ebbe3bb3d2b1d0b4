/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_GUESS_H
#define WAITQ_SIMULATION_ETA_GUESS_H

/* The estimators that are compared, each asked at the same polls of the same run.
 *
 *   default             what the room answers
 *   reference           sliding windows of 1, 5 and 15 minutes, as specified: eta/reference.h
 *   reference_as_coded  the same as its authors run it at 20 h: the rate counts 1.8 times, whole seconds from 1 to 600
 *   known_rate          position / rate, with the rate that is in force
 *   ceiling             ceiling.h */

#include <waitq/waitq.h>

#include "ceiling.h"
#include "crowd.h"
#include "eta/reference.h"

enum guess_kind { GUESS_DEFAULT, GUESS_REFERENCE, GUESS_AS_CODED, GUESS_KNOWN, GUESS_CEILING, GUESSES };

extern const char *const guess_names[GUESSES];

/* All answers at one poll. */
struct guess {
  double at_s;
  uint64_t position;
  double eta_s[GUESSES]; /* NAN: none is given */
  double low_s;          /* the default's interval */
  double high_s;
  double confidence;
  uint32_t reason;
};

struct guessers {
  const struct crowd *crowd;
  struct ceiling *ceiling;
  struct waitq__reference reference;
  struct waitq__reference_rate rate;
  int is_rate_old;   /* time has passed since it was asked for */
  uint64_t admitted; /* that reference has seen */
};

void guessers_init(struct guessers *guessers, const struct crowd *crowd);
void guessers_free(struct guessers *guessers);

/* After each tick. */
void guessers_observe(struct guessers *guessers);

/* What all say to a visitor to whom the room said status. */
struct guess guessers_ask(struct guessers *guessers, uint32_t visitor, const waitq_status *status);

#endif
