/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Rooms on the memory store behave as rooms do. */

#include "conformance.h"

int main(void) {
  return conformance_room(&memory_subject);
}
