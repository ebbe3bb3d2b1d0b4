/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Calls to one server: what happens to it, and what its clients see of that. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/child.h"
#include "../support/proxy.h"
#include "../support/resp.h"
#include "../support/resp_peer.h"
#include "../support/servers.h"
#include "../support/test.h"
#include "caller.h"

static struct caller caller;
static struct server *server; /* of all tests but those that start their own */

static int group_setup(void **state) {
  static const char *const arguments[] = {"--busy-reply-threshold", "50", NULL};
  const struct server_options options = {.arguments = arguments};
  (void)state;
  server = server_start(&options);
  return 0;
}

static int group_teardown(void **state) {
  (void)state;
  server_stop(server);
  return 0;
}

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  caller_start(&caller, server_uri(server), "");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  caller_close(&caller);
  return 0;
}

/* --- Opening --- */

static void test_client__a_server_that_is_not_there_is_named(void **state) {
  (void)state;
  struct caller other;
  char uri[64];
  char name[32];
  unsigned port = child_free_port();
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", port);
  snprintf(name, sizeof name, "127.0.0.1:%u", port);
  assert_int_equal(caller_open(&other, uri, ""), WAITQ_E_STORE);
  assert_non_null(strstr(other.error.text, name));
  assert_int_equal(other.error.retriable, 1);
  caller_close(&other);
}

static void test_client__a_server_that_may_evict_is_refused_with_both_remedies(void **state) {
  (void)state;
  struct caller other;
  server_ask(server, "CONFIG SET maxmemory-policy allkeys-lru");
  assert_int_equal(caller_open(&other, server_uri(server), ""), WAITQ_E_UNSUPPORTED);
  assert_non_null(strstr(other.error.text, "allkeys-lru"));
  assert_non_null(strstr(other.error.text, "CONFIG SET maxmemory-policy noeviction"));
  assert_non_null(strstr(other.error.text, "allow_eviction=1"));
  caller_close(&other);

  caller_start(&other, server_uri(server), "?allow_eviction=1");
  assert_int_equal(caller_count(&other, "one"), 1);
  caller_close(&other);

  server_ask(server, "CONFIG SET maxmemory-policy noeviction");
  caller_start(&other, server_uri(server), "");
  caller_close(&other);
}

static void test_client__a_policy_that_changes_later_is_a_warning(void **state) {
  (void)state;
  assert_int_equal(caller_count(&caller, "one"), 1);
  server_restart(server, SERVER_EMPTY);
  server_ask(server, "CONFIG SET maxmemory-policy volatile-ttl");
  unsigned before = atomic_load(&caller.warnings);
  assert_int_equal(caller_count(&caller, "one"), 1);
  assert_int_equal(atomic_load(&caller.warnings), before + 1);
  server_ask(server, "CONFIG SET maxmemory-policy noeviction");
}

static void test_client__a_single_server_is_no_cluster(void **state) {
  (void)state;
  struct caller other;
  char uri[64];
  snprintf(uri, sizeof uri, "redis+cluster://127.0.0.1:%u", server_port(server));
  assert_int_equal(caller_open(&other, uri, ""), WAITQ_E_INVALID);
  assert_non_null(strstr(other.error.text, "no node of a Cluster"));
  assert_non_null(strstr(other.error.text, "redis://"));
  caller_close(&other);
}

static void test_client__a_wrong_password_is_no_reason_to_try_again(void **state) {
  (void)state;
  const struct server_options options = {.password = "right"};
  struct server *locked = server_start(&options);
  struct caller other;
  char uri[64];
  snprintf(uri, sizeof uri, "redis://:wrong@127.0.0.1:%u", server_port(locked));
  assert_int_equal(caller_open(&other, uri, ""), WAITQ_E_DENIED);
  caller_close(&other);

  caller_start(&other, server_uri(locked), "?command_timeout_ms=20000");
  assert_int_equal(caller_count(&other, "one"), 1);
  server_ask(locked, "CONFIG SET requirepass changed");
  server_ask(locked, "AUTH changed");
  server_ask(locked, "CLIENT KILL TYPE normal SKIPME yes");
  int64_t began_ms = child_now_ms();
  assert_int_equal(caller_try(&other, "one", 20000), WAITQ_E_DENIED);
  assert_true(child_now_ms() - began_ms < 10000);
  caller_close(&other);
  server_stop(locked);
}

