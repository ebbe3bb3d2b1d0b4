/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Turns of a room that two nodes keep busy: what giving them costs the store. */

#include "base/clock.h"
#include "nodes.h"

#define RATE 200.0
#define BURST 20
#define BEFORE 400
#define LASTS_US 1000000

/* Turns are given at most every 20 ms by calls of which none asks for that, and every 50 ms by the thread of each node: half the burst. */
#define APART_US 20000
#define THREAD_APART_US 50000
#define MORE 20

static struct server *server;
static struct node a;
static struct node b;

static int teardown(void **state) {
  (void)state;
  node_close(&a);
  node_close(&b);
  return 0;
}

static void test_turns__that_nobody_asks_for_are_given_together(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(RATE, BURST);
  struct guest guest;
  node_open(&a, server_uri(server), &policy);
  node_open(&b, server_uri(server), NULL);
  unsigned joined = 0;
  for (; joined < BEFORE; joined++) {
    guest_join_numbered(joined % 2 == 0 ? a.room : b.room, "v", joined, &guest);
  }
  int64_t head = server_ask_number(server, "HGET wq:{room} head");
  int64_t version = server_ask_number(server, "HGET wq:{room} version");
  int64_t begun_us = waitq__monotonic_us();
  while (waitq__monotonic_us() < begun_us + LASTS_US) {
    guest_join_numbered(joined % 2 == 0 ? a.room : b.room, "v", joined, &guest);
    joined++;
  }
  int64_t passed_us = waitq__monotonic_us() - begun_us;
  int64_t commits = server_ask_number(server, "HGET wq:{room} version") - version;
  int64_t turns = server_ask_number(server, "HGET wq:{room} head") - head;
  print_message("             %lld turns by %lld commits, beside %u joins\n", (long long)turns, (long long)commits,
                joined - BEFORE);
  assert_in_range(commits, 1, passed_us / APART_US + 2 * passed_us / THREAD_APART_US + MORE);
  assert_in_range(turns, RATE * (LASTS_US - 2 * APART_US - THREAD_APART_US) / 1e6,
                  RATE * (double)passed_us / 1e6 + BURST);
}

static void test_turns__whoever_enters_is_given_a_turn_that_is_due(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(RATE, BURST);
  struct guest guests[2 * BURST];
  node_open(&a, server_uri(server), &policy);
  for (unsigned i = 0; i < 2 * BURST; i++) {
    guest_join_numbered(a.room, "w", i, &guests[i]);
  }
  unsigned entered = 0;
  int64_t begun_us = waitq__monotonic_us();
  for (unsigned i = 0; i < 2 * BURST; i++) {
    while (guest_enter(a.room, &guests[i]) != WAITQ_STATE_ENTERED) {
      assert_true(waitq__monotonic_us() < begun_us + 20 * LASTS_US);
    }
    entered++;
  }
  assert_int_equal(entered, 2 * BURST);
}

static int empty(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_turns__that_nobody_asks_for_are_given_together, empty, teardown),
      cmocka_unit_test_setup_teardown(test_turns__whoever_enters_is_given_a_turn_that_is_due, empty, teardown),
  };
  server = server_start(NULL);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
