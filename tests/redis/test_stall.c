/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* While the store cannot be reached: polls go on, joins and entries are answered as the policy says, and nothing of it is lost when the
 * store is back. Each test runs twice: with a server that hangs, and with one that is killed and comes back with its data. */

#include <stdio.h>
#include <string.h>

#include "nodes.h"

/* No call waits for a round trip that does not come; what waits for none takes microseconds, on a busy machine some more. */
#define ROUND_TRIP_MS 500
#define AT_ONCE_MS 250

static struct server *server;
static char uri[128];
static struct node a;
static struct node b;

/* How the store is taken away. */
struct away {
  const char *name;
  void (*begin)(void);
  void (*end)(void);
};

static void pause_server(void) {
  server_pause(server);
}

static void resume_server(void) {
  server_resume(server);
}

static void kill_server(void) {
  server_kill(server);
}

static void restart_server(void) {
  server_restart(server, SERVER_KEEP_DATA);
}

static const struct away hanging = {"a server that hangs", pause_server, resume_server};
static const struct away killed = {"a server that is killed", kill_server, restart_server};

static int teardown(void **state) {
  (void)state;
  node_close(&a);
  node_close(&b);
  return 0;
}

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  return 0;
}

static const struct away *away_of(void **state) {
  const struct away *away = *state;
  print_message("             %s\n", away->name);
  return away;
}

static waitq_policy policy_of(uint32_t on_store_loss, double rate_per_s, uint64_t burst) {
  waitq_policy policy = quick_policy(rate_per_s, burst);
  policy.on_store_loss = on_store_loss;
  return policy;
}

/* Takes the store away, and waits until a visitor is told so. */
static void take_away(const struct away *away, struct guest *guest) {
  away->begin();
  await_reason(a.room, guest, WAITQ_REASON_STALLED);
}

static void bring_back(const struct away *away, struct guest *guest) {
  away->end();
  await_no_reason(a.room, guest, WAITQ_REASON_STALLED);
}

static void test_stall__polls_go_on_and_say_how_old_the_answer_is(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_HOLD, 0.0, 1);
  node_open(&a, uri, &policy);
  struct guest guests[20];
  for (unsigned i = 0; i < 20; i++) {
    join_again_numbered(a.room, i, &guests[i]);
  }
  take_away(away, &guests[0]);
  int64_t first_ms = guests[0].status.age_ms;
  int64_t age_ms = first_ms;
  for (unsigned i = 0; i < 1000; i++) {
    struct guest *guest = &guests[i % 20];
    int64_t began_ms = child_now_ms();
    assert_state(guest_poll(a.room, guest), WAITQ_STATE_WAITING);
    assert_in_range(child_now_ms() - began_ms, 0, AT_ONCE_MS);
    assert_reason(guest->status.reason, WAITQ_REASON_STALLED);
    assert_int_equal(guest->status.position, i % 20 + 1);
    assert_true(guest->status.age_ms >= age_ms);
    age_ms = guest->status.age_ms;
    child_sleep_ms(2);
  }
  assert_true(age_ms >= first_ms + 2000);
  bring_back(away, &guests[0]);
  for (unsigned i = 0; i < 20; i++) {
    await_position(a.room, &guests[i], i + 1);
  }
  assert_true(guests[0].status.age_ms < 2000);
}

static void expect_unreachable(int code, const waitq_error *error) {
  check_unreachable(code, error, server);
}

