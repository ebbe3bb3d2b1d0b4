/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The example of a store of one's own keeps the interface of stores. */

#include "../../examples/custom_store/store.h"
#include "conformance.h"

int main(void) {
  const struct subject subject = {"custom store", "plain:", plain_store(), NULL, NULL, 4000};
  return conformance_store(&subject);
}
