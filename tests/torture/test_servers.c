/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The servers of the tests do what their header says. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../support/child.h"
#include "../support/proxy.h"
#include "../support/resp.h"
#include "../support/servers.h"
#include "../support/test.h"

static void test_server__keeps_what_its_append_only_file_has(void **state) {
  (void)state;
  const struct server_options options = {.flags = SERVER_AOF};
  struct server *server = server_start(&options);
  assert_string_equal(server_ask(server, "SET key value"), "OK");
  server_kill(server);
  assert_null(server_try(server, "PING", 500));
  server_restart(server, SERVER_KEEP_DATA);
  assert_string_equal(server_ask(server, "GET key"), "value");
  server_restart(server, SERVER_EMPTY);
  assert_string_equal(server_ask(server, "GET key"), "(nil)");
  server_stop(server);
}

static void test_server__that_is_paused_answers_when_it_goes_on(void **state) {
  (void)state;
  struct server *server = server_start(NULL);
  server_pause(server);
  assert_null(server_try(server, "PING", 200));
  server_resume(server);
  assert_string_equal(server_ask(server, "PING"), "PONG");
  server_pause(server);
  server_restart(server, SERVER_EMPTY);
  assert_string_equal(server_ask(server, "PING"), "PONG");
  server_stop(server);
}

static void test_server__tells_replies_of_every_kind_as_text(void **state) {
  (void)state;
  struct server *server = server_start(NULL);
  assert_int_equal(server_ask_number(server, "INCR count"), 1);
  assert_string_equal(server_ask(server, "RPUSH list a b"), "2");
  assert_string_equal(server_ask(server, "LRANGE list 0 -1"), "a\nb");
  assert_string_equal(server_ask(server, "LRANGE nothing 0 -1"), "");
  assert_memory_equal(server_ask(server, "GET list"), "-WRONGTYPE", 10);
  const char *const words[] = {"EVAL", "return {1, {'two words', false}, 3}", "0"};
  assert_string_equal(server_ask_words(server, words, 3), "1\ntwo words\n(nil)\n3");
  server_stop(server);
}

static void test_server__with_a_password_wants_it(void **state) {
  (void)state;
  char uri[64];
  struct resp_text reply = {0};
  const struct server_options options = {.password = "secret"};
  struct server *server = server_start(&options);
  const char *const ping[] = {"PING"};
  int fd = resp_connect(server_port(server), 2000);
  assert_int_equal(resp_ask(fd, ping, 1, &reply), 0);
  assert_memory_equal(reply.bytes, "-NOAUTH", 7);
  resp_text_free(&reply);
  assert_string_equal(server_ask(server, "PING"), "PONG");
  snprintf(uri, sizeof uri, "redis://:secret@127.0.0.1:%u", server_port(server));
  assert_string_equal(server_uri(server), uri);
  server_stop(server);
}

/* Runs redis-cli as a client of its own; 0 when it got an answer. */
static int ask_with(const char *const *arguments) {
  char command[1024] = "redis-cli";
  for (size_t i = 0, used = strlen(command); arguments[i] != NULL; i++) {
    used += (size_t)snprintf(command + used, sizeof command - used, " %s", arguments[i]);
  }
  strncat(command, " PING 2>/dev/null | grep -q PONG", sizeof command - strlen(command) - 1);
  return system(command);
}

static void test_server__speaks_tls_to_those_with_the_right_certificates(void **state) {
  (void)state;
  char port[8];
  const struct server_options options = {.flags = SERVER_TLS_MUTUAL};
  struct server *server = server_start(&options);
  const struct certificates *files = server_certificates();
  snprintf(port, sizeof port, "%u", server_tls_port(server));
  const char *const good[] = {"-p",     port,          "--tls", "--cacert",        files->ca,
                              "--cert", files->client, "--key", files->client_key, NULL};
  const char *const other_ca[] = {"-p",     port,          "--tls", "--cacert",        files->other_ca,
                                  "--cert", files->client, "--key", files->client_key, NULL};
  const char *const other_client[] = {
      "-p", port, "--tls", "--cacert", files->ca, "--cert", files->other_client, "--key", files->other_client_key,
      NULL};
  const char *const nobody[] = {"-p", port, "--tls", "--cacert", files->ca, NULL};
  assert_int_equal(ask_with(good), 0);
  assert_int_not_equal(ask_with(other_ca), 0);
  assert_int_not_equal(ask_with(other_client), 0);
  assert_int_not_equal(ask_with(nobody), 0);
  server_stop(server);
}

static void test_server__listens_on_its_socket(void **state) {
  (void)state;
  const struct server_options options = {.flags = SERVER_UNIX};
  struct server *server = server_start(&options);
  const char *const arguments[] = {"-s", server_socket(server), NULL};
  assert_int_equal(ask_with(arguments), 0);
  server_stop(server);
}

