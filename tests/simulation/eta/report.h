/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_REPORT_H
#define WAITQ_SIMULATION_ETA_REPORT_H

/* What came out, for people and for programs. */

#include <stddef.h>
#include <stdio.h>

#include "fleet.h"

/* A line a span: ACC/HIT of each estimator; coverage, width, bias and calibration of the default; how many missed their turn who were there. The tasks of one scenario
 * stand side by side, and are added up. */
void report_table(FILE *file, const struct task *tasks, size_t count);

/* A list of {"scenario", "estimator", "acc", "hit", "cov90", "width"}; null where an estimator gives no interval. Estimators
 * that say nothing in a scenario are left out. */
void report_json(FILE *file, const struct task *tasks, size_t count);

/* The table of floors.c: what the default has reached, less a point. */
void report_floors(FILE *file, const struct task *tasks, size_t count);

#endif
