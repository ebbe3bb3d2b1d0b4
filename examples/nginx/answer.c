/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "answer.h"

#include "page.h"
#include "passes.h"
#include "rooms.h"
#include "words.h"

/* Above what the longest room name, numbers and words come to. */
#define JSON_MAX 1024
#define MESSAGE_MAX 128

#define RETRY_DEFAULT_MS 10000

static const ngx_str_t json_type = ngx_string("application/json");
static const ngx_str_t html_type = ngx_string("text/html");
static const ngx_str_t utf8 = ngx_string("utf-8");

static ngx_int_t add_retry(ngx_http_request_t *r, int64_t retry_ms) {
  ngx_str_t value;
  value.data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
  if (value.data == NULL) {
    return NGX_ERROR;
  }
  int64_t seconds = retry_ms <= 0 ? RETRY_DEFAULT_MS / 1000 : (retry_ms + 999) / 1000;
  value.len = (size_t)(ngx_sprintf(value.data, "%L", seconds) - value.data);
  return ngx_http_waitq_add_header(r, "Retry-After", &value);
}

/* An answer about a place in line is good for one visitor, and for now. */
static ngx_int_t send_answer(ngx_http_request_t *r, ngx_uint_t http_status, const ngx_str_t *type, ngx_buf_t *body) {
  static const ngx_str_t no_store = ngx_string("no-store");
  static const ngx_str_t no_sniff = ngx_string("nosniff");
  if (ngx_http_discard_request_body(r) != NGX_OK ||
      ngx_http_waitq_add_header(r, "Cache-Control", &no_store) != NGX_OK ||
      ngx_http_waitq_add_header(r, "X-Content-Type-Options", &no_sniff) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  r->headers_out.status = http_status;
  r->headers_out.content_length_n = body == NULL ? 0 : body->last - body->pos;
  if (body != NULL) {
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.charset = utf8;
  } else {
    r->header_only = 1;
  }
  ngx_int_t rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
    return rc;
  }
  body->last_buf = 1;
  body->last_in_chain = 1;
  return ngx_http_output_filter(r, &(ngx_chain_t){body, NULL});
}

static void put_word(ngx_buf_t *out, const char *name, const char *word) {
  if (word == NULL) {
    out->last = ngx_slprintf(out->last, out->end, ",\"%s\":null", name);
  } else {
    out->last = ngx_slprintf(out->last, out->end, ",\"%s\":\"%s\"", name, word);
  }
}

static void put_number(ngx_buf_t *out, const char *name, int64_t number) {
  if (number == WAITQ_UNKNOWN_MS) {
    put_word(out, name, NULL);
  } else {
    out->last = ngx_slprintf(out->last, out->end, ",\"%s\":%L", name, number);
  }
}

static ngx_buf_t *begin_json(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, uint32_t state,
                             uint32_t reason) {
  ngx_buf_t *out = ngx_create_temp_buf(r->pool, JSON_MAX);
  if (out != NULL) {
    out->last = ngx_slprintf(out->last, out->end, "{\"room\":\"%V\"", &room->name);
    put_word(out, "state", waitq_state_name(state));
    put_word(out, "reason", ngx_http_waitq_reason_word(reason));
  }
  return out;
}

static ngx_buf_t *status_json(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, const waitq_status *status) {
  ngx_buf_t *out = begin_json(r, room, status->state, status->reason);
  if (out == NULL) {
    return NULL;
  }
  put_word(out, "phase", status->phase == 0 ? NULL : ngx_http_waitq_phase_word(status->phase));
  put_number(out, "position", (int64_t)status->position);
  put_number(out, "ahead", (int64_t)status->ahead);
  put_number(out, "behind", (int64_t)status->behind);
  put_number(out, "eta_ms", status->eta_ms);
  put_number(out, "eta_low_ms", status->eta_ms == WAITQ_UNKNOWN_MS ? WAITQ_UNKNOWN_MS : status->eta_low_ms);
  put_number(out, "eta_high_ms", status->eta_high_ms);
  out->last = ngx_slprintf(out->last, out->end, ",\"confidence\":%.2f", status->confidence);
  put_number(out, "waited_ms", status->waited_ms);
  put_number(out, "enter_by_ms", status->enter_by_ms);
  put_number(out, "next_poll_ms", status->next_poll_ms);
  put_number(out, "age_ms", status->age_ms);
  out->last = ngx_slprintf(out->last, out->end, "}\n");
  return out;
}

ngx_int_t ngx_http_waitq_answer_status(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, ngx_uint_t http_status,
                                       const waitq_status *status) {
  ngx_buf_t *body = status_json(r, room, status);
  if (body == NULL || (http_status >= NGX_HTTP_SPECIAL_RESPONSE && add_retry(r, status->next_poll_ms) != NGX_OK)) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return send_answer(r, http_status, &json_type, body);
}

