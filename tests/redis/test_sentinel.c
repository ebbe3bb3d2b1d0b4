/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Calls to a master that three Sentinels name, and that changes. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/resp_peer.h"
#include "../support/servers.h"
#include "../support/test.h"
#include "caller.h"

static struct caller caller;
static struct sentinels *sentinels;

static int group_setup(void **state) {
  (void)state;
  sentinels = sentinels_start(NULL, NULL);
  return 0;
}

static int group_teardown(void **state) {
  (void)state;
  sentinels_stop(sentinels);
  return 0;
}

static int setup(void **state) {
  (void)state;
  server_ask(sentinels_master(sentinels), "FLUSHALL");
  caller_start(&caller, sentinels_uri(sentinels), "");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  caller_close(&caller);
  return 0;
}

static struct server *replica_of(const struct server *master) {
  return sentinels_server(sentinels, sentinels_server(sentinels, 0) == master ? 1 : 0);
}

/* On a busy machine Sentinels may replace a master that was only slow, and be about to while a test begins. */
static int is_replicated(void *user) {
  struct server **master = user;
  char link[8] = "";
  *master = sentinels_master(sentinels);
  return server_info(replica_of(*master), "master_link_status", link, sizeof link) && strcmp(link, "up") == 0;
}

static struct server *replicated_master(void) {
  struct server *master;
  if (!child_wait(is_replicated, &master, 120000)) {
    fail_msg("no master of the Sentinels has a replica that follows it");
  }
  return master;
}

/* A URI that names some Sentinels by their ports. */
static const char *uri_of(const unsigned *ports, unsigned count, const char *credentials, const char *name) {
  static char uri[256];
  size_t length = (size_t)snprintf(uri, sizeof uri, "redis+sentinel://");
  for (unsigned i = 0; i < count; i++) {
    length += (size_t)snprintf(uri + length, sizeof uri - length, "%s127.0.0.1:%u", i == 0 ? "" : ",", ports[i]);
  }
  snprintf(uri + length, sizeof uri - length, "/%s%s", name, credentials);
  return uri;
}

static unsigned sentinel_port(unsigned number) {
  return server_port(sentinels_sentinel(sentinels, number));
}

/* What a Sentinel says that a server is the master. */
static const char *naming(const struct server *server) {
  static char reply[96];
  char port[8];
  int length = snprintf(port, sizeof port, "%u", server_port(server));
  snprintf(reply, sizeof reply, "*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n", length, port);
  return reply;
}

#define SENTINEL_RULES(answer)                                                                                       \
  {                                                                                                                  \
    {"CLIENT", "+OK\r\n", RESP_GO_ON}, {"INFO", "$37\r\nredis_version:7.0.15\r\nrole:sentinel\r\n\r\n", RESP_GO_ON}, \
        {"SENTINEL GET-MASTER-ADDR-BY-NAME", answer, RESP_GO_ON}, {                                                  \
      NULL, NULL, RESP_GO_ON                                                                                         \
    }                                                                                                                \
  }

/* --- Finding the master --- */

static void test_sentinel__the_master_is_found(void **state) {
  (void)state;
  char run_id[41];
  assert_true(server_info(sentinels_master(sentinels), "run_id", run_id, sizeof run_id));
  assert_string_equal(caller_ask(&caller, "run_id", "one", NULL, 0).text, run_id);
  assert_int_equal(caller_count(&caller, "one"), 1);
}

static void test_sentinel__one_that_is_down_is_passed_over(void **state) {
  (void)state;
  const unsigned ports[] = {child_free_port(), sentinel_port(1)};
  struct caller other;
  caller_start(&other, uri_of(ports, 2, "", SENTINELS_MASTER), "");
  assert_int_equal(caller_count(&other, "one"), 1);
  caller_close(&other);
}

