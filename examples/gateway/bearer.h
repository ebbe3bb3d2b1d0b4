/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_BEARER_H
#define GATEWAY_BEARER_H

/* Calls that are not for everybody bring a secret: Authorization: Bearer <secret>. */

#include <stdbool.h>

struct visit;

/* Whether a request brings one of two secrets, either of which may be NULL: then it is nobody's. Otherwise it was answered. */
bool bearer_is_allowed(struct visit *visit, const char *secret, const char *another);

#endif
