/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Rooms on the Redis store behave as rooms do. */

#include "../conformance/conformance.h"
#include "../support/servers.h"
#include "store/redis/store.h"

static void wipe(void *server) {
  server_ask(server, "FLUSHALL");
}

int main(void) {
  struct server *server = server_start(NULL);
  const struct subject subject = {"Redis store", server_uri(server), waitq__store_redis(), server, wipe, 20000};
  int failed = conformance_room(&subject);
  server_stop(server);
  return failed;
}