static void test_sentinel__where_all_are_down_the_last_is_named(void **state) {
  (void)state;
  const unsigned ports[] = {child_free_port(), child_free_port()};
  struct caller other;
  char name[32];
  snprintf(name, sizeof name, "127.0.0.1:%u", ports[1]);
  assert_int_equal(caller_open(&other, uri_of(ports, 2, "", SENTINELS_MASTER), ""), WAITQ_E_STORE);
  assert_non_null(strstr(other.error.text, name));
  caller_close(&other);
}

static void test_sentinel__a_name_that_nobody_knows_is_named(void **state) {
  (void)state;
  const unsigned ports[] = {sentinel_port(0), sentinel_port(1), sentinel_port(2)};
  struct caller other;
  assert_int_equal(caller_open(&other, uri_of(ports, 3, "", "waiting-hall"), ""), WAITQ_E_STORE);
  assert_non_null(strstr(other.error.text, "waiting-hall"));
  caller_close(&other);
}

static void test_sentinel__one_that_names_a_replica_is_not_believed(void **state) {
  (void)state;
  const char *answer = naming(replica_of(sentinels_master(sentinels)));
  const struct resp_step rules[] = SENTINEL_RULES(answer);
  struct resp_peer *liar = resp_peer_start(rules);
  const unsigned ports[] = {resp_peer_port(liar), sentinel_port(2)};
  struct caller other;
  caller_start(&other, uri_of(ports, 2, "", SENTINELS_MASTER), "");
  unsigned asked = resp_peer_connections(liar);
  assert_int_equal(asked, 1);
  for (int i = 1; i < 6; i++) {
    assert_int_equal(caller_count(&other, "one"), i);
    server_ask(sentinels_master(sentinels), "CLIENT KILL TYPE normal");
    child_sleep_ms(2);
  }
  assert_int_equal(resp_peer_connections(liar), asked); /* the one that was right is asked first */
  caller_close(&other);
  resp_peer_stop(liar);
}

static void test_sentinel__where_all_name_a_replica_no_write_goes_there(void **state) {
  (void)state;
  const char *answer = naming(replica_of(sentinels_master(sentinels)));
  const struct resp_step rules[] = SENTINEL_RULES(answer);
  struct resp_peer *liar = resp_peer_start(rules);
  const unsigned ports[] = {resp_peer_port(liar)};
  struct caller other;
  assert_int_equal(caller_open(&other, uri_of(ports, 1, "", SENTINELS_MASTER), ""), WAITQ_E_STORE);
  assert_non_null(strstr(other.error.text, "is a replica"));
  caller_close(&other);
  resp_peer_stop(liar);
}

static void test_sentinel__nonsense_is_an_error(void **state) {
  (void)state;
  static const char *const answers[] = {
      "*1\r\n$9\r\n127.0.0.1\r\n",
      "*2\r\n$0\r\n\r\n$4\r\n6379\r\n",
      "*2\r\n$9\r\n127.0.0.1\r\n$0\r\n\r\n",
      "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n0\r\n",
      "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n65536\r\n",
      "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n63x9\r\n",
      "*2\r\n$9\r\n127.0.0.1\r\n$6\r\n006379\r\n",
      ":1\r\n",
      "+OK\r\n",
      "-ERR no\r\n",
      "*-1\r\n",
  };
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    const struct resp_step rules[] = SENTINEL_RULES(answers[i]);
    struct resp_peer *peer = resp_peer_start(rules);
    const unsigned ports[] = {resp_peer_port(peer)};
    char name[32];
    struct caller other;
    snprintf(name, sizeof name, "127.0.0.1:%u", ports[0]);
    assert_int_equal(caller_open(&other, uri_of(ports, 1, "", SENTINELS_MASTER), ""), WAITQ_E_STORE);
    assert_non_null(strstr(other.error.text, name));
    caller_close(&other);
    resp_peer_stop(peer);
  }
}

