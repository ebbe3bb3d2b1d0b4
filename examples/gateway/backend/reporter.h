/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef BACKEND_REPORTER_H
#define BACKEND_REPORTER_H

/* Tells gateways once a second how the backend is: all that a name stands for, which is asked anew each second, so gateways may
 * come and go. While a name is not answered, those that are known are told. Each gets what has been counted since the
 * beginning, so that a report that is lost loses nothing. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h2o_loop.h"
#include "service.h"

#define REPORTER_TARGETS_MAX 8
#define REPORTER_PEERS_MAX 128 /* of a name */
#define REPORTER_TOKEN_SIZE 257

struct peer;
struct reporter;

/* A URL, and the addresses that its host has. */
struct reporter_target {
  struct reporter *reporter;
  h2o_url_t url;
  h2o_hostinfo_getaddr_req_t *lookup; /* that is under way */
  bool was_found;
  struct peer *peers;
  size_t peer_count;
};

struct reporter {
  struct service *service;
  const char *event, *source;
  char token[REPORTER_TOKEN_SIZE];
  struct reporter_target targets[REPORTER_TARGETS_MAX];
  size_t count;
  h2o_context_t *context;
  h2o_http1client_ctx_t client_context;
  h2o_timeout_t patience;
  h2o_timeout_entry_t tick;
};

/* Adds gateways, as http://host:port; false where it is no such URL, or one too many. */
bool reporter_add(struct reporter *reporter, const char *url);

/* Takes the token that reports bring, to the end of its line; false where it is none. */
bool reporter_take_token(struct reporter *reporter, const char *token);

/* Reads it from a file. */
bool reporter_read_token(struct reporter *reporter, const char *path);

/* Begins to report, where there is somebody to report to. */
void reporter_start(struct reporter *reporter, h2o_context_t *context);
void reporter_stop(struct reporter *reporter);

#endif
