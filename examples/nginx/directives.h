/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_DIRECTIVES_H
#define NGX_HTTP_WAITQ_DIRECTIVES_H

/* The directives, and how what they say is inherited. */

#include "module.h"

extern ngx_command_t ngx_http_waitq_directives[];

void *ngx_http_waitq_create_main_conf(ngx_conf_t *cf);
char *ngx_http_waitq_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_http_waitq_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_waitq_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);

#endif
