/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_ARGUMENTS_H
#define WAITQ_STORE_REDIS_ARGUMENTS_H

/* The arguments of a script, gathered one by one. Some are the caller's bytes, others are put together here, number by number:
 *
 *     waitq__arguments_clear(arguments);
 *     waitq__arguments_add(arguments, state, state_size);
 *     waitq__arguments_begin(arguments);
 *     waitq__arguments_put_number(arguments, 4, flags);
 *     const struct waitq__text *texts = waitq__arguments_texts(arguments);          NULL: there was no memory
 *
 * Numbers are big-endian. A lack of memory is remembered, and shows at the end. Memory is kept for the next call. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>

#include "store/redis/codec.h"

struct waitq__arguments {
  const waitq_allocator *allocator;
  struct waitq__text *texts; /* those put together here have no bytes before the end: these still move */
  size_t count;
  size_t capacity;
  char *bytes;
  size_t used;
  size_t room;
  int has_failed;
};

void waitq__arguments_init(struct waitq__arguments *arguments, const waitq_allocator *allocator);
void waitq__arguments_free(struct waitq__arguments *arguments);

/* Begins anew. */
void waitq__arguments_clear(struct waitq__arguments *arguments);

/* Adds an argument that is the caller's, and stays where it is until the call is over. */
void waitq__arguments_add(struct waitq__arguments *arguments, const void *bytes, size_t length);

/* Adds an empty argument, which the following calls make longer. */
void waitq__arguments_begin(struct waitq__arguments *arguments);
void waitq__arguments_put(struct waitq__arguments *arguments, const void *bytes, size_t length);
void waitq__arguments_put_number(struct waitq__arguments *arguments, unsigned bytes, uint64_t number);

/* Writes a number over one that was put at this moment, when used was at. */
void waitq__arguments_set_number(struct waitq__arguments *arguments, size_t at, unsigned bytes, uint64_t number);

/* Adds a number in decimal. */
void waitq__arguments_add_decimal(struct waitq__arguments *arguments, uint64_t number);

/* Where the next bytes of the argument that was begun last go; room for length of them is made. NULL where there is no memory. */
char *waitq__arguments_extend(struct waitq__arguments *arguments, size_t length);

/* All arguments; NULL where there was no memory for one of them. */
const struct waitq__text *waitq__arguments_texts(struct waitq__arguments *arguments);

/* How much memory they take. */
size_t waitq__arguments_bytes(const struct waitq__arguments *arguments);

#endif