static void test_sentinel__has_credentials_of_its_own(void **state) {
  (void)state;
  const char *answer = naming(sentinels_master(sentinels));
  const struct resp_step rules[] = {{"AUTH watcher eye", "+OK\r\n", RESP_GO_ON},
                                    {"AUTH", "-WRONGPASS invalid username-password pair\r\n", RESP_GO_ON},
                                    {"CLIENT", "+OK\r\n", RESP_GO_ON},
                                    {"INFO", "$37\r\nredis_version:7.0.15\r\nrole:sentinel\r\n\r\n", RESP_GO_ON},
                                    {"SENTINEL GET-MASTER-ADDR-BY-NAME", answer, RESP_GO_ON},
                                    {NULL, NULL, RESP_GO_ON}};
  struct resp_peer *peer = resp_peer_start(rules);
  const unsigned ports[] = {resp_peer_port(peer)};
  struct caller other;
  caller_start(&other, uri_of(ports, 1, "?sentinel_user=watcher&sentinel_password=eye", SENTINELS_MASTER), "");
  assert_int_equal(caller_count(&other, "one"), 1);
  caller_close(&other);
  assert_int_equal(
      caller_open(&other, uri_of(ports, 1, "?sentinel_user=watcher&sentinel_password=ear", SENTINELS_MASTER), ""),
      WAITQ_E_DENIED);
  caller_close(&other);
  resp_peer_stop(peer);
}

static void test_sentinel__opening_without_memory_fails_and_leaks_nothing(void **state) {
  (void)state;
  struct waitq__client *client = NULL;
  int code = WAITQ_E_NOMEM;
  unsigned n = 0;
  waitq__client_close(caller.client);
  caller.client = NULL;
  while (code != WAITQ_OK && n < 300) {
    fake_memory_fail_at(&caller.memory, ++n);
    code = waitq__client_open(&caller.settings, &caller.env, &client, &caller.error);
    if (code != WAITQ_OK) {
      assert_int_equal(code, WAITQ_E_NOMEM);
      assert_int_equal(fake_memory_blocks(&caller.memory), 0);
    }
  }
  assert_in_range(n, 8, 299);
  fake_memory_recover(&caller.memory);
  caller.client = client;
}

/* --- A master that changes --- */

static void test_sentinel__connections_that_were_killed_do_not_matter(void **state) {
  (void)state;
  for (int i = 1; i <= 20; i++) {
    assert_int_equal(caller_count(&caller, "one"), i);
    server_ask(sentinels_master(sentinels), "CLIENT KILL TYPE normal");
    child_sleep_ms(2);
  }
}

static void test_sentinel__many_threads_call_at_once(void **state) {
  (void)state;
  const char *const keys[] = {"a", "b", "c"};
  struct counting *counting = counting_start(&caller, 12, keys, 3, 20000);
  for (int i = 0; i < 10; i++) {
    counting_wait(counting, 100);
    server_ask(sentinels_master(sentinels), "CLIENT KILL TYPE normal");
  }
  struct counted counted = counting_stop(counting);
  int64_t sum = 0;
  for (int i = 0; i < 3; i++) {
    sum += caller_ask(&caller, "read", keys[i], NULL, 10000).number;
  }
  assert_int_equal(counted.refused, 0);
  assert_in_range(sum, counted.done, counted.done + counted.unknown);
}

static void test_sentinel__a_master_that_is_demoted_is_left(void **state) {
  (void)state;
  const char *const keys[] = {"one"};
  struct server *master = sentinels_master(sentinels);
  struct counting *counting = counting_start(&caller, 3, keys, 1, 60000);
  counting_wait(counting, 50);
  server_ask(sentinels_sentinel(sentinels, 0), "SENTINEL FAILOVER " SENTINELS_MASTER);
  struct server *after = sentinels_wait_failover(sentinels, master);
  assert_ptr_not_equal(after, master);
  server_wait_info(master, "role", "slave");
  counting_wait(counting, 50);
  counting_stop(counting);
  char run_id[41];
  assert_true(server_info(after, "run_id", run_id, sizeof run_id));
  assert_string_equal(caller_ask(&caller, "run_id", "one", NULL, 20000).text, run_id);
}

