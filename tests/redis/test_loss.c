/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The store forgets, or is another one than before: nobody loses the place. Each test runs once for each way in which that happens. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "../support/proxy.h"
#include "nodes.h"

static struct server *server;
static struct proxy *proxy;
static struct node a;
static struct node b;
static struct node c;

struct loss {
  const char *name;
  void (*happen)(void);
};

static void flush(void) {
  server_ask(server, "FLUSHALL");
}

static void restart_empty(void) {
  server_kill(server);
  server_restart(server, SERVER_EMPTY);
}

static void restart_with_data(void) {
  server_kill(server);
  server_restart(server, SERVER_KEEP_DATA);
}

static const struct loss flushed = {"FLUSHALL", flush};
static const struct loss emptied = {"killed, and empty when it is back", restart_empty};
static const struct loss restarted = {"killed, and back with its data", restart_with_data};

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  node_close(&a);
  node_close(&b);
  node_close(&c);
  proxy_stop(proxy);
  proxy = NULL;
  return 0;
}

static const struct loss *loss_of(void **state) {
  const struct loss *loss = *state;
  print_message("             %s\n", loss->name);
  return loss;
}

static void open_both(const waitq_policy *policy) {
  node_open(&a, server_uri(server), policy);
  node_open(&b, server_uri(server), NULL);
}

static waitq_room_t *either(unsigned i) {
  return i % 2 == 0 ? a.room : b.room;
}

/* The sequence number of a ticket that has entered. */
static unsigned long long number_of(const struct guest *guest) {
  char id[48];
  pass_id(&guest->pass, id);
  unsigned long long epoch = 0;
  unsigned long long number = 0;
  assert_int_equal(sscanf(id, "%llu-%llu", &epoch, &number), 2);
  return number;
}

/* Polls all guests at either node for a while; each must wait all the time. */
static void keep_polling(struct guest *guests, unsigned count, int64_t ms) {
  int64_t until_ms = child_now_ms() + ms;
  for (unsigned turn = 0; child_now_ms() < until_ms; turn++) {
    for (unsigned i = 0; i < count; i++) {
      assert_state(guest_poll(either(i + turn), &guests[i]), WAITQ_STATE_WAITING);
    }
    child_sleep_ms(50);
  }
}

#define LINE 60

static void test_loss__who_waits_keeps_the_place(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest guests[LINE];
  for (unsigned i = 0; i < LINE; i++) {
    guest_join_numbered(either(i), "v", i, &guests[i]);
  }
  struct guest gone;
  guest_join(a.room, "gone", &gone);
  assert_state(guest_leave(b.room, &gone), WAITQ_STATE_LEFT);
  await_counts(a.room, LINE, 0, 0, 0);
  await_counts(b.room, LINE, 0, 0, 0);
  loss->happen();
  keep_polling(guests, LINE, 4000);
  for (unsigned i = 0; i < LINE; i++) {
    await_position(either(i), &guests[i], i + 1);
    await_position(either(i + 1), &guests[i], i + 1);
    await_no_reason(either(i), &guests[i], WAITQ_REASON_RESTORED);
  }
  await_counts(a.room, LINE, 0, 0, 0);
  await_state(b.room, &gone, WAITQ_STATE_LEFT);
  for (unsigned i = 0; i < 10; i++) { /* newcomers come behind all of them */
    struct guest guest;
    guest_join_numbered(either(i), "new", i, &guest);
    assert_int_equal(guest.status.position, LINE + 1 + i);
  }
}

static void test_loss__who_waits_has_one_ticket_before_and_after(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest guests[20];
  for (unsigned i = 0; i < 20; i++) {
    guest_join_numbered(either(i), "v", i, &guests[i]);
  }
  await_counts(a.room, 20, 0, 0, 0);
  await_counts(b.room, 20, 0, 0, 0);
  loss->happen();
  keep_polling(guests, 20, 1500);
  for (unsigned i = 0; i < 20; i++) {
    struct guest again;
    join_again_numbered(either(i + 1), i, &again); /* the store may not be back for one of them yet */
    assert_string_equal(again.ticket.text, guests[i].ticket.text);
  }
  await_counts(a.room, 20, 0, 0, 0);
}

