/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_ERROR_H
#define WAITQ_BASE_ERROR_H

/* Filling in the caller's waitq_error. */

#include <waitq/error.h>

/* Writes code and text, as far as the caller's structure reaches, and returns code. The text must hold no secret. */
int waitq__fail(waitq_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4), cold));

#endif