static void test_client__opening_without_memory_fails_and_leaks_nothing(void **state) {
  (void)state;
  struct caller other;
  caller_start(&other, server_uri(server), "");
  struct waitq__client *client = NULL;
  waitq__client_close(other.client);
  other.client = NULL;
  int code = WAITQ_E_NOMEM;
  unsigned n = 0;
  while (code != WAITQ_OK && n < 200) {
    fake_memory_fail_at(&other.memory, ++n);
    code = waitq__client_open(&other.settings, &other.env, &client, &other.error);
    if (code != WAITQ_OK) {
      assert_int_equal(code, WAITQ_E_NOMEM);
      assert_null(client);
      assert_int_equal(fake_memory_blocks(&other.memory), 0);
    }
  }
  assert_in_range(n, 4, 199);
  fake_memory_recover(&other.memory);
  other.client = client;
  caller_close(&other);
}

/* --- Calls --- */

static void test_client__a_script_is_told_which_server_runs_it(void **state) {
  (void)state;
  char run_id[41];
  assert_true(server_info(server, "run_id", run_id, sizeof run_id));
  assert_string_equal(caller_ask(&caller, "run_id", "one", NULL, 0).text, run_id);
  server_restart(server, SERVER_EMPTY);
  assert_true(server_info(server, "run_id", run_id, sizeof run_id));
  assert_string_equal(caller_ask(&caller, "run_id", "one", NULL, 10000).text, run_id);
}

static void test_client__a_script_that_was_flushed_is_loaded_again(void **state) {
  (void)state;
  for (int i = 1; i <= 20; i++) {
    assert_int_equal(caller_count(&caller, "one"), i);
    server_ask(server, "SCRIPT FLUSH");
  }
}

static void test_client__a_script_is_loaded_once(void **state) {
  (void)state;
  server_ask(server, "CONFIG RESETSTAT");
  for (int i = 1; i <= 20; i++) {
    assert_int_equal(caller_count(&caller, "one"), i);
  }
  char value[128];
  assert_true(server_info(server, "cmdstat_script|load", value, sizeof value));
  assert_int_equal(strncmp(value, "calls=1,", 8), 0);
}

static void test_client__an_error_of_the_script_is_the_calls_error(void **state) {
  (void)state;
  struct answer answer = caller_ask(&caller, "fly", "one", NULL, 5000);
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_non_null(strstr(answer.error.text, "cannot fly"));
  server_ask(server, "SET two text");
  server_ask(server, "LPUSH three text");
  assert_int_equal(caller_try(&caller, "three", 5000), WAITQ_E_DAMAGED);
  assert_int_equal(caller_count(&caller, "one"), 1);
}

static void test_client__calls_take_turns_on_one_connection(void **state) {
  (void)state;
  struct proxy *proxy = proxy_start(server_port(server));
  struct caller other;
  char uri[64];
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", proxy_port(proxy));
  caller_start(&other, uri, "");
  for (int i = 1; i < 50; i++) {
    assert_int_equal(caller_count(&other, "one"), i);
  }
  assert_int_equal(proxy_accepted(proxy), 1);
  caller_close(&other);
  proxy_stop(proxy);
}

static void test_client__many_threads_call_at_once(void **state) {
  (void)state;
  const char *const keys[] = {"a", "b", "c", "d", "e"};
  struct counting *counting = counting_start(&caller, 24, keys, 5, 10000);
  counting_wait(counting, 3000);
  struct counted counted = counting_stop(counting);
  int64_t sum = 0;
  for (int i = 0; i < 5; i++) {
    sum += caller_ask(&caller, "read", keys[i], NULL, 0).number;
  }
  assert_int_equal(counted.unknown + counted.refused, 0);
  assert_int_equal(sum, counted.done);
}

/* --- Connections that end --- */

static void test_client__connections_that_were_closed_meanwhile_do_not_matter(void **state) {
  (void)state;
  for (int i = 1; i <= 20; i++) {
    assert_int_equal(caller_count(&caller, "one"), i);
    server_ask(server, "CLIENT KILL TYPE normal");
    child_sleep_ms(2);
  }
  assert_int_equal(atomic_load(&caller.warnings), 0);
}