static void test_stall__hold_takes_nobody_and_lets_nobody_in(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_HOLD, 1000.0, 100);
  policy.max_active = 2;
  node_open(&a, uri, &policy);
  struct guest inside;
  struct guest ready;
  struct guest waiting;
  struct guest late;
  guest_join(a.room, "inside", &inside);
  assert_state(guest_enter(a.room, &inside), WAITQ_STATE_ENTERED);
  guest_join(a.room, "ready", &ready);
  guest_join(a.room, "waiting", &waiting);
  assert_state(ready.status.state, WAITQ_STATE_READY);
  assert_state(waiting.status.state, WAITQ_STATE_WAITING);
  take_away(away, &waiting);
  for (unsigned i = 0; i < 3; i++) {
    guest_join(a.room, "late", &late);
    assert_state(late.status.state, WAITQ_STATE_NONE);
    assert_reason(late.status.reason, WAITQ_REASON_STALLED);
    assert_true(late.status.next_poll_ms > 0 && late.status.age_ms > 0);
    assert_string_equal(late.ticket.text, "");
    assert_state(guest_enter(a.room, &ready), WAITQ_STATE_READY);
    assert_reason(ready.pass.reason, WAITQ_REASON_STALLED);
    assert_true(ready.pass.retry_after_ms > 0);
    assert_state(guest_enter(a.room, &waiting), WAITQ_STATE_WAITING);
    assert_reason(waiting.pass.reason, WAITQ_REASON_STALLED);
    assert_true(waiting.pass.retry_after_ms > 0);
  }
  struct guest again = inside;
  assert_state(guest_enter(a.room, &again), WAITQ_STATE_ENTERED); /* who is inside is inside */
  assert_string_equal(again.pass.text, inside.pass.text);
  bring_back(away, &waiting);
  assert_state(guest_poll(a.room, &ready), WAITQ_STATE_READY);
  await_entry(a.room, &ready);
  guest_join(a.room, "late", &late);
  assert_state(late.status.state, WAITQ_STATE_WAITING);
  await_counts(a.room, 2, 0, 2, 2);
  assert_state(guest_poll(a.room, &waiting), WAITQ_STATE_WAITING);
}

static void test_stall__what_cannot_wait_fails_and_names_the_server(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_OPEN, 1000.0, 100);
  policy.max_active = 2;
  node_open(&a, uri, &policy);
  struct guest inside;
  struct guest waiting;
  guest_join(a.room, "inside", &inside);
  assert_state(guest_enter(a.room, &inside), WAITQ_STATE_ENTERED);
  guest_join(a.room, "ready", &waiting);
  guest_join(a.room, "waiting", &waiting);
  take_away(away, &waiting);
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  waitq_policy other = policy;
  waitq_room_t *room = NULL;
  other.burst = 7;
  expect_unreachable(waitq_leave(a.room, waiting.ticket.text, NULL, &error), &error);
  expect_unreachable(waitq_renew(a.room, inside.pass.text, &pass, &error), &error);
  expect_unreachable(waitq_exit(a.room, inside.pass.text, &error), &error);
  expect_unreachable(waitq_room_stats(a.room, &stats, &error), &error);
  expect_unreachable(waitq_room_set_rate(a.room, 1.0, &error), &error);
  expect_unreachable(waitq_room_configure(a.room, &other, &error), &error);
  expect_unreachable(waitq_room_set_phase(a.room, WAITQ_PHASE_PAUSED, &error), &error);
  expect_unreachable(waitq_room_reset(a.room, &error), &error);
  expect_unreachable(waitq_room_open(a.context, "another", NULL, &room, &error), &error);
  expect_unreachable(waitq_open(uri, NULL, &b.context, &error), &error);
  assert_code(waitq_room_policy(a.room, &other, NULL), WAITQ_OK); /* is what was known last */
  assert_int_equal(other.burst, 100);
  assert_state(guest_poll(a.room, &waiting), WAITQ_STATE_WAITING);
  away->end();
  await_no_reason(a.room, &waiting, WAITQ_REASON_STALLED);
}

/* A ticket that is known nowhere here: another node has issued it, and is gone. */
static void test_stall__an_unknown_ticket_is_not_taken_for_one_that_has_left(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_HOLD, 0.0, 1);
  node_open(&a, uri, &policy);
  node_open(&b, uri, NULL);
  struct guest known;
  struct guest unknown;
  guest_join(a.room, "known", &known);
  take_away(away, &known);
  away->end();
  await_no_reason(b.room, &known, WAITQ_REASON_STALLED);
  guest_join(b.room, "unknown", &unknown);
  away->begin(); /* before a has looked again, or after: both must do */
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq_leave(a.room, unknown.ticket.text, NULL, &error);
  expect_unreachable(code, &error);
  assert_state(guest_poll(a.room, &unknown), WAITQ_STATE_WAITING);
  away->end();
  await_no_reason(a.room, &unknown, WAITQ_REASON_STALLED);
  if (code == WAITQ_E_TIMEOUT) { /* a server that hangs may have been told, and do it when it goes on */
    uint32_t state_after = guest_poll(a.room, &unknown);
    assert_true(state_after == WAITQ_STATE_WAITING || state_after == WAITQ_STATE_LEFT);
  } else {
    await_position(a.room, &unknown, 2);
  }
}

