/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_ANSWER_H
#define NGX_HTTP_WAITQ_ANSWER_H

/* Answers that do not come from what the location protects. Each returns what ngx_http_finalize_request() is to be given. */

#include "module.h"

/* Whoever has to wait, or was not taken: the waiting page, or JSON where that is asked for. Says so of ctx->status. */
ngx_int_t ngx_http_waitq_answer_wait(ngx_http_request_t *r, ngx_http_waitq_ctx_t *ctx);

/* A status, as JSON. */
ngx_int_t ngx_http_waitq_answer_status(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, ngx_uint_t http_status,
                                       const waitq_status *status);

/* What came of an entry, as JSON. */
ngx_int_t ngx_http_waitq_answer_pass(ngx_http_request_t *r, const ngx_http_waitq_room_t *room, ngx_uint_t http_status,
                                     const waitq_pass *pass);

/* A call that failed, as JSON: the code is a word, and not of a visitor's making. */
ngx_int_t ngx_http_waitq_answer_error(ngx_http_request_t *r, ngx_uint_t http_status, const char *code);

/* No body. */
ngx_int_t ngx_http_waitq_answer_nothing(ngx_http_request_t *r, ngx_uint_t http_status, int64_t retry_ms);

#endif
