/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Calls to a Cluster of three masters and three replicas: each finds the master of its slot, wherever that is at the moment. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/rng.h"
#include "../support/servers.h"
#include "../support/test.h"
#include "caller.h"
#include "store/redis/slots.h"

#define NAMES 300

static struct caller caller;
static struct cluster *cluster;

static int group_setup(void **state) {
  (void)state;
  cluster = cluster_start(NULL);
  return 0;
}

static int group_teardown(void **state) {
  (void)state;
  cluster_stop(cluster);
  return 0;
}

static void on_all(const char *command) {
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    if (server_pid(cluster_node(cluster, i)) != 0) {
      server_ask(cluster_node(cluster, i), command);
    }
  }
}

static int setup(void **state) {
  (void)state;
  on_all("FLUSHALL");
  on_all("CONFIG RESETSTAT");
  caller_start(&caller, cluster_uri(cluster), "");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  caller_close(&caller);
  return 0;
}

/* How many errors of a kind the nodes have answered since the test began. */
static long long errors_of(const char *kind) {
  long long sum = 0;
  char name[64];
  char value[64];
  snprintf(name, sizeof name, "errorstat_%s", kind);
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    struct server *node = cluster_node(cluster, i);
    if (server_pid(node) != 0 && server_info(node, name, value, sizeof value)) {
      sum += strtoll(value + strlen("count="), NULL, 10);
    }
  }
  return sum;
}

/* --- Finding the server --- */

static void test_cluster__a_name_of_the_library_is_in_the_slot_of_redis(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("slots", 20260101));
  static const char letters[] = "{}{}abc:";
  for (int i = 0; i < 500; i++) {
    char key[16];
    size_t length = 1 + (size_t)rng_below(&rng, sizeof key - 1);
    for (size_t k = 0; k < length; k++) {
      key[k] = letters[rng_below(&rng, sizeof letters - 1)];
    }
    key[length == sizeof key ? length - 1 : length] = '\0';
    assert_int_equal(waitq__slot_of((struct waitq__text){key, strlen(key)}), cluster_slot(cluster, key));
  }
}

static void test_cluster__many_names_are_spread_over_the_masters_without_a_detour(void **state) {
  (void)state;
  char key[32];
  for (int round = 1; round <= 2; round++) {
    for (int i = 0; i < NAMES; i++) {
      snprintf(key, sizeof key, "wq:{room-%d}:state", i);
      assert_int_equal(caller_count(&caller, key), round);
    }
  }
  long long sum = 0;
  for (unsigned i = 0; i < CLUSTER_MASTERS; i++) {
    long long size = server_ask_number(cluster_node(cluster, i), "DBSIZE");
    assert_true(size > NAMES / 6);
    sum += size;
  }
  assert_int_equal(sum, NAMES);
  assert_int_equal(errors_of("MOVED"), 0);
}

static void test_cluster__a_script_is_told_the_run_id_of_the_server_that_runs_it(void **state) {
  (void)state;
  for (int i = 0; i < 10; i++) {
    char key[32];
    char run_id[41];
    snprintf(key, sizeof key, "{room-%d}", i);
    assert_true(server_info(cluster_owner(cluster, cluster_slot(cluster, key)), "run_id", run_id, sizeof run_id));
    assert_string_equal(caller_ask(&caller, "run_id", key, NULL, 0).text, run_id);
  }
}

static void test_cluster__keys_of_one_tag_go_together(void **state) {
  (void)state;
  struct answer answer = caller_ask(&caller, "count both", "wq:{concert}:a", "wq:{concert}:b", 5000);
  assert_int_equal(answer.code, WAITQ_OK);
  answer = caller_ask(&caller, "count both", "wq:{concert}:a", "wq:{opera}:b", 5000);
  assert_int_equal(answer.code, WAITQ_E_UNSUPPORTED);
  assert_non_null(strstr(answer.error.text, "CROSSSLOT"));
}

static void test_cluster__a_node_is_no_single_server(void **state) {
  (void)state;
  struct caller other;
  assert_int_equal(caller_open(&other, server_uri(cluster_node(cluster, 0)), ""), WAITQ_E_INVALID);
  assert_non_null(strstr(other.error.text, "redis+cluster://"));
  caller_close(&other);
}

