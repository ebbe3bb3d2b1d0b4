/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_TRACE_H
#define RUSH_TRACE_H

/* An arrival trace: how many requests came in each minute.
 *
 *     minute_utc,requests
 *     1998-06-30T00:00,17613
 *     1998-06-30T00:01,17782 */

#include <stddef.h>
#include <stdint.h>

struct trace {
  int64_t start_s;    /* Unix time of the first minute */
  uint32_t *requests; /* by minute */
  uint32_t minutes;
  uint32_t peak; /* the largest of them */
  double total;
};

/* Reads a trace; 0, or -1 with one line in message. */
int trace_read(struct trace *trace, const char *path, char *message, size_t size);
void trace_free(struct trace *trace);

#endif
