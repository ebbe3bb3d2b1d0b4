/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_LISTEN_H
#define GATEWAY_LISTEN_H

/* Sockets to listen on: as many as there are loops on one port, among which the kernel spreads connections. */

#include <stdbool.h>
#include <stddef.h>

/* Opens count sockets on "address:port", [address]:port for IPv6; port 0 is one that is free, and the same for all. Writes what
 * they listen on to name, of capacity bytes; or, where it is false, the reason. */
bool listen_on(const char *address, int *fds, size_t count, char *name, size_t capacity);

#endif
