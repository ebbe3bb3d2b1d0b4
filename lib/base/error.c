/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/sized.h"

struct error_entry {
  int32_t code;
  const char *name;
  const char *text;
};

static const struct error_entry entries[] = {
#define ENTRY(name, number, text) {number, "WAITQ_" #name, text},
    WAITQ_ERROR_MAP(ENTRY)
#undef ENTRY
};

static const struct error_entry *find(int32_t code) {
  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
    if (entries[i].code == code) {
      return &entries[i];
    }
  }
  return NULL;
}

const char *waitq_error_name(int32_t code) {
  const struct error_entry *entry = find(code);
  return entry == NULL ? "WAITQ_E_UNKNOWN" : entry->name;
}

const char *waitq_error_text(int32_t code) {
  const struct error_entry *entry = find(code);
  return entry == NULL ? "unknown error" : entry->text;
}

void waitq_error_init(waitq_error *error, size_t size) {
  waitq__sized_init(error, size, &(waitq_error)WAITQ_ERROR_INIT, sizeof(waitq_error));
}

static int is_retriable(int code) {
  return code == WAITQ_E_NOMEM || code == WAITQ_E_RANDOM || code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT ||
         code == WAITQ_E_CONFLICT || code == WAITQ_E_EARLY;
}

int waitq__fail(waitq_error *error, int code, const char *format, ...) {
  if (error == NULL || error->size < offsetof(waitq_error, text) + 1) {
    return code;
  }
  size_t room = error->size - offsetof(waitq_error, text);
  if (room > sizeof error->text) {
    room = sizeof error->text;
  }
  error->code = code;
  error->retriable = is_retriable(code);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->text, room, format, arguments);
  va_end(arguments);
  return code;
}
