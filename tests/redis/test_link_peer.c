/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* What a real Redis cannot be made to say at will. */

#include "../support/test.h"

#include <stdio.h>
#include <string.h>

#include "../support/child.h"
#include "../support/resp_peer.h"
#include "dial.h"
#include "store/redis/handshake.h"

static struct resp_peer *peer;

static int setup(void **state) {
  peer = resp_peer_start(resp_peer_redis);
  return dial_setup(state);
}

static int teardown(void **state) {
  int result = dial_teardown(state);
  resp_peer_stop(peer);
  return result;
}

static const char *uri_of(const char *credentials) {
  return dial_uri("redis://%s127.0.0.1:%u", credentials, resp_peer_port(peer));
}

/* A link, and one command that is answered so. */
static void expect_failure_of(const char *reply, enum resp_then then, int64_t within_ms, int code, const char *text) {
  const struct resp_step script[] = {{"GET", reply, then}, {NULL, NULL, RESP_GO_ON}};
  resp_peer_play(peer, script);
  dial(uri_of(""));
  dial_expect_failure("GET key", within_ms, code, text);
  assert_int_equal(resp_peer_left(peer), 0);
  dial_hang_up();
}

static void test_peer__an_end_in_mid_reply_is_a_failure(void **state) {
  (void)state;
  expect_failure_of("$10\r\nabc", RESP_CLOSE, 20000, WAITQ_E_STORE, "closed the connection");
  expect_failure_of("", RESP_CLOSE, 20000, WAITQ_E_STORE, "closed the connection");
  expect_failure_of("*2\r\n:1\r\n", RESP_CLOSE, 20000, WAITQ_E_STORE, "closed the connection");
  expect_failure_of("$10\r\nabc", RESP_RESET, 20000, WAITQ_E_STORE, "");
  expect_failure_of("$10\r\nabc", RESP_GO_ON, 100, WAITQ_E_TIMEOUT, "the time for an answer is up");
  expect_failure_of(NULL, RESP_GO_ON, 100, WAITQ_E_TIMEOUT, "the time for an answer is up");
}

static void test_peer__what_is_no_reply_is_a_failure(void **state) {
  (void)state;
  const char *const replies[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n", "%1\r\n+a\r\n+b\r\n", "*2000000\r\n",
                                 "$-7\r\n"};
  for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
    expect_failure_of(replies[i], RESP_GO_ON, 20000, WAITQ_E_STORE, "no Redis reply");
  }
}

static void test_peer__more_than_was_asked_for_is_a_failure(void **state) {
  (void)state;
  expect_failure_of("+mine\r\n+whose?\r\n", RESP_GO_ON, 20000, WAITQ_E_STORE, "answered more than it was asked");
  expect_failure_of("+mine\r\n$", RESP_GO_ON, 20000, WAITQ_E_STORE, "answered more than it was asked");
}

/* --- the handshake --- */

static void expect_handshake(const char *credentials, const struct resp_step *script, int code, const char *text) {
  resp_peer_play(peer, script);
  dial_expect_refusal(uri_of(credentials), code, text);
  assert_int_equal(resp_peer_left(peer), 0);
}

static void test_peer__the_handshake_is_what_it_is(void **state) {
  (void)state;
  char heard[512];
  const struct resp_step nothing[] = {{NULL, NULL, RESP_GO_ON}};
  resp_peer_play(peer, nothing);
  dial(dial_uri("redis://app:pw@127.0.0.1:%u/4", resp_peer_port(peer)));
  resp_peer_heard(peer, heard, sizeof heard);
  assert_string_equal(heard, "AUTH app pw\nSELECT 4\nCLIENT SETNAME libwaitq\nINFO\n");
  resp_peer_play(peer, nothing);
  dial(dial_uri("redis://:pw@127.0.0.1:%u", resp_peer_port(peer)));
  resp_peer_heard(peer, heard, sizeof heard);
  assert_string_equal(heard, "AUTH pw\nCLIENT SETNAME libwaitq\nINFO\n");
  assert_int_equal(resp_peer_unexpected(peer), 0);
}

