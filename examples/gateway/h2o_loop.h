/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_H2O_LOOP_H
#define GATEWAY_H2O_LOOP_H

/* h2o's headers ask which event loop the library was built with: here it is h2o's own, on epoll. */
#define H2O_USE_LIBUV 0
#define H2O_USE_EPOLL 1

#include <h2o.h>

#endif
