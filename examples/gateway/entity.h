/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ENTITY_H
#define GATEWAY_ENTITY_H

/* The body of a request that has to have one. */

#include "visit.h"

/* Reads it, to be freed in any case. Where it is no JSON object, that is the reply, and this is false. */
bool entity_read(struct visit *visit, struct body *body);

#endif
