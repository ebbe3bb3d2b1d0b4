/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BASE_LOG_H
#define WAITQ_BASE_LOG_H

/* Finished lines for the host's logger. */

#include <stdint.h>

#include <waitq/context.h>

struct waitq__log {
  waitq_log_fn write; /* NULL: nothing is logged */
  void *user;
  int32_t level;
};

/* Formats and hands on a line, with control characters replaced, if its level is asked for. */
void waitq__log(const struct waitq__log *log, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

#endif
