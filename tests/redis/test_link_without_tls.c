/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "../support/servers.h"
#include "../support/test.h"
#include "dial.h"

static void test_link__a_build_without_tls_says_so(void **state) {
  (void)state;
  struct server *server = server_start(NULL);
  dial_expect_refusal(dial_uri("rediss://127.0.0.1:%u", server_port(server)), WAITQ_E_UNSUPPORTED,
                      "this build of the library has no TLS");
  server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_link__a_build_without_tls_says_so, dial_setup, dial_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
