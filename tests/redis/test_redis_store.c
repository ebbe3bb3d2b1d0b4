/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The Redis store keeps the interface of stores. */

#include "../conformance/conformance.h"
#include "../support/servers.h"
#include "store/redis/store.h"

static void wipe(void *server) {
  server_ask(server, "FLUSHALL");
}

int main(void) {
  struct server *server = server_start(NULL);
  const struct subject subject = {"Redis store", server_uri(server), waitq__store_redis(), server, wipe, 0};
  int failed = conformance_store(&subject);
  server_stop(server);
  return failed;
}
