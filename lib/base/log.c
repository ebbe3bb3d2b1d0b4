/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_SIZE 512

void waitq__log(const struct waitq__log *log, int32_t level, const char *format, ...) {
  if (log->write == NULL || level > log->level) {
    return;
  }
  char line[LINE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  for (char *at = line; *at != '\0'; at++) {
    if ((unsigned char)*at < ' ' || *at == 0x7f) {
      *at = '?';
    }
  }
  log->write(log->user, level, line);
}
