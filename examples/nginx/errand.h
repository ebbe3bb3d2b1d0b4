/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_ERRAND_H
#define NGX_HTTP_WAITQ_ERRAND_H

/* Calls that were submitted to the library, and whose answers come through the event loop.
 *
 * The library writes the answer into memory that has to be there until the completion has been collected, and a request
 * may end before that: so an errand lies outside of the request's pool. When the client goes away, the errand is cut loose
 * and ends by itself; a ticket or a pass that nobody will ever hear of is given back. */

#include "module.h"

struct ngx_http_waitq_errand_s {
  ngx_http_waitq_ctx_t *ctx; /* NULL when nobody waits for it any more */
  ngx_http_waitq_worker_t *worker;
  ngx_http_waitq_room_t *room;
  int32_t code; /* of the completion */
  unsigned is_under_way : 1;
  unsigned is_unheard_of : 1; /* whoever waits has not been told of the ticket, and nobody else has it */
  waitq_ticket ticket;
  waitq_status status;
  waitq_pass pass;
};

/* Submit a call for a request. NGX_AGAIN: its ctx->resume will be called; otherwise NGX_ERROR, why was logged, and where the
 * library refused the call, its code is the errand's. */
ngx_int_t ngx_http_waitq_submit_join(ngx_http_waitq_ctx_t *ctx, const ngx_str_t *visitor);
ngx_int_t ngx_http_waitq_submit_enter(ngx_http_waitq_ctx_t *ctx, const char *ticket, const waitq_binding *binding);
ngx_int_t ngx_http_waitq_submit_leave(ngx_http_waitq_ctx_t *ctx, const char *ticket);
ngx_int_t ngx_http_waitq_submit_renew(ngx_http_waitq_ctx_t *ctx, const char *pass);
ngx_int_t ngx_http_waitq_submit_exit(ngx_http_waitq_ctx_t *ctx, const char *pass);

/* What became of it, for the log; 1 where it failed. */
ngx_int_t ngx_http_waitq_errand_failed(const ngx_http_waitq_ctx_t *ctx, const char *what);

/* The request ends. */
void ngx_http_waitq_detach(ngx_http_waitq_ctx_t *ctx);

/* Collects all completions that are there. */
void ngx_http_waitq_collect(ngx_http_waitq_worker_t *worker);

/* Goes on with a request, from outside of its own events. */
void ngx_http_waitq_resume(ngx_http_waitq_ctx_t *ctx);

#endif
