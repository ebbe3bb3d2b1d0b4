/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

/* Which call a request is. */

#include "h2o_loop.h"

/* The handler of all requests. */
int routes_on_request(h2o_handler_t *handler, h2o_req_t *req);

#endif
