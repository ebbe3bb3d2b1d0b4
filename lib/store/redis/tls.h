/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_TLS_H
#define WAITQ_STORE_REDIS_TLS_H

/* TLS 1.2 or later over a connected, non-blocking socket, by OpenSSL. In a build without OpenSSL waitq__tls_new() says so.
 *
 * What cannot go on at the moment returns WAITQ_OK with nothing done, and sets *wants to POLLIN or POLLOUT: what to wait for. */

#include <stddef.h>

#include <waitq/context.h>
#include <waitq/error.h>

#include "store/redis/settings.h"

struct waitq__tls;

/* name is what error texts call the server; it must outlive the TLS, as must the socket. */
int waitq__tls_new(const struct waitq__redis_settings *settings, const struct waitq__redis_address *address,
                   const char *name, int fd, const waitq_allocator *allocator, struct waitq__tls **out,
                   waitq_error *error);
void waitq__tls_free(
    struct waitq__tls *tls); /* NULL is ignored. The socket stays open, and the server is told nothing */

/* Agrees on keys, and checks whose certificate that is; *wants is 0 when it is done. */
int waitq__tls_handshake(struct waitq__tls *tls, short *wants, waitq_error *error);

int waitq__tls_send(struct waitq__tls *tls, const char *bytes, size_t length, size_t *done, short *wants,
                    waitq_error *error);
int waitq__tls_receive(struct waitq__tls *tls, char *bytes, size_t size, size_t *done, short *wants,
                       waitq_error *error);

/* Whether nothing can be read: no byte of the server's, and not its end. */
int waitq__tls_is_quiet(struct waitq__tls *tls);

/* Whether the socket took anything in the last call. */
int waitq__tls_has_sent(const struct waitq__tls *tls);

#endif
