/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What servers learn of the line, they learn together: whoever has just opened the room estimates as those do who were there all along, and
 * what all of them saw counts once. */

#include <string.h>

#include "nodes.h"

#define CROWD 700
#define SLOTS 60
#define SESSION_MS 1500
#define LEARN_MS 9000

static struct server *server;
static struct node a;
static struct node b;
static struct node late;

static int teardown(void **state) {
  (void)state;
  node_close(&a);
  node_close(&b);
  node_close(&late);
  return 0;
}

/* Visitors who enter when their turn has come, and stay for a while. Each call goes to the other node than the one before. */
struct crowd {
  struct guest guests[CROWD];
  int64_t entered_ms[CROWD]; /* 0: still in line */
  unsigned first_inside;
  unsigned first_waiting; /* those before it have entered */
  unsigned calls;
};

static waitq_room_t *next_room(struct crowd *crowd) {
  return crowd->calls++ % 2 == 0 ? a.room : b.room;
}

static void let_out(struct crowd *crowd) {
  while (crowd->first_inside < crowd->first_waiting &&
         crowd->entered_ms[crowd->first_inside] + SESSION_MS <= child_now_ms()) {
    guest_exit(next_room(crowd), &crowd->guests[crowd->first_inside++]);
  }
}

static void let_in(struct crowd *crowd) {
  while (crowd->first_waiting < CROWD &&
         guest_enter(next_room(crowd), &crowd->guests[crowd->first_waiting]) == WAITQ_STATE_ENTERED) {
    crowd->entered_ms[crowd->first_waiting++] = child_now_ms();
  }
}

static void go_on(struct crowd *crowd, int64_t ms) {
  int64_t until_ms = child_now_ms() + ms;
  while (child_now_ms() < until_ms) {
    let_out(crowd);
    let_in(crowd);
    child_sleep_ms(5);
  }
}

static void expect_estimate(waitq_room_t *room, struct guest *guest, double entries_per_s, const char *name) {
  guest_poll(room, guest);
  double expected_ms = (double)guest->status.position / entries_per_s * 1000;
  double estimate_ms = (double)guest->status.eta_ms;
  if (guest->status.reason != WAITQ_REASON_SLOTS || estimate_ms < expected_ms * 0.65 ||
      estimate_ms > expected_ms * 1.5) {
    fail_msg("%s: %.0f ms for position %llu, reason %u; at %.1f entries a second it is %.0f", name, estimate_ms,
             (unsigned long long)guest->status.position, guest->status.reason, entries_per_s, expected_ms);
  }
}

static void test_estimate__what_two_nodes_see_counts_once_and_a_third_knows_it(void **state) {
  (void)state;
  static struct crowd crowd;
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.max_active = SLOTS;
  node_open(&a, server_uri(server), &policy);
  node_open(&b, server_uri(server), NULL);
  for (unsigned i = 0; i < CROWD; i++) {
    guest_join_numbered(next_room(&crowd), "v", i, &crowd.guests[i]);
  }
  go_on(&crowd, LEARN_MS / 2);
  unsigned before = crowd.first_waiting;
  int64_t began_ms = child_now_ms();
  go_on(&crowd, LEARN_MS / 2);
  double entries_per_s = (double)(crowd.first_waiting - before) * 1000 / (double)(child_now_ms() - began_ms);
  assert_true(crowd.first_waiting < CROWD - 100);
  struct guest *last = &crowd.guests[CROWD - 1];
  node_open(&late, server_uri(server), NULL);
  expect_estimate(a.room, last, entries_per_s, "the first");
  expect_estimate(b.room, last, entries_per_s, "the second");
  expect_estimate(late.room, last, entries_per_s, "one that has just opened the room");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_estimate__what_two_nodes_see_counts_once_and_a_third_knows_it, teardown),
  };
  server = server_start(NULL);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
