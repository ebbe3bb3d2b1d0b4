/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_GUARD_H
#define NGX_HTTP_WAITQ_GUARD_H

/* The guard of a location: whoever has a pass goes through, all others join the line. It runs in the phase before access,
 * as limit_req does and after it, so that limit_req can bound what a single address joins. */

#include "module.h"

ngx_int_t ngx_http_waitq_guard(ngx_http_request_t *r);

#endif
