/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void write_line(json_t *object) {
  char *text = json_dumps(object, JSON_COMPACT);
  if (text != NULL) {
    fprintf(stderr, "%s\n", text);
  }
  free(text);
  json_decref(object);
}

static json_t *begin(int level, const char *message) {
  static const char *const levels[] = {"none", "error", "warning", "info", "debug"};
  struct timespec now;
  char at[40];
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  const size_t length = strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(at + length, sizeof at - length, ".%03ldZ", now.tv_nsec / 1000000);
  return json_pack("{s:s, s:s, s:s}", "at", at, "level", levels[level], "message", message);
}

void log_line(enum log_level level, const char *message, ...) {
  va_list arguments;
  const char *name;
  json_t *object = begin((int)level, message);
  va_start(arguments, message);
  while ((name = va_arg(arguments, const char *)) != NULL) {
    json_object_set_new(object, name, json_string(va_arg(arguments, const char *)));
  }
  va_end(arguments);
  write_line(object);
}

void log_of_library(void *user, int32_t level, const char *line) {
  (void)user;
  write_line(begin(level >= 0 && level <= (int32_t)LOG_DEBUG ? level : (int32_t)LOG_INFO, line));
}
