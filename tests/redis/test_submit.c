/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Submitted calls on a shared store: they gather, go to the store together, and end once each, whatever the store does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/collector.h"
#include "nodes.h"

/* Submitting waits for no round trip. */
#define AT_ONCE_MS 250

static struct server *server;
static char uri[128];
static struct node a;
static struct collector collector;

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  server_resume(server);
  node_close(&a);
  return 0;
}

static void guest_init(struct guest *guest) {
  waitq_ticket_init(&guest->ticket, sizeof guest->ticket);
  waitq_status_init(&guest->status, sizeof guest->status);
  waitq_pass_init(&guest->pass, sizeof guest->pass);
}

/* What is handed in is overwritten at once: it has been read. */
static void submit_join(unsigned number, struct guest *guest, uint64_t tag) {
  char visitor[16];
  guest_init(guest);
  snprintf(visitor, sizeof visitor, "v%u", number);
  assert_code(waitq_submit_join(a.room, visitor, strlen(visitor), NULL, &guest->ticket, &guest->status, tag, NULL),
              WAITQ_OK);
  memset(visitor, '?', sizeof visitor);
}

static void submit_enter(struct guest *guest, uint64_t tag) {
  waitq_ticket copy = guest->ticket;
  assert_code(waitq_submit_enter(a.room, copy.text, NULL, &guest->pass, tag, NULL), WAITQ_OK);
  memset(copy.text, '?', sizeof copy.text - 1);
}

static void submit_leave(struct guest *guest, uint64_t tag) {
  waitq_ticket copy = guest->ticket;
  assert_code(waitq_submit_leave(a.room, copy.text, &guest->status, tag, NULL), WAITQ_OK);
  memset(copy.text, '?', sizeof copy.text - 1);
}

static void submit_renew(struct guest *guest, uint64_t tag) {
  waitq_pass copy = guest->pass;
  assert_code(waitq_submit_renew(a.room, copy.text, &guest->pass, tag, NULL), WAITQ_OK);
  memset(copy.text, '?', sizeof copy.text - 1);
}

static void submit_exit(struct guest *guest, uint64_t tag) {
  waitq_pass copy = guest->pass;
  assert_code(waitq_submit_exit(a.room, copy.text, tag, NULL), WAITQ_OK);
  memset(copy.text, '?', sizeof copy.text - 1);
}

#define CROWD 500

static void expect_codes(unsigned from, unsigned to, int expected) {
  for (unsigned i = from; i < to; i++) {
    assert_code(collector.codes[i], expected);
    assert_int_equal(collector.retriable[i], 0);
  }
}

static void test_submit__whole_visits_of_a_crowd(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1e6, 1000000);
  node_open(&a, uri, &policy);
  struct guest *guests = calloc(CROWD, sizeof *guests);
  assert_non_null(guests);
  collector_init(&collector, a.context, 5 * CROWD);
  for (unsigned i = 0; i < CROWD; i++) {
    submit_join(i, &guests[i], i);
  }
  collector_take(&collector, CROWD, 64);
  for (unsigned i = 0; i < CROWD; i++) {
    assert_int_equal(strlen(guests[i].ticket.text), 62);
    if (i % 10 == 0) {
      submit_leave(&guests[i], CROWD + i);
    } else {
      await_state(a.room, &guests[i], WAITQ_STATE_READY);
      submit_enter(&guests[i], CROWD + i);
    }
  }
  collector_take(&collector, 2 * CROWD, 7);
  await_counts(a.room, 0, 0, CROWD - CROWD / 10, CROWD - CROWD / 10);
  for (unsigned i = 0; i < CROWD; i++) {
    if (i % 10 == 0) {
      assert_state(guests[i].status.state, WAITQ_STATE_LEFT);
      submit_join(i, &guests[i], 2 * CROWD + i);
    } else {
      assert_state(guests[i].pass.state, WAITQ_STATE_ENTERED);
      submit_renew(&guests[i], 2 * CROWD + i);
    }
  }
  collector_take(&collector, 3 * CROWD, 64);
  for (unsigned i = 0; i < CROWD; i++) {
    if (i % 10 == 0) {
      await_state(a.room, &guests[i], WAITQ_STATE_READY);
      submit_enter(&guests[i], 3 * CROWD + i);
    } else {
      assert_state(guests[i].pass.state, WAITQ_STATE_ENTERED);
      submit_exit(&guests[i], 3 * CROWD + i);
    }
  }
  collector_take(&collector, 4 * CROWD, 64);
  expect_codes(0, 4 * CROWD, WAITQ_OK);
  await_counts(a.room, 0, 0, CROWD, CROWD / 10);
  collector_end(&collector);
  free(guests);
}