ngx_int_t ngx_http_waitq_answer_pass(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, ngx_uint_t http_status,
                                     const waitq_pass *pass) {
  ngx_buf_t *body = begin_json(r, room, pass->state, pass->reason);
  if (body == NULL) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  put_number(body, "expires_at_ms", pass->expires_at_ms);
  put_number(body, "retry_after_ms", pass->retry_after_ms);
  body->last = ngx_slprintf(body->last, body->end, "}\n");
  return send_answer(r, http_status, &json_type, body);
}

ngx_int_t ngx_http_waitq_answer_error(ngx_http_request_t *r, ngx_uint_t http_status, const char *code) {
  ngx_buf_t *body = ngx_create_temp_buf(r->pool, JSON_MAX);
  if (body == NULL || (http_status == NGX_HTTP_SERVICE_UNAVAILABLE && add_retry(r, RETRY_DEFAULT_MS) != NGX_OK)) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  body->last = ngx_slprintf(body->last, body->end, "{\"error\":\"%s\"}\n", code);
  return send_answer(r, http_status, &json_type, body);
}

ngx_int_t ngx_http_waitq_answer_nothing(ngx_http_request_t *r, ngx_uint_t http_status, int64_t retry_ms) {
  if (retry_ms > 0 && add_retry(r, retry_ms) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  return send_answer(r, http_status, NULL, NULL);
}

static ngx_int_t wants_json(const ngx_http_request_t *r) {
  const ngx_str_t *accept = ngx_http_waitq_header(r, "accept");
  return accept != NULL && ngx_strcasestrn(accept->data, "application/json", 16 - 1) != NULL &&
         ngx_strcasestrn(accept->data, "text/html", 9 - 1) == NULL;
}

static ngx_buf_t *wait_page(ngx_http_request_t *r, const ngx_http_waitq_ctx_t *ctx, int64_t retry_ms) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  const ngx_str_t *calls = ngx_http_waitq_endpoint_path(r, ctx->room);
  const ngx_buf_t *json = status_json(r, ctx->room, &ctx->status);
  ngx_str_t fields[NGX_HTTP_WAITQ_FIELDS];
  u_char message[MESSAGE_MAX];
  u_char position[NGX_INT64_LEN];
  u_char retry[NGX_INT64_LEN];
  if (json == NULL) {
    return NULL;
  }
  ngx_memzero(fields, sizeof fields);
  fields[NGX_HTTP_WAITQ_FIELD_ROOM] = ctx->room->name;
  fields[NGX_HTTP_WAITQ_FIELD_STATE].data = (u_char *)waitq_state_name(ctx->status.state);
  fields[NGX_HTTP_WAITQ_FIELD_STATE].len = ngx_strlen(fields[NGX_HTTP_WAITQ_FIELD_STATE].data);
  fields[NGX_HTTP_WAITQ_FIELD_POSITION].data = position;
  fields[NGX_HTTP_WAITQ_FIELD_POSITION].len = (size_t)(ngx_sprintf(position, "%uL", ctx->status.position) - position);
  fields[NGX_HTTP_WAITQ_FIELD_MESSAGE] = ngx_http_waitq_message(&ctx->status, message, sizeof message);
  fields[NGX_HTTP_WAITQ_FIELD_RETRY].data = retry;
  fields[NGX_HTTP_WAITQ_FIELD_RETRY].len = (size_t)(ngx_sprintf(retry, "%L", (retry_ms + 999) / 1000) - retry);
  fields[NGX_HTTP_WAITQ_FIELD_STATUS].data = json->pos;
  fields[NGX_HTTP_WAITQ_FIELD_STATUS].len = (size_t)(json->last - json->pos);
  if (calls != NULL) {
    fields[NGX_HTTP_WAITQ_FIELD_CALLS] = *calls;
  }
  return ngx_http_waitq_put_page(r->pool, conf->page, fields);
}

ngx_int_t ngx_http_waitq_answer_wait(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx) {
  const ngx_http_waitq_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_waitq_module);
  int64_t retry_ms = ctx->status.next_poll_ms > 0 ? ctx->status.next_poll_ms : RETRY_DEFAULT_MS;
  ngx_int_t is_json = wants_json(r);
  ngx_buf_t *body = is_json ? status_json(r, ctx->room, &ctx->status) : wait_page(r, ctx, retry_ms);
  ngx_http_clear_accept_ranges(r);
  ngx_http_clear_last_modified(r);
  if (body == NULL || add_retry(r, retry_ms) != NGX_OK) {
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
  }
  ctx->result = waitq_state_name(ctx->status.state);
  return send_answer(r, (ngx_uint_t)conf->status, is_json ? &json_type : &html_type, body);
}
