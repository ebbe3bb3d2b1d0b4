/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_POISSON_H
#define WAITQ_SIMULATION_ETA_POISSON_H

/* Where turns come by a Poisson process, the wait of position n has a gamma distribution of shape n. The number that scores
 * best against it is not its mean, nor its median: the score punishes what is too long by the truth, which is then
 * short. */

/* The estimate for a position with the highest expected score, max(0, 1 - |estimate - truth| / max(truth, 1 s)), in
 * seconds, where a turn takes so long on average. */
double poisson_best(unsigned position, double mean_s);

/* The expected score of an estimate. */
double poisson_score(unsigned position, double mean_s, double estimate_s);

#endif
