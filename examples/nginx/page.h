/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_PAGE_H
#define NGX_HTTP_WAITQ_PAGE_H

/* The waiting page: a file with {{names}} in it, read and cut at them when the configuration is read. What is put in is
 * numbers and fixed texts, and what the configuration was checked for, so nothing of a visitor can get into a page. */

#include "module.h"

/* What a name stands for. */
enum {
  NGX_HTTP_WAITQ_FIELD_NONE,
  NGX_HTTP_WAITQ_FIELD_ROOM,
  NGX_HTTP_WAITQ_FIELD_STATE,
  NGX_HTTP_WAITQ_FIELD_POSITION,
  NGX_HTTP_WAITQ_FIELD_MESSAGE, /* one sentence in English */
  NGX_HTTP_WAITQ_FIELD_RETRY,   /* seconds */
  NGX_HTTP_WAITQ_FIELD_CALLS,   /* the path of the room's calls; empty where there is none */
  NGX_HTTP_WAITQ_FIELD_STATUS,  /* the same as the calls answer, JSON */
  NGX_HTTP_WAITQ_FIELDS
};

/* The directive waitq_page. */
char *ngx_http_waitq_read_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The page with the fields put in, from the pool; NULL without memory. A page of NULL is the one that comes with the
 * module. */
ngx_buf_t *ngx_http_waitq_put_page(ngx_pool_t *pool, const ngx_http_waitq_page_t *page,
                                   const ngx_str_t fields[NGX_HTTP_WAITQ_FIELDS]);

#endif
