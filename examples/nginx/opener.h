/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_OPENER_H
#define NGX_HTTP_WAITQ_OPENER_H

/* Opens the context and the rooms of a worker. That waits for the store, so it is done in a thread of its own, which is
 * there for as long as it takes. What it fills in is the worker's again when it has ended. */

#include <pthread.h>
#include <stdatomic.h>

#include "mailbox.h"
#include "module.h"

typedef struct {
  const ngx_http_waitq_main_conf_t *main;
  ngx_http_waitq_mailbox_t *mailbox;
  waitq_t *context;       /* opened, or handed in */
  waitq_room_t **handles; /* as many as there are rooms; opened, or handed in */
  int32_t fd;             /* of completions */
  pthread_t thread;
  atomic_int has_ended;
  atomic_int is_to_stop;
  ngx_int_t is_running;
} ngx_http_waitq_opener_t;

/* Starts the thread, for what is not open yet. NGX_ERROR: it could not be started. */
ngx_int_t ngx_http_waitq_opener_start(ngx_http_waitq_opener_t *opener);

/* NGX_AGAIN while it runs; then NGX_OK, once all is open, or NGX_ERROR, and the library has logged why. */
ngx_int_t ngx_http_waitq_opener_result(ngx_http_waitq_opener_t *opener);

/* Waits for its end, which takes one call to the store at most. */
void ngx_http_waitq_opener_stop(ngx_http_waitq_opener_t *opener);

#endif
