/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer *peer_new(struct service *service, const char *host, uint16_t port) {
  struct peer *peer = calloc(1, sizeof *peer);
  if (peer != NULL) {
    snprintf(peer->host, sizeof peer->host, "%s", host);
    peer->service = service;
    peer->port = port;
    peer->was_taken = true;
  }
  return peer;
}

void peer_free(struct peer *peer) {
  if (peer->client != NULL) {
    h2o_http1client_cancel(peer->client);
  }
  free(peer);
}

/* A line when reports begin to be lost, and when they arrive again. */
static void note(struct peer *peer, const char *problem) {
  *(problem == NULL ? &peer->service->reports_taken : &peer->service->reports_lost) += 1;
  if (peer->was_taken != (problem == NULL)) {
    fprintf(stderr, "waitq-backend: %s port %u %s%s\n", peer->host, peer->port,
            problem == NULL ? "takes reports again" : "does not take reports: ", problem == NULL ? "" : problem);
  }
  peer->was_taken = problem == NULL;
}

static int on_body(h2o_http1client_t *client, const char *error) {
  struct peer *peer = client->data;
  if (error != NULL) {
    peer->client = NULL;
  } else {
    h2o_buffer_consume(&client->sock->input, client->sock->input->size);
  }
  return 0;
}

static h2o_http1client_body_cb on_head(h2o_http1client_t *client, const char *error, int minor_version, int status,
                                       h2o_iovec_t message, h2o_header_t *headers, size_t header_count, int length) {
  struct peer *peer = client->data;
  char problem[64];
  (void)minor_version, (void)message, (void)headers, (void)header_count, (void)length;
  const bool is_over = error != NULL;
  if (is_over && error != h2o_http1client_error_is_eos) {
    note(peer, error);
  } else {
    snprintf(problem, sizeof problem, "status %d", status);
    note(peer, status == 200 ? NULL : problem);
  }
  if (is_over) {
    peer->client = NULL;
    return NULL;
  }
  return on_body;
}

static h2o_http1client_head_cb on_connect(h2o_http1client_t *client, const char *error, h2o_iovec_t **buffers,
                                          size_t *buffer_count, int *is_head) {
  struct peer *peer = client->data;
  if (error != NULL) {
    peer->client = NULL;
    note(peer, error);
    return NULL;
  }
  *buffers = &peer->request;
  *buffer_count = 1;
  *is_head = 0;
  return on_head;
}

void peer_send(struct peer *peer, h2o_http1client_ctx_t *context, const char *request, size_t length) {
  if (peer->client != NULL) {
    return;
  }
  if (length > sizeof peer->bytes) {
    note(peer, "the report is too long");
    return;
  }
  memcpy(peer->bytes, request, length);
  peer->request = h2o_iovec_init(peer->bytes, length);
  h2o_http1client_connect(&peer->client, peer, context, h2o_iovec_init(peer->host, strlen(peer->host)), peer->port, 0,
                          on_connect);
}
