/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "visit.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "gateway.h"
#include "loop.h"

uint64_t visit_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct text visit_query(const struct visit *visit) {
  const h2o_req_t *req = visit->req;
  if (req->query_at == SIZE_MAX) {
    return (struct text){"", 0};
  }
  return (struct text){req->path.base + req->query_at + 1, req->path.len - req->query_at - 1};
}

struct text visit_header(const struct visit *visit, const char *name) {
  const h2o_headers_t *headers = &visit->req->headers;
  const size_t length = strlen(name);
  for (size_t i = 0; i < headers->size; i++) {
    const h2o_header_t *header = &headers->entries[i];
    if (header->name->len == length && memcmp(header->name->base, name, length) == 0) {
      return (struct text){header->value.base, header->value.len};
    }
  }
  return (struct text){"", 0};
}

enum visit_token visit_token(const struct visit *visit, struct token *token) {
  char text[TOKEN_SIZE + 1];
  const struct text query = visit_query(visit);
  if (request_parameter(query, "token", text, sizeof text)) {
    return request_token(text, token) ? TOKEN_READ : TOKEN_WRONG;
  }
  /* There is none, or it is no text that could be one. */
  for (size_t i = 0; i + 6 < query.length; i++) {
    if ((i == 0 || query.at[i - 1] == '&') && memcmp(query.at + i, "token=", 6) == 0 && query.at[i + 6] != '&') {
      return TOKEN_WRONG;
    }
  }
  return TOKEN_ABSENT;
}

void visit_trace_id(const struct visit *visit, char out[TRACE_ID_SIZE]) {
  if (!request_trace_id(visit_header(visit, "traceparent"), visit_header(visit, "x-request-id"), out)) {
    snprintf(out, TRACE_ID_SIZE, "%016llx%016llx", (unsigned long long)loop_random(visit->loop),
             (unsigned long long)loop_random(visit->loop));
  }
}

void visit_address(const struct visit *visit, char *out, size_t capacity) {
  const unsigned hops = (unsigned)visit->loop->gateway->options->trusted_proxies;
  if (hops > 0 && request_forwarded(visit_header(visit, "x-forwarded-for"), hops, out, capacity)) {
    return;
  }
  struct sockaddr_storage peer;
  h2o_conn_t *conn = visit->req->conn;
  const socklen_t length = conn->callbacks->get_peername(conn, (struct sockaddr *)&peer);
  if (length == 0 ||
      getnameinfo((struct sockaddr *)&peer, length, out, (socklen_t)capacity, NULL, 0, NI_NUMERICHOST) != 0) {
    snprintf(out, capacity, "unknown");
  }
}