static void test_submit__completions_come_in_the_order_of_the_line(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  node_open(&a, uri, &policy);
  struct guest *guests = calloc(CROWD, sizeof *guests);
  assert_non_null(guests);
  collector_init(&collector, a.context, CROWD);
  for (unsigned i = 0; i < CROWD; i++) {
    submit_join(i, &guests[i], i);
  }
  collector_take(&collector, CROWD, 64);
  for (unsigned i = 0; i < CROWD; i++) {
    struct guest *guest = &guests[collector.order[i]];
    assert_state(guest_poll(a.room, guest), WAITQ_STATE_WAITING);
    assert_int_equal(guest->status.position, i + 1);
  }
  collector_end(&collector);
  free(guests);
}

static void test_submit__what_means_nothing_is_answered_all_the_same(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  node_open(&a, uri, &policy);
  struct guest guest;
  collector_init(&collector, a.context, 4);
  submit_join(0, &guest, 0);
  collector_take(&collector, 1, 64);
  submit_enter(&guest, 1);
  collector_take(&collector, 2, 64);
  assert_code(collector.codes[1], WAITQ_OK);
  assert_state(guest.pass.state, WAITQ_STATE_WAITING);
  assert_code(waitq_room_reset(a.room, NULL), WAITQ_OK);
  submit_leave(&guest, 2);
  submit_enter(&guest, 3);
  collector_take(&collector, 4, 64);
  assert_state(guest.status.state, WAITQ_STATE_STALE);
  assert_state(guest.pass.state, WAITQ_STATE_STALE);
  collector_end(&collector);
}

static void test_submit__a_limiter_decides_for_as_many_as_may(void **state) {
  (void)state;
  for (uint32_t mode = WAITQ_LIMIT_EXACT; mode <= WAITQ_LIMIT_LEASED; mode++) {
    waitq_limit limit = WAITQ_LIMIT_INIT;
    waitq_limiter_t *limiter = NULL;
    waitq_decision decisions[200];
    limit.rate_per_s = 0.001;
    limit.burst = 50;
    limit.mode = mode;
    node_open(&a, uri, NULL);
    assert_code(waitq_limiter_open(a.context, mode == WAITQ_LIMIT_EXACT ? "exact" : "leased", &limit, &limiter, NULL),
                WAITQ_OK);
    collector_init(&collector, a.context, 200);
    for (unsigned i = 0; i < 200; i++) {
      waitq_decision_init(&decisions[i], sizeof decisions[i]);
      assert_code(waitq_submit_try(limiter, 1, &decisions[i], i, NULL), WAITQ_OK);
    }
    collector_take(&collector, 200, 64);
    unsigned admitted = 0;
    for (unsigned i = 0; i < 200; i++) {
      admitted += decisions[i].admitted;
      assert_true(decisions[i].admitted == 1 || decisions[i].retry_after_ms > 0);
    }
    assert_int_equal(admitted, 50);
    expect_codes(0, 200, WAITQ_OK);
    collector_end(&collector);
    waitq_limiter_close(limiter);
    node_close(&a);
  }
}