static void test_stall__open_lets_everybody_in_and_counts_them_afterwards(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_OPEN, 1000.0, 1000);
  policy.max_active = 3;
  node_open(&a, uri, &policy);
  struct guest guests[10];
  for (unsigned i = 0; i < 10; i++) {
    join_again_numbered(a.room, i, &guests[i]);
    if (i < 2) {
      assert_state(guest_enter(a.room, &guests[i]), WAITQ_STATE_ENTERED);
    }
  }
  await_counts(a.room, 7, 1, 2, 2);
  take_away(away, &guests[9]);
  char ids[10][48];
  for (unsigned i = 0; i < 8; i++) {
    assert_state(guest_enter(a.room, &guests[i]), WAITQ_STATE_ENTERED);
    pass_id(&guests[i].pass, ids[i]);
    struct guest again = guests[i];
    assert_state(guest_enter(a.room, &again), WAITQ_STATE_ENTERED);
    assert_string_equal(again.pass.text, guests[i].pass.text);
  }
  struct guest new_one;
  guest_join(a.room, "new one", &new_one);
  assert_state(new_one.status.state, WAITQ_STATE_READY);
  assert_reason(new_one.status.reason, WAITQ_REASON_STALLED);
  assert_state(guest_enter(a.room, &new_one), WAITQ_STATE_ENTERED);
  assert_state(guest_poll(a.room, &new_one), WAITQ_STATE_READY);
  bring_back(away, &guests[9]);
  await_counts(a.room, 2, 0, 8, 8);
  for (unsigned i = 0; i < 8; i++) {
    char id[48];
    await_state(a.room, &guests[i], WAITQ_STATE_ENTERED);
    assert_state(guest_enter(a.room, &guests[i]), WAITQ_STATE_ENTERED);
    pass_id(&guests[i].pass, id);
    assert_string_equal(id, ids[i]);
  }
  await_state(a.room, &new_one, WAITQ_STATE_STALE);
  assert_state(guest_enter(a.room, &new_one), WAITQ_STATE_STALE);
  for (unsigned i = 0; i < 8; i++) { /* max_active holds again: the ninth has its turn when only two are inside */
    assert_state(guest_poll(a.room, &guests[8]), WAITQ_STATE_WAITING);
    guest_exit(a.room, &guests[i]);
    if (i == 5) {
      break;
    }
  }
  await_state(a.room, &guests[8], WAITQ_STATE_READY);
  assert_state(guest_poll(a.room, &guests[9]), WAITQ_STATE_WAITING);
  await_counts(a.room, 1, 1, 8, 2);
}

static void test_stall__nobody_enters_a_room_that_is_paused_not_even_then(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_OPEN, 1000.0, 1);
  node_open(&a, uri, &policy);
  struct guest ann;
  guest_join(a.room, "ann", &ann);
  assert_code(waitq_room_set_phase(a.room, WAITQ_PHASE_PAUSED, NULL), WAITQ_OK);
  take_away(away, &ann);
  assert_state(guest_enter(a.room, &ann), WAITQ_STATE_READY);
  assert_reason(ann.pass.reason, WAITQ_REASON_STALLED);
  bring_back(away, &ann);
  assert_state(guest_poll(a.room, &ann), WAITQ_STATE_READY);
}

/* How many of a node's visitors enter within a time, each trying again and again. */
static unsigned rush(struct node *node, struct guest *guests, unsigned count, int64_t ms) {
  unsigned entered = 0;
  int64_t until_ms = child_now_ms() + ms;
  while (child_now_ms() < until_ms) {
    for (unsigned i = 0; i < count; i++) {
      if (guests[i].pass.state != WAITQ_STATE_ENTERED && guest_enter(node->room, &guests[i]) == WAITQ_STATE_ENTERED) {
        entered++;
      } else if (guests[i].pass.state != WAITQ_STATE_ENTERED) {
        assert_reason(guests[i].pass.reason, WAITQ_REASON_STALLED);
        assert_true(guests[i].pass.retry_after_ms > 0);
      }
    }
    child_sleep_ms(5);
  }
  return entered;
}

#define CROWD 40

