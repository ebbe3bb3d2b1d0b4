/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The memory store keeps the interface of stores. */

#include "conformance.h"

int main(void) {
  const struct subject subject = {"memory store", "memory:", waitq_store_memory(), NULL, NULL, 0};
  return conformance_store(&subject);
}
