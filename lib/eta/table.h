/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_TABLE_H
#define WAITQ_ETA_TABLE_H

/* A curve with its intervals, made to be looked up while the next one is made: words that are written and read one by one.
 *
 * A lookup finds the two knots around a place by halving, and goes straight between them: some ten nanoseconds. */

#include <stdatomic.h>
#include <stdint.h>

#include "eta/calibration.h"
#include "eta/curve.h"

/* The number of knots, then a pair of floats a word: place and wait, low and high bound, confidence and nothing. */
#define WAITQ__TABLE_WORDS (1 + 3 * WAITQ__KNOTS)

struct waitq__table {
  uint64_t words[WAITQ__TABLE_WORDS];
};

/* Fills in a table. */
void waitq__table_make(struct waitq__table *table, const struct waitq__curve *curve,
                       const struct waitq__calibration *calibration);

/* The estimate for who has so many ahead. Returns 0 where there is none. */
int waitq__table_find(const _Atomic uint64_t *words, double ahead, struct waitq__guess *guess);

#endif