static void test_stall__local_lets_in_a_share_of_the_rate_and_no_more(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_LOCAL, 10.0, 10);
  policy.max_active = 1; /* all but one wait */
  node_open(&a, uri, &policy);
  node_open(&b, uri, NULL);
  struct guest guests[CROWD];
  join_crowd_again(a.room, guests, CROWD);
  child_sleep_ms(1500); /* until each knows that they are two */
  take_away(away, &guests[CROWD - 1]);
  await_reason(b.room, &guests[CROWD - 1], WAITQ_REASON_STALLED);
  struct guest new_one;
  guest_join(a.room, "new one", &new_one);
  assert_state(new_one.status.state, WAITQ_STATE_NONE);
  assert_reason(new_one.status.reason, WAITQ_REASON_STALLED);
  struct guest *groups[2] = {guests, guests + CROWD / 2};
  struct node *nodes[2] = {&a, &b};
  uint64_t entered = 0;
  for (unsigned n = 0; n < 2; n++) {
    int64_t began_ms = child_now_ms();
    unsigned here = rush(nodes[n], groups[n], CROWD / 2, 1000);
    double most = 5.0 + 5.0 * (double)(child_now_ms() - began_ms) / 1000.0;
    print_message("             %u entered, %.1f may\n", here, most);
    assert_in_range(here, 5, (unsigned)most);
    entered += here;
  }
  bring_back(away, &guests[CROWD - 1]);
  for (unsigned i = 0; i < CROWD; i++) {
    if (guests[i].pass.state == WAITQ_STATE_ENTERED) {
      await_state(a.room, &guests[i], WAITQ_STATE_ENTERED);
    }
  }
  await_counts(b.room, CROWD - entered - (guests[0].pass.state != WAITQ_STATE_ENTERED), 0, entered, entered);
}

/* Neither at the beginning of an outage nor at its end is there another burst. */
static void test_stall__local_keeps_the_limit_from_before_until_after(void **state) {
  const struct away *away = away_of(state);
  waitq_policy policy = policy_of(WAITQ_LOSS_LOCAL, 2.0, 10);
  node_open(&a, uri, &policy);
  int64_t began_ms = child_now_ms();
  struct guest guests[CROWD];
  unsigned entered = 0;
  for (unsigned i = 0; i < CROWD; i++) {
    join_again_numbered(a.room, i, &guests[i]);
    entered += guest_enter(a.room, &guests[i]) == WAITQ_STATE_ENTERED;
  }
  assert_in_range(entered, 10, 15);
  take_away(away, &guests[CROWD - 1]);
  entered += rush(&a, guests, CROWD, 1000);
  bring_back(away, &guests[CROWD - 1]);
  int64_t until_ms = child_now_ms() + 1000;
  while (child_now_ms() < until_ms) {
    for (unsigned i = 0; i < CROWD; i++) {
      entered += guests[i].pass.state != WAITQ_STATE_ENTERED && guest_enter(a.room, &guests[i]) == WAITQ_STATE_ENTERED;
    }
    child_sleep_ms(5);
  }
  double most = 10.0 + 2.0 * (double)(child_now_ms() - began_ms) / 1000.0;
  print_message("             %u entered, %.1f may\n", entered, most);
  assert_in_range(entered, 12, (unsigned)most);
}

#define TEST(function)                                                   \
  {#function, function, setup, teardown, (void *)(uintptr_t)&hanging}, { \
#function, function, setup, teardown, (void *)(uintptr_t)&killed     \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_stall__polls_go_on_and_say_how_old_the_answer_is),
      TEST(test_stall__hold_takes_nobody_and_lets_nobody_in),
      TEST(test_stall__what_cannot_wait_fails_and_names_the_server),
      TEST(test_stall__an_unknown_ticket_is_not_taken_for_one_that_has_left),
      TEST(test_stall__open_lets_everybody_in_and_counts_them_afterwards),
      TEST(test_stall__nobody_enters_a_room_that_is_paused_not_even_then),
      TEST(test_stall__local_lets_in_a_share_of_the_rate_and_no_more),
      TEST(test_stall__local_keeps_the_limit_from_before_until_after),
  };
  const struct server_options options = {.flags = SERVER_AOF};
  server = server_start(&options);
  snprintf(uri, sizeof uri, "%s?command_timeout_ms=%d&connect_timeout_ms=%d", server_uri(server), ROUND_TRIP_MS,
           ROUND_TRIP_MS);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
