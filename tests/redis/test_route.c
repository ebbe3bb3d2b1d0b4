/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Answers that the nodes of a Cluster seldom give: two peers that say what they are told. */

#include <stdio.h>
#include <string.h>

#include "../support/child.h"
#include "../support/resp_peer.h"
#include "../support/test.h"
#include "caller.h"

#define INFO                                                                                                        \
  "redis_version:7.0.15\r\nrun_id:0123456789012345678901234567890123456789\r\nrole:master\r\ncluster_enabled:1\r\n" \
  "maxmemory_policy:noeviction\r\n"
#define INFO_LENGTH "132"
_Static_assert(sizeof INFO - 1 == 132, "INFO_LENGTH is the length of INFO");

/* What each answers to CLUSTER SLOTS; filled in before anybody asks. */
static char slots[2][256];

#define RULES(node)                                                                              \
  {                                                                                              \
    {"CLIENT", "+OK\r\n", RESP_GO_ON}, {"INFO", "$" INFO_LENGTH "\r\n" INFO "\r\n", RESP_GO_ON}, \
        {"SCRIPT LOAD", "$40\r\n0123456789012345678901234567890123456789\r\n", RESP_GO_ON},      \
        {"CLUSTER SLOTS", slots[node], RESP_GO_ON}, {"ASKING", "+OK\r\n", RESP_GO_ON}, {         \
      NULL, NULL, RESP_GO_ON                                                                     \
    }                                                                                            \
  }

static const struct resp_step rules[2][6] = {RULES(0), RULES(1)};
static const struct resp_step nothing[] = {{NULL, NULL, RESP_GO_ON}};

static struct resp_peer *peers[2];
static unsigned ports[2];
static char uri[64];
static struct caller caller;

static int setup(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    peers[i] = resp_peer_start(rules[i]);
    ports[i] = resp_peer_port(peers[i]);
  }
  snprintf(uri, sizeof uri, "redis+cluster://127.0.0.1:%u", ports[0]);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  caller_close(&caller);
  resp_peer_stop(peers[0]);
  resp_peer_stop(peers[1]);
  return 0;
}

/* Peers take note of the texts with this. */
static void play(const struct resp_step *first, const struct resp_step *second) {
  resp_peer_play(peers[0], first);
  resp_peer_play(peers[1], second);
}

/* One range of slots, kept by one of them. */
static void slots_are(int by, unsigned first, unsigned last, const char *host, int node) {
  if (host == NULL) {
    snprintf(slots[by], sizeof slots[by], "*1\r\n*3\r\n:%u\r\n:%u\r\n*2\r\n$-1\r\n:%u\r\n", first, last, ports[node]);
  } else {
    snprintf(slots[by], sizeof slots[by], "*1\r\n*3\r\n:%u\r\n:%u\r\n*2\r\n$%zu\r\n%s\r\n:%u\r\n", first, last,
             strlen(host), host, ports[node]);
  }
}

static const char *redirection(const char *kind, const char *host, int node) {
  static char text[2][64];
  static int next;
  next = !next;
  snprintf(text[next], sizeof text[next], "-%s 866 %s:%u\r\n", kind, host, ports[node]);
  return text[next];
}

