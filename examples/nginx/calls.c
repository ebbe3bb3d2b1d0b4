/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "calls.h"

#include "answer.h"
#include "errand.h"
#include "passes.h"
#include "worker.h"

typedef struct {
  const char *name;
  ngx_uint_t method;
  ngx_int_t (*begin)(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx);
  ngx_int_t (*end)(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx); /* when the errand is done; NULL: there is none */
} call_t;

static ngx_int_t answer_failure(ngx_http_request_t *r, int code) {
  switch (code) {
    case WAITQ_E_MALFORMED:
    case WAITQ_E_FORGED:
    case WAITQ_E_KEY:
    case WAITQ_E_AUDIENCE:
      return ngx_http_waitq_answer_error(r, NGX_HTTP_BAD_REQUEST, "not_of_this_room");
    default:
      return ngx_http_waitq_answer_error(r, NGX_HTTP_SERVICE_UNAVAILABLE, "store");
  }
}

/* NGX_OK: the visitor has shown something that may be a ticket. */
static ngx_int_t need_ticket(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  ngx_http_waitq_shown_ticket(r, ctx->room, ctx->ticket);
  return ctx->ticket[0] != '\0' ? NGX_OK : NGX_DECLINED;
}

static ngx_int_t begin_status(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if (need_ticket(r, ctx) != NGX_OK) {
    return ngx_http_waitq_answer_error(r, NGX_HTTP_NOT_FOUND, "no_ticket");
  }
  waitq_status_init(&ctx->status, sizeof ctx->status);
  int code = waitq_poll(ctx->room->handle, ctx->ticket, &ctx->status, NULL);
  if (code != WAITQ_OK) {
    return answer_failure(r, code);
  }
  ctx->has_status = 1;
  ctx->result = waitq_state_name(ctx->status.state);
  return ngx_http_waitq_answer_status(r, ctx->room, NGX_HTTP_OK, &ctx->status);
}

