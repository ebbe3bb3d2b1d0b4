/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "variables.h"

typedef ngx_int_t (*writer_t)(ngx_http_request_t *r, const ngx_http_waitq_ctx_t *ctx, ngx_str_t *text);

static ngx_int_t copy(ngx_http_request_t *r, const char *from, ngx_str_t *text) {
  text->len = ngx_strlen(from);
  text->data = ngx_pnalloc(r->pool, text->len + 1);
  if (text->data == NULL) {
    return NGX_ERROR;
  }
  ngx_memcpy(text->data, from, text->len);
  return NGX_OK;
}

static ngx_int_t print(ngx_http_request_t *r, int64_t number, ngx_str_t *text) {
  u_char digits[NGX_INT64_LEN + 1];
  *ngx_sprintf(digits, "%L", number) = '\0';
  return copy(r, (const char *)digits, text);
}

static ngx_int_t write_room(ngx_http_request_t *r, const ngx_http_waitq_ctx_t *ctx, ngx_str_t *text) {
  return ctx->room == NULL ? NGX_DECLINED : copy(r, (const char *)ctx->room->name.data, text);
}

static ngx_int_t write_result(ngx_http_request_t *r, const ngx_http_waitq_ctx_t *ctx, ngx_str_t *text) {
  return ctx->result == NULL ? NGX_DECLINED : copy(r, ctx->result, text);
}

static ngx_int_t write_position(ngx_http_request_t *r, const ngx_http_waitq_ctx_t *ctx, ngx_str_t *text) {
  return ctx->has_status && ctx->status.state == WAITQ_STATE_WAITING ? print(r, (int64_t)ctx->status.position, text)
                                                                     : NGX_DECLINED;
}

static ngx_int_t write_eta(ngx_http_request_t *r, const ngx_http_waitq_ctx_t *ctx, ngx_str_t *text) {
  return ctx->has_status && ctx->status.state == WAITQ_STATE_WAITING && ctx->status.eta_ms != WAITQ_UNKNOWN_MS
             ? print(r, ctx->status.eta_ms, text)
             : NGX_DECLINED;
}

static ngx_int_t write_pass_id(ngx_http_request_t *r, const ngx_http_waitq_ctx_t *ctx, ngx_str_t *text) {
  return ctx->has_claims ? copy(r, ctx->claims.id, text) : NGX_DECLINED;
}

static const struct {
  ngx_str_t name;
  writer_t write;
} variables[] = {
    {ngx_string("waitq_room"), write_room},         {ngx_string("waitq_result"), write_result},
    {ngx_string("waitq_position"), write_position}, {ngx_string("waitq_eta_ms"), write_eta},
    {ngx_string("waitq_pass_id"), write_pass_id},
};

static ngx_int_t get(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t which) {
  const ngx_http_waitq_ctx_t *ctx = ngx_http_waitq_find_ctx(r);
  ngx_str_t text = ngx_null_string;
  ngx_int_t rc = ctx == NULL ? NGX_DECLINED : variables[which].write(r, ctx, &text);
  if (rc == NGX_ERROR) {
    return NGX_ERROR;
  }
  value->not_found = rc != NGX_OK;
  value->valid = rc == NGX_OK;
  value->no_cacheable = 0;
  value->data = text.data;
  value->len = text.len & 0xfffffff; /* the width of the field */
  return NGX_OK;
}

ngx_int_t ngx_http_waitq_add_variables(ngx_conf_t *cf) {
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    ngx_http_variable_t *variable =
        ngx_http_add_variable(cf, (ngx_str_t *)&variables[i].name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == NULL) {
      return NGX_ERROR;
    }
    variable->get_handler = get;
    variable->data = i;
  }
  return NGX_OK;
}
