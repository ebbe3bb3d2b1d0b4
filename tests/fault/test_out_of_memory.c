/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Out of memory at each allocation in turn. */

#include <inttypes.h>
#include <stdio.h>

#include "../../examples/custom_store/store.h"
#include "../support/line.h"
#include "../support/test.h"
#include "story.h"

static void sweep(const struct subject *subject, enum story_kind kind, int lasting) {
  struct story plain;
  struct story story;
  uint64_t requests = story_tell(subject, kind, NULL, &plain);
  uint64_t calls = 0;
  assert_int_equal(plain.failures, 0);
  for (uint64_t n = 1; n <= requests; n++) {
    const struct trouble trouble = {.code = WAITQ_E_NOMEM, .allocation = n, .lasting = lasting};
    story_tell(subject, kind, &trouble, &story);
    if (story.hash != plain.hash) {
      fail_msg("allocation %" PRIu64 " of %" PRIu64 " failed, and the story ended otherwise", n, requests);
    }
    calls += story.failures;
  }
  printf("%s: %" PRIu64 " allocations failed one by one, %" PRIu64 " calls answered so\n", subject->name, requests,
         calls);
  assert_true(calls > 0);
}

static void test_out_of_memory__once_at_each_allocation_changes_nothing_in_the_end(void **state) {
  (void)state;
  sweep(&memory_subject, STORY_OF_CALLS, 0);
  sweep(&memory_subject, STORY_OF_A_CROWD, 0);
}

static void test_out_of_memory__until_the_call_has_given_up_changes_nothing_in_the_end(void **state) {
  (void)state;
  sweep(&memory_subject, STORY_OF_CALLS, 1);
  sweep(&memory_subject, STORY_OF_A_CROWD, 1);
}

static void test_out_of_memory__changes_nothing_on_a_custom_store_either(void **state) {
  (void)state;
  const struct subject subject = {"custom store", "plain:", plain_store(), NULL, NULL, 4000};
  sweep(&subject, STORY_OF_CALLS, 0);
  sweep(&subject, STORY_OF_A_CROWD, 0);
}

static void test_out_of_memory__a_failed_call_leaves_its_result_alone(void **state) {
  (void)state;
  struct world *world = world_open(&memory_subject);
  waitq_room_t *room = NULL;
  waitq_limiter_t *limiter = NULL;
  waitq_verifier_t *verifier = NULL;
  waitq_t *context = NULL;
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  options.allocator = &world->memory.allocator;
  fake_memory_fail_all(&world->memory);
  assert_code(waitq_open("memory:", &world->options, &context, NULL), WAITQ_E_NOMEM);
  assert_code(waitq_room_open(world->context, "room", NULL, &room, NULL), WAITQ_E_NOMEM);
  assert_code(waitq_limiter_open(world->context, "limit", NULL, &limiter, NULL), WAITQ_E_NOMEM);
  assert_code(waitq_verifier_open(&world->key, 1, &options, &verifier, NULL), WAITQ_E_NOMEM);
  assert_true(context == NULL && room == NULL && limiter == NULL && verifier == NULL);
  world_close(world);
}

/* Whatever is due when a poll comes by (turns, claims, silence, sessions, plans), the poll does without memory. */
static void test_out_of_memory__polls_never_allocate(void **state) {
  (void)state;
  enum { COUNT = 3000 };
  static struct guest guests[COUNT];
  static waitq_ticket tickets[COUNT];
  static waitq_status statuses[COUNT];
  struct world *world = world_open(&memory_subject);
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.session_ttl_ms = 20000;
  policy.heartbeat_ttl_ms = 40000;
  policy.claim_ttl_ms = 5000;
  policy.max_active = 200;
  waitq_room_t *room = world_room(world, "concert", &policy);
  waitq_status_init(&statuses[0], sizeof statuses[0]);
  for (unsigned i = 0; i < COUNT; i++) {
    guest_join_numbered(room, "v", i, &guests[i]);
    tickets[i] = guests[i].ticket;
  }
  for (unsigned i = 0; i < 10; i++) {
    guest_enter(room, &guests[i]);
  }
  assert_code(waitq_room_set_rate_at(room, 99, world_now_ms(world) + 60000, NULL), WAITQ_OK);
  uint64_t requests = fake_memory_requests(&world->memory);
  fake_memory_fail_all(&world->memory);
  for (int round = 0; round < 200; round++) {
    world_advance_ms(world, (int64_t)rng_below(&world->rng, 3000));
    for (unsigned i = 0; i < COUNT; i += 7) {
      guest_poll(room, &guests[i]);
    }
    assert_code(waitq_poll_many(room, tickets, COUNT / 2, statuses, NULL, NULL), WAITQ_OK);
  }
  assert_int_equal(fake_memory_requests(&world->memory), requests);
  world_close(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_out_of_memory__once_at_each_allocation_changes_nothing_in_the_end),
      cmocka_unit_test(test_out_of_memory__until_the_call_has_given_up_changes_nothing_in_the_end),
      cmocka_unit_test(test_out_of_memory__changes_nothing_on_a_custom_store_either),
      cmocka_unit_test(test_out_of_memory__a_failed_call_leaves_its_result_alone),
      cmocka_unit_test(test_out_of_memory__polls_never_allocate),
  };
  return cmocka_run_group_tests_name("out of memory", tests, NULL, NULL);
}
