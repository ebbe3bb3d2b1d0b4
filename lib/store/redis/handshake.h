/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_HANDSHAKE_H
#define WAITQ_STORE_REDIS_HANDSHAKE_H

/* The first words on a link: who we are, which database, and what the server is. All in one round trip. */

#include <stdint.h>

#include <waitq/error.h>

#include "store/redis/link.h"

/* The oldest server that is spoken to: access lists came with it. */
#define WAITQ__REDIS_OLDEST 60000

int waitq__handshake(struct waitq__link *link, const struct waitq__redis_settings *settings, enum waitq__link_role role,
                     int64_t deadline_us, struct waitq__server *server, waitq_error *error);

/* Reads what a server says in INFO; what it does not say is zero or empty. */
void waitq__server_read(struct waitq__server *server, struct waitq__text info);

#endif
