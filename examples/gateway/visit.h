/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_VISIT_H
#define GATEWAY_VISIT_H

/* A request under way. It lives in the request's own memory, and ends with its reply. */

#include <stdbool.h>
#include <stdint.h>

#include "h2o_loop.h"
#include "request.h"
#include "tally.h"

struct loop;

struct visit {
  h2o_req_t *req;
  struct loop *loop;
  enum route route;
  uint64_t began_ns; /* monotonic */
};

uint64_t visit_now_ns(void);

/* The query, without its '?'. */
struct text visit_query(const struct visit *visit);

/* A header, by its name in lower case; empty where there is none. */
struct text visit_header(const struct visit *visit, const char *name);

/* The parameter "token" of the query. */
enum visit_token { TOKEN_ABSENT, TOKEN_READ, TOKEN_WRONG };
enum visit_token visit_token(const struct visit *visit, struct token *token);

/* The request's trace id: the one that it brought, or a new one. */
void visit_trace_id(const struct visit *visit, char out[TRACE_ID_SIZE]);

/* The address of the client, as far as proxies are to be trusted. */
void visit_address(const struct visit *visit, char *out, size_t capacity);

#endif
