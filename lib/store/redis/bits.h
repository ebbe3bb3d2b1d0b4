/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_BITS_H
#define WAITQ_STORE_REDIS_BITS_H

/* Bits, as Redis counts them: bit 0 of a string is the highest of its first byte, where in a word of ours it is the lowest. */

#include <waitq/error.h>
#include <waitq/store.h>

#include "store/redis/arguments.h"

/* How many tickets a chunk of a plane has: what others changed is told chunk by chunk. */
#define WAITQ__REDIS_CHUNK_TICKETS 16384
#define WAITQ__REDIS_CHUNK_WORDS (WAITQ__REDIS_CHUNK_TICKETS / 64)

/* Writes words as a string of 8 bytes each. */
void waitq__bits_write(const uint64_t *words, size_t count, unsigned char *bytes);

/* Reads a string into words; where it is shorter, the rest is zero. */
void waitq__bits_read(const char *bytes, size_t length, uint64_t *words, size_t count);

/* Adds what sets (or clears) these bits to a script's arguments: for each plane either the run that holds all of them or their numbers
 * one by one, whichever is less work for a server that keeps a line of that many tickets. Two arguments each: kind, plane, first ticket, end;
 * and the bits. Returns how many pairs, or WAITQ_E_INVALID; a lack of memory shows in the arguments. */
int waitq__bits_add(struct waitq__arguments *arguments, const waitq_store_bits *bits, uint32_t count, int clears,
                    uint64_t line, waitq_error *error);

#endif