/* Submits while the store hangs: nothing waits, and everything ends. */
static void test_submit__while_the_store_hangs_submitting_does_not_wait(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1e6, 1000000);
  waitq_limiter_t *limiter = NULL;
  waitq_decision decision = WAITQ_DECISION_INIT;
  node_open(&a, uri, &policy);
  assert_code(waitq_limiter_open(a.context, "limit", NULL, &limiter, NULL), WAITQ_OK);
  struct guest inside;
  struct guest ready;
  struct guest late[100];
  guest_join(a.room, "inside", &inside);
  assert_state(guest_enter(a.room, &inside), WAITQ_STATE_ENTERED);
  guest_join(a.room, "ready", &ready);
  assert_state(ready.status.state, WAITQ_STATE_READY);
  collector_init(&collector, a.context, 105);
  server_pause(server);
  for (unsigned i = 0; i < 100; i++) {
    int64_t began_ms = child_now_ms();
    submit_join(i, &late[i], i);
    assert_in_range(child_now_ms() - began_ms, 0, AT_ONCE_MS);
  }
  int64_t began_ms = child_now_ms();
  submit_enter(&ready, 100);
  submit_leave(&ready, 101);
  submit_exit(&inside, 102);
  submit_renew(&inside, 103);
  assert_code(waitq_submit_try(limiter, 1, &decision, 104, NULL), WAITQ_OK);
  assert_in_range(child_now_ms() - began_ms, 0, AT_ONCE_MS);
  collector_take(&collector, 105, 64);
  for (unsigned i = 0; i < 100; i++) { /* as the policy says */
    assert_code(collector.codes[i], WAITQ_OK);
    assert_state(late[i].status.state, WAITQ_STATE_NONE);
    assert_reason(late[i].status.reason, WAITQ_REASON_STALLED);
  }
  assert_code(collector.codes[100], WAITQ_OK);
  assert_state(ready.pass.state, WAITQ_STATE_READY);
  assert_reason(ready.pass.reason, WAITQ_REASON_STALLED);
  for (unsigned i = 101; i < 105; i++) {
    if (collector.codes[i] != WAITQ_E_STORE && collector.codes[i] != WAITQ_E_TIMEOUT) {
      fail_msg("call %u: %s", i, waitq_error_name(collector.codes[i]));
    }
    assert_int_equal(collector.retriable[i], 1);
  }
  collector_end(&collector);
  server_resume(server);
  await_no_reason(a.room, &inside, WAITQ_REASON_STALLED);
  waitq_limiter_close(limiter);
}

/* The contract wants the room open until all is collected. A host in a hurry does not wait, and loses no memory by that. */
static void test_submit__closing_ends_what_is_under_way(void **state) {
  (void)state;
  for (int hangs = 0; hangs < 2; hangs++) {
    waitq_policy policy = quick_policy(0.0, 1);
    struct guest *guests = calloc(CROWD, sizeof *guests);
    waitq_decision *decisions = calloc(CROWD, sizeof *decisions);
    assert_non_null(guests);
    assert_non_null(decisions);
    node_open(&a, uri, &policy);
    waitq_limiter_t *limiters[2] = {NULL, NULL};
    for (unsigned i = 0; i < 2; i++) {
      waitq_limit limit = WAITQ_LIMIT_INIT;
      limit.mode = i == 0 ? WAITQ_LIMIT_EXACT : WAITQ_LIMIT_LEASED;
      assert_code(waitq_limiter_open(a.context, i == 0 ? "exact" : "leased", &limit, &limiters[i], NULL), WAITQ_OK);
    }
    if (hangs) {
      server_pause(server);
    }
    for (unsigned i = 0; i < CROWD; i++) {
      submit_join(i, &guests[i], i);
      decisions[i] = (waitq_decision)WAITQ_DECISION_INIT;
      assert_code(waitq_submit_try(limiters[i % 2], 1, &decisions[i], i, NULL), WAITQ_OK);
    }
    waitq_limiter_close(limiters[0]);
    waitq_limiter_close(limiters[1]);
    node_close(&a); /* looks for lost memory */
    server_resume(server);
    free(decisions);
    free(guests);
  }
}

