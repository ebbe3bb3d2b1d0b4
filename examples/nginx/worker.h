/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_WORKER_H
#define NGX_HTTP_WAITQ_WORKER_H

/* A worker process: opened after the fork, as a context has to be, and closed when the worker goes. Until the store could be
 * reached for the first time, requests are parked; when it could not, it is tried again every second, and requests are
 * answered as the configuration says for that case. */

#include "module.h"
#include "opener.h"

struct ngx_http_waitq_worker_s {
  ngx_http_waitq_main_conf_t *main;
  ngx_log_t *log;
  waitq_t *context;              /* NULL until it is open */
  ngx_connection_t *completions; /* the descriptor of completions, as the event loop wants it */
  ngx_event_t timer;
  ngx_queue_t parked;   /* of ngx_http_waitq_ctx_t */
  ngx_uint_t under_way; /* errands */
  unsigned has_tried : 1;
  unsigned is_complete : 1; /* all rooms are open */
  unsigned is_stopping : 1;
  ngx_http_waitq_opener_t opener;
  ngx_http_waitq_mailbox_t mailbox;
};

ngx_int_t ngx_http_waitq_start_worker(ngx_cycle_t *cycle);
void ngx_http_waitq_stop_worker(ngx_cycle_t *cycle);

/* Puts a request aside until the store was tried: NGX_AGAIN, and ctx->resume will be called. NGX_DECLINED: it was tried. */
ngx_int_t ngx_http_waitq_park(ngx_http_waitq_ctx_t *ctx);

/* A worker that is to go ends when no timer but cancelable ones is left. Requests that wait here have none of their own, so
 * the worker's timer stands for them. To be called when errands or parked requests became more or fewer. */
void ngx_http_waitq_keep_alive(ngx_http_waitq_worker_t *worker);

#endif
