/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The examples do on Redis what they do in memory. rush ends with an error when it saw a limit or an order broken, or calls fail. */

#include <stdio.h>

#include "../support/child.h"
#include "../support/servers.h"
#include "../support/test.h"

static struct server *server;

static int setup(void **state) {
  (void)state;
  server = server_start(NULL);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  server_stop(server);
  return 0;
}

static void output_name(char *path, size_t size) {
  snprintf(path, size, "%s/output", server_directory(server));
}

static void test_examples__an_event_loop_runs_on_redis(void **state) {
  (void)state;
  char output[128];
  output_name(output, sizeof output);
  const char *const arguments[] = {WAITQ_SUBMIT, server_uri(server), NULL};
  child_run(arguments, output);
}

static void test_examples__a_rush_on_redis_keeps_limit_and_order(void **state) {
  (void)state;
  char output[128];
  output_name(output, sizeof output);
  const char *const arguments[] = {WAITQ_RUSH,  "--plain",     "--store", server_uri(server), "--visitors",
                                   "5000",      "--join-rate", "2000",    "--poll-rate",      "5000",
                                   "--seconds", "4",           NULL};
  child_run(arguments, output);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_examples__an_event_loop_runs_on_redis, setup, teardown),
      UNIT_TEST(test_examples__a_rush_on_redis_keeps_limit_and_order, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
