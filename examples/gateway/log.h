/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_LOG_H
#define GATEWAY_LOG_H

/* Lines on standard error, each a JSON object. */

#include <stdint.h>

enum log_level { LOG_ERROR = 1, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* A line with more members, as pairs of name and text; the last is NULL. From any thread. */
void log_line(enum log_level level, const char *message, ...);

/* For waitq_options.log. */
void log_of_library(void *user, int32_t level, const char *line);

#endif