static ngx_int_t begin_join(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  ngx_str_t visitor = ngx_null_string;
  waitq_status_init(&ctx->status, sizeof ctx->status);
  if (need_ticket(r, ctx) == NGX_OK && waitq_poll(ctx->room->handle, ctx->ticket, &ctx->status, NULL) == WAITQ_OK &&
      (ctx->status.state == WAITQ_STATE_WAITING || ctx->status.state == WAITQ_STATE_READY)) {
    return begin_status(r, ctx);
  }
  if (conf->visitor != NULL && ngx_http_complex_value(r, conf->visitor, &visitor) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  if (visitor.len > WAITQ_VISITOR_MAX) {
    return ngx_http_waitq_answer_error(r, NGX_HTTP_BAD_REQUEST, "visitor_too_long");
  }
  return ngx_http_waitq_submit_join(ctx, &visitor);
}

static ngx_int_t end_join(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if (ngx_http_waitq_errand_failed(ctx, "a join")) {
    return answer_failure(r, ctx->errand->code);
  }
  ctx->status = ctx->errand->status;
  ctx->has_status = 1;
  ctx->result = waitq_state_name(ctx->status.state);
  if (ctx->errand->ticket.text[0] == '\0') {
    return ngx_http_waitq_answer_status(r, ctx->room, NGX_HTTP_SERVICE_UNAVAILABLE, &ctx->status);
  }
  if (ngx_http_waitq_give_ticket(r, ctx->room, ctx->errand->ticket.text) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return ngx_http_waitq_answer_status(r, ctx->room, NGX_HTTP_OK, &ctx->status);
}

static ngx_int_t begin_enter(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  waitq_binding binding;
  if (need_ticket(r, ctx) != NGX_OK) {
    return ngx_http_waitq_answer_error(r, NGX_HTTP_NOT_FOUND, "no_ticket");
  }
  return ngx_http_waitq_submit_enter(ctx, ctx->ticket, ngx_http_waitq_binding(r, &binding));
}

static ngx_int_t end_enter(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  const waitq_pass *pass = &ctx->errand->pass;
  if (ngx_http_waitq_errand_failed(ctx, "an entry")) {
    return answer_failure(r, ctx->errand->code);
  }
  ctx->result = waitq_state_name(pass->state);
  if (pass->text[0] == '\0') {
    return ngx_http_waitq_answer_pass(r, ctx->room, pass->retry_after_ms > 0 ? NGX_HTTP_ACCEPTED : NGX_HTTP_FORBIDDEN,
                                      pass);
  }
  if (ngx_http_waitq_give_pass(r, ctx->room, pass) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return ngx_http_waitq_answer_pass(r, ctx->room, NGX_HTTP_OK, pass);
}

static ngx_int_t begin_leave(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  return need_ticket(r, ctx) == NGX_OK ? ngx_http_waitq_submit_leave(ctx, ctx->ticket)
                                       : ngx_http_waitq_answer_error(r, NGX_HTTP_NOT_FOUND, "no_ticket");
}

/* Who has entered has not left: the ticket stays, and so does the session. */
static ngx_int_t end_leave(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if (ngx_http_waitq_errand_failed(ctx, "a leave")) {
    return answer_failure(r, ctx->errand->code);
  }
  ctx->status = ctx->errand->status;
  ctx->has_status = 1;
  ctx->result = waitq_state_name(ctx->status.state);
  if (ctx->status.state != WAITQ_STATE_ENTERED && ngx_http_waitq_give_ticket(r, ctx->room, "") != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return ngx_http_waitq_answer_status(r, ctx->room, NGX_HTTP_OK, &ctx->status);
}

static ngx_int_t begin_exit(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  char pass[WAITQ_PASS_SIZE];
  ngx_http_waitq_shown_pass(r, ctx->room, pass);
  return pass[0] != '\0' ? ngx_http_waitq_submit_exit(ctx, pass)
                         : ngx_http_waitq_answer_error(r, NGX_HTTP_NOT_FOUND, "no_pass");
}

static ngx_int_t end_exit(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  const waitq_pass none = WAITQ_PASS_INIT;
  if (ngx_http_waitq_errand_failed(ctx, "an exit")) {
    return answer_failure(r, ctx->errand->code);
  }
  ctx->result = "exited";
  if (ngx_http_waitq_give_pass(r, ctx->room, &none) != NGX_OK ||
      ngx_http_waitq_give_ticket(r, ctx->room, "") != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return ngx_http_waitq_answer_nothing(r, NGX_HTTP_NO_CONTENT, 0);
}

static const call_t calls[] = {
    {"status", NGX_HTTP_GET | NGX_HTTP_HEAD, begin_status, NULL},
    {"join", NGX_HTTP_POST, begin_join, end_join},
    {"enter", NGX_HTTP_POST, begin_enter, end_enter},
    {"leave", NGX_HTTP_POST, begin_leave, end_leave},
    {"exit", NGX_HTTP_POST, begin_exit, end_exit},
};

static const call_t *find_call(ngx_http_request_t *r) {
  const ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
  if (r->uri.len <= core->name.len) {
    return NULL;
  }
  const u_char *name = r->uri.data + core->name.len;
  size_t length = r->uri.len - core->name.len;
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    if (ngx_strlen(calls[i].name) == length && ngx_strncmp(calls[i].name, name, length) == 0) {
      return &calls[i];
    }
  }
  return NULL;
}

static void end_call(ngx_http_request_t *r) {
  ngx_http_finalize_request(r, find_call(r)->end(r, ngx_http_get_module_ctx(r, ngx_http_waitq_module)));
}

/* A client who goes away is noticed meanwhile; unless its body is still being thrown away, which notices it as well. */
static ngx_int_t await(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx, void (*resume)(ngx_http_request_t *)) {
  ctx->resume = resume;
  if (!r->discard_body) {
    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
      return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    r->read_event_handler = ngx_http_test_reading;
  }
  r->main->count++;
  return NGX_DONE;
}

static ngx_int_t begin(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  if (ctx->room->handle == NULL) {
    return ngx_http_waitq_answer_error(r, NGX_HTTP_SERVICE_UNAVAILABLE, "store");
  }
  ngx_int_t rc = find_call(r)->begin(r, ctx);
  if (rc == NGX_AGAIN && ctx->errand != NULL && ctx->errand->is_under_way) {
    return await(r, ctx, end_call);
  }
  if (rc == NGX_ERROR && !r->header_sent) {
    return answer_failure(r, ctx->errand == NULL ? WAITQ_E_NOMEM : ctx->errand->code);
  }
  return rc;
}

static void begin_call(ngx_http_request_t *r) {
  ngx_http_finalize_request(r, begin(r, ngx_http_get_module_ctx(r, ngx_http_waitq_module)));
}

static ngx_int_t refuse_method(ngx_http_request_t *r, const call_t *call) {
  static const ngx_str_t post = ngx_string("POST");
  static const ngx_str_t get = ngx_string("GET, HEAD");
  ngx_int_t rc = ngx_http_waitq_add_header(r, "Allow", call->end != NULL ? &post : &get);
  return rc == NGX_OK ? ngx_http_waitq_answer_error(r, NGX_HTTP_NOT_ALLOWED, "method") : NGX_HTTP_INTERNAL_SERVER_ERROR;
}

ngx_int_t ngx_http_waitq_calls(ngx_http_request_t *r) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  const call_t *call = find_call(r);
  if (call == NULL) {
    return ngx_http_waitq_answer_error(r, NGX_HTTP_NOT_FOUND, "no_such_call");
  }
  if (!(r->method & call->method)) {
    return refuse_method(r, call);
  }
  ngx_int_t rc = ngx_http_discard_request_body(r);
  ngx_http_waitq_ctx_t *ctx = rc == NGX_OK ? ngx_http_waitq_ctx(r) : NULL;
  if (ctx == NULL) {
    return rc != NGX_OK ? rc : NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  ctx->room = conf->room;
  if (ctx->room->handle == NULL && ngx_http_waitq_park(ctx) == NGX_AGAIN) {
    return await(r, ctx, begin_call);
  }
  return begin(r, ctx);
}
