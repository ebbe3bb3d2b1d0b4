/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_SIZED_H
#define WAITQ_BASE_SIZED_H

/* Structures that carry their own size, so that caller and library may be of different versions.
 *
 * In: a caller's structure that is shorter is filled up with defaults; one that is longer is taken when what the
 * library does not know is all zero, and refused otherwise. Out: no more is written than the caller has room for.
 *
 * Example: an old caller's policy of 80 bytes reads into today's 104 as 80 bytes of the caller's and 24 of the default. */

#include <stddef.h>

#include <waitq/error.h>

/* Prepares a caller's structure of size bytes with as much of defaults as fits, and its own size in front. */
void waitq__sized_init(void *target, size_t size, const void *defaults, size_t defaults_size);

/* Reads a caller's structure into known, which holds the defaults. what names it in the error text. */
int waitq__sized_read(void *known, size_t known_size, const void *theirs, const char *what, waitq_error *error);

/* Checks that a structure to be filled in exists and says how large it is. */
int waitq__sized_check(const void *theirs, const char *what, waitq_error *error);

/* Fills in a caller's structure from known, keeping the caller's size. The caller's tail beyond known is zeroed. */
void waitq__sized_write(void *theirs, const void *known, size_t known_size);

#endif
