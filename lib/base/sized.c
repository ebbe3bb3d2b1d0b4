/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "base/sized.h"

#include <string.h>

#include "base/error.h"

static size_t size_of(const void *sized) {
  size_t size;
  memcpy(&size, sized, sizeof size);
  return size;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

void waitq__sized_init(void *target, size_t size, const void *defaults, size_t defaults_size) {
  if (target == NULL || size < sizeof size) {
    return;
  }
  memset(target, 0, size);
  memcpy(target, defaults, smaller(size, defaults_size));
  memcpy(target, &size, sizeof size);
}

int waitq__sized_check(const void *theirs, const char *what, waitq_error *error) {
  if (theirs == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is NULL", what);
  }
  size_t size = size_of(theirs);
  if (size < 2 * sizeof(size_t) || size > 1 << 20) {
    return waitq__fail(error, WAITQ_E_VERSION, "%s says that its size is %zu: was it initialised?", what, size);
  }
  return WAITQ_OK;
}

int waitq__sized_read(void *known, size_t known_size, const void *theirs, const char *what, waitq_error *error) {
  int code = waitq__sized_check(theirs, what, error);
  if (code != WAITQ_OK) {
    return code;
  }
  size_t size = size_of(theirs);
  const unsigned char *bytes = theirs;
  for (size_t i = known_size; i < size; i++) {
    if (bytes[i] != 0) {
      return waitq__fail(error, WAITQ_E_VERSION, "%s asks for something that this version does not know", what);
    }
  }
  memcpy(known, theirs, smaller(size, known_size));
  memcpy(known, &known_size, sizeof known_size);
  return WAITQ_OK;
}

void waitq__sized_write(void *theirs, const void *known, size_t known_size) {
  size_t size = size_of(theirs);
  memcpy((unsigned char *)theirs + sizeof size, (const unsigned char *)known + sizeof size,
         smaller(size, known_size) - sizeof size);
  if (size > known_size) {
    memset((unsigned char *)theirs + known_size, 0, size - known_size);
  }
}
