/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_MAILBOX_H
#define NGX_HTTP_WAITQ_MAILBOX_H

/* Lines that the library logs from its own thread. nginx reopens its log files without a lock, so a line that another
 * thread wrote could end up in whatever was opened meanwhile: lines are kept here until the worker's loop writes them. */

#include <pthread.h>

#include <ngx_config.h>
#include <ngx_core.h>

#define NGX_HTTP_WAITQ_MAIL_LINES 64
#define NGX_HTTP_WAITQ_MAIL_LINE 512

typedef struct {
  pthread_mutex_t lock;
  ngx_uint_t count;
  ngx_uint_t lost; /* lines that found no room */
  struct {
    int32_t level;
    char text[NGX_HTTP_WAITQ_MAIL_LINE];
  } lines[NGX_HTTP_WAITQ_MAIL_LINES];
} ngx_http_waitq_mailbox_t;

void ngx_http_waitq_mail_init(ngx_http_waitq_mailbox_t *mailbox);

/* A waitq_log_fn; user is the mailbox. */
void ngx_http_waitq_mail_put(void *user, int32_t level, const char *line);

/* Writes all lines to the log. In the worker's loop only. */
void ngx_http_waitq_mail_flush(ngx_http_waitq_mailbox_t *mailbox, ngx_log_t *log);

#endif
