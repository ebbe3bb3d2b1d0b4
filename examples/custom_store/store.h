/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef EXAMPLE_PLAIN_STORE_H
#define EXAMPLE_PLAIN_STORE_H

#include <waitq/store.h>

/* A store that keeps its rooms in plain arrays. Hand it to waitq_open() in options.store; it ignores the URI. */
const waitq_store_ops *plain_store(void);

#endif