static void test_loss__who_is_inside_stays_inside_with_the_same_pass(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.max_active = 8;
  open_both(&policy);
  struct guest guests[12];
  for (unsigned i = 0; i < 12; i++) {
    guest_join_numbered(either(i), "v", i, &guests[i]);
    assert_state(guest_enter(either(i), &guests[i]), i < 8 ? WAITQ_STATE_ENTERED : WAITQ_STATE_WAITING);
  }
  guest_exit(a.room, &guests[0]);
  guest_exit(b.room, &guests[1]);
  await_state(a.room, &guests[8], WAITQ_STATE_READY); /* in the place of the one; */
  await_state(b.room, &guests[9], WAITQ_STATE_READY); /* of the other */
  await_counts(a.room, 2, 2, 8, 6);
  await_counts(b.room, 2, 2, 8, 6);
  loss->happen();
  await_counts(a.room, 2, 2, 8, 6);
  await_counts(b.room, 2, 2, 8, 6);
  for (unsigned i = 0; i < 8; i++) {
    struct guest again = guests[i];
    uint32_t expected = i < 2 ? WAITQ_STATE_EXPIRED : WAITQ_STATE_ENTERED;
    assert_state(guest_poll(either(i + 1), &again), WAITQ_STATE_ENTERED);
    assert_state(guest_enter(either(i + 1), &again), expected);
    if (i >= 2) {
      assert_string_equal(again.pass.text, guests[i].pass.text);
    }
  }
  for (unsigned i = 8; i < 12; i++) {
    assert_state(guest_poll(either(i), &guests[i]), i < 10 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
  }
  await_entry(b.room, &guests[8]);
  assert_int_equal(number_of(&guests[8]), 8);
  guest_exit(b.room, &guests[2]); /* a session of before ends after, and its place is given */
  await_state(a.room, &guests[10], WAITQ_STATE_READY);
  await_counts(b.room, 1, 2, 9, 6);
}

/* b joins visitors, of whom a hears nothing before b and the store are gone. */
static void test_loss__a_ticket_that_nobody_knows_any_more_is_put_back(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_policy policy = quick_policy(0.0, 1);
  char uri[64];
  proxy = proxy_start(server_port(server));
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", proxy_port(proxy));
  node_open(&a, uri, &policy);
  node_open(&b, server_uri(server), NULL);
  struct guest guests[30];
  for (unsigned i = 0; i < 10; i++) {
    guest_join_numbered(a.room, "v", i, &guests[i]);
  }
  await_counts(a.room, 10, 0, 0, 0);
  proxy_stall(proxy, PROXY_BOTH);
  for (unsigned i = 10; i < 30; i++) {
    guest_join_numbered(b.room, "v", i, &guests[i]);
    assert_int_equal(guests[i].status.position, i + 1);
  }
  node_close(&b);
  loss->happen();
  proxy_drop(proxy, PROXY_RESET);
  proxy_heal(proxy);
  struct guest newcomer;
  await_no_reason(a.room, &guests[0], WAITQ_REASON_STALLED);
  join_again(a.room, "newcomer", &newcomer); /* before any of the lost ones is seen again */
  for (unsigned turn = 0; turn < 20; turn++) {
    for (unsigned i = 0; i < 30; i++) {
      assert_state(guest_poll(a.room, &guests[i]), WAITQ_STATE_WAITING);
    }
    child_sleep_ms(50);
  }
  for (unsigned i = 0; i < 30; i++) {
    await_position(a.room, &guests[i], i + 1);
  }
  await_position(a.room, &newcomer, 31);
  await_counts(a.room, 31, 0, 0, 0);
  for (unsigned i = 0; i < 30; i++) {
    struct guest again;
    guest_join_numbered(a.room, "v", i, &again);
    assert_string_equal(again.ticket.text, guests[i].ticket.text);
  }
  assert_code(waitq_room_set_rate(a.room, 1000.0, NULL), WAITQ_OK);
  unsigned long long last = 0;
  for (unsigned i = 0; i < 31; i++) { /* in their order, each with a number of its own */
    struct guest *guest = i < 30 ? &guests[i] : &newcomer;
    await_entry(a.room, guest);
    assert_true(i == 0 || number_of(guest) > last);
    last = number_of(guest);
  }
}

/* Numbers that a node does not know lie in the gap, and are gone until they are shown. It learns the one a while before the other. */
static void test_loss__nobody_is_told_to_have_expired_while_a_slow_node_takes_it_in(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_policy policy = quick_policy(0.0, 1);
  char uri[64];
  proxy = proxy_start(server_port(server));
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", proxy_port(proxy));
  node_open(&a, uri, &policy);
  node_open(&b, server_uri(server), NULL);
  struct guest guests[30];
  proxy_stall(proxy, PROXY_BOTH);
  for (unsigned i = 0; i < 30; i++) {
    guest_join_numbered(b.room, "v", i, &guests[i]);
  }
  node_close(&b);
  loss->happen();
  proxy_drop(proxy, PROXY_RESET);
  proxy_heal(proxy);
  proxy_delay(proxy, PROXY_BOTH, 20);
  int64_t until_ms = child_now_ms() + 2500;
  unsigned turn = 0;
  while (child_now_ms() < until_ms) {
    for (unsigned i = 0; i < 30; i++) {
      assert_state(guest_poll(a.room, &guests[i]), WAITQ_STATE_WAITING);
    }
    assert_state(guest_enter(a.room, &guests[turn++ % 30]), WAITQ_STATE_WAITING);
    child_sleep_ms(2);
  }
  for (unsigned i = 0; i < 30; i++) {
    await_position(a.room, &guests[i], i + 1);
  }
}

static void test_loss__a_node_that_opens_afterwards_works_with_the_tickets_of_before(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.max_active = 1;
  node_open(&a, server_uri(server), &policy); /* without a key of its own */
  struct guest inside;
  struct guest ready;
  guest_join(a.room, "inside", &inside);
  assert_state(guest_enter(a.room, &inside), WAITQ_STATE_ENTERED);
  guest_join(a.room, "waiting", &ready);
  loss->happen();
  await_counts(a.room, 1, 0, 1, 1);
  node_open(&c, server_uri(server), NULL);
  assert_state(guest_poll(c.room, &ready), WAITQ_STATE_WAITING);
  assert_state(guest_poll(c.room, &inside), WAITQ_STATE_ENTERED);
  struct guest again = inside;
  assert_state(guest_enter(c.room, &again), WAITQ_STATE_ENTERED);
  assert_string_equal(again.pass.text, inside.pass.text);
  guest_exit(c.room, &inside);
  await_entry(c.room, &ready);
  guest_exit(a.room, &ready);
  waitq_policy known = WAITQ_POLICY_INIT;
  assert_code(waitq_room_policy(c.room, &known, NULL), WAITQ_OK);
  assert_int_equal(known.max_active, 1);
  assert_int_equal(known.burst, 1000);
}

#define AT_ONCE 10

static waitq_key key_of_its_own(void) {
  waitq_key key = WAITQ_KEY_INIT;
  key.algorithm = WAITQ_KEY_HS256;
  key.length = 32;
  memcpy(key.kid, "k1", 3);
  memset(key.bytes, 7, 32);
  return key;
}

/* A visitor of the line that was there first, who asks c for nothing else but that all the time. */
struct asking {
  pthread_t thread;
  _Atomic int is_over;
  _Atomic uint64_t answers;
  _Atomic uint64_t wrong; /* answers that sent it away */
  const struct guest *guest;
};

static void *ask_again_and_again(void *data) {
  struct asking *asking = data;
  while (!atomic_load(&asking->is_over)) {
    waitq_status status = WAITQ_STATUS_INIT;
    int code = waitq_poll(c.room, asking->guest->ticket.text, &status, NULL);
    atomic_fetch_add(&asking->answers, 1);
    atomic_fetch_add(&asking->wrong, code != WAITQ_OK || status.state != WAITQ_STATE_WAITING);
  }
  return NULL;
}

/* a and b know a line that c, who opens before they have noticed, finds nothing of. */
static void open_before_it_is_noticed(const struct loss *loss, const waitq_key *key, struct guest *guests,
                                      struct guest *newcomer) {
  waitq_policy policy = quick_policy(0.0, 1);
  char uri[64];
  proxy = proxy_start(server_port(server));
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", proxy_port(proxy));
  node_open_with_key(&a, uri, &policy, key);
  node_open_with_key(&b, uri, &policy, key);
  for (unsigned i = 0; i < AT_ONCE; i++) {
    guest_join_numbered(either(i), "v", i, &guests[i]);
  }
  await_counts(a.room, AT_ONCE, 0, 0, 0);
  await_counts(b.room, AT_ONCE, 0, 0, 0);
  child_sleep_ms(1100); /* epochs are named after the second in which they begin */
  proxy_stall(proxy, PROXY_BOTH);
  loss->happen();
  node_open_with_key(&c, server_uri(server), &policy, key);
  join_again(c.room, "newcomer", newcomer);
}

/* Then they notice. */
static void open_at_once(const struct loss *loss, const waitq_key *key, struct guest *guests, struct guest *newcomer) {
  open_before_it_is_noticed(loss, key, guests, newcomer);
  proxy_drop(proxy, PROXY_RESET);
  proxy_heal(proxy);
  for (unsigned turn = 0; turn < 200;
       turn++) { /* whom c does not know, it does not send away, as far as it has the key */
    for (unsigned i = 0; i < AT_ONCE; i++) {
      waitq_room_t *room = key != NULL && turn % 2 == 0 ? c.room : either(i + turn / 2);
      assert_state(guest_poll(room, &guests[i]), WAITQ_STATE_WAITING);
    }
    child_sleep_ms(5);
  }
}

/* Nobody of the line that was there first loses the place, whoever is asked; who joined in the other one joins again, at the end. */
static void expect_one_line(struct guest *guests, struct guest *newcomer) {
  waitq_room_t *const rooms[] = {a.room, b.room, c.room};
  for (unsigned k = 0; k < 3; k++) {
    for (unsigned i = 0; i < AT_ONCE; i++) {
      struct guest again;
      await_position(rooms[k], &guests[i], i + 1);
      guest_join_numbered(rooms[k], "v", i, &again);
      assert_string_equal(again.ticket.text, guests[i].ticket.text);
    }
    await_state(rooms[k], newcomer, WAITQ_STATE_STALE);
  }
  join_again(c.room, "newcomer", newcomer);
  assert_int_equal(newcomer->status.position, AT_ONCE + 1);
  struct guest later;
  guest_join(a.room, "later", &later);
  assert_int_equal(later.status.position, AT_ONCE + 2);
  await_position(b.room, newcomer, AT_ONCE + 1);
  await_position(c.room, &later, AT_ONCE + 2);
  await_counts(b.room, AT_ONCE + 2, 0, 0, 0);
  await_counts(c.room, AT_ONCE + 2, 0, 0, 0);
}

static void test_loss__a_node_that_opens_at_once_does_not_begin_anew(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_key key = key_of_its_own();
  struct guest guests[AT_ONCE];
  struct guest newcomer;
  open_at_once(loss, &key, guests, &newcomer);
  expect_one_line(guests, &newcomer);
}

static void test_loss__nobody_is_sent_away_at_the_instant_in_which_a_new_line_gives_way(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_key key = key_of_its_own();
  struct guest guests[AT_ONCE];
  struct guest newcomer;
  struct asking asking = {.guest = &guests[0]};
  open_before_it_is_noticed(loss, &key, guests, &newcomer);
  assert_int_equal(pthread_create(&asking.thread, NULL, ask_again_and_again, &asking), 0);
  proxy_drop(proxy, PROXY_RESET);
  proxy_heal(proxy);
  await_counts(c.room, AT_ONCE, 0, 0, 0);
  atomic_store(&asking.is_over, 1);
  assert_int_equal(pthread_join(asking.thread, NULL), 0);
  assert_true(atomic_load(&asking.answers) > 0);
  assert_int_equal(atomic_load(&asking.wrong), 0);
}

/* The key that nodes had agreed on was lost as well, and the new node has made another. */
static void test_loss__a_node_that_opens_at_once_learns_the_key_of_the_others(void **state) {
  const struct loss *loss = loss_of(state);
  struct guest guests[AT_ONCE];
  struct guest newcomer;
  open_at_once(loss, NULL, guests, &newcomer);
  expect_one_line(guests, &newcomer);
  node_close(&a);
  node_open(&a, server_uri(server), NULL); /* one that knows neither key */
  for (unsigned i = 0; i < AT_ONCE; i++) {
    await_position(a.room, &guests[i], i + 1);
  }
  await_position(a.room, &newcomer, AT_ONCE + 1);
  assert_code(waitq_room_set_rate(c.room, 1000.0, NULL), WAITQ_OK);
  await_entry(c.room, &guests[0]);
  struct guest again = guests[0];
  assert_state(guest_enter(a.room, &again), WAITQ_STATE_ENTERED);
  assert_string_equal(again.pass.text, guests[0].pass.text);
  guest_exit(b.room, &guests[0]);
}

static void test_loss__one_loss_after_another_changes_nothing(void **state) {
  const struct loss *loss = loss_of(state);
  waitq_policy policy = quick_policy(0.0, 1);
  open_both(&policy);
  struct guest guests[20];
  for (unsigned i = 0; i < 20; i++) {
    guest_join_numbered(either(i), "v", i, &guests[i]);
  }
  for (unsigned turn = 0; turn < 3; turn++) {
    loss->happen();
    keep_polling(guests, 20, 800);
    await_counts(a.room, 20, 0, 0, 0);
    await_counts(b.room, 20, 0, 0, 0);
  }
  keep_polling(guests, 20, 2500);
  for (unsigned i = 0; i < 20; i++) {
    await_position(either(i), &guests[i], i + 1);
  }
}

/* The master was replaced by one that had not got all, and took over from that again: its run_id is the same as ever. */
static void test_loss__a_server_that_went_back_to_what_another_had_got_is_noticed(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  struct guest guests[LINE];
  struct server *other = server_start(NULL);
  open_both(&policy);
  for (unsigned i = 0; i < LINE; i++) {
    if (i == LINE / 2) {
      await_counts(b.room, LINE / 2, 0, 0, 0);
      server_replicate(other, server_port(server));
      server_wait_in_step(other, server);
      server_ask(other, "REPLICAOF NO ONE");
    }
    guest_join_numbered(either(i), "v", i, &guests[i]);
  }
  await_counts(a.room, LINE, 0, 0, 0);
  await_counts(b.room, LINE, 0, 0, 0);
  server_replicate(server, server_port(other));
  server_ask(server, "REPLICAOF NO ONE");
  server_stop(other);
  keep_polling(guests, LINE, 3000);
  for (unsigned i = 0; i < LINE; i++) {
    struct guest again;
    await_position(either(i), &guests[i], i + 1);
    guest_join_numbered(either(i + 1), "v", i, &again);
    assert_string_equal(again.ticket.text, guests[i].ticket.text);
  }
  struct guest newcomer;
  guest_join(a.room, "newcomer", &newcomer);
  assert_int_equal(newcomer.status.position, LINE + 1);
}

#define TEST(function)                                                       \
  {#function, function, setup, teardown, (void *)(uintptr_t)&flushed},       \
      {#function, function, setup, teardown, (void *)(uintptr_t)&emptied}, { \
#function, function, setup, teardown, (void *)(uintptr_t)&restarted      \
  }

/* For what happens only where the store has forgotten everything. */
#define TEST_EMPTY(function)                                             \
  {#function, function, setup, teardown, (void *)(uintptr_t)&flushed}, { \
#function, function, setup, teardown, (void *)(uintptr_t)&emptied    \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_loss__who_waits_keeps_the_place),
      TEST(test_loss__who_waits_has_one_ticket_before_and_after),
      TEST(test_loss__who_is_inside_stays_inside_with_the_same_pass),
      TEST(test_loss__a_ticket_that_nobody_knows_any_more_is_put_back),
      TEST_EMPTY(test_loss__nobody_is_told_to_have_expired_while_a_slow_node_takes_it_in),
      TEST(test_loss__a_node_that_opens_afterwards_works_with_the_tickets_of_before),
      TEST_EMPTY(test_loss__a_node_that_opens_at_once_does_not_begin_anew),
      TEST_EMPTY(test_loss__nobody_is_sent_away_at_the_instant_in_which_a_new_line_gives_way),
      TEST_EMPTY(test_loss__a_node_that_opens_at_once_learns_the_key_of_the_others),
      TEST(test_loss__one_loss_after_another_changes_nothing),
      cmocka_unit_test_setup_teardown(test_loss__a_server_that_went_back_to_what_another_had_got_is_noticed, setup,
                                      teardown),
  };
  const struct server_options options = {.flags = SERVER_AOF};
  server = server_start(&options);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
