/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_METRICS_TEXT_H
#define WAITQ_ROOM_METRICS_TEXT_H

/* Writing the text format of Prometheus, version 0.0.4, into a buffer that may be too small: then it is only counted. */

#include <stddef.h>
#include <stdint.h>

struct waitq__metrics_text {
  char *at;        /* NULL where there is nothing to write to */
  size_t capacity; /* with the NUL */
  size_t length;   /* of the whole text, whether or not it fits */
};

/* # HELP and # TYPE. */
void waitq__metrics_family(struct waitq__metrics_text *text, const char *name, const char *type, const char *help);

/* One value of a family, of a room whose name needs no escapes. more is NULL, or another label, such as phase="open". */
void waitq__metrics_count(struct waitq__metrics_text *text, const char *family, const char *room, const char *more,
                          uint64_t value);
void waitq__metrics_value(struct waitq__metrics_text *text, const char *family, const char *room, const char *more,
                          double value);

#endif
