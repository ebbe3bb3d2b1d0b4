/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void append(struct waitq__metrics_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct waitq__metrics_text *text, const char *format, ...) {
  size_t left = text->length < text->capacity ? text->capacity - text->length : 0;
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(left > 0 ? text->at + text->length : NULL, left, format, arguments);
  va_end(arguments);
  text->length += written > 0 ? (size_t)written : 0;
}

void waitq__metrics_family(struct waitq__metrics_text *text, const char *name, const char *type, const char *help) {
  append(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void begin(struct waitq__metrics_text *text, const char *family, const char *room, const char *more) {
  append(text, "%s{room=\"%s\"%s%s} ", family, room, more == NULL ? "" : ",", more == NULL ? "" : more);
}

void waitq__metrics_count(struct waitq__metrics_text *text, const char *family, const char *room, const char *more,
                          uint64_t value) {
  begin(text, family, room, more);
  append(text, "%" PRIu64 "\n", value);
}

void waitq__metrics_value(struct waitq__metrics_text *text, const char *family, const char *room, const char *more,
                          double value) {
  begin(text, family, room, more);
  append(text, "%.9g\n", value);
}
