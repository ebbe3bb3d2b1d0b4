/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Handles: two on one room, none on a room for a while, and very many rooms. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/scale.h"
#include "conformance.h"
#include "room_bench.h"

#define MANY_ROOMS (UNDER_SANITIZER ? 500U : 3000U)

static void test_handles__two_of_one_name_share_one_line(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 1);
  waitq_room_t *one = world_room(world, "concert", &policy);
  waitq_room_t *two = world_room(world, "concert", NULL);
  struct guest guests[6];
  for (unsigned i = 0; i < 6; i++) {
    guest_join_numbered(i % 2 == 0 ? one : two, "v", i, &guests[i]);
  }
  for (unsigned i = 0; i < 6; i++) {
    struct guest again;
    guest_join_numbered(i % 2 == 0 ? two : one, "v", i, &again);
    assert_same_ticket(&again, &guests[i]);
    assert_int_equal(guest_poll(one, &guests[i]), guest_poll(two, &guests[i]));
    assert_int_equal(guests[i].status.position, i);
  }
  assert_state(guest_enter(two, &guests[0]), WAITQ_STATE_ENTERED);
  struct guest copy = guests[0];
  assert_state(guest_enter(one, &copy), WAITQ_STATE_ENTERED);
  assert_string_equal(copy.pass.text, guests[0].pass.text);
  guest_leave(one, &guests[1]);
  assert_state(guest_poll(two, &guests[1]), WAITQ_STATE_LEFT);
  guest_poll(two, &guests[5]);
  assert_int_equal(guests[5].status.position, 4);
  assert_int_equal(line_stats(one).issued, line_stats(two).issued);
}

static void test_handles__one_may_be_closed_while_the_other_goes_on(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 1);
  waitq_room_t *one = world_room(world, "concert", &policy);
  waitq_room_t *two = world_room(world, "concert", NULL);
  struct guest *guests = crowd_join(one, 4);
  world_room_close(world, one);
  for (unsigned i = 0; i < 4; i++) {
    assert_state(guest_poll(two, &guests[i]), i == 0 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
  }
  free(guests);
}

static void test_handles__a_room_without_any_keeps_its_line(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 2);
  policy.max_active = 2;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 8);
  guest_enter(room, &guests[0]);
  guest_leave(room, &guests[3]);
  waitq_stats before = line_stats(room);
  world_room_close(world, room);
  world_advance_ms(world, 5000);
  room = world_room(world, "concert", NULL);
  waitq_stats after = line_stats(room);
  assert_int_equal(after.epoch, before.epoch);
  assert_int_equal(after.issued, before.issued);
  assert_int_equal(after.waiting, before.waiting);
  assert_int_equal(after.ready, before.ready);
  assert_int_equal(after.entered, before.entered);
  assert_int_equal(after.left, before.left);
  assert_int_equal(after.active, before.active);
  for (unsigned i = 1; i < 8; i++) {
    struct guest again;
    uint64_t position = guests[i].status.position;
    guest_poll(room, &guests[i]);
    if (i >= 2 && i != 3) {
      assert_int_equal(guests[i].status.position, i < 3 ? i - 1 : i - 2);
      assert_true(guests[i].status.position <= position || position == 0);
      guest_join_numbered(room, "v", i, &again);
      assert_same_ticket(&again, &guests[i]);
    }
  }
  char text[WAITQ_PASS_SIZE];
  memcpy(text, guests[0].pass.text, sizeof text);
  assert_state(guest_enter(room, &guests[0]), WAITQ_STATE_ENTERED);
  assert_string_equal(guests[0].pass.text, text);
  guest_exit(room, &guests[0]);
  assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_READY);
  free(guests);
}

static void test_handles__sessions_and_silence_go_on_while_nobody_has_one(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.0001, 1);
  policy.heartbeat_ttl_ms = 80000;
  policy.session_ttl_ms = 80000;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  guest_enter(room, &guests[0]);
  world_room_close(world, room);
  world_advance_ms(world, 79000);
  room = world_room(world, "concert", NULL);
  assert_int_equal(line_stats(room).active, 1);
  assert_int_equal(line_stats(room).waiting, 4);
  guest_poll(room, &guests[4]);
  world_room_close(world, room);
  world_advance_ms(world, 12000);
  room = world_room(world, "concert", NULL);
  assert_int_equal(line_stats(room).active, 0);
  assert_int_equal(line_stats(room).waiting, 1);
  assert_int_equal(line_stats(room).expired, 3);
  assert_state(guest_poll(room, &guests[4]), WAITQ_STATE_WAITING);
  assert_int_equal(guests[4].status.position, 1);
  free(guests);
}

static void test_handles__of_thousands_of_rooms_do_not_mix(void **state) {
  struct world *world = *state;
  waitq_room_t **rooms = calloc(MANY_ROOMS, sizeof(waitq_room_t *));
  struct guest *guests = calloc(MANY_ROOMS, sizeof *guests);
  assert_non_null(rooms);
  assert_non_null(guests);
  for (unsigned i = 0; i < MANY_ROOMS; i++) {
    char name[32];
    snprintf(name, sizeof name, "room-%u", i);
    waitq_policy policy = room_policy(0.0001, 1 + i % 3);
    assert_code(waitq_room_open(world->context, name, &policy, &rooms[i], NULL), WAITQ_OK);
    for (unsigned k = 0; k <= i % 5; k++) {
      guest_join_numbered(rooms[i], "v", k, &guests[i]);
    }
  }
  for (unsigned i = 0; i < MANY_ROOMS; i++) {
    unsigned joined = i % 5 + 1;
    unsigned burst = i % 3 + 1;
    waitq_stats stats = line_stats(rooms[i]);
    assert_int_equal(stats.issued, joined);
    assert_int_equal(stats.ready, joined < burst ? joined : burst);
    waitq_status status = WAITQ_STATUS_INIT;
    unsigned other = (i + 1) % MANY_ROOMS;
    assert_code(waitq_poll(rooms[other], guests[i].ticket.text, &status, NULL), WAITQ_E_FORGED);
    assert_state(guest_poll(rooms[i], &guests[i]), joined <= burst ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
  }
  printf("%u rooms hold %lld bytes\n", MANY_ROOMS, (long long)fake_memory_bytes(&world->memory));
  for (unsigned i = 0; i < MANY_ROOMS; i++) {
    waitq_room_close(rooms[i]);
  }
  free(rooms);
  free(guests);
}

static void test_handles__opened_and_closed_a_thousand_times_hold_no_more_memory(void **state) {
  struct world *world = *state;
  world_room_close(world, world_room(world, "concert", NULL));
  int64_t bytes = fake_memory_bytes(&world->memory);
  for (int i = 0; i < 1000; i++) {
    world_room_close(world, world_room(world, "concert", NULL));
  }
  assert_int_equal(fake_memory_bytes(&world->memory), bytes);
}

int conformance_room_handles(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_handles__two_of_one_name_share_one_line),
      ROOM_TEST(test_handles__one_may_be_closed_while_the_other_goes_on),
      ROOM_TEST(test_handles__a_room_without_any_keeps_its_line),
      ROOM_TEST(test_handles__sessions_and_silence_go_on_while_nobody_has_one),
      ROOM_TEST(test_handles__of_thousands_of_rooms_do_not_mix),
      ROOM_TEST(test_handles__opened_and_closed_a_thousand_times_hold_no_more_memory),
  };
  return cmocka_run_group_tests_name("room: handles", tests, NULL, NULL);
}
