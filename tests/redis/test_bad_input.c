/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A store that cannot be used is refused when the context is opened, in words that say which server and why, and never with the
 * password. */

#include <stdio.h>
#include <string.h>

#include "../support/resp_peer.h"
#include "nodes.h"

#define SECRET "s3cret-of-mine"

static struct server *server;
static struct server *locked; /* wants SECRET */
static struct node a;

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  node_close(&a);
  return 0;
}

/* The code, and pieces that the text has; each may be NULL. */
static void expect_refusal(const char *uri, int expected, const char *piece, const char *other_piece) {
  waitq_error error = WAITQ_ERROR_INIT;
  int code = node_try(&a, uri, NULL, &error);
  if (code != expected || error.code != code || strlen(error.text) < 10 ||
      (piece != NULL && strstr(error.text, piece) == NULL) ||
      (other_piece != NULL && strstr(error.text, other_piece) == NULL)) {
    fail_msg("%s: %s: \"%s\", not %s with \"%s\" and \"%s\"", uri, waitq_error_name(code), error.text,
             waitq_error_name(expected), piece, other_piece);
  }
  /* No four letters of the password. */
  for (size_t i = 0; i + 4 < sizeof SECRET; i++) {
    char four[5];
    snprintf(four, sizeof four, "%.4s", &SECRET[i]);
    if (strstr(error.text, four) != NULL) {
      fail_msg("\"%s\" holds a piece of the password", error.text);
    }
  }
}

static const char *uri_of(const char *before, uint16_t port, const char *after) {
  static char uri[256];
  snprintf(uri, sizeof uri, "%s127.0.0.1:%u%s", before, port, after);
  return uri;
}

static const char *address_of(uint16_t port) {
  static char address[32];
  snprintf(address, sizeof address, "127.0.0.1:%u", port);
  return address;
}

static void test_bad_input__a_server_that_is_not_there(void **state) {
  (void)state;
  uint16_t port = child_free_port();
  expect_refusal(uri_of("redis://", port, ""), WAITQ_E_STORE, address_of(port), NULL);
  expect_refusal(uri_of("redis://:" SECRET "@", port, "/3"), WAITQ_E_STORE, address_of(port), NULL);
  expect_refusal(uri_of("redis+cluster://", port, ""), WAITQ_E_STORE, address_of(port), NULL);
  expect_refusal(uri_of("redis+sentinel://", port, "/master"), WAITQ_E_STORE, address_of(port), NULL);
  expect_refusal("redis+unix:///nowhere/at/all.sock", WAITQ_E_STORE, "/nowhere/at/all.sock", NULL);
  expect_refusal("redis://no-such-host.invalid?connect_timeout_ms=5000", WAITQ_E_STORE, "no-such-host.invalid", NULL);
}