static void test_client__a_connection_that_ends_in_a_call_leaves_its_outcome_open_and_no_more(void **state) {
  (void)state;
  struct proxy *proxy = proxy_start(server_port(server));
  struct caller other;
  char uri[64];
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", proxy_port(proxy));
  caller_start(&other, uri, "");
  int64_t done = 0;
  int64_t unknown = 0;
  for (int i = 0; i < 20; i++) {
    assert_int_equal(caller_count(&other, "one"), done + unknown + 1);
    done++;
    proxy_cut(proxy, PROXY_TO_CLIENT, (uint64_t)i % 4, i % 2 == 0 ? PROXY_CLOSE : PROXY_RESET);
    assert_int_equal(caller_try(&other, "one", 5000), WAITQ_E_STORE);
    unknown++;
  }
  caller_close(&other);
  proxy_stop(proxy);
}

static void test_client__what_was_not_sent_whole_is_not_done(void **state) {
  (void)state;
  struct proxy *proxy = proxy_start(server_port(server));
  struct caller other;
  char uri[64];
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", proxy_port(proxy));
  caller_start(&other, uri, "");
  assert_int_equal(caller_count(&other, "one"), 1);
  for (int i = 0; i < 10; i++) {
    proxy_cut(proxy, PROXY_TO_SERVER, 20, PROXY_RESET);
    assert_int_equal(caller_try(&other, "one", 5000), WAITQ_E_STORE);
    assert_int_equal(caller_count(&other, "one"), i + 2);
  }
  caller_close(&other);
  proxy_stop(proxy);
}

static void test_client__many_threads_go_on_while_connections_are_killed(void **state) {
  (void)state;
  const char *const keys[] = {"a", "b", "c"};
  struct counting *counting = counting_start(&caller, 12, keys, 3, 10000);
  for (int i = 0; i < 30; i++) {
    counting_wait(counting, 50);
    server_ask(server, "CLIENT KILL TYPE normal");
  }
  struct counted counted = counting_stop(counting);
  int64_t sum = 0;
  for (int i = 0; i < 3; i++) {
    sum += caller_ask(&caller, "read", keys[i], NULL, 10000).number;
  }
  printf("%lld done, %lld unknown, sum %lld\n", (long long)counted.done, (long long)counted.unknown, (long long)sum);
  assert_int_equal(counted.refused, 0);
  assert_in_range(sum, counted.done, counted.done + counted.unknown);
}

/* --- A server that is away --- */

static void test_client__a_restart_is_waited_for_within_the_time(void **state) {
  (void)state;
  const char *const keys[] = {"one"};
  assert_int_equal(caller_count(&caller, "one"), 1);
  struct counting *counting = counting_start(&caller, 4, keys, 1, 20000);
  counting_wait(counting, 50);
  server_kill(server);
  server_restart(server, SERVER_EMPTY);
  counting_wait(counting, 50);
  counting_stop(counting);
  assert_in_range(atomic_load(&caller.warnings), 1, 3);
}

static void test_client__a_server_that_is_down_is_left_alone_for_moments(void **state) {
  (void)state;
  struct answer answer = {0};
  int at_once = 0;
  assert_int_equal(caller_count(&caller, "one"), 1);
  server_kill(server);
  for (int i = 0; i < 5 && !at_once; i++) {
    int64_t began_ms = child_now_ms();
    answer = caller_ask(&caller, "count", "one", NULL, 2000);
    int64_t ms = child_now_ms() - began_ms;
    assert_int_equal(answer.code, WAITQ_E_STORE);
    assert_true(ms < 2000 + 3000);
    at_once = ms < 500;
  }
  assert_true(at_once);
  assert_non_null(strstr(answer.error.text, "127.0.0.1:"));
  server_restart(server, SERVER_EMPTY);
  int code = WAITQ_E_STORE;
  for (int i = 0; i < 200 && code != WAITQ_OK; i++) {
    code = caller_try(&caller, "one", 5000);
    child_sleep_ms(code == WAITQ_OK ? 0 : 20);
  }
  assert_int_equal(code, WAITQ_OK);
  assert_int_equal(caller_count(&caller, "one"), 2);
}

static void test_client__a_server_that_does_not_answer_is_a_timeout(void **state) {
  (void)state;
  assert_int_equal(caller_count(&caller, "one"), 1);
  server_pause(server);
  int64_t began_ms = child_now_ms();
  assert_int_equal(caller_try(&caller, "one", 300), WAITQ_E_TIMEOUT);
  assert_true(child_now_ms() - began_ms >= 300);
  int code = caller_try(&caller, "one", 300);
  assert_true(code == WAITQ_E_TIMEOUT || code == WAITQ_E_STORE);
  assert_true(child_now_ms() - began_ms < 600 + 3000);
  server_resume(server);
  child_sleep_ms(1100);
  assert_in_range(caller_count(&caller, "one"), 2, 3);
}

