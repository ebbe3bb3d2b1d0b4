/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "../support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/child.h"
#include "../support/proxy.h"
#include "../support/servers.h"
#include "dial.h"

static struct server *server; /* one for all tests that do not end it */

static int start(void **state) {
  (void)state;
  const struct server_options options = {.flags = SERVER_UNIX};
  server = server_start(&options);
  return 0;
}

static int stop(void **state) {
  (void)state;
  server_stop(server);
  return 0;
}

static void test_link__a_server_tells_what_it_is(void **state) {
  (void)state;
  dial(server_uri(server));
  const struct waitq__server *seen = waitq__link_server(dial_link);
  char run_id[64];
  char version[32];
  assert_true(server_info(server, "run_id", run_id, sizeof run_id));
  assert_true(server_info(server, "redis_version", version, sizeof version));
  assert_string_equal(seen->run_id, run_id);
  assert_int_equal(strlen(seen->run_id), 40);
  int parts[3] = {0, 0, 0};
  assert_true(sscanf(version, "%d.%d.%d", &parts[0], &parts[1], &parts[2]) >= 2);
  assert_int_equal(seen->version, parts[0] * 10000 + parts[1] * 100 + parts[2]);
  assert_int_equal(seen->is_master, 1);
  assert_int_equal(seen->is_loading, 0);
  assert_int_equal(seen->is_cluster, 0);
  assert_string_equal(seen->maxmemory_policy, "noeviction");
  assert_int_equal(waitq__link_address(dial_link)->port, server_port(server));
  assert_string_equal(waitq__link_address(dial_link)->host, "127.0.0.1");
}

static void test_link__a_server_is_told_who_it_talks_to(void **state) {
  (void)state;
  dial(server_uri(server));
  assert_string_equal(dial_ask("CLIENT GETNAME"), "libwaitq");
}

static void test_link__a_replica_a_policy_and_a_cluster_are_seen(void **state) {
  (void)state;
  const char *const arguments[] = {"--replicaof", "127.0.0.1 1", "--maxmemory-policy", "allkeys-lru", NULL};
  struct server *replica = server_start(&(struct server_options){.arguments = arguments});
  dial(server_uri(replica));
  assert_int_equal(waitq__link_server(dial_link)->is_master, 0);
  assert_string_equal(waitq__link_server(dial_link)->maxmemory_policy, "allkeys-lru");
  dial_hang_up();
  server_stop(replica);
  const char *const of_cluster[] = {"--cluster-enabled", "yes", NULL};
  struct server *node = server_start(&(struct server_options){.arguments = of_cluster});
  dial(dial_uri("redis+cluster://127.0.0.1:%u", server_port(node)));
  assert_int_equal(waitq__link_server(dial_link)->is_cluster, 1);
  dial_hang_up();
  server_stop(node);
}

static void test_link__replies_come_in_the_order_of_the_commands(void **state) {
  (void)state;
  enum { COUNT = 1000 };
  static struct waitq__reply *replies[COUNT];
  dial(server_uri(server));
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < COUNT; i++) {
      char line[32];
      snprintf(line, sizeof line, "ECHO %d", round * COUNT + i);
      dial_say(line);
    }
    assert_int_equal(dial_exchange(replies, COUNT, 20000), WAITQ_OK);
    for (int i = 0; i < COUNT; i++) {
      assert_int_equal(strtol(waitq__reply_text(replies[i]).bytes, NULL, 10), round * COUNT + i);
      waitq__reply_free(replies[i]);
    }
  }
}

static void test_link__an_error_that_is_answered_leaves_it_good(void **state) {
  (void)state;
  dial(server_uri(server));
  assert_string_equal(dial_ask("GET"), "-ERR wrong number of arguments for 'get' command");
  assert_string_equal(dial_ask("SET a 1"), "OK");
  assert_int_equal(strncmp(dial_ask("LPUSH a 2"), "-WRONGTYPE", 10), 0);
  assert_string_equal(dial_ask("INCR a"), "2");
}

