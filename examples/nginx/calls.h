/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef NGX_HTTP_WAITQ_CALLS_H
#define NGX_HTTP_WAITQ_CALLS_H

/* The calls of a room, for pages and programs: the handler of a location with waitq_endpoint.
 *
 *     GET  .../status    where my ticket stands
 *     POST .../join      a ticket
 *     POST .../enter     a pass, when it is my turn
 *     POST .../leave     my place in line is given up
 *     POST .../exit      my session is over
 *
 * Tickets and passes are cookies; the answers are JSON. */

#include "module.h"

ngx_int_t ngx_http_waitq_calls(ngx_http_request_t *r);

#endif