/* --- What servers refuse --- */

static void test_client__a_replica_is_refused_at_the_start(void **state) {
  (void)state;
  struct server *replica = server_start(NULL);
  server_replicate(replica, server_port(server));
  struct caller other;
  assert_int_equal(caller_open(&other, server_uri(replica), ""), WAITQ_E_STORE);
  assert_non_null(strstr(other.error.text, "replica"));
  caller_close(&other);
  server_stop(replica);
}

static void test_client__a_server_that_becomes_a_replica_is_refused_until_it_is_a_master(void **state) {
  (void)state;
  struct server *master = server_start(NULL);
  assert_int_equal(caller_count(&caller, "one"), 1);
  server_replicate(server, server_port(master));
  for (int i = 0; i < 3; i++) {
    struct answer answer = caller_ask(&caller, "count", "one", NULL, 500);
    assert_int_equal(answer.code, WAITQ_E_STORE);
    assert_int_equal(answer.error.retriable, 1);
  }
  server_ask(server, "REPLICAOF NO ONE");
  child_sleep_ms(100);
  assert_int_equal(caller_count(&caller, "one"), 1);
  server_stop(master);
}

static void *kill_script_later(void *user) {
  (void)user;
  int fd = resp_connect(server_port(server), 10000);
  struct resp_text reply = {0};
  const char *const words[] = {"SCRIPT", "KILL"};
  child_sleep_ms(400);
  resp_ask(fd, words, 2, &reply);
  printf("SCRIPT KILL: %s\n", reply.bytes == NULL ? "no answer" : reply.bytes);
  resp_text_free(&reply);
  close(fd);
  return NULL;
}

static void test_client__a_server_that_is_busy_with_a_script_is_waited_for(void **state) {
  (void)state;
  struct resp_text command = {0};
  const char *const words[] = {"EVAL", "while true do end", "0"};
  const size_t lengths[] = {4, 17, 1};
  pthread_t killer;
  assert_int_equal(caller_count(&caller, "one"), 1);
  int fd = resp_connect(server_port(server), 10000);
  resp_encode(&command, words, lengths, 3);
  assert_int_equal(resp_send(fd, command.bytes, command.length), 0);
  child_sleep_ms(100);
  struct answer answer = caller_ask(&caller, "count", "one", NULL, 200);
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_non_null(strstr(answer.error.text, "BUSY"));
  assert_int_equal(pthread_create(&killer, NULL, kill_script_later, NULL), 0);
  assert_int_equal(caller_count(&caller, "one"), 2);
  pthread_join(killer, NULL);
  resp_text_free(&command);
  close(fd);
}

static void test_client__a_server_without_memory_refuses_at_once(void **state) {
  (void)state;
  assert_int_equal(caller_count(&caller, "one"), 1);
  server_ask(server, "CONFIG SET maxmemory 1");
  int64_t began_ms = child_now_ms();
  struct answer answer = caller_ask(&caller, "count", "one", NULL, 20000);
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_non_null(strstr(answer.error.text, "OOM"));
  assert_true(child_now_ms() - began_ms < 10000);
  server_ask(server, "CONFIG SET maxmemory 0");
  assert_int_equal(caller_count(&caller, "one"), 2);
}

#define INFO                                                                                                        \
  "redis_version:7.0.15\r\nrun_id:0123456789012345678901234567890123456789\r\nrole:master\r\ncluster_enabled:0\r\n" \
  "maxmemory_policy:noeviction\r\n"
#define INFO_LENGTH "132"
_Static_assert(sizeof INFO - 1 == 132, "INFO_LENGTH is the length of INFO");

static const struct resp_step peer_rules[] = {
    {"CLIENT", "+OK\r\n", RESP_GO_ON},
    {"INFO", "$" INFO_LENGTH "\r\n" INFO "\r\n", RESP_GO_ON},
    {"SCRIPT LOAD", "$40\r\n0123456789012345678901234567890123456789\r\n", RESP_GO_ON},
    {NULL, NULL, RESP_GO_ON},
};

