/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/name.h"

#include <string.h>

#include "base/error.h"

static int is_allowed(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

int waitq__is_name(const char *text, size_t longest) {
  size_t length = 0;
  while (length <= longest && is_allowed(text[length])) {
    length++;
  }
  return length > 0 && length <= longest && text[length] == '\0';
}

int waitq__name_check(const char *name, size_t longest, const char *what, waitq_error *error) {
  if (name == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "the name of a %s is NULL", what);
  }
  size_t length = strnlen(name, longest + 1);
  if (length == 0) {
    return waitq__fail(error, WAITQ_E_INVALID, "the name of a %s is empty", what);
  }
  if (length > longest) {
    return waitq__fail(error, WAITQ_E_INVALID, "the name of a %s has more than %zu characters", what, longest);
  }
  for (size_t i = 0; i < length; i++) {
    if (!is_allowed(name[i])) {
      return waitq__fail(error, WAITQ_E_INVALID,
                         "the name of a %s has the byte 0x%02x at %zu: only A-Z a-z 0-9 _ . - are allowed", what,
                         (unsigned char)name[i], i);
    }
  }
  return WAITQ_OK;
}
