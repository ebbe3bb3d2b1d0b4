/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Submitted calls on the memory store: each ends once, with what the call itself would have answered. */

#include <stdlib.h>
#include <string.h>

#include "../support/collector.h"
#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

struct bench {
  struct world *world;
  waitq_room_t *room;
  struct collector collector;
};

static int setup(void **state) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.max_active = 2;
  bench->world = world_open(&memory_subject);
  bench->room = world_room(bench->world, "concert", &policy);
  *state = bench;
  return 0;
}

static int teardown(void **state) {
  struct bench *bench = *state;
  world_close(bench->world);
  free(bench);
  return 0;
}

static void submit_join(struct bench *bench, const char *visitor, struct guest *guest, uint64_t tag) {
  waitq_ticket_init(&guest->ticket, sizeof guest->ticket);
  waitq_status_init(&guest->status, sizeof guest->status);
  waitq_pass_init(&guest->pass, sizeof guest->pass);
  assert_code(waitq_submit_join(bench->room, visitor, strlen(visitor), NULL, &guest->ticket, &guest->status, tag, NULL),
              WAITQ_OK);
}

static void test_submit__each_call_answers_as_it_does_by_itself(void **state) {
  struct bench *bench = *state;
  struct collector *collector = &bench->collector;
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_limiter_t *limiter = NULL;
  struct guest ann;
  struct guest bob;
  collector_init(collector, bench->world->context, 8);
  submit_join(bench, "ann", &ann, 0);
  submit_join(bench, "bob", &bob, 1);
  collector_take(collector, 2, 64);
  assert_state(ann.status.state, WAITQ_STATE_READY);
  assert_state(guest_poll(bench->room, &ann), WAITQ_STATE_READY);
  assert_code(waitq_submit_enter(bench->room, ann.ticket.text, NULL, &ann.pass, 2, NULL), WAITQ_OK);
  assert_code(waitq_submit_leave(bench->room, bob.ticket.text, &bob.status, 3, NULL), WAITQ_OK);
  collector_take(collector, 4, 64);
  assert_state(ann.pass.state, WAITQ_STATE_ENTERED);
  assert_state(bob.status.state, WAITQ_STATE_LEFT);
  struct guest again = ann;
  assert_state(guest_enter(bench->room, &again), WAITQ_STATE_ENTERED);
  assert_string_equal(again.pass.text, ann.pass.text);
  world_advance_ms(bench->world, 100000);
  waitq_pass renewed = WAITQ_PASS_INIT;
  assert_code(waitq_submit_renew(bench->room, ann.pass.text, &renewed, 4, NULL), WAITQ_OK);
  collector_take(collector, 5, 64);
  assert_state(renewed.state, WAITQ_STATE_ENTERED);
  assert_true(renewed.expires_at_ms > ann.pass.expires_at_ms);
  assert_code(waitq_submit_exit(bench->room, renewed.text, 5, NULL), WAITQ_OK);
  collector_take(collector, 6, 64);
  assert_int_equal(line_stats(bench->room).active, 0);
  assert_code(waitq_limiter_open(bench->world->context, "limit", NULL, &limiter, NULL), WAITQ_OK);
  assert_code(waitq_submit_try(limiter, 10, &decision, 6, NULL), WAITQ_OK);
  collector_take(collector, 7, 64);
  assert_int_equal(decision.admitted, 1);
  assert_int_equal(decision.remaining, 0);
  assert_code(waitq_submit_try(limiter, 1, &decision, 7, NULL), WAITQ_OK);
  collector_take(collector, 8, 64);
  assert_int_equal(decision.admitted, 0);
  assert_int_equal(decision.retry_after_ms, 100);
  for (unsigned i = 0; i < 8; i++) {
    assert_code(collector->codes[i], WAITQ_OK);
    assert_int_equal(collector->retriable[i], 0);
  }
  waitq_limiter_close(limiter);
  collector_end(collector);
}

