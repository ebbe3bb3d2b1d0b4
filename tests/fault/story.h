/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_FAULT_STORY_H
#define WAITQ_TESTS_FAULT_STORY_H

/* Stories that touch every function of the library that may allocate, told the same way each time: their clock stands in
 * the test's hand, so that their answers depend on nothing else.
 *
 * Every call that fails for want of memory is made again. If a failure changes nothing, then the whole story, all its
 * tickets, passes, positions and counts, ends in the same hash as the story without a failure. */

#include <stdint.h>

#include "../support/world.h"

/* Which story. */
enum story_kind {
  STORY_OF_CALLS,  /* every call, a few times */
  STORY_OF_A_CROWD /* so many visitors that all that grows has grown several times, and old tickets are forgotten */
};

struct story {
  struct world *world;
  uint64_t hash;     /* of all answers */
  uint64_t failures; /* calls that were made again */
};

/* Tells the story with the n-th allocation failing (0: none), and all later ones up to the end of that call where
 * lasting is set. Returns how many allocations it asked for. Fails the test on any other error, and on lost memory. */
uint64_t story_tell(const struct subject *subject, enum story_kind kind, uint64_t n, int lasting, struct story *story);

#endif
