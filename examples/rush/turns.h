/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_TURNS_H
#define RUSH_TURNS_H

/* Between which moments each visitor's turn came, as far as the record proves it, whatever the threads did at the
 * same time.
 *
 * B came after A when B's join began after A's had ended. Turns come in order, so
 *
 * - once somebody who came after A was told READY, A's turn has come as well;
 * - as long as somebody who came before B is told WAITING, B's turn has not come.
 *
 * With the visitor's own answers this makes a bracket around each turn, much narrower than the second between two
 * polls of one visitor. A bracket that is empty is a visitor who was overtaken: a poll answered WAITING that began after
 * somebody who came later had been told READY. */

#include <stddef.h>
#include <stdint.h>

#include "history.h"

/* A moment of a join, and the bound that follows from it. */
struct turn_bound {
  int64_t join_ns;
  int64_t bound_ns;
};

struct turns {
  size_t count;
  struct turn_bound *ready;   /* by begin of the join: earliest READY of all who came no earlier; INT64_MAX: none */
  struct turn_bound *waiting; /* by end of the join: latest WAITING of all who came no later; 0: none */
};

/* A turn came after after_ns (0: nothing is proved) and by by_ns (INT64_MAX: likewise). */
struct turn_bracket {
  int64_t after_ns, by_ns;
};

/* 0, or -1 when there is no memory. */
int turns_init(struct turns *turns, const struct history *const *histories, size_t count);
void turns_free(struct turns *turns);

struct turn_bracket turns_bracket(const struct turns *turns, const struct visit *visit);

/* How many visitors were overtaken. */
uint64_t turns_overtaken(const struct turns *turns, const struct history *history);

#endif
