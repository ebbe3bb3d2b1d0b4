/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_DICE_H
#define WAITQ_SIMULATION_ETA_DICE_H

/* Random numbers of the distributions that a scenario names. */

#include "../../support/rng.h"
#include "scenario.h"

/* Exponential, with this mean. */
double dice_exponential(struct rng *rng, double mean);

/* How many events of a Poisson process happen where so many are expected. */
uint64_t dice_poisson(struct rng *rng, double expected);

/* The length of a session, and the share of sessions that last longer than a time. */
double dice_session(struct rng *rng, const struct scenario *scenario);
double dice_session_survival(const struct scenario *scenario, double age_s);

#endif
