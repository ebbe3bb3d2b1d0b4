/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The scripted server of the tests does what its header says. */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/resp.h"
#include "../support/resp_peer.h"
#include "../support/test.h"

static struct resp_text reply;

/* Sends a line's words; NULL when no answer comes. */
static const char *ask(int fd, const char *command) {
  char line[128];
  const char *words[16];
  strncpy(line, command, sizeof line - 1);
  line[sizeof line - 1] = '\0';
  size_t count = resp_split(line, words, 16);
  return resp_ask(fd, words, count, &reply) == 0 ? reply.bytes : NULL;
}

static int forget(void **state) {
  (void)state;
  resp_text_free(&reply);
  return 0;
}

static void test_peer__plays_its_script_in_order(void **state) {
  (void)state;
  const struct resp_step steps[] = {{"GET *", "-LOADING not yet\r\n", RESP_GO_ON},
                                    {"get key", "$5\r\nvalue\r\n", RESP_GO_ON},
                                    {"", "+anything\r\n", RESP_GO_ON},
                                    {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(NULL);
  int fd = resp_connect(resp_peer_port(peer), 2000);
  resp_peer_play(peer, steps);
  assert_int_equal(resp_peer_left(peer), 3);
  assert_string_equal(ask(fd, "GET key"), "-LOADING not yet");
  assert_string_equal(ask(fd, "GET key"), "value");
  assert_string_equal(ask(fd, "WHATEVER it is"), "anything");
  assert_int_equal(resp_peer_left(peer), 0);
  assert_int_equal(resp_peer_unexpected(peer), 0);
  close(fd);
  resp_peer_stop(peer);
}

static void test_peer__answers_by_its_rules_beside_the_script(void **state) {
  (void)state;
  char heard[256];
  const struct resp_step steps[] = {{"PING", "+first\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(resp_peer_redis);
  int fd = resp_connect(resp_peer_port(peer), 2000);
  resp_peer_play(peer, steps);
  assert_string_equal(ask(fd, "AUTH user password"), "OK");
  assert_string_equal(ask(fd, "PING"), "first");
  assert_string_equal(ask(fd, "PING"), "PONG");
  assert_string_equal(ask(fd, "ROLE"), "master\n0");
  assert_non_null(strstr(ask(fd, "INFO server"), "run_id:"));
  assert_string_equal(ask(fd, "SING a song"), "-ERR not in the script");
  assert_int_equal(resp_peer_unexpected(peer), 1);
  resp_peer_heard(peer, heard, sizeof heard);
  assert_string_equal(heard, "AUTH user password\nPING\nPING\nROLE\nINFO server\nSING a song\n");
  close(fd);
  resp_peer_stop(peer);
}

static void test_peer__ends_connections_as_the_script_says(void **state) {
  (void)state;
  char byte;
  const struct resp_step steps[] = {
      {"GET", "$5\r\nva", RESP_CLOSE}, {"GET", NULL, RESP_RESET}, {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(NULL);
  resp_peer_play(peer, steps);
  int fd = resp_connect(resp_peer_port(peer), 2000);
  assert_null(ask(fd, "GET key"));
  assert_int_equal(recv(fd, &byte, 1, 0), 0);
  close(fd);
  fd = resp_connect(resp_peer_port(peer), 2000);
  assert_int_equal(resp_send(fd, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", 20), 0);
  assert_int_equal(recv(fd, &byte, 1, 0), -1);
  close(fd);
  assert_int_equal(resp_peer_left(peer), 0);
  assert_int_equal(resp_peer_connections(peer), 2);
  resp_peer_stop(peer);
}

static void test_peer__can_be_silent(void **state) {
  (void)state;
  const struct resp_step steps[] = {
      {"GET", NULL, RESP_GO_ON}, {"GET", "+late\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(NULL);
  resp_peer_play(peer, steps);
  int fd = resp_connect(resp_peer_port(peer), 200);
  assert_null(ask(fd, "GET key"));
  assert_string_equal(ask(fd, "GET key"), "late");
  close(fd);
  resp_peer_stop(peer);
}

static void test_peer__hears_commands_that_come_in_pieces_and_together(void **state) {
  (void)state;
  static const char commands[] = "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n*1\r\n$4\r\nPING\r\n";
  const struct resp_step rules[] = {
      {"PING", "+PONG\r\n", RESP_GO_ON}, {"ECHO", "+x\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(rules);
  int fd = resp_connect(resp_peer_port(peer), 2000);
  for (size_t first = 0; first < sizeof commands - 1; first++) {
    assert_int_equal(resp_send(fd, commands, first), 0);
    assert_int_equal(resp_send(fd, commands + first, sizeof commands - 1 - first), 0);
    static const char *const expected[] = {"PONG", "x", "PONG"};
    for (unsigned i = 0; i < 3; i++) {
      resp_text_clear(&reply);
      assert_int_equal(resp_read(fd, &reply), 0);
      assert_string_equal(reply.bytes, expected[i]);
    }
  }
  close(fd);
  resp_peer_stop(peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_peer__plays_its_script_in_order, forget),
      cmocka_unit_test_teardown(test_peer__answers_by_its_rules_beside_the_script, forget),
      cmocka_unit_test_teardown(test_peer__ends_connections_as_the_script_says, forget),
      cmocka_unit_test_teardown(test_peer__can_be_silent, forget),
      cmocka_unit_test_teardown(test_peer__hears_commands_that_come_in_pieces_and_together, forget),
  };
  return cmocka_run_group_tests_name("scripted server", tests, NULL, NULL);
}