static void test_server__leaves_nothing_behind(void **state) {
  (void)state;
  char directory[64];
  struct stat found;
  struct server *server = server_start(NULL);
  pid_t pid = server_pid(server);
  snprintf(directory, sizeof directory, "%s", server_directory(server));
  assert_int_equal(stat(directory, &found), 0);
  assert_true(child_is_running(pid));
  server_stop(server);
  assert_int_not_equal(stat(directory, &found), 0);
  assert_false(child_is_running(pid));
}

static void test_replica__with_a_stalled_link_knows_nothing_new(void **state) {
  (void)state;
  struct server *master = server_start(NULL);
  struct server *replica = server_start(NULL);
  struct proxy *link = proxy_start(server_port(master));
  server_replicate(replica, proxy_port(link));
  server_ask(master, "SET key old");
  server_wait_in_step(replica, master);
  proxy_stall(link, PROXY_BOTH);
  server_ask(master, "SET key new");
  child_sleep_ms(100);
  assert_string_equal(server_ask(replica, "GET key"), "old");
  proxy_heal(link);
  server_wait_in_step(replica, master);
  assert_string_equal(server_ask(replica, "GET key"), "new");
  server_stop(replica);
  server_stop(master);
  proxy_stop(link);
}

#define KEY "wq:{room}:state"

static void test_cluster__moves_slots_and_fails_over(void **state) {
  (void)state;
  struct cluster *cluster = cluster_start(NULL);
  unsigned slot = cluster_slot(cluster, KEY);
  struct server *owner = cluster_owner(cluster, slot);
  assert_string_equal(server_ask(owner, "SET " KEY " 1"), "OK");

  struct server *other = cluster_other(cluster, slot);
  assert_ptr_not_equal(other, owner);
  cluster_migrate_begin(cluster, slot, other);
  assert_string_equal(server_ask(owner, "GET " KEY), "1");
  assert_memory_equal(server_ask(owner, "GET wq:{room}:none"), "-ASK", 4);
  cluster_migrate_keys(cluster, slot, other);
  assert_memory_equal(server_ask(owner, "GET " KEY), "-ASK", 4);
  cluster_migrate_end(cluster, slot, other);
  assert_memory_equal(server_ask(owner, "GET " KEY), "-MOVED", 6);
  assert_ptr_equal(cluster_owner(cluster, slot), other);
  assert_string_equal(server_ask(other, "GET " KEY), "1");

  struct server *heir = cluster_failover(cluster, slot);
  assert_ptr_not_equal(heir, other);
  assert_string_equal(server_ask(heir, "GET " KEY), "1");
  struct server *next = cluster_kill_owner(cluster, slot);
  assert_ptr_equal(next, other);
  assert_string_equal(server_ask(next, "GET " KEY), "1");
  cluster_stop(cluster);
}

static void test_sentinels__fail_over_to_a_replica_that_heard_nothing(void **state) {
  (void)state;
  struct proxy *link = proxy_start(0);
  const struct server_options options = {.password = "secret"};
  struct sentinels *sentinels = sentinels_start(&options, link);
  struct server *master = sentinels_master(sentinels);
  assert_ptr_equal(master, sentinels_server(sentinels, 0));
  server_ask(master, "SET key old");
  server_wait_in_step(sentinels_server(sentinels, 1), master);
  proxy_stall(link, PROXY_BOTH);
  assert_string_equal(server_ask(master, "SET key new"), "OK");
  server_kill(master);
  struct server *heir = sentinels_wait_failover(sentinels, master);
  assert_ptr_equal(heir, sentinels_server(sentinels, 1));
  assert_ptr_equal(heir, sentinels_master(sentinels));
  assert_string_equal(server_ask(heir, "GET key"), "old");
  sentinels_stop(sentinels);
  proxy_stop(link);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_server__keeps_what_its_append_only_file_has),
      cmocka_unit_test(test_server__that_is_paused_answers_when_it_goes_on),
      cmocka_unit_test(test_server__tells_replies_of_every_kind_as_text),
      cmocka_unit_test(test_server__with_a_password_wants_it),
      cmocka_unit_test(test_server__speaks_tls_to_those_with_the_right_certificates),
      cmocka_unit_test(test_server__listens_on_its_socket),
      cmocka_unit_test(test_server__leaves_nothing_behind),
      cmocka_unit_test(test_replica__with_a_stalled_link_knows_nothing_new),
      cmocka_unit_test(test_cluster__moves_slots_and_fails_over),
      cmocka_unit_test(test_sentinels__fail_over_to_a_replica_that_heard_nothing),
  };
  return cmocka_run_group_tests_name("servers", tests, NULL, NULL);
}