static void test_link__megabytes_go_both_ways(void **state) {
  (void)state;
  const size_t size = (size_t)12 << 20;
  char *value = test_malloc(size);
  for (size_t i = 0; i < size; i++) {
    value[i] = (char)(i * 2654435761u >> 13);
  }
  dial(server_uri(server));
  const struct waitq__text set[] = {{"SET", 3}, {"large", 5}, {value, size}};
  struct waitq__reply *replies[2] = {NULL, NULL};
  for (int round = 0; round < 2; round++) {
    assert_int_equal(waitq__link_queue(dial_link, set, 3, &dial_error), WAITQ_OK);
    dial_say("GET large");
    assert_int_equal(dial_exchange(replies, 2, 20000), WAITQ_OK);
    assert_int_equal(waitq__reply_text(replies[1]).length, size);
    assert_memory_equal(waitq__reply_text(replies[1]).bytes, value, size);
    waitq__reply_free(replies[0]);
    waitq__reply_free(replies[1]);
  }
  /* What such a command took is given back. */
  assert_true(fake_memory_bytes(&dial_memory) < (int64_t)1 << 20);
  assert_string_equal(dial_ask("DEL large"), "1");
  test_free(value);
}

static void test_link__bytes_may_come_one_at_a_time(void **state) {
  (void)state;
  struct proxy *proxy = proxy_start(server_port(server));
  proxy_split(proxy, PROXY_BOTH, 1);
  dial(dial_uri("redis://127.0.0.1:%u", proxy_port(proxy)));
  assert_string_equal(dial_ask("ECHO in-many-pieces"), "in-many-pieces");
  dial_hang_up();
  proxy_stop(proxy);
}

static void test_link__passwords_are_checked_and_never_shown(void **state) {
  (void)state;
  struct server *guarded = server_start(&(struct server_options){.password = "hunter2-the-real-one"});
  unsigned port = server_port(guarded);
  dial(server_uri(guarded));
  assert_string_equal(dial_ask("PING"), "PONG");
  dial(dial_uri("redis://default:hunter2-the-real-one@127.0.0.1:%u", port));
  dial_expect_refusal(dial_uri("redis://:hunter3@127.0.0.1:%u", port), WAITQ_E_DENIED, "WRONGPASS");
  assert_null(strstr(dial_error.text, "hunter"));
  dial_expect_refusal(dial_uri("redis://nobody:hunter2-the-real-one@127.0.0.1:%u", port), WAITQ_E_DENIED, "WRONGPASS");
  assert_null(strstr(dial_error.text, "hunter"));
  dial_expect_refusal(dial_uri("redis://127.0.0.1:%u", port), WAITQ_E_DENIED, "NOAUTH");
  server_stop(guarded);
}

static void test_link__a_password_that_nobody_wants_is_a_mistake(void **state) {
  (void)state;
  dial_expect_refusal(dial_uri("redis://:hunter3@127.0.0.1:%u", server_port(server)), WAITQ_E_DENIED,
                      "without any password configured");
}

static void test_link__users_may_do_what_their_list_says(void **state) {
  (void)state;
  unsigned port = server_port(server);
  server_ask(server, "ACL SETUSER app on >s3cret ~wq:* +info +get +set +client|setname");
  server_ask(server, "ACL SETUSER nameless on >s3cret ~wq:* +info +get");
  server_ask(server, "ACL SETUSER silent on >s3cret ~wq:* +get");
  server_ask(server, "ACL SETUSER open on nopass ~wq:* +info +get");
  dial(dial_uri("redis://app:s3cret@127.0.0.1:%u", port));
  assert_string_equal(dial_ask("SET wq:a 1"), "OK");
  assert_int_equal(strncmp(dial_ask("SET other 1"), "-NOPERM", 7), 0);
  dial(dial_uri("redis://nameless:s3cret@127.0.0.1:%u", port));
  assert_string_equal(dial_ask("GET wq:a"), "1");
  dial(dial_uri("redis://open@127.0.0.1:%u", port));
  assert_string_equal(dial_ask("GET wq:a"), "1");
  dial_expect_refusal(dial_uri("redis://app:S3cret@127.0.0.1:%u", port), WAITQ_E_DENIED, "WRONGPASS");
  dial_expect_refusal(dial_uri("redis://silent:s3cret@127.0.0.1:%u", port), WAITQ_E_DENIED, "NOPERM");
}

