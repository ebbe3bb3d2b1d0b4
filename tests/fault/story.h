/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_FAULT_STORY_H
#define WAITQ_TESTS_FAULT_STORY_H

/* Stories that touch every function of the library that may allocate or reach the store, told the same way each time: their clock stands in
 * the test's hand, so that their answers depend on nothing else.
 *
 * Trouble is in store for one allocation, or for one call of the store. The call of the library that fails for it is
 * made again. If a failure changes nothing (or a lost answer has one effect), then the whole story, all its tickets,
 * passes, positions and counts, ends in the same hash as the story without trouble. */

#include <stdint.h>

#include "../support/flaky_store.h"
#include "../support/world.h"

/* Which story. */
enum story_kind {
  STORY_OF_CALLS,  /* every call, a few times */
  STORY_OF_A_CROWD /* so many visitors that all that grows has grown several times, and old tickets are forgotten */
};

/* What goes wrong. */
struct trouble {
  int32_t code;        /* what the library answers to it */
  uint64_t allocation; /* the one that fails; 0: none */
  int lasting;         /* and all later ones, until a call of the library has failed for it */
  struct flaky *flaky; /* the store that the story is told on, prepared; or NULL */
};

struct story {
  struct world *world;
  const struct trouble *trouble;
  uint64_t hash;     /* of all answers */
  uint64_t failures; /* calls that were made again */
};

/* Tells a story; trouble may be NULL. Returns how many allocations it asked for. Fails the test on any other error, and on
 * lost memory. */
uint64_t story_tell(const struct subject *subject, enum story_kind kind, const struct trouble *trouble,
                    struct story *story);

#endif
