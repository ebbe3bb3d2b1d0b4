/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_LINK_H
#define WAITQ_STORE_REDIS_LINK_H

/* One connection to one server, used by one thread at a time.
 *
 * A link is good or it is closed: after any failure but an error that the server itself answered, nothing more is read from it, so
 * that no reply is ever taken for another's. All moments are of waitq__monotonic_us(). */

#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>

#include "base/clock.h"
#include "store/redis/codec.h"
#include "store/redis/settings.h"

struct waitq__link;

/* What a server is, as it says itself when a link to it is made. */
struct waitq__server {
  char run_id[41]; /* another one after each start of the server */
  int version;     /* 7 * 10000 + 0 * 100 + 15 */
  int is_master;
  int is_loading;
  int is_cluster;
  char maxmemory_policy[32];
};

/* Which credentials, and what is checked. */
enum waitq__link_role { WAITQ__LINK_TO_SERVER, WAITQ__LINK_TO_SENTINEL };

/* Connects, makes TLS, authenticates, chooses the database, and asks the server what it is. */
int waitq__link_open(const struct waitq__redis_settings *settings, const struct waitq__redis_address *address,
                     enum waitq__link_role role, const waitq_allocator *allocator, int64_t deadline_us,
                     struct waitq__link **out, waitq_error *error);
void waitq__link_close(struct waitq__link *link); /* NULL is ignored */

const struct waitq__server *waitq__link_server(const struct waitq__link *link);
const struct waitq__redis_address *waitq__link_address(const struct waitq__link *link);

/* Adds a command to those that go out next. */
int waitq__link_queue(struct waitq__link *link, const struct waitq__text *words, size_t count, waitq_error *error);

/* Sends what was queued, and waits for as many replies. The caller frees each. *was_sent tells whether anything may have reached the
 * server. An error that the server answers is a reply of type ERROR, and WAITQ_OK. */
int waitq__link_exchange(struct waitq__link *link, struct waitq__reply **replies, size_t count, int64_t deadline_us,
                         int *was_sent, waitq_error *error);

/* The error that the server answered last, where an exchange has failed after it; empty otherwise. It may quote what it
 * was told, which the handshake has to look for. */
const char *waitq__link_last_words(const struct waitq__link *link);

/* Whether nothing is to be read from an idle link: otherwise the server has closed it, or talks out of turn. */
int waitq__link_is_quiet(const struct waitq__link *link);

#endif