static void test_peer__silence_costs_the_time_given(void **state) {
  (void)state;
  const struct resp_step script[] = {{"CLIENT", NULL, RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  resp_peer_play(peer, script);
  int64_t before_ms = child_now_ms();
  assert_int_equal(dial_code(uri_of(""), WAITQ__LINK_TO_SERVER, 150), WAITQ_E_TIMEOUT);
  int64_t took_ms = child_now_ms() - before_ms;
  assert_true(took_ms >= 150 && took_ms < 10000);
  assert_non_null(strstr(dial_error.text, "127.0.0.1"));
}

static void test_peer__a_name_may_be_refused(void **state) {
  (void)state;
  const struct resp_step script[] = {{"CLIENT", "-ERR unknown command 'CLIENT'\r\n", RESP_GO_ON},
                                     {NULL, NULL, RESP_GO_ON}};
  resp_peer_play(peer, script);
  dial(uri_of(""));
  assert_int_equal(resp_peer_left(peer), 0);
}

static void test_peer__a_password_that_is_quoted_is_not_shown(void **state) {
  (void)state;
  const char *const replies[] = {"-ERR unknown command 'AUTH', with args beginning with: 'app' 'hunter2 the 2nd' \r\n",
                                 "-ERR unknown command 'AUTH', with args beginning with: 'app' 'hunter2 the\r\n",
                                 "-hunter2 is wrong\r\n", "-the 2nd is wrong\r\n",
                                 "-WRONGPASS hunter2 is not the password\r\n"};
  for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
    for (int then = RESP_GO_ON; then <= RESP_CLOSE; then++) {
      const struct resp_step script[] = {{"AUTH", replies[i], (enum resp_then)then}, {NULL, NULL, RESP_GO_ON}};
      resp_peer_play(peer, script);
      int code = dial_code(uri_of("app:hunter2%20the%202nd@"), WAITQ__LINK_TO_SERVER, 20000);
      assert_true(code == WAITQ_E_DENIED || (then == RESP_CLOSE && code != WAITQ_OK));
      assert_null(strstr(dial_error.text, "hunter"));
      assert_null(strstr(dial_error.text, "2nd"));
      assert_non_null(strstr(dial_error.text, "127.0.0.1"));
    }
  }
}

static void test_peer__a_short_password_is_not_shown_either(void **state) {
  (void)state;
  const struct resp_step script[] = {{"AUTH", "-WRONGPASS xyz is not the password\r\n", RESP_GO_ON},
                                     {NULL, NULL, RESP_GO_ON}};
  expect_handshake(":xyz@", script, WAITQ_E_DENIED, "does not accept the credentials: WRONGPASS");
  assert_null(strstr(dial_error.text, "xyz"));
}

static void test_peer__a_server_that_hangs_up_tells_why(void **state) {
  (void)state;
  const struct resp_step protected[] = {
      {"CLIENT", "-DENIED Redis is running in protected mode because no password is set.\r\n", RESP_CLOSE},
      {NULL, NULL, RESP_GO_ON}};
  expect_handshake("", protected, WAITQ_E_DENIED, "answered: DENIED Redis is running in protected mode");
  const struct resp_step crowded[] = {{"AUTH", "-ERR max number of clients reached\r\n", RESP_CLOSE},
                                      {NULL, NULL, RESP_GO_ON}};
  expect_handshake(":pw@", crowded, WAITQ_E_STORE, "answered: ERR max number of clients reached");
}

static void test_peer__a_server_that_cannot_answer_yet_is_not_to_blame(void **state) {
  (void)state;
  const struct resp_step busy[] = {{"INFO", "-BUSY Redis is busy running a script.\r\n", RESP_GO_ON},
                                   {NULL, NULL, RESP_GO_ON}};
  expect_handshake("", busy, WAITQ_E_STORE, "answered: BUSY");
  const struct resp_step crowded[] = {{"AUTH", "-ERR max number of clients reached\r\n", RESP_GO_ON},
                                      {NULL, NULL, RESP_GO_ON}};
  expect_handshake(":pw@", crowded, WAITQ_E_STORE, "max number of clients");
}

/* --- what INFO says --- */

static void info_reply(char *reply, size_t size, const char *info) {
  snprintf(reply, size, "$%zu\r\n%s\r\n", strlen(info), info);
}

static void expect_info_refused(const char *info, const char *text) {
  char reply[512];
  info_reply(reply, sizeof reply, info);
  const struct resp_step script[] = {{"INFO", reply, RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  expect_handshake("", script, WAITQ_E_UNSUPPORTED, text);
}

static void test_peer__a_server_that_is_too_old_is_refused(void **state) {
  (void)state;
  expect_info_refused("redis_version:5.0.14\r\nrun_id:abc\r\nrole:master\r\n",
                      "is Redis 5.0.14: version 6.0 or later is needed");
  expect_info_refused("redis_version:2.8.9999\r\nrun_id:abc\r\n", "is Redis 2.8.99: version 6.0 or later is needed");
}

static void test_peer__what_does_not_say_what_it_is_is_refused(void **state) {
  (void)state;
  expect_info_refused("role:master\r\nrun_id:abc\r\n", "is no Redis: INFO names no redis_version");
  expect_info_refused("redis_version:7.0.0\r\nrun_id:\r\n", "is no Redis: INFO names no run_id");
  expect_info_refused("redis_version:seven\r\nrun_id:abc\r\n", "is no Redis: INFO names no redis_version");
  expect_info_refused("", "is no Redis: INFO names no redis_version");
}

static void test_peer__a_server_that_loads_says_so(void **state) {
  (void)state;
  char reply[512];
  info_reply(reply, sizeof reply,
             "# Server\r\nredis_version:6.0.0\r\nrun_id:abc\r\n# Persistence\r\nloading:1\r\n"
             "async_loading:0\r\n# Replication\r\nrole:slave\r\n# Cluster\r\ncluster_enabled:1\r\n");
  const struct resp_step script[] = {{"INFO", reply, RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  resp_peer_play(peer, script);
  dial(uri_of(""));
  const struct waitq__server *seen = waitq__link_server(dial_link);
  assert_int_equal(seen->version, 60000);
  assert_string_equal(seen->run_id, "abc");
  assert_int_equal(seen->is_loading, 1);
  assert_int_equal(seen->is_master, 0);
  assert_int_equal(seen->is_cluster, 1);
  assert_string_equal(seen->maxmemory_policy, "");
}

static struct waitq__server read_info(const char *info) {
  struct waitq__server seen;
  memset(&seen, 0xa5, sizeof seen);
  waitq__server_read(&seen, (struct waitq__text){info, strlen(info)});
  return seen;
}

static void test_server__valkey_says_which_redis_it_is_like(void **state) {
  (void)state;
  assert_int_equal(read_info("server_name:valkey\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\n").version, 70204);
  assert_int_equal(read_info("server_name:valkey\r\nvalkey_version:8.1.0-rc1\r\n").version, 80100);
}

static void test_server__versions_are_read_as_far_as_they_go(void **state) {
  (void)state;
  assert_int_equal(read_info("redis_version:7.0.15\r\n").version, 70015);
  assert_int_equal(read_info("redis_version:255.255.255\r\n").version, 999999);
  assert_int_equal(read_info("redis_version:99999999999999999999.1\r\n").version, 990100);
  assert_int_equal(read_info("redis_version:8\r\n").version, 80000);
  assert_int_equal(read_info("redis_version:7.4-beta\r\n").version, 70400);
  assert_int_equal(read_info("redis_version:\r\n").version, 0);
}

static void test_server__a_field_is_a_whole_line(void **state) {
  (void)state;
  struct waitq__server seen = read_info("xrole:master\r\nrole:slave\r\nrole_of:master\r\nloading:10\r\nrun_id");
  assert_int_equal(seen.is_master, 0);
  assert_int_equal(seen.is_loading, 0);
  assert_string_equal(seen.run_id, "");
  seen = read_info("role:master\nrun_id:no-carriage-return");
  assert_int_equal(seen.is_master, 1);
  assert_string_equal(seen.run_id, "no-carriage-return");
}

static void test_server__a_value_is_cut_and_printable(void **state) {
  (void)state;
  struct waitq__server seen = read_info(
      "run_id:0123456789012345678901234567890123456789xyz\r\n"
      "maxmemory_policy:a\x1b[1mpolicy\r\n");
  assert_string_equal(seen.run_id, "0123456789012345678901234567890123456789");
  assert_string_equal(seen.maxmemory_policy, "a?[1mpolicy");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_peer__an_end_in_mid_reply_is_a_failure, setup, teardown),
      UNIT_TEST(test_peer__what_is_no_reply_is_a_failure, setup, teardown),
      UNIT_TEST(test_peer__more_than_was_asked_for_is_a_failure, setup, teardown),
      UNIT_TEST(test_peer__the_handshake_is_what_it_is, setup, teardown),
      UNIT_TEST(test_peer__silence_costs_the_time_given, setup, teardown),
      UNIT_TEST(test_peer__a_name_may_be_refused, setup, teardown),
      UNIT_TEST(test_peer__a_password_that_is_quoted_is_not_shown, setup, teardown),
      UNIT_TEST(test_peer__a_short_password_is_not_shown_either, setup, teardown),
      UNIT_TEST(test_peer__a_server_that_hangs_up_tells_why, setup, teardown),
      UNIT_TEST(test_peer__a_server_that_cannot_answer_yet_is_not_to_blame, setup, teardown),
      UNIT_TEST(test_peer__a_server_that_is_too_old_is_refused, setup, teardown),
      UNIT_TEST(test_peer__what_does_not_say_what_it_is_is_refused, setup, teardown),
      UNIT_TEST(test_peer__a_server_that_loads_says_so, setup, teardown),
      UNIT_TEST(test_server__valkey_says_which_redis_it_is_like, NULL, NULL),
      UNIT_TEST(test_server__versions_are_read_as_far_as_they_go, NULL, NULL),
      UNIT_TEST(test_server__a_field_is_a_whole_line, NULL, NULL),
      UNIT_TEST(test_server__a_value_is_cut_and_printable, NULL, NULL),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
