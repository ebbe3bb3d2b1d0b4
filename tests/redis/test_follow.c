/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What one server does, another one knows: each call of a visit goes to another node than the one before. */

#include <string.h>

#include "nodes.h"

/* By when the other node knows of what a node did, where nobody asks for it: it looks about every 250 ms, where the machine lets it. */
#define SOON_MS 1500

static struct server *server;
static struct node a;
static struct node b;

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  node_close(&a);
  node_close(&b);
  return 0;
}

static void open_both(const waitq_policy *policy) {
  node_open(&a, server_uri(server), policy);
  node_open(&b, server_uri(server), NULL);
}

static void test_follow__a_ticket_of_one_node_waits_at_the_other_at_once(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  for (unsigned i = 0; i < 20; i++) {
    struct guest guest;
    guest_join_numbered(a.room, "v", i, &guest);
    assert_state(guest.status.state, WAITQ_STATE_WAITING);
    assert_state(guest_poll(b.room, &guest), WAITQ_STATE_WAITING);
    assert_int_equal(guest.status.position, i + 1);
  }
}

static void test_follow__the_line_is_one_whoever_was_asked(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest guests[30];
  for (unsigned i = 0; i < 30; i++) {
    guest_join_numbered(i % 2 == 0 ? a.room : b.room, "v", i, &guests[i]);
  }
  for (unsigned i = 0; i < 30; i++) {
    await_position(a.room, &guests[i], i + 1);
    await_position(b.room, &guests[i], i + 1);
    assert_int_equal(guests[i].status.behind, 29 - i);
  }
}

static void test_follow__a_visitor_has_one_ticket_on_all_nodes(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest here;
  struct guest there;
  guest_join(a.room, "ann", &here);
  guest_join(b.room, "ann", &there);
  assert_string_equal(here.ticket.text, there.ticket.text);
  assert_int_equal(line_stats(b.room).issued, 1);
}

static void test_follow__a_turn_seen_here_is_used_there(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1000.0, 100);
  open_both(&policy);
  for (unsigned i = 0; i < 10; i++) {
    struct guest guest;
    guest_join_numbered(a.room, "v", i, &guest);
    assert_state(guest.status.state, WAITQ_STATE_READY);
    assert_state(guest_enter(b.room, &guest), WAITQ_STATE_ENTERED);
    struct guest again = guest;
    assert_state(guest_enter(a.room, &again), WAITQ_STATE_ENTERED);
    assert_string_equal(again.pass.text, guest.pass.text);
  }
  await_counts(a.room, 0, 0, 10, 10);
}

static void test_follow__who_leaves_here_can_join_there_anew(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest first;
  struct guest ann;
  guest_join(a.room, "ann", &first);
  assert_state(guest_leave(a.room, &first), WAITQ_STATE_LEFT);
  guest_join(b.room, "ann", &ann);
  assert_state(ann.status.state, WAITQ_STATE_WAITING);
  assert_string_not_equal(ann.ticket.text, first.ticket.text);
  await_state(b.room, &first, WAITQ_STATE_LEFT);
  await_counts(a.room, 1, 0, 0, 0);
}

static void test_follow__a_ticket_of_here_is_left_there(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest ann;
  struct guest bob;
  guest_join(a.room, "ann", &ann);
  guest_join(a.room, "bob", &bob);
  assert_state(guest_leave(b.room, &ann), WAITQ_STATE_LEFT);
  await_position(a.room, &bob, 1);
  await_state(a.room, &ann, WAITQ_STATE_LEFT);
}

static void test_follow__a_session_of_here_is_renewed_and_ended_there(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1000.0, 100);
  policy.max_active = 1;
  open_both(&policy);
  struct guest ann;
  struct guest bob;
  guest_join(a.room, "ann", &ann);
  assert_state(guest_enter(a.room, &ann), WAITQ_STATE_ENTERED);
  guest_join(a.room, "bob", &bob);
  assert_state(bob.status.state, WAITQ_STATE_WAITING);
  assert_state(guest_renew(b.room, &ann), WAITQ_STATE_ENTERED);
  assert_int_equal(line_stats(b.room).active, 1);
  guest_exit(b.room, &ann);
  await_state(a.room, &bob, WAITQ_STATE_READY);
  assert_state(guest_renew(a.room, &ann), WAITQ_STATE_EXPIRED);
  await_counts(a.room, 0, 1, 1, 0);
}

static int sees_rate(void *user) {
  const double *rate = user;
  waitq_policy policy = WAITQ_POLICY_INIT;
  assert_code(waitq_room_policy(b.room, &policy, NULL), WAITQ_OK);
  return policy.rate_per_s > *rate - 1e-9 && policy.rate_per_s < *rate + 1e-9;
}

static void test_follow__a_rate_set_here_is_in_force_there_soon(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest ann;
  guest_join(b.room, "ann", &ann);
  double rate = 250.0;
  assert_code(waitq_room_set_rate(a.room, rate, NULL), WAITQ_OK);
  assert_true(child_wait(sees_rate, &rate, SOON_MS));
  await_state(b.room, &ann, WAITQ_STATE_READY);
}

static int sees_phase(void *user) {
  struct guest *guest = user;
  guest_poll(b.room, guest);
  return guest->status.phase == WAITQ_PHASE_PAUSED && guest->status.reason == WAITQ_REASON_PAUSED;
}

static int sees_open(void *user) {
  struct guest *guest = user;
  guest_poll(b.room, guest);
  return guest->status.phase == WAITQ_PHASE_OPEN;
}

