/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_NAME_H
#define WAITQ_BASE_NAME_H

/* Names of rooms, limiters and keys: [A-Za-z0-9_.-], so that they can stand in a database key, a JSON text, a metric and a log
 * line as they are. */

#include <stddef.h>

#include <waitq/error.h>

/* Whether a NUL-terminated text is a name of 1 to longest characters. */
int waitq__is_name(const char *text, size_t longest);

/* Checks a NUL-terminated name; what says whose name it is in the error text. */
int waitq__name_check(const char *name, size_t longest, const char *what, waitq_error *error);

#endif
