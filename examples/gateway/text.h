/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_TEXT_H
#define GATEWAY_TEXT_H

/* A piece of somebody else's bytes: not NUL-terminated, not to be trusted. */

#include <stdbool.h>
#include <stddef.h>

struct text {
  const char *at;
  size_t length;
};

#endif