static void test_submit__what_was_submitted_before_the_end_of_the_context_takes_effect(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  struct guest guests[50];
  size_t count;
  waitq_completion done = WAITQ_COMPLETION_INIT;
  node_open(&a, uri, &policy);
  for (unsigned i = 0; i < 50; i++) {
    submit_join(i, &guests[i], i);
  }
  waitq_t *context = a.context;
  waitq_close(context);
  a.context = NULL;
  assert_code(waitq_complete(context, &done, 1, &count, NULL), WAITQ_E_CLOSED);
  assert_code(waitq_submit_join(a.room, "v", 1, NULL, &guests[0].ticket, NULL, 0, NULL), WAITQ_E_CLOSED);
  node_close(&a);
  node_open(&a, uri, NULL);
  assert_int_equal(line_stats(a.room).issued, 50);
  for (unsigned i = 0; i < 50; i++) {
    assert_state(guest_poll(a.room, &guests[i]), WAITQ_STATE_WAITING);
  }
}

enum { THREADS = 4, EACH = 1000 };

struct submitter {
  pthread_t thread;
  unsigned first;
  struct guest *guests;
  int failures;
};

static void *submit_many(void *user) {
  struct submitter *submitter = user;
  for (unsigned i = 0; i < EACH; i++) {
    struct guest *guest = &submitter->guests[i];
    guest_init(guest);
    submitter->failures += waitq_submit_join(a.room, NULL, 0, NULL, &guest->ticket, &guest->status,
                                             submitter->first + i, NULL) != WAITQ_OK;
    if (i % 50 == 0) { /* those who wait themselves are in the same rounds */
      struct guest own = {.ticket = WAITQ_TICKET_INIT};
      submitter->failures += waitq_join(a.room, NULL, 0, NULL, &own.ticket, NULL, NULL) != WAITQ_OK;
    }
  }
  return NULL;
}

static void test_submit__many_threads_submit(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(0.0, 1);
  struct submitter submitters[THREADS];
  struct guest *guests = calloc(THREADS * EACH, sizeof *guests);
  assert_non_null(guests);
  node_open(&a, uri, &policy);
  collector_init(&collector, a.context, THREADS * EACH);
  for (unsigned t = 0; t < THREADS; t++) {
    submitters[t] = (struct submitter){.first = t * EACH, .guests = guests + (size_t)t * EACH};
    assert_int_equal(pthread_create(&submitters[t].thread, NULL, submit_many, &submitters[t]), 0);
  }
  collector_take(&collector, THREADS * EACH, 64);
  for (unsigned t = 0; t < THREADS; t++) {
    pthread_join(submitters[t].thread, NULL);
    assert_int_equal(submitters[t].failures, 0);
  }
  expect_codes(0, THREADS * EACH, WAITQ_OK);
  assert_int_equal(line_stats(a.room).issued, THREADS * EACH + THREADS * EACH / 50);
  collector_end(&collector);
  free(guests);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_submit__whole_visits_of_a_crowd),
      TEST(test_submit__completions_come_in_the_order_of_the_line),
      TEST(test_submit__what_means_nothing_is_answered_all_the_same),
      TEST(test_submit__a_limiter_decides_for_as_many_as_may),
      TEST(test_submit__while_the_store_hangs_submitting_does_not_wait),
      TEST(test_submit__closing_ends_what_is_under_way),
      TEST(test_submit__what_was_submitted_before_the_end_of_the_context_takes_effect),
      TEST(test_submit__many_threads_submit),
  };
  server = server_start(NULL);
  snprintf(uri, sizeof uri, "%s?command_timeout_ms=500&connect_timeout_ms=500", server_uri(server));
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
