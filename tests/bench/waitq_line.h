/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_WAITQ_LINE_H
#define WAITQ_BENCH_WAITQ_LINE_H

/* The library as a design. Joins, polls and leaves are made in a room with the default clock, whose reading is part of
 * what is measured, and whose line moves on while it is measured (one ticket in 10,000 a second). Enters and turns
 * need time to pass at a word: they are made in a second room with a clock of its own (waitq_clocked.h), filled when
 * it is first needed. */

#include "design.h"

extern const struct bench_design bench_waitq;

#endif