/* Plays steps to a client, which makes one call. */
static struct answer call_peer(const struct resp_step *steps, int64_t timeout_ms, size_t *left) {
  struct resp_peer *peer = resp_peer_start(peer_rules);
  struct caller other;
  char uri[64];
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", resp_peer_port(peer));
  caller_start(&other, uri, "");
  resp_peer_play(peer, steps);
  struct answer answer = caller_ask(&other, "count", "one", NULL, timeout_ms);
  *left = resp_peer_left(peer);
  caller_close(&other);
  resp_peer_stop(peer);
  return answer;
}

static void test_client__what_passes_is_waited_for(void **state) {
  (void)state;
  static const struct resp_step steps[] = {
      {"EVALSHA", "-LOADING Redis is loading the dataset in memory\r\n", RESP_GO_ON},
      {"EVALSHA", "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n", RESP_GO_ON},
      {"EVALSHA", "-NOREPLICAS Not enough good replicas to write.\r\n", RESP_GO_ON},
      {"EVALSHA", "-TRYAGAIN Multiple keys request during rehashing of slot\r\n", RESP_GO_ON},
      {"EVALSHA", "-CLUSTERDOWN The cluster is down\r\n", RESP_GO_ON},
      {"EVALSHA", "-BUSY Redis is busy running a script.\r\n", RESP_GO_ON},
      {"EVALSHA", "-NOSCRIPT No matching script. Please use EVAL.\r\n", RESP_GO_ON},
      {"EVALSHA", ":7\r\n", RESP_GO_ON},
      {NULL, NULL, RESP_GO_ON}};
  size_t left;
  struct answer answer = call_peer(steps, 20000, &left);
  assert_int_equal(answer.code, WAITQ_OK);
  assert_int_equal(answer.number, 7);
  assert_int_equal(left, 0);
}

static void test_client__what_does_not_pass_is_waited_for_until_the_time_is_up(void **state) {
  (void)state;
  struct resp_step steps[101];
  for (int i = 0; i < 100; i++) {
    steps[i] = (struct resp_step){"EVALSHA", "-LOADING for ever\r\n", RESP_GO_ON};
  }
  steps[100] = (struct resp_step){NULL, NULL, RESP_GO_ON};
  size_t left;
  int64_t began_ms = child_now_ms();
  struct answer answer = call_peer(steps, 2000, &left);
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_non_null(strstr(answer.error.text, "LOADING for ever"));
  assert_true(child_now_ms() - began_ms < 2000 + 5000);
  assert_in_range(left, 1, 98);
}

