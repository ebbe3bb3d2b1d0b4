/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_FAULT_STORY_H
#define WAITQ_TESTS_FAULT_STORY_H

/* One story that touches every function of the library that may allocate, told the same way each time: its clock stands in
 * the test's hand, so that its answers depend on nothing else.
 *
 * Every call that fails for want of memory is made again. If a failure changes nothing, then the whole story, all its
 * tickets, passes, positions and counts, ends in the same hash as the story without a failure. */

#include <stdint.h>

#include "../support/world.h"

struct story {
  struct world *world;
  uint64_t hash;     /* of all answers */
  uint64_t failures; /* calls that were made again */
};

/* Tells the story with the n-th allocation failing (0: none), and all later ones up to the end of that call where
 * lasting is set. Returns how many allocations it asked for. Fails the test on any other error, and on lost memory. */
uint64_t story_tell(const struct subject *subject, uint64_t n, int lasting, struct story *story);

#endif