static void test_route__an_empty_host_is_the_one_that_was_asked(void **state) {
  (void)state;
  slots_are(0, 0, 16383, NULL, 0);
  slots_are(1, 0, 16383, "", 1);
  const struct resp_step first[] = {{"EVALSHA", redirection("MOVED", "", 1), RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  static const struct resp_step second[] = {
      {"EVALSHA", ":1\r\n", RESP_GO_ON}, {"EVALSHA", ":2\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  play(first, second);
  caller_start(&caller, uri, "");
  assert_int_equal(caller_count(&caller, "hello"), 1);
  assert_int_equal(caller_count(&caller, "hello"), 2);
  assert_int_equal(resp_peer_left(peers[0]) + resp_peer_left(peers[1]), 0);
}

static void test_route__an_exception_holds_once(void **state) {
  (void)state;
  slots_are(0, 0, 16383, "", 0);
  const char *ask = redirection("ASK", "127.0.0.1", 1);
  const struct resp_step first[] = {{"EVALSHA", ask, RESP_GO_ON},
                                    {"EVALSHA", ":2\r\n", RESP_GO_ON},
                                    {"EVALSHA", ask, RESP_GO_ON},
                                    {"EVALSHA", ":3\r\n", RESP_GO_ON},
                                    {NULL, NULL, RESP_GO_ON}};
  static const struct resp_step second[] = {{"ASKING", "+OK\r\n", RESP_GO_ON},
                                            {"EVALSHA", ":1\r\n", RESP_GO_ON},
                                            {"ASKING", "+OK\r\n", RESP_GO_ON},
                                            {"EVALSHA", "-TRYAGAIN not yet\r\n", RESP_GO_ON},
                                            {NULL, NULL, RESP_GO_ON}};
  play(first, second);
  caller_start(&caller, uri, "");
  assert_int_equal(caller_count(&caller, "hello"), 1);
  assert_int_equal(caller_count(&caller, "hello"), 2);
  assert_int_equal(caller_count(&caller, "hello"), 3); /* sent on, told to wait, and back at the master of the slot */
  assert_int_equal(resp_peer_left(peers[0]) + resp_peer_left(peers[1]), 0);
}

static void test_route__servers_that_send_a_call_to_and_fro_are_given_time(void **state) {
  (void)state;
  static struct resp_step steps[2][400];
  slots_are(0, 0, 16383, "", 0);
  slots_are(1, 0, 16383, "", 1);
  for (int node = 0; node < 2; node++) {
    const char *away = redirection("MOVED", "", !node);
    for (int i = 0; i < 399; i++) {
      steps[node][i] = (struct resp_step){"EVALSHA", away, RESP_GO_ON};
    }
    steps[node][399] = nothing[0];
  }
  play(steps[0], steps[1]);
  caller_start(&caller, uri, "");
  struct answer answer = caller_ask(&caller, "count", "hello", NULL, 300);
  assert_true(answer.code == WAITQ_E_STORE || answer.code == WAITQ_E_TIMEOUT);
  size_t tries = 798 - resp_peer_left(peers[0]) - resp_peer_left(peers[1]);
  assert_in_range(tries, 6, 300); /* five at once, and then a pause */
}

static void test_route__a_master_that_is_one_no_more_has_another_one_asked(void **state) {
  (void)state;
  static const struct resp_step first[] = {
      {"EVALSHA", "-READONLY You can't write against a read only replica.\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  static const struct resp_step second[] = {{"EVALSHA", ":1\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  snprintf(slots[0], sizeof slots[0], "*1\r\n*4\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:%u\r\n*2\r\n$0\r\n\r\n:%u\r\n",
           ports[0], ports[1]);
  slots_are(1, 0, 16383, "127.0.0.1", 1);
  play(first, second);
  caller_start(&caller, uri, "");
  assert_int_equal(caller_count(&caller, "hello"), 1);
  assert_int_equal(resp_peer_left(peers[0]) + resp_peer_left(peers[1]), 0);
}

static void test_route__a_master_that_is_cut_off_has_another_one_asked(void **state) {
  (void)state;
  static const struct resp_step first[] = {{"EVALSHA", "-CLUSTERDOWN The cluster is down\r\n", RESP_GO_ON},
                                           {NULL, NULL, RESP_GO_ON}};
  static const struct resp_step second[] = {{"EVALSHA", ":1\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  snprintf(slots[0], sizeof slots[0], "*1\r\n*4\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:%u\r\n*2\r\n$0\r\n\r\n:%u\r\n",
           ports[0], ports[1]);
  slots_are(1, 0, 16383, "", 1);
  play(first, second);
  caller_start(&caller, uri, "");
  assert_int_equal(caller_count(&caller, "hello"), 1);
  assert_int_equal(resp_peer_left(peers[0]) + resp_peer_left(peers[1]), 0);
}

static void test_route__a_slot_that_is_not_in_the_map_is_looked_for(void **state) {
  (void)state;
  static char whole[128];
  static const struct resp_step second[] = {{"EVALSHA", ":1\r\n", RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
  slots_are(0, 0, 865, "127.0.0.1", 0);
  snprintf(whole, sizeof whole, "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:%u\r\n", ports[1]);
  const struct resp_step first[] = {{"CLUSTER SLOTS", slots[0], RESP_GO_ON},
                                    {"CLUSTER SLOTS", slots[0], RESP_GO_ON},
                                    {"CLUSTER SLOTS", slots[0], RESP_GO_ON},
                                    {"CLUSTER SLOTS", whole, RESP_GO_ON},
                                    {NULL, NULL, RESP_GO_ON}};
  play(first, second);
  caller_start(&caller, uri, "");
  struct answer answer = caller_ask(&caller, "count", "hello", NULL, 3);
  assert_int_equal(answer.code, WAITQ_E_STORE);
  assert_non_null(strstr(answer.error.text, "keeps slot 866"));
  assert_int_equal(caller_count(&caller, "hello"), 1);
  assert_int_equal(resp_peer_left(peers[0]) + resp_peer_left(peers[1]), 0);
}

static void test_route__a_map_that_makes_no_sense_is_an_error(void **state) {
  (void)state;
  static const char *const maps[] = {
      "*0\r\n",
      ":1\r\n",
      "*1\r\n:1\r\n",
      "*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\na\r\n:1\r\n",
      "-CLUSTERDOWN Hash slot not served\r\n",
  };
  for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
    const struct resp_step steps[] = {{"CLUSTER SLOTS", maps[i], RESP_GO_ON}, {NULL, NULL, RESP_GO_ON}};
    play(steps, nothing);
    assert_int_equal(caller_open(&caller, uri, ""), WAITQ_E_STORE);
    char name[32];
    snprintf(name, sizeof name, "127.0.0.1:%u", ports[0]);
    assert_non_null(strstr(caller.error.text, name));
    caller_close(&caller);
  }
}

static void test_route__a_server_that_hangs_up_leaves_the_map_to_others(void **state) {
  (void)state;
  static char holed[256];
  static const struct resp_step second[] = {{"CLUSTER SLOTS", NULL, RESP_CLOSE}, {NULL, NULL, RESP_GO_ON}};
  slots_are(0, 0, 16383, "127.0.0.1", 0);
  snprintf(holed, sizeof holed,
           "*2\r\n*3\r\n:0\r\n:865\r\n*2\r\n$0\r\n\r\n:%u\r\n*3\r\n:867\r\n:16383\r\n*2\r\n$0\r\n\r\n:%u\r\n", ports[0],
           ports[1]);
  const struct resp_step first[] = {{"CLUSTER SLOTS", holed, RESP_GO_ON},
                                    {"CLUSTER SLOTS", slots[0], RESP_GO_ON},
                                    {"EVALSHA", ":1\r\n", RESP_GO_ON},
                                    {NULL, NULL, RESP_GO_ON}};
  play(first, second);
  caller_start(&caller, uri, "");
  assert_int_equal(caller_count(&caller, "hello"), 1);
  assert_int_equal(resp_peer_left(peers[0]) + resp_peer_left(peers[1]), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_route__an_empty_host_is_the_one_that_was_asked, setup, teardown),
      UNIT_TEST(test_route__an_exception_holds_once, setup, teardown),
      UNIT_TEST(test_route__servers_that_send_a_call_to_and_fro_are_given_time, setup, teardown),
      UNIT_TEST(test_route__a_master_that_is_one_no_more_has_another_one_asked, setup, teardown),
      UNIT_TEST(test_route__a_master_that_is_cut_off_has_another_one_asked, setup, teardown),
      UNIT_TEST(test_route__a_slot_that_is_not_in_the_map_is_looked_for, setup, teardown),
      UNIT_TEST(test_route__a_map_that_makes_no_sense_is_an_error, setup, teardown),
      UNIT_TEST(test_route__a_server_that_hangs_up_leaves_the_map_to_others, setup, teardown),
  };
  return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
