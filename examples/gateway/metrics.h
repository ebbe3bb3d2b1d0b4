/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

/* The library's metrics and the gateway's own, as Prometheus reads them. It is much text where there are many events, and so no
 * work for a loop: a megabyte and some 12 ms with a thousand. */

#include <stddef.h>

#include <waitq/waitq.h>

struct gateway;

struct metrics_text {
  char *bytes; /* to be freed by whoever asked for it */
  size_t length;
};

/* Writes the library's, with a NUL, and room for spare bytes behind. *hint is how much it took the last time, or 0. Returns the
 * library's code, and no text where that is not WAITQ_OK. */
int metrics_of_rooms(waitq_t *context, size_t spare, size_t *hint, struct metrics_text *out);

/* Writes all; as above. */
int metrics_write(struct gateway *gateway, size_t *hint, struct metrics_text *out);

#endif
