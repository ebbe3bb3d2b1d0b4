/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_STREAM_H
#define WAITQ_STORE_REDIS_STREAM_H

/* Bytes to and from one server, by TCP, TLS or a Unix socket. The socket never blocks, is not inherited by another program, and
 * raises no SIGPIPE. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>

#include "store/redis/settings.h"
#include "store/redis/tls.h"

struct waitq__stream {
  int fd; /* -1: closed */
  short send_wants;
  short receive_wants; /* what to wait for, of poll(), where nothing was done */
  int has_sent;        /* whether the socket took anything of what was to be sent */
  struct waitq__tls *tls;
  char name[WAITQ__REDIS_ADDRESS_TEXT]; /* what error texts call the server */
};

/* Connects, and makes TLS where the settings say so. What fails leaves the stream closed. The resolver of host names keeps its own time. */
int waitq__stream_open(struct waitq__stream *stream, const struct waitq__redis_settings *settings,
                       const struct waitq__redis_address *address, const waitq_allocator *allocator,
                       int64_t deadline_us, waitq_error *error);
void waitq__stream_close(struct waitq__stream *stream); /* more than once is allowed */

/* Sends or receives some; *done is 0 where that must wait. An error may leave the stream open, and of no use. */
int waitq__stream_send(struct waitq__stream *stream, const char *bytes, size_t length, size_t *done,
                       waitq_error *error);
int waitq__stream_receive(struct waitq__stream *stream, char *bytes, size_t size, size_t *done, waitq_error *error);

/* Waits until the socket can do one of these, or WAITQ_E_TIMEOUT; what tells the reader of an error what for. */
int waitq__stream_wait(const struct waitq__stream *stream, short events, int64_t deadline_us, const char *what,
                       waitq_error *error);

/* Whether nothing can be read: no byte of the server's, and not its end. */
int waitq__stream_is_quiet(const struct waitq__stream *stream);

#endif
