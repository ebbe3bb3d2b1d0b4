/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_MADE_UP_H
#define WAITQ_TESTS_TORTURE_MADE_UP_H

/* Histories that never happened, to check the checker with. All moments are in milliseconds. */

#include "check.h"

#define MS 1000

/* A rate of 10/s, a burst of 2, and 3 slots; turns can be claimed for 1.8 s, and who calls each 2 s is not silent. */
extern const struct rules made_up_rules;

/* A call on a ticket. The visitor of ticket n is 100 + n unless a test says otherwise. */
struct event *call(struct history *history, uint32_t op, uint64_t number, int64_t start_ms, int64_t end_ms,
                   uint32_t state);
/* A poll that finds the turn come, to be claimed by a moment. */
struct event *turn(struct history *history, uint64_t number, int64_t start_ms, int64_t end_ms, int64_t by_ms);
struct event *enter(struct history *history, uint64_t number, int64_t start_ms, int64_t end_ms, int64_t until_ms);
/* A poll that finds it waiting. */
struct event *waits(struct history *history, uint64_t number, int64_t start_ms, int64_t end_ms, uint64_t position);
/* Joins, gets its turn at once, enters, and exits at the end. */
void visit(struct history *history, uint64_t number, int64_t at_ms, int64_t end_ms);

struct event *set_rate(struct history *history, int64_t start_ms, int64_t end_ms, double rate_per_s);
/* The statistics at the end. */
struct event * final(struct history *history, uint64_t entered, uint64_t left, uint64_t expired, uint64_t waiting);
void loss(struct history *history, int64_t at_ms, int64_t well_ms, int64_t window_ms);

/* Checks a history, frees it, and fails the test unless this rule was broken and no other; RULE_COUNT: none. */
void expect(struct history *history, unsigned broken);
void expect_with(struct history *history, const struct rules *by, unsigned broken);

#endif