static void test_bad_input__a_server_that_is_silent(void **state) {
  (void)state;
  static const struct resp_step silent[] = {{"", NULL, RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(silent);
  int64_t began_ms = child_now_ms();
  expect_refusal(uri_of("redis://:" SECRET "@", resp_peer_port(peer), "?connect_timeout_ms=300&command_timeout_ms=300"),
                 WAITQ_E_TIMEOUT, address_of(resp_peer_port(peer)), NULL);
  assert_in_range(child_now_ms() - began_ms, 250, 5000);
  resp_peer_stop(peer);
}

static void test_bad_input__a_server_that_is_no_redis(void **state) {
  (void)state;
  static const struct resp_step web[] = {{"", "HTTP/1.1 400 Bad Request\r\n\r\n", RESP_CLOSE},
                                         {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(web);
  expect_refusal(uri_of("redis://:" SECRET "@", resp_peer_port(peer), ""), WAITQ_E_STORE,
                 address_of(resp_peer_port(peer)), "no Redis reply");
  resp_peer_stop(peer);
}

#define OLD_INFO "redis_version:5.0.14\r\nrun_id:0123456789012345678901234567890123456789\r\nrole:master\r\n"

static void test_bad_input__a_server_that_is_too_old(void **state) {
  (void)state;
  char info[256];
  snprintf(info, sizeof info, "$%zu\r\n%s\r\n", strlen(OLD_INFO), OLD_INFO);
  const struct resp_step old[] = {
      {"AUTH", "+OK\r\n", RESP_GO_ON},
      {"CLIENT", "+OK\r\n", RESP_GO_ON},
      {"INFO", info, RESP_GO_ON},
      {NULL, NULL, RESP_GO_ON},
  };
  struct resp_peer *peer = resp_peer_start(old);
  expect_refusal(uri_of("redis://:" SECRET "@", resp_peer_port(peer), ""), WAITQ_E_UNSUPPORTED,
                 address_of(resp_peer_port(peer)), "5.0.14: version 6.0 or later is needed");
  resp_peer_stop(peer);
}

static void test_bad_input__credentials_that_are_not_accepted(void **state) {
  (void)state;
  uint16_t port = server_port(locked);
  const char *address = address_of(port);
  expect_refusal(uri_of("redis://", port, ""), WAITQ_E_DENIED, address, "NOAUTH");
  expect_refusal(uri_of("redis://:wrong@", port, ""), WAITQ_E_DENIED, address, "credentials");
  expect_refusal(uri_of("redis://nobody:" SECRET "@", port, ""), WAITQ_E_DENIED, address, "credentials");
  expect_refusal(uri_of("redis://:" SECRET "x@", port, ""), WAITQ_E_DENIED, address, "credentials");
  expect_refusal(uri_of("redis+cluster://:wrong@", port, ""), WAITQ_E_DENIED, address, "credentials");
  address = address_of(server_port(server));
  expect_refusal(uri_of("redis://:" SECRET "@", server_port(server), ""), WAITQ_E_DENIED, address, "credentials");
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(node_try(&a, server_uri(locked), NULL, &error), WAITQ_OK);
}

static void test_bad_input__a_database_that_is_not_there(void **state) {
  (void)state;
  expect_refusal(uri_of("redis://", server_port(server), "/99"), WAITQ_E_INVALID, address_of(server_port(server)),
                 "database 99");
  expect_refusal(uri_of("redis://:" SECRET "@", server_port(locked), "/99"), WAITQ_E_INVALID,
                 address_of(server_port(locked)), "database 99");
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(node_try(&a, uri_of("redis://", server_port(server), "/3"), NULL, &error), WAITQ_OK);
}

static void test_bad_input__one_server_is_no_cluster_and_a_node_of_one_is_not_alone(void **state) {
  (void)state;
  static const char *const arguments[] = {"--cluster-enabled", "yes", NULL};
  const struct server_options options = {.arguments = arguments};
  struct server *node = server_start(&options);
  expect_refusal(uri_of("redis+cluster://", server_port(server), ""), WAITQ_E_INVALID, address_of(server_port(server)),
                 "is no node of a Cluster");
  expect_refusal(uri_of("redis://", server_port(node), ""), WAITQ_E_INVALID, address_of(server_port(node)),
                 "redis+cluster://");
  expect_refusal(uri_of("redis+cluster://", server_port(node), "/2"), WAITQ_E_INVALID, NULL, "database");
  expect_refusal(uri_of("redis+sentinel://", server_port(server), "/waiting-room"), WAITQ_E_UNSUPPORTED,
                 address_of(server_port(server)), "SENTINEL");
  server_stop(node);
}

static void test_bad_input__a_replica_is_not_written_to(void **state) {
  (void)state;
  struct server *replica = server_start(NULL);
  server_replicate(replica, server_port(server));
  expect_refusal(uri_of("redis://", server_port(replica), ""), WAITQ_E_STORE, address_of(server_port(replica)), NULL);
  server_stop(replica);
}

static void test_bad_input__a_server_that_evicts(void **state) {
  (void)state;
  const char *const policies[] = {"allkeys-lru", "volatile-ttl", "allkeys-random"};
  for (unsigned i = 0; i < 3; i++) {
    char command[64];
    snprintf(command, sizeof command, "CONFIG SET maxmemory-policy %s", policies[i]);
    server_ask(server, command);
    expect_refusal(server_uri(server), WAITQ_E_UNSUPPORTED, address_of(server_port(server)), policies[i]);
  }
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(node_try(&a, uri_of("redis://", server_port(server), "?allow_eviction=1"), NULL, &error), WAITQ_OK);
  assert_true(node_has_logged(&a, "allkeys-random") == 0);
  server_ask(server, "CONFIG SET maxmemory-policy noeviction");
}

#ifdef WAITQ_HAVE_TLS
static void test_bad_input__tls_where_there_is_none(void **state) {
  (void)state;
  expect_refusal(uri_of("rediss://:" SECRET "@", server_port(server), "?connect_timeout_ms=500"), WAITQ_E_TIMEOUT,
                 address_of(server_port(server)), "TLS");
  expect_refusal(uri_of("rediss://:" SECRET "@", server_port(server), "?ca_file=/nowhere/ca.pem"), WAITQ_E_INVALID,
                 "/nowhere/ca.pem", NULL);
}
#endif

static void test_bad_input__uris_that_cannot_be_read(void **state) {
  (void)state;
  static const char *const uris[] = {
      "redis:",
      "redis:/h",
      "redis://",
      "redis://:" SECRET "@",
      "redis://:" SECRET "@:6379",
      "redis://:" SECRET "@h:port",
      "redis://:" SECRET "@h:0",
      "redis://:" SECRET "@h:65536",
      "redis://:" SECRET "@h/x",
      "redis://:" SECRET "@h/1/2",
      "redis://:" SECRET "%@h",
      "redis://:" SECRET "%0@h",
      "redis://:" SECRET "%00@h",
      "redis://:" SECRET "@[::1",
      "redis://:" SECRET "@::1",
      "redis://:" SECRET "@h?nothing",
      "redis://:" SECRET "@h?unknown=1",
      "redis://:" SECRET "@h?connect_timeout_ms=0",
      "redis://:" SECRET "@h?connect_timeout_ms=-5",
      "redis://:" SECRET "@h?connect_timeout_ms=soon",
      "redis://:" SECRET "@h?connect_timeout_ms=600001",
      "redis://:" SECRET "@h?connect_timeout_ms=5&connect_timeout_ms=5",
      "redis://:" SECRET "@h?allow_eviction=maybe",
      "redis://:" SECRET "@h?key_ttl_s=0",
      "redis://:" SECRET "@h?ca_file=/x", /* without TLS */
      "redis://:" SECRET "@h?sentinel_password=" SECRET,
      "redis://:" SECRET "@h1,h2",
      "redis://:" SECRET "@h#part",
      "redis+unix://",
      "redis+unix://:" SECRET "@",
      "redis+unix://:" SECRET "@relative.sock",
      "redis+cluster://:" SECRET "@h1,,h2",
      "redis+cluster://:" SECRET "@h1,h2/1",
      "redis+sentinel://:" SECRET "@h1,h2",
      "redis+sentinel://:" SECRET "@h1,h2/",
      "redis+sentinel://:" SECRET "@h1,h2/m/x",
      "redis+nothing://:" SECRET "@h",
      "redis+://:" SECRET "@h",
      "redis+tls://:" SECRET "@h",
      "redisx://:" SECRET "@h",
      "rediss+unix:///tmp/s",
  };
  for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
    expect_refusal(uris[i], WAITQ_E_INVALID, NULL, NULL);
  }
  char many[1024] = "redis+cluster://:" SECRET "@h";
  for (unsigned i = 0; i < 16; i++) {
    snprintf(many + strlen(many), sizeof many - strlen(many), ",h%u", i);
  }
  expect_refusal(many, WAITQ_E_INVALID, "16", NULL);
  char longest[2048] = "redis://:";
  memset(longest + strlen(longest), 'p', 1000);
  snprintf(longest + 9 + 1000, 8, "@h");
  expect_refusal(longest, WAITQ_E_INVALID, NULL, NULL);
  expect_refusal("REDIS://h", WAITQ_E_UNSUPPORTED, NULL, NULL);
  expect_refusal("valkey://h", WAITQ_E_UNSUPPORTED, NULL, NULL);
}

/* The first calls tell as well, where something has changed since the context was opened. */
static void test_bad_input__rights_that_are_taken_away_later(void **state) {
  (void)state;
  struct guest ann;
  waitq_error error = WAITQ_ERROR_INIT;
  server_ask(locked, "FLUSHALL");
  server_ask(locked, "ACL SETUSER app on >" SECRET " ~* +@all");
  node_open(&a, uri_of("redis://app:" SECRET "@", server_port(locked), ""), NULL);
  guest_join(a.room, "ann", &ann);
  server_ask(locked, "ACL SETUSER app -@all +info +client");
  assert_code(waitq_exit(a.room, "a.b.c", &error), WAITQ_E_MALFORMED);
  assert_code(waitq_leave(a.room, ann.ticket.text, NULL, &error), WAITQ_E_DENIED);
  assert_int_equal(error.retriable, 0);
  assert_non_null(strstr(error.text, address_of(server_port(locked))));
  assert_null(strstr(error.text, "s3cret"));
  assert_state(guest_poll(a.room, &ann), WAITQ_STATE_READY);
  server_ask(locked, "ACL SETUSER app +@all");
  assert_state(guest_enter(a.room, &ann), WAITQ_STATE_ENTERED);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_bad_input__a_server_that_is_not_there),
      TEST(test_bad_input__a_server_that_is_silent),
      TEST(test_bad_input__a_server_that_is_no_redis),
      TEST(test_bad_input__a_server_that_is_too_old),
      TEST(test_bad_input__credentials_that_are_not_accepted),
      TEST(test_bad_input__a_database_that_is_not_there),
      TEST(test_bad_input__one_server_is_no_cluster_and_a_node_of_one_is_not_alone),
      TEST(test_bad_input__a_replica_is_not_written_to),
      TEST(test_bad_input__a_server_that_evicts),
#ifdef WAITQ_HAVE_TLS
      TEST(test_bad_input__tls_where_there_is_none),
#endif
      TEST(test_bad_input__uris_that_cannot_be_read),
      TEST(test_bad_input__rights_that_are_taken_away_later),
  };
  const struct server_options options = {.password = SECRET};
  server = server_start(NULL);
  locked = server_start(&options);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  server_stop(locked);
  return failed;
}