static void test_cluster__has_one_database(void **state) {
  (void)state;
  struct caller other;
  caller_start(&other, cluster_uri(cluster), "");
  struct waitq__redis_settings settings = other.settings;
  struct waitq__client *client = NULL;
  settings.database = 1;
  assert_int_not_equal(waitq__client_open(&settings, &other.env, &client, &other.error), WAITQ_OK);
  assert_int_equal(other.error.code, WAITQ_E_INVALID);
  assert_non_null(strstr(other.error.text, "database"));
  caller_close(&other);
}

static void test_cluster__any_seed_will_do(void **state) {
  (void)state;
  struct caller other;
  char uri[128];
  snprintf(uri, sizeof uri, "redis+cluster://127.0.0.1:%u,127.0.0.1:%u", child_free_port(),
           server_port(cluster_node(cluster, 4)));
  caller_start(&other, uri, "");
  for (int i = 0; i < 20; i++) {
    char key[32];
    snprintf(key, sizeof key, "{seed-%d}", i);
    assert_int_equal(caller_count(&other, key), 1);
  }
  caller_close(&other);
}

static void test_cluster__without_any_seed_the_last_is_named(void **state) {
  (void)state;
  struct caller other;
  char uri[128];
  char name[32];
  unsigned port = child_free_port();
  snprintf(uri, sizeof uri, "redis+cluster://127.0.0.1:%u,127.0.0.1:%u", child_free_port(), port);
  snprintf(name, sizeof name, "127.0.0.1:%u", port);
  assert_int_equal(caller_open(&other, uri, ""), WAITQ_E_STORE);
  assert_non_null(strstr(other.error.text, name));
  caller_close(&other);
}