static void test_sentinel__a_master_that_hangs_is_replaced(void **state) {
  (void)state;
  assert_int_equal(caller_count(&caller, "one"), 1);
  struct server *master = replicated_master();
  server_pause(master);
  int64_t began_ms = child_now_ms();
  int code = WAITQ_E_TIMEOUT;
  while (code != WAITQ_OK && child_now_ms() - began_ms < 60000) {
    code = caller_try(&caller, "one", 1000);
    assert_true(code == WAITQ_OK || code == WAITQ_E_TIMEOUT || code == WAITQ_E_STORE);
    child_sleep_ms(20);
  }
  assert_int_equal(code, WAITQ_OK);
  char run_id[41];
  assert_true(server_info(replica_of(master), "run_id", run_id, sizeof run_id));
  assert_string_equal(caller_ask(&caller, "run_id", "one", NULL, 20000).text, run_id);
  server_resume(master);
  replicated_master();
}

static void test_sentinel__a_master_that_dies_is_replaced_within_a_call(void **state) {
  (void)state;
  const char *const keys[] = {"one"};
  struct server *master = replicated_master();
  struct counting *counting = counting_start(&caller, 3, keys, 1, 90000);
  counting_wait(counting, 50);
  server_kill(master);
  struct server *after = sentinels_wait_failover(sentinels, master);
  counting_wait(counting, 50);
  counting_stop(counting);
  char run_id[41];
  assert_true(server_info(after, "run_id", run_id, sizeof run_id));
  assert_string_equal(caller_ask(&caller, "run_id", "one", NULL, 20000).text, run_id);
  server_restart(master, SERVER_EMPTY);
}

static void test_sentinel__without_any_calls_fail_at_once_in_between(void **state) {
  (void)state;
  struct server *master = sentinels_master(sentinels);
  int at_once = 0;
  assert_int_equal(caller_count(&caller, "one"), 1);
  for (unsigned i = 0; i < SENTINELS; i++) {
    server_kill(sentinels_sentinel(sentinels, i));
  }
  assert_int_equal(caller_count(&caller, "one"), 2); /* a link that is good needs no Sentinel */
  server_ask(master, "CLIENT KILL TYPE normal");
  child_sleep_ms(5);
  for (int i = 0; i < 5 && !at_once; i++) {
    int64_t began_ms = child_now_ms();
    struct answer answer = caller_ask(&caller, "count", "one", NULL, 2000);
    int64_t ms = child_now_ms() - began_ms;
    assert_int_equal(answer.code, WAITQ_E_STORE);
    assert_true(ms < 2000 + 3000);
    at_once = ms < 500;
  }
  assert_true(at_once);
}

int main(void) {
#define TEST(function) UNIT_TEST(function, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_sentinel__the_master_is_found),
      TEST(test_sentinel__one_that_is_down_is_passed_over),
      cmocka_unit_test(test_sentinel__where_all_are_down_the_last_is_named),
      cmocka_unit_test(test_sentinel__a_name_that_nobody_knows_is_named),
      TEST(test_sentinel__one_that_names_a_replica_is_not_believed),
      cmocka_unit_test(test_sentinel__where_all_name_a_replica_no_write_goes_there),
      cmocka_unit_test(test_sentinel__nonsense_is_an_error),
      TEST(test_sentinel__has_credentials_of_its_own),
      TEST(test_sentinel__opening_without_memory_fails_and_leaks_nothing),
      TEST(test_sentinel__connections_that_were_killed_do_not_matter),
      TEST(test_sentinel__many_threads_call_at_once),
      TEST(test_sentinel__a_master_that_is_demoted_is_left),
      TEST(test_sentinel__a_master_that_hangs_is_replaced),
      TEST(test_sentinel__a_master_that_dies_is_replaced_within_a_call),
      TEST(test_sentinel__without_any_calls_fail_at_once_in_between),
  };
#undef TEST
  return cmocka_run_group_tests_name("sentinel", tests, group_setup, group_teardown);
}
