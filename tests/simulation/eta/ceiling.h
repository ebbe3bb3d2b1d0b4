/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_CEILING_H
#define WAITQ_SIMULATION_ETA_CEILING_H

/* How well anybody could estimate: the answer of one who knows the scenario, all that is to come in it, and the whole
 * state, but not how the dice will fall.
 *
 *   PLAN     rates, outages and what the backend serves are known, so that the future is: it is stepped through
 *   LEAVERS  who has fallen silent is known, and how likely each of the others is to do so before its turn
 *   SLOTS    the age of each session and the distribution of their lengths are known: what ends is its mean, by the
 *            renewal equation, which is near the truth where there are thousands of sessions
 *   POISSON  turns come by a Poisson process of known rate: for each position the number of the best expected ACC
 *
 * It is a ceiling on average: single answers of others may be luckier. */

#include <stdint.h>

struct crowd;
struct ceiling;

struct ceiling *ceiling_new(const struct crowd *crowd);
void ceiling_free(struct ceiling *ceiling);

/* The wait of a visitor who stands at a position, in seconds; NAN where the scenario has no ceiling. */
double ceiling_wait(struct ceiling *ceiling, uint32_t visitor, uint64_t position);

#endif
