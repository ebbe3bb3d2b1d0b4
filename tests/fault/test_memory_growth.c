/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A room that lives for days holds memory for those who are in it, not for all who ever were. */

#include <stdio.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

#define ROUNDS 40
#define VISITORS 10000

static waitq_policy short_limits(void) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 1000000;
  policy.burst = 1000000;
  policy.session_ttl_ms = 8000;
  policy.heartbeat_ttl_ms = 8000;
  policy.claim_ttl_ms = 8000;
  policy.max_poll_ms = 2000;
  return policy;
}

/* A round of visitors; every share-th of them enters. */
static void visit(waitq_room_t *room, unsigned round, unsigned share) {
  for (unsigned i = 0; i < VISITORS; i++) {
    struct guest guest;
    guest_join_numbered(room, "v", round * VISITORS + i, &guest);
    if (i % share == 0) {
      guest_enter(room, &guest);
    }
    if (i % 5 == 1) {
      guest_leave(room, &guest);
    }
  }
}

static void test_memory__of_a_line_that_moves_on_does_not_grow(void **state) {
  (void)state;
  struct world *world = world_open(&memory_subject);
  waitq_policy policy = short_limits();
  waitq_room_t *room = world_room(world, "concert", &policy);
  int64_t most = 0;
  uint64_t most_told = 0;
  for (unsigned round = 0; round < ROUNDS; round++) {
    visit(room, round, 3);
    world_advance_ms(world, 10000);
    waitq_stats stats = line_stats(room);
    assert_int_equal(stats.issued, (round + 1) * VISITORS);
    assert_int_equal(stats.active + stats.ready + stats.waiting, 0);
    int64_t bytes = fake_memory_bytes(&world->memory);
    if (round < ROUNDS / 2) {
      most = bytes > most ? bytes : most;
      most_told = stats.memory_bytes > most_told ? stats.memory_bytes : most_told;
    } else {
      assert_true(bytes <= most + most / 8);
      assert_true(stats.memory_bytes <= most_told + most_told / 8);
    }
  }
  printf("%u visitors passed through at most %lld bytes\n", ROUNDS * VISITORS, (long long)most);
  world_close(world);
}

static void test_memory__that_statistics_tell_is_what_the_allocator_gave(void **state) {
  (void)state;
  struct world *world = world_open(&memory_subject);
  int64_t before = fake_memory_bytes(&world->memory);
  waitq_room_t *room = world_room(world, "concert", NULL);
  for (unsigned i = 0; i < 50000; i++) {
    struct guest guest;
    guest_join_numbered(room, "v", i, &guest);
  }
  int64_t took = fake_memory_bytes(&world->memory) - before;
  int64_t told = (int64_t)line_stats(room).memory_bytes;
  printf("50,000 waiting: %lld bytes told, %lld taken\n", (long long)told, (long long)took);
  assert_true(told >= took - took / 10 && told <= took + took / 10);
  world_close(world);
}

static void test_memory__of_a_reset_room_does_not_grow(void **state) {
  (void)state;
  struct world *world = world_open(&memory_subject);
  waitq_policy policy = short_limits();
  waitq_room_t *room = world_room(world, "concert", &policy);
  int64_t most = 0;
  for (unsigned round = 0; round < 20; round++) {
    visit(room, round, 2);
    assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
    int64_t bytes = fake_memory_bytes(&world->memory);
    most = round < 3 && bytes > most ? bytes : most;
    assert_true(bytes <= most);
  }
  world_close(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory__of_a_line_that_moves_on_does_not_grow),
      cmocka_unit_test(test_memory__that_statistics_tell_is_what_the_allocator_gave),
      cmocka_unit_test(test_memory__of_a_reset_room_does_not_grow),
  };
  return cmocka_run_group_tests_name("memory growth", tests, NULL, NULL);
}