static void test_cluster__opening_without_memory_fails_and_leaks_nothing(void **state) {
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

/* --- Slots that move --- */

static void test_cluster__a_slot_that_has_moved_is_followed_once(void **state) {
  (void)state;
  const char *key = "{moved}";
  unsigned slot = cluster_slot(cluster, key);
  assert_int_equal(caller_count(&caller, key), 1);
  cluster_migrate(cluster, slot, cluster_other(cluster, slot));
  for (int i = 2; i <= 10; i++) {
    assert_int_equal(caller_count(&caller, key), i);
  }
  assert_int_equal(errors_of("MOVED"), 1);
}

static void test_cluster__one_detour_tells_of_all_slots_that_have_moved(void **state) {
  (void)state;
  char keys[8][32];
  struct server *to = NULL;
  unsigned moved = 0;
  for (int i = 0; moved < 8; i++) {
    snprintf(keys[moved], sizeof keys[moved], "{many-%d}", i);
    unsigned slot = cluster_slot(cluster, keys[moved]);
    to = to == NULL ? cluster_other(cluster, slot) : to;
    if (cluster_owner(cluster, slot) != to) {
      assert_int_equal(caller_count(&caller, keys[moved]), 1);
      cluster_migrate(cluster, slot, to);
      moved++;
    }
  }
  for (unsigned i = 0; i < moved; i++) {
    assert_int_equal(caller_count(&caller, keys[i]), 2);
  }
  assert_int_equal(errors_of("MOVED"), 1);
}

static void test_cluster__a_key_that_has_gone_ahead_is_asked_for_there(void **state) {
  (void)state;
  const char *here = "a{asked}";
  const char *there = "b{asked}";
  unsigned slot = cluster_slot(cluster, here);
  struct server *to = cluster_other(cluster, slot);
  assert_int_equal(caller_count(&caller, here), 1);
  cluster_migrate_begin(cluster, slot, to);
  assert_int_equal(caller_count(&caller, here), 2);
  assert_int_equal(caller_count(&caller, there), 1); /* it is new, and so it is made where the slot goes to */
  assert_int_equal(caller_count(&caller, there), 2);
  assert_true(errors_of("ASK") >= 2);
  assert_int_equal(errors_of("MOVED"), 0);
  server_ask(to, "SCRIPT FLUSH");
  assert_int_equal(caller_count(&caller, there), 3);
  cluster_migrate_keys(cluster, slot, to);
  assert_int_equal(caller_count(&caller, here), 3);
  cluster_migrate_end(cluster, slot, to);
  assert_int_equal(caller_count(&caller, here), 4);
  assert_int_equal(caller_count(&caller, there), 4);
}

static void *count_both(void *user) {
  struct answer *answer = user;
  *answer = caller_ask(&caller, "count both", "a{torn}", "b{torn}", 30000);
  return NULL;
}

static void test_cluster__keys_that_are_torn_apart_are_waited_for(void **state) {
  (void)state;
  unsigned slot = cluster_slot(cluster, "a{torn}");
  struct server *to = cluster_other(cluster, slot);
  struct answer answer;
  pthread_t thread;
  assert_int_equal(caller_count(&caller, "a{torn}"), 1);
  cluster_migrate_begin(cluster, slot, to);
  assert_int_equal(caller_count(&caller, "b{torn}"), 1); /* by ASK, on the other side */
  answer = caller_ask(&caller, "count both", "a{torn}", "b{torn}", 100);
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_non_null(strstr(answer.error.text, "TRYAGAIN"));
  assert_int_equal(pthread_create(&thread, NULL, count_both, &answer), 0);
  child_sleep_ms(200);
  cluster_migrate_keys(cluster, slot, to);
  cluster_migrate_end(cluster, slot, to);
  pthread_join(thread, NULL);
  assert_int_equal(answer.code, WAITQ_OK);
  assert_int_equal(answer.number, 2);
  assert_int_equal(caller_count(&caller, "b{torn}"), 3);
}

static void test_cluster__calls_go_on_while_their_slots_move_to_and_fro(void **state) {
  (void)state;
  const char *const keys[] = {"a{to}", "b{to}", "a{fro}", "b{fro}", "c{stays}"};
  unsigned to = cluster_slot(cluster, keys[0]);
  unsigned fro = cluster_slot(cluster, keys[2]);
  struct counting *counting = counting_start(&caller, 6, keys, 5, 30000);
  for (int i = 0; i < 4; i++) {
    counting_wait(counting, 100);
    cluster_migrate(cluster, to, cluster_other(cluster, to));
    cluster_migrate(cluster, fro, cluster_other(cluster, fro));
  }
  counting_wait(counting, 100);
  struct counted counted = counting_stop(counting);
  int64_t sum = 0;
  for (int i = 0; i < 5; i++) {
    sum += caller_ask(&caller, "read", keys[i], NULL, 5000).number;
  }
  printf("%lld counted; %lld MOVED, %lld ASK\n", (long long)sum, errors_of("MOVED"), errors_of("ASK"));
  assert_int_equal(counted.unknown + counted.refused, 0);
  assert_int_equal(sum, counted.done);
  assert_true(errors_of("MOVED") > 0);
}

/* --- Masters that go --- */

static void test_cluster__connections_that_were_killed_do_not_matter(void **state) {
  (void)state;
  char key[32];
  for (int i = 0; i < 60; i++) {
    snprintf(key, sizeof key, "{kill-%d}", i);
    assert_int_equal(caller_count(&caller, key), 1);
    on_all("CLIENT KILL TYPE normal");
  }
}

static void test_cluster__a_master_that_hands_over_is_followed(void **state) {
  (void)state;
  const char *const keys[] = {"a{handed}"};
  struct counting *counting = counting_start(&caller, 4, keys, 1, 30000);
  counting_wait(counting, 100);
  cluster_failover(cluster, cluster_slot(cluster, keys[0]));
  counting_wait(counting, 100);
  struct counted counted = counting_stop(counting);
  int64_t sum = caller_ask(&caller, "read", keys[0], NULL, 5000).number;
  printf("%lld done, %lld unknown, sum %lld\n", (long long)counted.done, (long long)counted.unknown, (long long)sum);
  assert_int_equal(counted.refused, 0);
  assert_in_range(sum, counted.done, counted.done + counted.unknown);
}

static struct server *find_dead(void) {
  for (unsigned i = 0; i < CLUSTER_NODES; i++) {
    if (server_pid(cluster_node(cluster, i)) == 0) {
      return cluster_node(cluster, i);
    }
  }
  return NULL;
}

static void test_cluster__a_master_that_dies_is_replaced_within_a_call(void **state) {
  (void)state;
  const char *const keys[] = {"a{dies}", "b{dies}"};
  const char *const others[] = {"{lives-1}", "{lives-2}", "{lives-3}", "{lives-4}"};
  struct counting *counting = counting_start(&caller, 2, keys, 2, 60000);
  struct counting *around = counting_start(&caller, 2, others, 4, 60000);
  counting_wait(counting, 50);
  cluster_kill_owner(cluster, cluster_slot(cluster, keys[0]));
  counting_wait(counting, 50);
  counting_wait(around, 50);
  counting_stop(counting);
  counting_stop(around);
  server_restart(find_dead(), SERVER_KEEP_DATA);
  cluster_wait(cluster);
  assert_true(caller_count(&caller, keys[0]) > 1);
}

static void test_cluster__a_master_that_hangs_is_replaced(void **state) {
  (void)state;
  const char *key = "{hangs}";
  unsigned slot = cluster_slot(cluster, key);
  struct server *owner = cluster_owner(cluster, slot);
  assert_int_equal(caller_count(&caller, key), 1);
  server_wait_in_step(cluster_replica(cluster, slot), owner);
  server_pause(owner);
  int64_t began_ms = child_now_ms();
  int code = WAITQ_E_TIMEOUT;
  while (code != WAITQ_OK && child_now_ms() - began_ms < 60000) {
    code = caller_try(&caller, key, 1000);
    assert_true(code == WAITQ_OK || code == WAITQ_E_TIMEOUT || code == WAITQ_E_STORE);
    child_sleep_ms(20);
  }
  assert_int_equal(code, WAITQ_OK);
  server_resume(owner);
  cluster_wait(cluster);
  server_wait_info(owner, "role", "slave");
  assert_int_equal(caller_count(&caller, key), 3); /* what hung was never done where it counts */
}

static void test_cluster__a_slot_that_nobody_keeps_is_waited_for_until_the_time_is_up(void **state) {
  (void)state;
  const char *key = "{nobody}";
  unsigned slot = cluster_slot(cluster, key);
  assert_int_equal(caller_count(&caller, key), 1);
  struct server *owner = cluster_owner(cluster, slot);
  struct server *replica = cluster_replica(cluster, slot);
  assert_non_null(replica);
  server_kill(replica);
  server_kill(owner);
  int64_t began_ms = child_now_ms();
  struct answer answer = {0};
  while (child_now_ms() - began_ms < 20000) {
    answer = caller_ask(&caller, "count", "{elsewhere}", NULL, 300);
    if (answer.code != WAITQ_OK && strstr(answer.error.text, "CLUSTERDOWN") != NULL) {
      break;
    }
    child_sleep_ms(20);
  }
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_non_null(strstr(answer.error.text, "CLUSTERDOWN"));
  assert_int_equal(caller_try(&caller, key, 300), WAITQ_E_STORE);
  server_restart(owner, SERVER_KEEP_DATA);
  server_restart(replica, SERVER_KEEP_DATA);
  cluster_wait(cluster);
  assert_true(caller_count(&caller, "{elsewhere}") >= 1);
  int code = WAITQ_E_STORE;
  for (int i = 0; i < 200 && code != WAITQ_OK; i++) {
    code = caller_try(&caller, key, 5000);
    child_sleep_ms(code == WAITQ_OK ? 0 : 20);
  }
  assert_int_equal(code, WAITQ_OK);
}

int main(void) {
#define TEST(function) UNIT_TEST(function, setup, teardown)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cluster__a_name_of_the_library_is_in_the_slot_of_redis),
      TEST(test_cluster__many_names_are_spread_over_the_masters_without_a_detour),
      TEST(test_cluster__a_script_is_told_the_run_id_of_the_server_that_runs_it),
      TEST(test_cluster__keys_of_one_tag_go_together),
      cmocka_unit_test(test_cluster__a_node_is_no_single_server),
      cmocka_unit_test(test_cluster__has_one_database),
      cmocka_unit_test(test_cluster__any_seed_will_do),
      cmocka_unit_test(test_cluster__without_any_seed_the_last_is_named),
      TEST(test_cluster__opening_without_memory_fails_and_leaks_nothing),
      TEST(test_cluster__a_slot_that_has_moved_is_followed_once),
      TEST(test_cluster__one_detour_tells_of_all_slots_that_have_moved),
      TEST(test_cluster__a_key_that_has_gone_ahead_is_asked_for_there),
      TEST(test_cluster__keys_that_are_torn_apart_are_waited_for),
      TEST(test_cluster__calls_go_on_while_their_slots_move_to_and_fro),
      TEST(test_cluster__connections_that_were_killed_do_not_matter),
      TEST(test_cluster__a_master_that_hands_over_is_followed),
      TEST(test_cluster__a_master_that_dies_is_replaced_within_a_call),
      TEST(test_cluster__a_master_that_hangs_is_replaced),
      TEST(test_cluster__a_slot_that_nobody_keeps_is_waited_for_until_the_time_is_up),
  };
#undef TEST
  return cmocka_run_group_tests_name("cluster", tests, group_setup, group_teardown);
}
