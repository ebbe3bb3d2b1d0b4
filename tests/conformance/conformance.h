/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_CONFORMANCE_CONFORMANCE_H
#define WAITQ_TESTS_CONFORMANCE_CONFORMANCE_H

/* Whether a store is right, and whether the library is on top of it.
 *
 *     static const struct subject mine = {"mine", "mine://somewhere", &my_store_ops, NULL, my_wipe, 0};
 *     int main(void) { return conformance_store(&mine) + conformance_room(&mine); }
 *
 * Both run groups of cmocka tests, print what they find, and return how many tests failed. A store that passes the
 * first keeps every sentence of waitq/store.h; the second runs whole visits, as a host would see them. Tests start
 * from an empty store: give a wipe function where opening does not. */

#include "../support/world.h"

int conformance_store(const struct subject *subject);
int conformance_room(const struct subject *subject);

/* The groups, in the order in which a new store best learns to pass them. */
int conformance_store_head(void);
int conformance_store_rooms(void);
int conformance_store_append(void);
int conformance_store_bits(void);
int conformance_store_commit(void);
int conformance_store_history(void);
int conformance_store_faults(void);

int conformance_room_line(void);
int conformance_room_limits(void);
int conformance_room_turns(void);
int conformance_room_passes(void);
int conformance_room_sessions(void);
int conformance_room_silence(void);
int conformance_room_phases(void);
int conformance_room_rates(void);
int conformance_room_policy(void);
int conformance_room_eta(void);
int conformance_room_handles(void);

#endif