static void test_client__what_stays_as_it_is_fails_at_once(void **state) {
  (void)state;
  static const struct {
    const char *reply;
    int code;
  } cases[] = {
      {"-NOPERM this user has no permissions to run the 'evalsha' command\r\n", WAITQ_E_DENIED},
      {"-NOAUTH Authentication required.\r\n", WAITQ_E_DENIED},
      {"-CROSSSLOT Keys in request don't hash to the same slot\r\n", WAITQ_E_UNSUPPORTED},
      {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", WAITQ_E_STORE},
      {"-READONLY You can't write against a read only replica.\r\n", WAITQ_E_STORE},
      {"-MOVED 1 127.0.0.1:1\r\n", WAITQ_E_STORE},
      {"-ASK 1 127.0.0.1:1\r\n", WAITQ_E_STORE},
      {"-SOMETHING new\r\n", WAITQ_E_STORE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct resp_step steps[] = {
        {"EVALSHA", cases[i].reply, RESP_GO_ON}, {"EVALSHA", ":1\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
    size_t left;
    struct answer answer = call_peer(steps, 20000, &left);
    assert_int_equal(answer.code, cases[i].code);
    assert_int_equal(left, 1);
    assert_int_equal(strncmp(answer.error.text, "127.0.0.1:", 10), 0);
  }
}

static void test_client__a_script_that_is_never_known_is_not_loaded_for_ever(void **state) {
  (void)state;
  struct resp_step steps[64];
  for (int i = 0; i < 63; i++) {
    steps[i] = (struct resp_step){"EVALSHA", "-NOSCRIPT No matching script.\r\n", RESP_GO_ON};
  }
  steps[63] = (struct resp_step){NULL, NULL, RESP_GO_ON};
  size_t left;
  struct answer answer = call_peer(steps, 100, &left);
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_in_range(left, 1, 60);
}

static void test_client__a_script_without_a_name_is_an_error(void **state) {
  (void)state;
  static const struct resp_step steps[] = {{"SCRIPT LOAD", "$3\r\nabc\r\n", RESP_GO_ON},
                                           {"SCRIPT LOAD", "-NOPERM no scripts for you\r\n", RESP_GO_ON},
                                           {NULL, NULL, RESP_GO_ON}};
  size_t left;
  struct answer answer = call_peer(steps, 1000, &left);
  assert_int_equal(answer.code, WAITQ_E_DENIED);
  assert_int_equal(left, 0);
}

/* --- This process --- */

static void test_client__calls_without_memory_fail_and_leave_the_client_whole(void **state) {
  (void)state;
  int64_t counted = caller_count(&caller, "one");
  unsigned failures = 0;
  for (uint64_t n = 1; n < 8; n++) {
    fake_memory_fail_at(&caller.memory, n);
    int code = caller_try(&caller, "one", 1000);
    if (fake_memory_recover(&caller.memory) > 0) {
      failures++;
      assert_int_equal(code, WAITQ_E_NOMEM);
    } else {
      assert_int_equal(code, WAITQ_OK);
      counted++;
    }
  }
  assert_true(failures > 0);
  assert_int_equal(caller_count(&caller, "one"), counted + 1);
}

static void test_client__a_child_of_a_fork_is_refused_and_disturbs_nobody(void **state) {
  (void)state;
  assert_int_equal(caller_count(&caller, "one"), 1);
  fflush(stdout);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    int code = caller_try(&caller, "one", 1000);
    waitq__client_close(caller.client);
    _exit(code == WAITQ_E_FORKED ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  for (int i = 2; i < 10; i++) {
    assert_int_equal(caller_count(&caller, "one"), i);
  }
}

int main(void) {
#define TEST(function) UNIT_TEST(function, setup, teardown)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client__a_server_that_is_not_there_is_named),
      cmocka_unit_test(test_client__a_server_that_may_evict_is_refused_with_both_remedies),
      TEST(test_client__a_policy_that_changes_later_is_a_warning),
      cmocka_unit_test(test_client__a_single_server_is_no_cluster),
      cmocka_unit_test(test_client__a_wrong_password_is_no_reason_to_try_again),
      cmocka_unit_test(test_client__opening_without_memory_fails_and_leaks_nothing),
      TEST(test_client__a_script_is_told_which_server_runs_it),
      TEST(test_client__a_script_that_was_flushed_is_loaded_again),
      TEST(test_client__a_script_is_loaded_once),
      TEST(test_client__an_error_of_the_script_is_the_calls_error),
      TEST(test_client__calls_take_turns_on_one_connection),
      TEST(test_client__many_threads_call_at_once),
      TEST(test_client__connections_that_were_closed_meanwhile_do_not_matter),
      TEST(test_client__a_connection_that_ends_in_a_call_leaves_its_outcome_open_and_no_more),
      TEST(test_client__what_was_not_sent_whole_is_not_done),
      TEST(test_client__many_threads_go_on_while_connections_are_killed),
      TEST(test_client__a_restart_is_waited_for_within_the_time),
      TEST(test_client__a_server_that_is_down_is_left_alone_for_moments),
      TEST(test_client__a_server_that_does_not_answer_is_a_timeout),
      cmocka_unit_test(test_client__a_replica_is_refused_at_the_start),
      TEST(test_client__a_server_that_becomes_a_replica_is_refused_until_it_is_a_master),
      TEST(test_client__a_server_that_is_busy_with_a_script_is_waited_for),
      TEST(test_client__a_server_without_memory_refuses_at_once),
      cmocka_unit_test(test_client__what_passes_is_waited_for),
      cmocka_unit_test(test_client__what_does_not_pass_is_waited_for_until_the_time_is_up),
      cmocka_unit_test(test_client__what_stays_as_it_is_fails_at_once),
      cmocka_unit_test(test_client__a_script_that_is_never_known_is_not_loaded_for_ever),
      cmocka_unit_test(test_client__a_script_without_a_name_is_an_error),
      TEST(test_client__calls_without_memory_fail_and_leave_the_client_whole),
      TEST(test_client__a_child_of_a_fork_is_refused_and_disturbs_nobody),
  };
#undef TEST
  return cmocka_run_group_tests_name("client", tests, group_setup, group_teardown);
}
