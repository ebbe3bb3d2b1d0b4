/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_CONFORMANCE_ROOM_BENCH_H
#define WAITQ_TESTS_CONFORMANCE_ROOM_BENCH_H

/* What the tests of rooms share: a world with a fake clock, and lines of visitors. */

#include <waitq/waitq.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

/* The store on which rooms are tested: set by conformance_room(). */
extern const struct subject *room_subject;

/* Set-up and tear-down of each test; *state is a struct world. */
int room_setup(void **state);
int room_teardown(void **state);

#define ROOM_TEST(function) cmocka_unit_test_setup_teardown(function, room_setup, room_teardown)

/* The default policy with another rate and burst. */
waitq_policy room_policy(double rate_per_s, uint64_t burst);

/* A line of visitors "v0", "v1", ...; the caller frees it. */
struct guest *crowd_join(waitq_room_t *room, unsigned count);

/* Polls all, and returns how many are in that state. */
unsigned crowd_count(waitq_room_t *room, struct guest *guests, unsigned count, uint32_t state);

/* Whether two tickets are one. */
#define assert_same_ticket(a, b) assert_string_equal((a)->ticket.text, (b)->ticket.text)
#define assert_other_ticket(a, b) assert_string_not_equal((a)->ticket.text, (b)->ticket.text)

#endif
