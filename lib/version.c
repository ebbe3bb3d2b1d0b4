/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <waitq/version.h>

#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

uint32_t waitq_version_number(void) {
  return WAITQ_VERSION_NUMBER;
}

const char *waitq_version_string(void) {
  return VERSION_TEXT(WAITQ_VERSION_MAJOR, WAITQ_VERSION_MINOR, WAITQ_VERSION_PATCH);
}
