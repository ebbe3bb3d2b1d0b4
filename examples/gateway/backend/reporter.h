/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef BACKEND_REPORTER_H
#define BACKEND_REPORTER_H

/* Tells gateways once a second how the backend is. Each gets what has been counted since the beginning, so that a report
 * that is lost loses nothing; one that has not been answered yet is not followed by another. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "h2o_loop.h"
#include "service.h"

#define REPORTER_TARGETS_MAX 8
#define REPORTER_TOKEN_SIZE 257

struct reporter;

struct reporter_target {
  struct reporter *reporter;
  h2o_url_t url;
  h2o_http1client_t *client; /* of a report that is under way */
  h2o_iovec_t request;
  bool was_taken; /* the last one */
  char bytes[2048];
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

/* Adds a gateway, as http://host:port; false where it is no such URL, or one too many. */
bool reporter_add(struct reporter *reporter, const char *url);

/* Reads the token that reports bring. */
bool reporter_read_token(struct reporter *reporter, const char *path);

/* Begins to report, where there is somebody to report to. */
void reporter_start(struct reporter *reporter, h2o_context_t *context);
void reporter_stop(struct reporter *reporter);

#endif