static void test_link__a_database_is_chosen(void **state) {
  (void)state;
  dial(dial_uri("%s/3", server_uri(server)));
  assert_string_equal(dial_ask("SET here 3"), "OK");
  dial(server_uri(server));
  assert_string_equal(dial_ask("GET here"), "?");
  assert_string_equal(dial_ask("SELECT 3"), "OK");
  assert_string_equal(dial_ask("GET here"), "3");
}

static void test_link__a_database_that_is_not_there_is_a_mistake(void **state) {
  (void)state;
  dial_expect_refusal(dial_uri("%s/99", server_uri(server)), WAITQ_E_INVALID, "database 99 cannot be used: ERR");
  const char *const arguments[] = {"--cluster-enabled", "yes", NULL};
  struct server *node = server_start(&(struct server_options){.arguments = arguments});
  dial_expect_refusal(dial_uri("%s/1", server_uri(node)), WAITQ_E_INVALID, "database 1 cannot be used: ERR");
  server_stop(node);
}

static void test_link__a_unix_socket_serves_as_well(void **state) {
  (void)state;
  dial(dial_uri("%s?database=2", server_unix_uri(server)));
  assert_string_equal(dial_ask("SET here 2"), "OK");
  assert_string_equal(waitq__link_address(dial_link)->host, server_socket(server));
  dial_expect_refusal("redis+unix:///nonexistent/redis.sock", WAITQ_E_STORE, "cannot connect: No such file");
}

static void test_link__a_host_may_have_several_addresses(void **state) {
  (void)state;
  dial(dial_uri("redis://localhost:%u", server_port(server)));
  assert_string_equal(dial_ask("PING"), "PONG");
}

static void test_link__a_port_that_nobody_listens_on(void **state) {
  (void)state;
  dial_expect_refusal(dial_uri("redis://127.0.0.1:%u", child_free_port()), WAITQ_E_STORE,
                      "cannot connect: Connection refused");
}

