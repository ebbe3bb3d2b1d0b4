/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "reply.h"

#include <stdio.h>
#include <string.h>

#include "gateway.h"
#include "loop.h"

const char *reply_phrase(int status) {
  static const struct {
    int status;
    const char *phrase;
  } known[] = {{200, "OK"},
               {202, "Accepted"},
               {204, "No Content"},
               {304, "Not Modified"},
               {400, "Bad Request"},
               {401, "Unauthorized"},
               {403, "Forbidden"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {429, "Too Many Requests"},
               {500, "Internal Server Error"},
               {503, "Service Unavailable"}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (known[i].status == status) {
      return known[i].phrase;
    }
  }
  return "Other";
}

void reply_begun(struct visit *visit, int status) {
  tally_reply(&visit->loop->tally, visit->route, status, visit_now_ns() - visit->began_ns);
}

void reply_cors(struct visit *visit) {
  const char *origin = visit->loop->gateway->options->allow_origin;
  h2o_req_t *req = visit->req;
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_ACCESS_CONTROL_ALLOW_ORIGIN, NULL, origin, strlen(origin));
  if (origin[0] != '*') {
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_VARY, NULL, H2O_STRLIT("Origin"));
  }
}

static void send_kept(struct visit *visit, int status, h2o_iovec_t body) {
  static h2o_generator_t whole = {NULL, NULL};
  h2o_req_t *req = visit->req;
  req->res.status = status;
  req->res.reason = reply_phrase(status);
  req->res.content_length = status == 204 ? SIZE_MAX : body.len;
  reply_begun(visit, status);
  h2o_start_response(req, &whole);
  h2o_send(req, &body, body.len > 0, H2O_SEND_STATE_FINAL);
}

static void send_bytes(struct visit *visit, int status, const char *bytes, size_t length) {
  h2o_iovec_t body = {NULL, length};
  if (length > 0) {
    body.base = h2o_mem_alloc_pool(&visit->req->pool, length);
    memcpy(body.base, bytes, length);
  }
  send_kept(visit, status, body);
}

static void add_type(struct visit *visit, const char *type) {
  h2o_req_t *req = visit->req;
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, type, strlen(type));
}

void reply_content(struct visit *visit, int status, const char *type, const char *bytes, size_t length) {
  add_type(visit, type);
  send_bytes(visit, status, bytes, length);
}

void reply_kept(struct visit *visit, int status, const char *type, const char *bytes, size_t length) {
  add_type(visit, type);
  send_kept(visit, status, (h2o_iovec_t){(char *)bytes, length});
}

void reply_json(struct visit *visit, int status, const char *json, size_t length) {
  h2o_req_t *req = visit->req;
  h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CACHE_CONTROL, NULL, H2O_STRLIT("no-store"));
  reply_cors(visit);
  reply_content(visit, status, "application/json", json, length);
}

void reply_format(struct visit *visit, int status, const char *format, ...) {
  char json[2048];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(json, sizeof json, format, arguments);
  va_end(arguments);
  reply_json(visit, status, json, length < (int)sizeof json ? (size_t)length : sizeof json - 1);
}

void reply_error(struct visit *visit, int status, const char *code, const char *message, int64_t retry_ms) {
  h2o_req_t *req = visit->req;
  char trace[TRACE_ID_SIZE];
  char retry[48] = "";
  visit_trace_id(visit, trace);
  if (retry_ms > 0) {
    char seconds[24];
    const int length = snprintf(seconds, sizeof seconds, "%lld", (long long)((retry_ms + 999) / 1000));
    const h2o_iovec_t value = h2o_strdup(&req->pool, seconds, (size_t)length);
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_RETRY_AFTER, NULL, value.base, value.len);
    snprintf(retry, sizeof retry, ",\"retry_after_ms\":%lld", (long long)retry_ms);
  }
  reply_format(visit, status, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"trace_id\":\"%s\"%s}}", code, message,
               trace, retry);
}

void reply_failure(struct visit *visit, int code) {
  switch (code) {
    case WAITQ_E_MALFORMED:
    case WAITQ_E_FORGED:
      reply_error(visit, 404, "TOKEN_NOT_FOUND", "this is no token of this queue", 0);
      return;
    case WAITQ_E_KEY:
    case WAITQ_E_AUDIENCE:
      reply_error(visit, 404, "TOKEN_NOT_FOUND", "this is no reservation token of this event", 0);
      return;
    case WAITQ_E_EXPIRED:
      reply_error(visit, 404, "TOKEN_EXPIRED", "the reservation has ended", 0);
      return;
    case WAITQ_E_INVALID:
      reply_error(visit, 400, "INVALID_REQUEST", "the queue refuses this", 0);
      return;
    case WAITQ_E_STORE:
    case WAITQ_E_TIMEOUT:
    case WAITQ_E_CONFLICT:
      reply_error(visit, 500, "QUEUE_ERROR", waitq_error_text(code), 1000);
      return;
    default:
      reply_error(visit, 500, "QUEUE_ERROR", waitq_error_text(code), 0);
  }
}

void reply_preflight(struct visit *visit) {
  static const struct {
    const char *name, *value;
  } headers[] = {
      {"access-control-allow-methods", "GET, POST, DELETE, OPTIONS"},
      {"access-control-allow-headers", "Authorization, Content-Type, Idempotency-Key"},
      {"access-control-max-age", "86400"},
  };
  h2o_req_t *req = visit->req;
  reply_cors(visit);
  for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
    h2o_add_header_by_str(&req->pool, &req->res.headers, headers[i].name, strlen(headers[i].name), 0, NULL,
                          headers[i].value, strlen(headers[i].value));
  }
  send_bytes(visit, 204, NULL, 0);
}
