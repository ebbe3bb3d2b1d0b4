/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A store that fails at each of its calls in turn: refused, carried out with the answer lost, or overtaken. */

#include <inttypes.h>
#include <stdio.h>

#include "../support/flaky_store.h"
#include "../support/line.h"
#include "../support/test.h"
#include "story.h"

static struct subject subject_of(struct flaky *flaky) {
  return (struct subject){"flaky store", "flaky:", &flaky->ops, flaky, NULL, 11000};
}

/* Tells the story once without trouble, and then with trouble at each call of the store. */
static void sweep(enum flaky_mode mode, int32_t code, enum story_kind kind) {
  struct flaky flaky;
  struct story plain;
  struct story story;
  uint64_t answered = 0;
  flaky_init(&flaky, mode);
  const struct subject subject = subject_of(&flaky);
  const struct trouble trouble = {code, 0, 0, &flaky};
  story_tell(&subject, kind, &trouble, &plain);
  uint64_t calls = flaky.calls;
  assert_true(calls > 0);
  for (uint64_t n = 1; n <= calls; n++) {
    flaky_init(&flaky, mode);
    flaky.at = n;
    story_tell(&subject, kind, &trouble, &story);
    if (story.hash != plain.hash) {
      fail_msg("call %" PRIu64 " of %" PRIu64 " went wrong, and the story ended otherwise", n, calls);
    }
    answered += story.failures;
  }
  printf("%" PRIu64 " calls of the store went wrong one by one, %" PRIu64 " calls of the library answered so\n", calls,
         answered);
}

static void test_store_failure__that_did_nothing_changes_nothing(void **state) {
  (void)state;
  sweep(FLAKY_REFUSES, WAITQ_E_STORE, STORY_OF_CALLS);
  sweep(FLAKY_REFUSES, WAITQ_E_STORE, STORY_OF_A_CROWD);
}

static void test_store_failure__whose_outcome_is_unknown_has_one_effect(void **state) {
  (void)state;
  sweep(FLAKY_LOSES_THE_ANSWER, WAITQ_E_TIMEOUT, STORY_OF_CALLS);
  sweep(FLAKY_LOSES_THE_ANSWER, WAITQ_E_TIMEOUT, STORY_OF_A_CROWD);
}

static void test_store_failure__of_being_overtaken_is_not_seen_at_all(void **state) {
  (void)state;
  sweep(FLAKY_HAS_A_RIVAL, WAITQ_OK, STORY_OF_CALLS);
}

/* The answer to one visitor's join is lost, and the next visitor comes before the first asks again. */
static void test_store_failure__of_one_join_does_not_stop_the_next(void **state) {
  (void)state;
  struct flaky flaky;
  flaky_init(&flaky, FLAKY_LOSES_THE_ANSWER);
  const struct subject subject = subject_of(&flaky);
  struct world *world = world_open(&subject);
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 0.001;
  policy.burst = 1;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guests[4];
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  guest_join(room, "ann", &guests[0]);
  flaky.at = flaky.calls + 1;
  flaky.until = flaky.at + 10;
  assert_code(waitq_join(room, "bob", 3, NULL, &ticket, NULL, NULL), WAITQ_E_TIMEOUT);
  flaky_recover(&flaky);
  guest_join(room, "cid", &guests[2]);
  guest_join(room, "bob", &guests[1]);
  guest_join(room, "dan", &guests[3]);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.issued, 4);
  assert_int_equal(stats.waiting, 3);
  for (unsigned i = 0; i < 4; i++) {
    assert_state(guest_poll(room, &guests[i]), i == 0 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
    assert_int_equal(guests[i].status.position, i);
  }
  world_close(world);
}