static void test_submit__where_nothing_is_to_be_filled_in_nothing_has_to_be_given(void **state) {
  struct bench *bench = *state;
  struct guest ann;
  memset(&ann, 0, sizeof ann);
  collector_init(&bench->collector, bench->world->context, 2);
  assert_code(waitq_submit_join(bench->room, NULL, 0, NULL, &ann.ticket, NULL, 0, NULL), WAITQ_E_VERSION);
  waitq_ticket_init(&ann.ticket, sizeof ann.ticket);
  assert_code(waitq_submit_join(bench->room, NULL, 0, NULL, &ann.ticket, NULL, 0, NULL), WAITQ_OK);
  collector_take(&bench->collector, 1, 1);
  assert_code(waitq_submit_leave(bench->room, ann.ticket.text, NULL, 1, NULL), WAITQ_OK);
  collector_take(&bench->collector, 2, 1);
  assert_int_equal(line_stats(bench->room).left, 1);
  collector_end(&bench->collector);
}

static void test_submit__an_outcome_that_is_no_success_is_no_error(void **state) {
  struct bench *bench = *state;
  struct guest guests[3];
  collector_init(&bench->collector, bench->world->context, 5);
  submit_join(bench, "0", &guests[0], 0);
  submit_join(bench, "1", &guests[1], 1);
  submit_join(bench, "2", &guests[2], 2);
  collector_take(&bench->collector, 3, 64);
  assert_state(guests[2].status.state, WAITQ_STATE_WAITING);
  assert_code(waitq_submit_enter(bench->room, guests[2].ticket.text, NULL, &guests[2].pass, 3, NULL), WAITQ_OK);
  collector_take(&bench->collector, 4, 64);
  assert_code(bench->collector.codes[3], WAITQ_OK);
  assert_state(guests[2].pass.state, WAITQ_STATE_WAITING);
  assert_string_equal(guests[2].pass.text, "");
  assert_state(guest_enter(bench->room, &guests[0]), WAITQ_STATE_ENTERED);
  world_advance_ms(bench->world, 700000); /* the session is over, and with it the pass */
  assert_code(waitq_submit_renew(bench->room, guests[0].pass.text, &guests[0].pass, 4, NULL), WAITQ_OK);
  collector_take(&bench->collector, 5, 64);
  assert_code(bench->collector.codes[4], WAITQ_E_EXPIRED);
  assert_int_equal(bench->collector.retriable[4], 0);
  collector_end(&bench->collector);
}

static void test_submit__the_descriptor_is_readable_as_long_as_there_is_something(void **state) {
  struct bench *bench = *state;
  struct collector *collector = &bench->collector;
  struct guest guests[5];
  int32_t fd = -1;
  collector_init(collector, bench->world->context, 5);
  assert_int_equal(collector_is_readable(collector, 0), 0);
  for (unsigned i = 0; i < 4; i++) {
    submit_join(bench, "v", &guests[i], i);
    assert_int_equal(collector_is_readable(collector, 1000), 1);
  }
  assert_code(waitq_completion_fd(bench->world->context, &fd, NULL), WAITQ_OK);
  assert_int_equal(fd, collector->fd);
  assert_int_equal(collector_look(collector, 3), 3);
  assert_int_equal(collector_is_readable(collector, 0), 1);
  assert_int_equal(collector_look(collector, 3), 1);
  assert_int_equal(collector_is_readable(collector, 0), 0);
  assert_int_equal(collector_look(collector, 3), 0);
  submit_join(bench, "v", &guests[4], 4);
  assert_int_equal(collector_is_readable(collector, 1000), 1);
  assert_int_equal(collector_look(collector, 0), 0); /* no room for any: it stays */
  assert_int_equal(collector_is_readable(collector, 0), 1);
  collector_take(collector, 5, 1);
  collector_end(collector);
}

static void test_submit__a_descriptor_that_is_asked_for_late_is_readable_at_once(void **state) {
  struct bench *bench = *state;
  struct guest guest;
  submit_join(bench, "v", &guest, 0);
  collector_init(&bench->collector, bench->world->context, 1);
  assert_int_equal(collector_is_readable(&bench->collector, 0), 1);
  collector_take(&bench->collector, 1, 64);
  collector_end(&bench->collector);
}