static void test_follow__a_pause_here_holds_there_soon_and_so_does_its_end(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.max_active = 1;
  open_both(&policy);
  struct guest ann;
  struct guest bob;
  guest_join(b.room, "ann", &ann);
  guest_join(b.room, "bob", &bob);
  assert_code(waitq_room_set_phase(a.room, WAITQ_PHASE_PAUSED, NULL), WAITQ_OK);
  assert_true(child_wait(sees_phase, &bob, SOON_MS));
  assert_state(guest_enter(b.room, &ann), WAITQ_STATE_READY);
  assert_reason(ann.pass.reason, WAITQ_REASON_PAUSED);
  assert_code(waitq_room_set_phase(a.room, WAITQ_PHASE_OPEN, NULL), WAITQ_OK);
  assert_true(child_wait(sees_open, &bob, SOON_MS));
  assert_state(guest_enter(b.room, &ann), WAITQ_STATE_ENTERED);
}

static int is_stale(void *user) {
  return guest_poll(b.room, user) == WAITQ_STATE_STALE;
}

static void test_follow__a_reset_here_makes_tickets_stale_there_soon(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest ann;
  struct guest bob;
  guest_join(b.room, "ann", &ann);
  assert_code(waitq_room_reset(a.room, NULL), WAITQ_OK);
  guest_join(a.room, "bob", &bob);
  assert_state(guest_poll(b.room, &bob), WAITQ_STATE_WAITING); /* a ticket of an epoch that is not known there yet */
  assert_true(child_wait(is_stale, &ann, SOON_MS));
  await_position(b.room, &bob, 1);
  guest_join(b.room, "ann", &ann);
  assert_int_equal(ann.status.position, 2);
}

static void test_follow__in_calm_nothing_that_is_told_is_old(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest ann;
  guest_join(a.room, "ann", &ann);
  child_sleep_ms(300); /* after this, what is known is of the node's own looking */
  int64_t oldest = 0;
  for (unsigned i = 0; i < 200; i++) {
    guest_poll(b.room, &ann);
    oldest = ann.status.age_ms > oldest ? ann.status.age_ms : oldest;
    assert_reason(ann.status.reason, WAITQ_REASON_RATE_ZERO);
    child_sleep_ms(10);
  }
  print_message("             the oldest answer was %lld ms old\n", (long long)oldest);
  assert_in_range(oldest, 1, SOON_MS);
}

static void test_follow__a_policy_of_here_is_in_force_there_for_the_next_call(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  policy.max_waiting = 1;
  assert_code(waitq_room_configure(a.room, &policy, NULL), WAITQ_OK);
  struct guest ann;
  struct guest bob;
  guest_join(b.room, "ann", &ann);
  guest_join(b.room, "bob", &bob);
  assert_state(ann.status.state, WAITQ_STATE_WAITING);
  assert_state(bob.status.state, WAITQ_STATE_NONE);
  assert_reason(bob.status.reason, WAITQ_REASON_FULL);
}

static void test_follow__limits_are_of_all_nodes_together(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.max_active = 4;
  open_both(&policy);
  struct guest guests[12];
  for (unsigned i = 0; i < 12; i++) {
    waitq_room_t *room = i % 2 == 0 ? a.room : b.room;
    guest_join_numbered(room, "v", i, &guests[i]);
    uint32_t expected = i < 4 ? WAITQ_STATE_ENTERED : WAITQ_STATE_WAITING;
    assert_state(guest_enter(room, &guests[i]), expected);
  }
  await_counts(a.room, 8, 0, 4, 4);
  await_counts(b.room, 8, 0, 4, 4);
}

static void test_follow__what_polls_here_does_not_fall_silent_there(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  policy.heartbeat_ttl_ms = 2000;
  policy.max_poll_ms = 600;
  open_both(&policy);
  struct guest ann;
  struct guest bob;
  guest_join(a.room, "ann", &ann);
  guest_join(a.room, "bob", &bob);
  int64_t until_ms = child_now_ms() + 4000;
  while (child_now_ms() < until_ms) {
    assert_state(guest_poll(b.room, &bob), WAITQ_STATE_WAITING);
    child_sleep_ms(200);
  }
  await_counts(a.room, 1, 0, 0, 0);
  assert_state(guest_poll(a.room, &ann), WAITQ_STATE_EXPIRED);
  await_position(a.room, &bob, 1);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_follow__a_ticket_of_one_node_waits_at_the_other_at_once),
      TEST(test_follow__the_line_is_one_whoever_was_asked),
      TEST(test_follow__a_visitor_has_one_ticket_on_all_nodes),
      TEST(test_follow__a_turn_seen_here_is_used_there),
      TEST(test_follow__who_leaves_here_can_join_there_anew),
      TEST(test_follow__a_ticket_of_here_is_left_there),
      TEST(test_follow__a_session_of_here_is_renewed_and_ended_there),
      TEST(test_follow__a_rate_set_here_is_in_force_there_soon),
      TEST(test_follow__a_pause_here_holds_there_soon_and_so_does_its_end),
      TEST(test_follow__a_reset_here_makes_tickets_stale_there_soon),
      TEST(test_follow__in_calm_nothing_that_is_told_is_old),
      TEST(test_follow__a_policy_of_here_is_in_force_there_for_the_next_call),
      TEST(test_follow__limits_are_of_all_nodes_together),
      TEST(test_follow__what_polls_here_does_not_fall_silent_there),
  };
  server = server_start(NULL);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
