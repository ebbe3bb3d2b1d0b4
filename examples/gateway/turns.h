/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_TURNS_H
#define GATEWAY_TURNS_H

/* How many turns each event has given. The library tells that in its metrics alone, which are much text where there are many
 * events: 12 ms of it with a thousand. So no request reads them; the watch does, while somebody asks. */

#include <stdatomic.h>
#include <stdint.h>

struct gateway;

/* Has them read for the next seconds. */
void turns_want(struct gateway *gateway);

/* Reads them into the rooms, where they are wanted. */
void turns_read(struct gateway *gateway);

#endif