static void test_submit__without_a_descriptor_completions_are_collected_as_well(void **state) {
  struct bench *bench = *state;
  struct guest guest;
  waitq_completion done = WAITQ_COMPLETION_INIT;
  size_t count = 7;
  assert_code(waitq_complete(bench->world->context, &done, 1, &count, NULL), WAITQ_OK);
  assert_int_equal(count, 0);
  submit_join(bench, "v", &guest, UINT64_MAX);
  assert_code(waitq_complete(bench->world->context, &done, 1, &count, NULL), WAITQ_OK);
  assert_int_equal(count, 1);
  assert_true(done.tag == UINT64_MAX);
}

static void test_submit__more_may_be_outstanding_than_fits_into_one_collection(void **state) {
  struct bench *bench = *state;
  enum { CALLS = 5000 };
  waitq_ticket *tickets = calloc(CALLS, sizeof *tickets);
  assert_non_null(tickets);
  collector_init(&bench->collector, bench->world->context, CALLS);
  for (unsigned i = 0; i < CALLS; i++) {
    waitq_ticket_init(&tickets[i], sizeof tickets[i]);
    assert_code(waitq_submit_join(bench->room, NULL, 0, NULL, &tickets[i], NULL, i, NULL), WAITQ_OK);
    if (i % 7 == 0) {
      collector_look(&bench->collector, 3); /* the ring turns while it grows */
    }
  }
  collector_take(&bench->collector, CALLS, 100);
  for (unsigned i = 0; i < CALLS; i++) {
    assert_int_equal(bench->collector.order[i], i); /* what took effect first, ends first */
  }
  collector_end(&bench->collector);
  free(tickets);
}

/* A completion of an older library: shorter, by what came later. */
static void test_submit__completions_are_as_long_as_the_caller_says(void **state) {
  struct bench *bench = *state;
  struct guest guest;
  struct {
    waitq_completion completions[2];
    char after[8];
  } large;
  unsigned char small[4 * 16];
  const size_t size = 16;
  size_t count = 0;
  for (unsigned i = 0; i < 6; i++) {
    submit_join(bench, "v", &guest, 100 + i);
  }
  memset(small, 0xee, sizeof small);
  memcpy(small, &size, sizeof size);
  assert_code(waitq_complete(bench->world->context, (waitq_completion *)(void *)small, 3, &count, NULL), WAITQ_OK);
  assert_int_equal(count, 3);
  for (unsigned i = 0; i < 3; i++) {
    uint64_t tag;
    memcpy(&tag, small + i * size + 8, sizeof tag);
    assert_int_equal(tag, 100 + i);
  }
  for (unsigned i = 48; i < 64; i++) {
    assert_int_equal(small[i], 0xee);
  }
  /* And one of a newer library, longer by a field. */
  memset(&large, 0xee, sizeof large);
  large.completions[0].size = sizeof large.completions[0] + 8;
  assert_code(waitq_complete(bench->world->context, large.completions, 1, &count, NULL), WAITQ_OK);
  assert_int_equal(large.completions[0].tag, 103);
  assert_int_equal(large.completions[1].size, 0);
  assert_true(large.completions[1].tag == UINT64_C(0xeeeeeeeeeeeeeeee));
  large.completions[0].size = 3;
  assert_code(waitq_complete(bench->world->context, large.completions, 1, &count, NULL), WAITQ_E_VERSION);
  assert_int_equal(count, 0);
}