/* A listener whose queue is full, and which the kernel lets no connection through to. */
static void test_link__a_host_that_does_not_answer_costs_the_time_given(void **state) {
  (void)state;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(listener, 0), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  int fillers[4];
  for (int i = 0; i < 4; i++) {
    fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(connect(fillers[i], (const struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
  }
  int64_t before_ms = child_now_ms();
  assert_int_equal(dial_code(dial_uri("redis://127.0.0.1:%u", ntohs(address.sin_port)), WAITQ__LINK_TO_SERVER, 200),
                   WAITQ_E_TIMEOUT);
  int64_t took_ms = child_now_ms() - before_ms;
  assert_true(took_ms >= 200 && took_ms < 10000);
  assert_non_null(strstr(dial_error.text, "the time for a connection is up"));
  for (int i = 0; i < 4; i++) {
    close(fillers[i]);
  }
  close(listener);
}

static void test_link__a_server_that_stands_still_costs_the_time_given(void **state) {
  (void)state;
  dial(server_uri(server));
  server_pause(server);
  int64_t before_ms = child_now_ms();
  dial_expect_failure("PING", 200, WAITQ_E_TIMEOUT, "the time for an answer is up");
  int64_t took_ms = child_now_ms() - before_ms;
  assert_true(took_ms >= 200 && took_ms < 10000);
  before_ms = child_now_ms();
  int code = dial_code(server_uri(server), WAITQ__LINK_TO_SERVER, 200);
  took_ms = child_now_ms() - before_ms;
  server_resume(server);
  assert_int_equal(code, WAITQ_E_TIMEOUT);
  assert_true(took_ms >= 200 && took_ms < 10000);
}

static void test_link__a_byte_now_and_then_does_not_keep_it_waiting(void **state) {
  (void)state;
  struct proxy *proxy = proxy_start(server_port(server));
  dial(dial_uri("redis://127.0.0.1:%u", proxy_port(proxy)));
  proxy_split(proxy, PROXY_TO_CLIENT, 1);
  /* Half a megabyte, at a packet a byte, is under way for much longer than this. */
  int64_t before_ms = child_now_ms();
  dial_expect_failure("EVAL return(string.rep('x',500000)) 0", 100, WAITQ_E_TIMEOUT, "an answer");
  assert_true(child_now_ms() - before_ms < 10000);
  dial_hang_up();
  proxy_stop(proxy);
}

static void test_link__time_that_is_up_already_sends_nothing(void **state) {
  (void)state;
  dial(server_uri(server));
  assert_string_equal(dial_ask("SET count 0"), "OK");
  dial_say("INCR count");
  struct waitq__reply *reply;
  assert_int_equal(dial_exchange(&reply, 1, 0), WAITQ_E_TIMEOUT);
  assert_int_equal(dial_was_sent, 0);
  assert_int_equal(dial_code(server_uri(server), WAITQ__LINK_TO_SERVER, 0), WAITQ_E_TIMEOUT);
  dial(server_uri(server));
  assert_string_equal(dial_ask("GET count"), "0");
}

static void test_link__as_many_replies_as_commands(void **state) {
  (void)state;
  dial(server_uri(server));
  struct waitq__reply *replies[2];
  dial_say("PING");
  assert_int_equal(dial_exchange(replies, 2, 1000), WAITQ_E_INVALID);
  assert_int_equal(dial_was_sent, 0);
  dial(server_uri(server));
  assert_int_equal(dial_exchange(replies, 0, 1000), WAITQ_OK);
  assert_string_equal(dial_ask("PING"), "PONG");
}

static void test_link__an_idle_one_is_quiet_until_the_server_ends_it(void **state) {
  (void)state;
  dial(server_uri(server));
  assert_string_equal(dial_ask("PING"), "PONG");
  assert_int_equal(waitq__link_is_quiet(dial_link), 1);
  server_ask(server, "CLIENT KILL TYPE normal");
  dial(
      server_uri(server)); /* a round trip later the first one's end has arrived, and with it that of this one's kind */
  server_ask(server, "CLIENT KILL TYPE normal");
  for (int i = 0; i < 2000 && waitq__link_is_quiet(dial_link); i++) {
    child_sleep_ms(5);
  }
  assert_int_equal(waitq__link_is_quiet(dial_link), 0);
  dial_say("PING");
  struct waitq__reply *reply;
  assert_int_equal(dial_exchange(&reply, 1, 20000), WAITQ_E_STORE);
}

static void test_link__what_nobody_asked_for_is_not_quiet(void **state) {
  (void)state;
  dial(server_uri(server));
  assert_string_equal(dial_ask("SUBSCRIBE news"), "?");
  assert_int_equal(waitq__link_is_quiet(dial_link), 1);
  server_ask(server, "PUBLISH news something");
  for (int i = 0; i < 2000 && waitq__link_is_quiet(dial_link); i++) {
    child_sleep_ms(5);
  }
  assert_int_equal(waitq__link_is_quiet(dial_link), 0);
}

static void test_link__a_server_that_dies_is_noticed_at_once(void **state) {
  (void)state;
  struct server *mortal = server_start(NULL);
  dial(server_uri(mortal));
  server_kill(mortal);
  dial_expect_failure("PING", 20000, WAITQ_E_STORE, "");
  assert_int_equal(dial_code(server_uri(mortal), WAITQ__LINK_TO_SERVER, 20000), WAITQ_E_STORE);
  server_stop(mortal);
}

/* SIGPIPE has its default action here: it would end the test. The server's end has arrived, so the first bytes are answered by a
 * reset, and those after them would raise it. */
static void test_link__a_server_that_hangs_up_in_mid_write_raises_no_signal(void **state) {
  (void)state;
  signal(SIGPIPE, SIG_DFL);
  const size_t size = (size_t)32 << 20;
  char *value = test_malloc(size);
  memset(value, 'x', size);
  struct server *mortal = server_start(NULL);
  dial(server_uri(mortal));
  const struct waitq__text words[] = {{"SET", 3}, {"a", 1}, {value, size}};
  assert_int_equal(waitq__link_queue(dial_link, words, 3, &dial_error), WAITQ_OK);
  server_kill(mortal);
  struct waitq__reply *reply;
  assert_int_equal(dial_exchange(&reply, 1, 20000), WAITQ_E_STORE);
  assert_int_equal(dial_was_sent, 1);
  server_stop(mortal);
  test_free(value);
}

/* Redis answers this one before it has read it, and hangs up. */
static void test_link__what_a_server_says_in_mid_write_is_heard(void **state) {
  (void)state;
  const size_t size = (size_t)32 << 20;
  char *value = test_malloc(size);
  memset(value, 'x', size);
  const char *const arguments[] = {"--proto-max-bulk-len", "1mb", NULL};
  struct server *narrow = server_start(&(struct server_options){.arguments = arguments});
  dial(server_uri(narrow));
  const struct waitq__text words[] = {{"SET", 3}, {"a", 1}, {value, size}};
  assert_int_equal(waitq__link_queue(dial_link, words, 3, &dial_error), WAITQ_OK);
  struct waitq__reply *reply;
  assert_int_equal(dial_exchange(&reply, 1, 20000), WAITQ_E_STORE);
  assert_non_null(strstr(waitq__link_last_words(dial_link), "Protocol error: invalid bulk length"));
  server_stop(narrow);
  test_free(value);
}

static void test_link__too_many_clients_is_a_reason_that_is_told(void **state) {
  (void)state;
  server_ask(server, "CONFIG SET maxclients 1"); /* it is the one */
  int code = dial_code(server_uri(server), WAITQ__LINK_TO_SERVER, 20000);
  server_ask(server, "CONFIG SET maxclients 1000");
  assert_int_equal(code, WAITQ_E_STORE);
  assert_non_null(strstr(dial_error.text, "max number of clients"));
}

static void test_link__nobody_inherits_its_socket(void **state) {
  (void)state;
  dial(server_uri(server));
  int found = 0;
  for (int fd = 3; fd < 256; fd++) {
    struct sockaddr_in peer = {0};
    socklen_t length = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_family == AF_INET &&
        ntohs(peer.sin_port) == server_port(server)) {
      int flags = fcntl(fd, F_GETFL);
      if ((flags & O_NONBLOCK) != 0) { /* the other one is that of server_ask() */
        found++;
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
      }
    }
  }
  assert_int_equal(found, 1);
}

static void test_link__sentinels_may_want_other_credentials_or_none(void **state) {
  (void)state;
  struct sentinels *sentinels = sentinels_start(&(struct server_options){.password = "of-the-servers"}, NULL);
  struct server *sentinel = sentinels_sentinel(sentinels, 0);
  unsigned port = server_port(sentinel);
  const char *const uris[] = {"redis+sentinel://127.0.0.1:%u/waiting-room",
                              "redis+sentinel://:of-the-servers@127.0.0.1:%u/waiting-room/3",
                              "redis+sentinel://app:of-the-servers@127.0.0.1:%u/waiting-room"};
  for (size_t i = 0; i < 3; i++) {
    char uri[256];
    snprintf(uri, sizeof uri, "%.*s%u%s", (int)(strstr(uris[i], "%u") - uris[i]), uris[i], port,
             strstr(uris[i], "%u") + 2);
    assert_int_equal(dial_code(uri, WAITQ__LINK_TO_SENTINEL, 20000), WAITQ_OK);
    assert_int_equal(strlen(waitq__link_server(dial_link)->run_id), 40);
  }
  server_ask(sentinel, "ACL SETUSER watch on >s3cret +@all");
  server_ask(sentinel, "ACL SETUSER default resetpass >of-the-sentinels");
  assert_int_equal(dial_code(dial_uri("redis+sentinel://127.0.0.1:%u/waiting-room"
                                      "?sentinel_user=watch&sentinel_password=s3cret",
                                      port),
                             WAITQ__LINK_TO_SENTINEL, 20000),
                   WAITQ_OK);
  assert_string_equal(dial_ask("ACL WHOAMI"), "watch");
  assert_int_equal(
      dial_code(dial_uri("redis+sentinel://127.0.0.1:%u/waiting-room?sentinel_password=of-the-sentinels", port),
                WAITQ__LINK_TO_SENTINEL, 20000),
      WAITQ_OK);
  assert_int_equal(dial_code(dial_uri("redis+sentinel://:of-the-servers@127.0.0.1:%u/waiting-room", port),
                             WAITQ__LINK_TO_SENTINEL, 20000),
                   WAITQ_E_DENIED);
  assert_null(strstr(dial_error.text, "of-the"));
  dial_hang_up();
  sentinels_stop(sentinels);
}

static void test_link__no_memory_at_any_point_is_told_and_leaves_nothing(void **state) {
  (void)state;
  uint64_t failures = 0;
  for (uint64_t n = 1;; n++) {
    fake_memory_fail_at(&dial_memory, n);
    int code = dial_code(server_uri(server), WAITQ__LINK_TO_SERVER, 20000);
    if (code == WAITQ_OK) {
      break;
    }
    assert_int_equal(code, WAITQ_E_NOMEM);
    failures++;
  }
  fake_memory_recover(&dial_memory);
  assert_true(failures >= 3);
  static char large[100000];
  const struct waitq__text words[] = {{"ECHO", 4}, {large, sizeof large}};
  fake_memory_fail_all(&dial_memory);
  assert_int_equal(waitq__link_queue(dial_link, words, 2, &dial_error), WAITQ_E_NOMEM);
  fake_memory_recover(&dial_memory);
  dial(server_uri(server));
  fake_memory_fail_at(&dial_memory, 2); /* the first is for the words, the second makes the queue longer */
  assert_int_equal(waitq__link_queue(dial_link, words, 2, &dial_error), WAITQ_E_NOMEM);
  fake_memory_recover(&dial_memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_link__a_server_tells_what_it_is, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_server_is_told_who_it_talks_to, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_replica_a_policy_and_a_cluster_are_seen, dial_setup, dial_teardown),
      UNIT_TEST(test_link__replies_come_in_the_order_of_the_commands, dial_setup, dial_teardown),
      UNIT_TEST(test_link__an_error_that_is_answered_leaves_it_good, dial_setup, dial_teardown),
      UNIT_TEST(test_link__megabytes_go_both_ways, dial_setup, dial_teardown),
      UNIT_TEST(test_link__bytes_may_come_one_at_a_time, dial_setup, dial_teardown),
      UNIT_TEST(test_link__passwords_are_checked_and_never_shown, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_password_that_nobody_wants_is_a_mistake, dial_setup, dial_teardown),
      UNIT_TEST(test_link__users_may_do_what_their_list_says, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_database_is_chosen, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_database_that_is_not_there_is_a_mistake, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_unix_socket_serves_as_well, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_host_may_have_several_addresses, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_port_that_nobody_listens_on, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_host_that_does_not_answer_costs_the_time_given, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_server_that_stands_still_costs_the_time_given, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_byte_now_and_then_does_not_keep_it_waiting, dial_setup, dial_teardown),
      UNIT_TEST(test_link__time_that_is_up_already_sends_nothing, dial_setup, dial_teardown),
      UNIT_TEST(test_link__as_many_replies_as_commands, dial_setup, dial_teardown),
      UNIT_TEST(test_link__an_idle_one_is_quiet_until_the_server_ends_it, dial_setup, dial_teardown),
      UNIT_TEST(test_link__what_nobody_asked_for_is_not_quiet, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_server_that_dies_is_noticed_at_once, dial_setup, dial_teardown),
      UNIT_TEST(test_link__a_server_that_hangs_up_in_mid_write_raises_no_signal, dial_setup, dial_teardown),
      UNIT_TEST(test_link__what_a_server_says_in_mid_write_is_heard, dial_setup, dial_teardown),
      UNIT_TEST(test_link__too_many_clients_is_a_reason_that_is_told, dial_setup, dial_teardown),
      UNIT_TEST(test_link__nobody_inherits_its_socket, dial_setup, dial_teardown),
      UNIT_TEST(test_link__sentinels_may_want_other_credentials_or_none, dial_setup, dial_teardown),
      UNIT_TEST(test_link__no_memory_at_any_point_is_told_and_leaves_nothing, dial_setup, dial_teardown),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
