/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_JOINING_H
#define WAITQ_STORE_REDIS_JOINING_H

/* Joins, as scripts are told of them; and an exchange that asks for nothing else, by scripts/join.lua.
 *
 * That script is small and touches two keys. It joins where the room is as this context knows it, so that there is nothing to tell, and
 * otherwise leaves it alone: then exchange.lua finds out what there is. Joins are most of what comes while a line builds up; they cost
 * Redis half as much that way, and one alone takes two thirds of the time. */

#include <waitq/error.h>
#include <waitq/store.h>

#include "store/redis/arguments.h"

struct waitq__redis_room;

/* Whether one visitor joins twice: then the second join depends on the first. */
int waitq__joins_have_twins(const waitq_store_join *joins, uint32_t count);

/* Puts the visitors into the argument that was begun last, 16 bytes each. */
void waitq__joins_put_visitors(struct waitq__arguments *arguments, const waitq_store_join *joins, uint32_t count);

/* Puts there which joins replace a ticket (index in 4 bytes, number in 5), or are of nobody (index + 2^31, 0). */
void waitq__joins_put_special(struct waitq__arguments *arguments, const waitq_store_join *joins, uint32_t count);

/* How an exchange by join.lua ended, where it did not fail. */
enum waitq__joined {
  WAITQ__JOINED = 1,
  WAITQ__JOINED_NOTHING = 0 /* nothing was done: exchange.lua is to be asked */
};

/* Whether an exchange can be tried by join.lua. */
int waitq__redis_can_join(const struct waitq__redis_room *room, const waitq_store_exchange *exchange);

/* Tries it: one of enum waitq__joined with the exchange answered, or a negative code. */
int waitq__redis_join(struct waitq__redis_room *room, waitq_store_exchange *exchange, waitq_error *error);

#endif