/* While the store is away, polls are answered as before, and everything else says so. When it is back, all goes on. */
static void test_store_failure__that_lasts_leaves_polls_answered(void **state) {
  (void)state;
  struct flaky flaky;
  flaky_init(&flaky, FLAKY_REFUSES);
  const struct subject subject = subject_of(&flaky);
  struct world *world = world_open(&subject);
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 1;
  policy.burst = 1;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guests[10];
  for (unsigned i = 0; i < 10; i++) {
    guest_join_numbered(room, "v", i, &guests[i]);
  }
  flaky.at = flaky.calls + 1;
  flaky.until = UINT64_MAX;
  for (int second = 0; second < 30; second++) {
    world_advance_ms(world, 1000);
    for (unsigned i = 0; i < 10; i++) {
      uint64_t position = guests[i].status.position;
      assert_state(guest_poll(room, &guests[i]), i == 0 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
      assert_int_equal(guests[i].status.position, position);
    }
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_error error = WAITQ_ERROR_INIT;
    assert_code(waitq_join(room, "late", 4, NULL, &ticket, NULL, &error), WAITQ_E_STORE);
    assert_int_equal(error.retriable, 1);
    assert_string_equal(ticket.text, "");
    waitq_pass pass = WAITQ_PASS_INIT;
    assert_code(waitq_enter(room, guests[0].ticket.text, NULL, &pass, NULL), WAITQ_E_STORE);
    assert_string_equal(pass.text, "");
  }
  assert_true(flaky_recover(&flaky) > 0);
  assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_READY);
  assert_state(guest_enter(room, &guests[1]), WAITQ_STATE_ENTERED);
  assert_int_equal(line_stats(room).issued, 10);
  world_close(world);
}

/* Opens a room whose state comes back spoiled. */
static int open_spoiled(enum flaky_mode mode, size_t byte) {
  struct flaky flaky;
  flaky_init(&flaky, mode);
  const struct subject subject = subject_of(&flaky);
  struct world *world = world_open(&subject);
  struct guest guest;
  waitq_room_t *room = world_room(world, "concert", NULL);
  guest_join(room, "ann", &guest);
  guest_enter(room, &guest);
  world_room_close(world, room);
  flaky.at = flaky.calls + 1;
  flaky.until = UINT64_MAX;
  flaky.byte = byte;
  waitq_error error = WAITQ_ERROR_INIT;
  room = NULL;
  int code = waitq_room_open(world->context, "concert", NULL, &room, &error);
  if (code != WAITQ_OK) {
    assert_null(room);
    assert_int_equal(error.code, code);
    assert_string_not_equal(error.text, "");
  } else {
    /* What the library cannot see to be wrong, it has to survive. */
    waitq_stats stats = WAITQ_STATS_INIT;
    waitq_status status = WAITQ_STATUS_INIT;
    flaky_recover(&flaky);
    waitq_room_stats(room, &stats, NULL);
    waitq_poll(room, guest.ticket.text, &status, NULL);
    waitq_room_close(room);
  }

  world_close(world);
  return code;
}

static void test_store_failure__that_damages_the_state_is_noticed_or_survived(void **state) {
  (void)state;
  unsigned noticed = 0;
  for (size_t byte = 0; byte < 2000; byte++) {
    int code = open_spoiled(FLAKY_DAMAGES_THE_STATE, byte);
    assert_true(code == WAITQ_OK || code == WAITQ_E_DAMAGED || code == WAITQ_E_VERSION);
    noticed += code != WAITQ_OK;
  }
  printf("%u of 2000 damages noticed\n", noticed);
  assert_true(noticed > 0);
}

static void test_store_failure__that_cuts_the_state_is_noticed(void **state) {
  (void)state;
  for (size_t bytes = 0; bytes < 512; bytes++) {
    int code = open_spoiled(FLAKY_CUTS_THE_STATE, bytes);
    assert_true(code == WAITQ_E_DAMAGED || code == WAITQ_E_VERSION);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_store_failure__that_did_nothing_changes_nothing),
      cmocka_unit_test(test_store_failure__whose_outcome_is_unknown_has_one_effect),
      cmocka_unit_test(test_store_failure__of_being_overtaken_is_not_seen_at_all),
      cmocka_unit_test(test_store_failure__of_one_join_does_not_stop_the_next),
      cmocka_unit_test(test_store_failure__that_lasts_leaves_polls_answered),
      cmocka_unit_test(test_store_failure__that_damages_the_state_is_noticed_or_survived),
      cmocka_unit_test(test_store_failure__that_cuts_the_state_is_noticed),
  };
  return cmocka_run_group_tests_name("store failures", tests, NULL, NULL);
}
