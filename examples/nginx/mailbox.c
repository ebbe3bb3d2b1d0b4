/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "mailbox.h"

#include <waitq/context.h>

void ngx_http_waitq_mail_init(ngx_http_waitq_mailbox_t *mailbox) {
  pthread_mutex_init(&mailbox->lock, NULL);
  mailbox->count = 0;
  mailbox->lost = 0;
}

void ngx_http_waitq_mail_put(void *user, int32_t level, const char *line) {
  ngx_http_waitq_mailbox_t *mailbox = user;
  pthread_mutex_lock(&mailbox->lock);
  if (mailbox->count == NGX_HTTP_WAITQ_MAIL_LINES) {
    mailbox->lost++;
  } else {
    mailbox->lines[mailbox->count].level = level;
    ngx_cpystrn((u_char *)mailbox->lines[mailbox->count].text, (u_char *)line, NGX_HTTP_WAITQ_MAIL_LINE);
    mailbox->count++;
  }
  pthread_mutex_unlock(&mailbox->lock);
}

static ngx_uint_t level_of(int32_t level) {
  return level == WAITQ_LOG_ERROR     ? NGX_LOG_ERR
         : level == WAITQ_LOG_WARNING ? NGX_LOG_WARN
         : level == WAITQ_LOG_INFO    ? NGX_LOG_NOTICE
                                      : NGX_LOG_DEBUG;
}

void ngx_http_waitq_mail_flush(ngx_http_waitq_mailbox_t *mailbox, ngx_log_t *log) {
  pthread_mutex_lock(&mailbox->lock);
  for (ngx_uint_t i = 0; i < mailbox->count; i++) {
    ngx_log_error(level_of(mailbox->lines[i].level), log, 0, "waitq: %s", mailbox->lines[i].text);
  }
  if (mailbox->lost > 0) {
    ngx_log_error(NGX_LOG_WARN, log, 0, "waitq: %ui more lines were lost", mailbox->lost);
  }
  mailbox->count = 0;
  mailbox->lost = 0;
  pthread_mutex_unlock(&mailbox->lock);
}
