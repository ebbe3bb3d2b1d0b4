/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_VARIABLES_H
#define NGX_HTTP_WAITQ_VARIABLES_H

/* $waitq_room, $waitq_result, $waitq_position, $waitq_eta_ms, $waitq_pass_id: for the log, and for the upstream. */

#include "module.h"

ngx_int_t ngx_http_waitq_add_variables(ngx_conf_t *cf);

#endif