/* Whatever is wrong is said at once, and does not come again as a completion. */
static void test_submit__bad_input_is_refused_at_once(void **state) {
  struct bench *bench = *state;
  waitq_room_t *room = bench->room;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_limiter_t *limiter = NULL;
  struct guest ann;
  char long_id[WAITQ_VISITOR_MAX + 1];
  char forged[WAITQ_TICKET_SIZE];
  memset(long_id, 'x', sizeof long_id);
  guest_join(room, "ann", &ann);
  assert_state(guest_enter(room, &ann), WAITQ_STATE_ENTERED);
  memcpy(forged, ann.ticket.text, sizeof forged);
  forged[10] = forged[10] == 'A' ? 'B' : 'A';
  assert_code(waitq_limiter_open(bench->world->context, "limit", NULL, &limiter, NULL), WAITQ_OK);
  collector_init(&bench->collector, bench->world->context, 1);
  const char *text = ann.ticket.text;
  const struct {
    int code;
    int expected;
  } calls[] = {
      {waitq_submit_join(NULL, "v", 1, NULL, &ann.ticket, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_join(room, "v", 1, NULL, NULL, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_join(room, "v", 0, NULL, &ann.ticket, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_join(room, NULL, 1, NULL, &ann.ticket, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_join(room, long_id, sizeof long_id, NULL, &ann.ticket, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_enter(NULL, text, NULL, &ann.pass, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_enter(room, NULL, NULL, &ann.pass, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_enter(room, text, NULL, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_enter(room, "text", NULL, &ann.pass, 0, &error), WAITQ_E_MALFORMED},
      {waitq_submit_enter(room, forged, NULL, &ann.pass, 0, &error), WAITQ_E_FORGED},
      {waitq_submit_leave(NULL, text, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_leave(room, NULL, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_leave(room, forged, NULL, 0, &error), WAITQ_E_FORGED},
      {waitq_submit_renew(NULL, ann.pass.text, &ann.pass, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_renew(room, NULL, &ann.pass, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_renew(room, ann.pass.text, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_renew(room, "text", &ann.pass, 0, &error), WAITQ_E_MALFORMED},
      {waitq_submit_exit(NULL, ann.pass.text, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_exit(room, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_exit(room, "a.b.c", 0, &error), WAITQ_E_MALFORMED},
      {waitq_submit_try(NULL, 1, &decision, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_try(limiter, 1, NULL, 0, &error), WAITQ_E_INVALID},
      {waitq_submit_try(limiter, 0, &decision, 0, &error), WAITQ_E_INVALID},
      {waitq_completion_fd(NULL, &bench->collector.fd, &error), WAITQ_E_INVALID},
      {waitq_completion_fd(bench->world->context, NULL, &error), WAITQ_E_INVALID},
      {waitq_complete(NULL, NULL, 0, NULL, &error), WAITQ_E_INVALID},
      {waitq_complete(bench->world->context, NULL, 0, NULL, &error), WAITQ_E_INVALID},
      {waitq_complete(bench->world->context, NULL, 1, &(size_t){0}, &error), WAITQ_E_INVALID},
  };
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    if (calls[i].code != calls[i].expected) {
      fail_msg("call %zu: %s, not %s", i, waitq_error_name(calls[i].code), waitq_error_name(calls[i].expected));
    }
  }
  waitq_limiter_close(limiter);
  collector_end(&bench->collector);
}

static void test_submit__after_the_end_of_the_context_nothing_is_submitted(void **state) {
  struct bench *bench = *state;
  waitq_t *context = bench->world->context;
  struct guest ann;
  waitq_completion done = WAITQ_COMPLETION_INIT;
  size_t count;
  int32_t fd;
  guest_join(bench->room, "ann", &ann);
  submit_join(bench, "bob", &ann, 1); /* is not collected by anybody */
  waitq_close(context);
  bench->world->context = NULL;
  assert_code(waitq_submit_join(bench->room, "v", 1, NULL, &ann.ticket, NULL, 0, NULL), WAITQ_E_CLOSED);
  assert_code(waitq_submit_enter(bench->room, ann.ticket.text, NULL, &ann.pass, 0, NULL), WAITQ_E_CLOSED);
  assert_code(waitq_submit_leave(bench->room, ann.ticket.text, NULL, 0, NULL), WAITQ_E_CLOSED);
  assert_code(waitq_submit_renew(bench->room, "", &ann.pass, 0, NULL), WAITQ_E_CLOSED);
  assert_code(waitq_submit_exit(bench->room, "", 0, NULL), WAITQ_E_CLOSED);
  assert_code(waitq_complete(context, &done, 1, &count, NULL), WAITQ_E_CLOSED);
  assert_code(waitq_completion_fd(context, &fd, NULL), WAITQ_E_CLOSED);
}

/* Each allocation of a submission fails in turn: either it is not submitted, or it ends. */
static void test_submit__without_memory_a_call_is_submitted_whole_or_not_at_all(void **state) {
  struct bench *bench = *state;
  collector_init(&bench->collector, bench->world->context, 200);
  uint64_t submitted = 0;
  unsigned refused = 0;
  for (unsigned i = 0; i < 200; i++) {
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    fake_memory_fail_at(&bench->world->memory, i % 3 + 1);
    int code = waitq_submit_join(bench->room, NULL, 0, NULL, &ticket, NULL, submitted, NULL);
    fake_memory_recover(&bench->world->memory);
    if (code == WAITQ_OK) {
      submitted++;
      collector_take(&bench->collector, submitted, 64);
    } else {
      assert_code(code, WAITQ_E_NOMEM);
      refused++;
    }
  }
  assert_true(submitted > 0 && refused > 0);
  collector_end(&bench->collector);
}

enum { THREADS = 4, EACH = 3000 };

struct submitter {
  struct bench *bench;
  unsigned first;
  waitq_ticket *tickets;
  int failures;
};

static void *submit_many(void *user) {
  struct submitter *submitter = user;
  for (unsigned i = 0; i < EACH; i++) {
    waitq_ticket *ticket = &submitter->tickets[i];
    waitq_ticket_init(ticket, sizeof *ticket);
    submitter->failures +=
        waitq_submit_join(submitter->bench->room, NULL, 0, NULL, ticket, NULL, submitter->first + i, NULL) != WAITQ_OK;
  }
  return NULL;
}

static void *collect_many(void *user) {
  struct bench *bench = user;
  size_t count = 0;
  while (count < THREADS * EACH) {
    collector_is_readable(&bench->collector, 100);
    collector_look(&bench->collector, 10);
    pthread_mutex_lock(&bench->collector.lock);
    count = bench->collector.count;
    pthread_mutex_unlock(&bench->collector.lock);
  }
  return NULL;
}

static void test_submit__many_threads_submit_and_many_collect(void **state) {
  struct bench *bench = *state;
  pthread_t threads[THREADS + 2];
  struct submitter submitters[THREADS];
  waitq_ticket *tickets = calloc(THREADS * EACH, sizeof *tickets);
  assert_non_null(tickets);
  collector_init(&bench->collector, bench->world->context, THREADS * EACH);
  for (unsigned t = 0; t < THREADS; t++) {
    submitters[t] = (struct submitter){bench, t * EACH, tickets + (size_t)t * EACH, 0};
    assert_int_equal(pthread_create(&threads[t], NULL, submit_many, &submitters[t]), 0);
  }
  for (unsigned t = 0; t < 2; t++) {
    assert_int_equal(pthread_create(&threads[THREADS + t], NULL, collect_many, bench), 0);
  }
  for (unsigned t = 0; t < THREADS + 2; t++) {
    pthread_join(threads[t], NULL);
  }
  for (unsigned t = 0; t < THREADS; t++) {
    assert_int_equal(submitters[t].failures, 0);
  }
  for (unsigned i = 0; i < THREADS * EACH; i++) {
    assert_code(bench->collector.codes[i], WAITQ_OK);
    assert_int_equal(strlen(tickets[i].text), 62);
  }
  assert_int_equal(line_stats(bench->room).issued, THREADS * EACH);
  collector_end(&bench->collector);
  free(tickets);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_submit__each_call_answers_as_it_does_by_itself),
      TEST(test_submit__where_nothing_is_to_be_filled_in_nothing_has_to_be_given),
      TEST(test_submit__an_outcome_that_is_no_success_is_no_error),
      TEST(test_submit__the_descriptor_is_readable_as_long_as_there_is_something),
      TEST(test_submit__a_descriptor_that_is_asked_for_late_is_readable_at_once),
      TEST(test_submit__without_a_descriptor_completions_are_collected_as_well),
      TEST(test_submit__more_may_be_outstanding_than_fits_into_one_collection),
      TEST(test_submit__completions_are_as_long_as_the_caller_says),
      TEST(test_submit__bad_input_is_refused_at_once),
      TEST(test_submit__after_the_end_of_the_context_nothing_is_submitted),
      TEST(test_submit__without_memory_a_call_is_submitted_whole_or_not_at_all),
      TEST(test_submit__many_threads_submit_and_many_collect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
