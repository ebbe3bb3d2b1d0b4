/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef BACKEND_PEER_H
#define BACKEND_PEER_H

/* One address of a gateway, and the reports that it gets. One that has not been answered yet is not followed by another. */

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "h2o_loop.h"
#include "service.h"

#define PEER_REQUEST_MAX 2048

struct peer {
  struct peer *next;
  struct service *service; /* which counts what was taken and what was lost */
  char host[NI_MAXHOST];
  uint16_t port;
  bool is_listed;            /* the name still stands for it */
  bool was_taken;            /* the last one */
  h2o_http1client_t *client; /* of a report that is under way */
  h2o_iovec_t request;
  char bytes[PEER_REQUEST_MAX];
};

/* A peer at a numeric address; NULL where there is no memory. */
struct peer *peer_new(struct service *service, const char *host, uint16_t port);

/* Ends what is under way, and the peer. */
void peer_free(struct peer *peer);

/* Sends a request, unless one is under way. */
void peer_send(struct peer *peer, h2o_http1client_ctx_t *context, const char *request, size_t length);

#endif
