/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The line: joining, waiting, positions, leaving. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "room_bench.h"

static void test_line__in_a_room_that_is_not_congested_the_turn_comes_at_once(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest *guests = crowd_join(room, 10);
  for (unsigned i = 0; i < 10; i++) {
    assert_state(guests[i].status.state, WAITQ_STATE_READY);
    assert_true(guests[i].status.enter_by_ms >= world_now_ms(world) + 30000);
  }
  free(guests);
}

static void test_line__visitors_beyond_the_burst_wait_in_the_order_of_their_arrival(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 5);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 100);
  for (unsigned i = 0; i < 100; i++) {
    assert_state(guest_poll(room, &guests[i]), i < 5 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
    assert_int_equal(guests[i].status.position, i < 5 ? 0 : i - 4);
    if (i >= 5) {
      assert_int_equal(guests[i].status.ahead, i - 5);
      assert_int_equal(guests[i].status.behind, 99 - i);
      assert_reason(guests[i].status.reason, WAITQ_REASON_BUCKET);
    }
  }
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.issued, 100);
  assert_int_equal(stats.waiting, 95);
  assert_int_equal(stats.ready, 5);
  assert_int_equal(stats.head, 5);
  free(guests);
}

static void test_line__who_joins_again_gets_the_same_ticket(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 2);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 6);
  for (unsigned round = 0; round < 3; round++) {
    world_advance_ms(world, 77);
    for (unsigned i = 0; i < 6; i++) {
      struct guest again;
      guest_join_numbered(room, "v", i, &again);
      assert_same_ticket(&again, &guests[i]);
      assert_state(again.status.state, i < 2 ? WAITQ_STATE_READY : WAITQ_STATE_WAITING);
      assert_int_equal(again.status.waited_ms, 77 * (round + 1));
    }
  }
  assert_int_equal(line_stats(room).issued, 6);
  free(guests);
}

static void test_line__any_bytes_name_a_visitor(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  static const char bytes[] = "\0\0\xff\xfe\n\r%s{}\"'\0";
  waitq_ticket tickets[sizeof bytes];
  for (int round = 0; round < 2; round++) {
    for (size_t length = 1; length < sizeof bytes; length++) {
      waitq_ticket ticket = WAITQ_TICKET_INIT;
      assert_code(waitq_join(room, bytes, length, NULL, &ticket, NULL, NULL), WAITQ_OK);
      if (round == 0) {
        tickets[length] = ticket;
      }
      assert_string_equal(ticket.text, tickets[length].text);
    }
  }
  assert_int_equal(line_stats(room).issued, sizeof bytes - 1);
}

static void test_line__an_anonymous_visitor_gets_a_new_ticket_at_every_join(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(1, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guests[5];
  for (unsigned i = 0; i < 5; i++) {
    guest_join(room, NULL, &guests[i]);
    for (unsigned k = 0; k < i; k++) {
      assert_other_ticket(&guests[i], &guests[k]);
    }
  }
  assert_int_equal(line_stats(room).issued, 5);
  assert_state(guest_poll(room, &guests[4]), WAITQ_STATE_WAITING);
  assert_int_equal(guests[4].status.position, 4);
}

static void test_line__who_leaves_makes_place_for_those_behind(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 10);
  assert_state(guest_leave(room, &guests[4]), WAITQ_STATE_LEFT);
  assert_state(guest_leave(room, &guests[7]), WAITQ_STATE_LEFT);
  static const unsigned positions[] = {0, 1, 2, 3, 0, 4, 5, 0, 6, 7};
  for (unsigned i = 1; i < 10; i++) {
    guest_poll(room, &guests[i]);
    assert_int_equal(guests[i].status.position, positions[i]);
  }
  assert_state(guests[4].status.state, WAITQ_STATE_LEFT);
  assert_int_equal(guests[3].status.behind, 4);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.left, 2);
  assert_int_equal(stats.waiting, 7);
  free(guests);
}

static void test_line__leaving_twice_is_leaving_once(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 4);
  for (int i = 0; i < 3; i++) {
    assert_state(guest_leave(room, &guests[0]), WAITQ_STATE_LEFT);
    assert_state(guest_leave(room, &guests[2]), WAITQ_STATE_LEFT);
    waitq_stats stats = line_stats(room);
    assert_int_equal(stats.left, 2);
    assert_int_equal(stats.ready, 1);
    assert_int_equal(stats.waiting, 1);
    world_advance_ms(world, 10);
  }
  assert_state(guest_poll(room, &guests[1]), WAITQ_STATE_READY);
  free(guests);
}

static void test_line__who_has_left_joins_at_the_end(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 5);
  struct guest again;
  guest_leave(room, &guests[2]);
  guest_join_numbered(room, "v", 2, &again);
  assert_other_ticket(&again, &guests[2]);
  assert_int_equal(again.status.position, 4);
  assert_state(guest_poll(room, &guests[2]), WAITQ_STATE_LEFT);
  assert_state(guest_leave(room, &guests[2]), WAITQ_STATE_LEFT);
  assert_state(guest_poll(room, &again), WAITQ_STATE_WAITING);
  free(guests);
}

static void test_line__positions_never_rise(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(20, 3);
  waitq_room_t *room = world_room(world, "concert", &policy);
  enum { COUNT = 200 };
  struct guest *guests = crowd_join(room, COUNT);
  uint64_t last[COUNT];
  memset(last, 0xff, sizeof last);
  for (unsigned step = 0; step < 100; step++) {
    world_advance_ms(world, (int64_t)rng_below(&world->rng, 150));
    guest_leave(room, &guests[rng_below(&world->rng, COUNT)]);
    struct guest fresh;
    guest_join_numbered(room, "late", step, &fresh);
    for (unsigned i = 0; i < COUNT; i++) {
      guest_poll(room, &guests[i]);
      assert_true(guests[i].status.position <= last[i]);
      last[i] = guests[i].status.position;
    }
  }
  free(guests);
}

static void test_line__join_many_gives_what_single_joins_give(void **state) {
  struct world *world = *state;
  enum { COUNT = 30 };
  waitq_policy policy = room_policy(1, 4);
  policy.max_waiting = 20;
  waitq_room_t *one = world_room(world, "one", &policy);
  waitq_room_t *many = world_room(world, "many", &policy);
  waitq_visitor visitors[COUNT];
  char names[COUNT][16];
  waitq_ticket tickets[COUNT];
  waitq_status statuses[COUNT];
  int32_t codes[COUNT];
  struct guest guests[COUNT];
  waitq_ticket_init(&tickets[0], sizeof tickets[0]);
  waitq_status_init(&statuses[0], sizeof statuses[0]);
  for (unsigned i = 0; i < COUNT; i++) {
    snprintf(names[i], sizeof names[i], "n%u", i % 27);
    int anonymous = i == 7;
    visitors[i] = (waitq_visitor){anonymous ? NULL : names[i], anonymous ? 0 : strlen(names[i])};
    guest_join(one, anonymous ? NULL : names[i], &guests[i]);
  }
  assert_code(waitq_join_many(many, visitors, COUNT, NULL, tickets, statuses, codes, NULL), WAITQ_OK);
  for (unsigned i = 0; i < COUNT; i++) {
    assert_code(codes[i], WAITQ_OK);
    assert_int_equal(tickets[i].text[0] == '\0', guests[i].ticket.text[0] == '\0');
    assert_state(statuses[i].state, guests[i].status.state);
    assert_int_equal(statuses[i].position, guests[i].status.position);
    assert_reason(statuses[i].reason, guests[i].status.reason);
  }
  for (unsigned i = 27; i < COUNT; i++) {
    assert_string_equal(tickets[i].text, tickets[i - 27].text);
  }
  waitq_stats expected = line_stats(one);
  waitq_stats stats = line_stats(many);
  assert_int_equal(stats.issued, expected.issued);
  assert_int_equal(stats.waiting, expected.waiting);
  assert_int_equal(stats.ready, expected.ready);
}

static void test_line__join_many_and_poll_many_of_none_do_nothing(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  waitq_visitor visitor = {"a", 1};
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  assert_code(waitq_join_many(room, &visitor, 0, NULL, &ticket, &status, NULL, NULL), WAITQ_OK);
  assert_code(waitq_join_many(room, NULL, 0, NULL, NULL, NULL, NULL, NULL), WAITQ_OK);
  assert_code(waitq_poll_many(room, &ticket, 0, &status, NULL, NULL), WAITQ_OK);
  assert_code(waitq_poll_many(room, NULL, 0, NULL, NULL, NULL), WAITQ_OK);
  assert_string_equal(ticket.text, "");
  assert_int_equal(line_stats(room).issued, 0);
}

static void test_line__poll_many_gives_what_single_polls_give(void **state) {
  struct world *world = *state;
  enum { COUNT = 50 };
  waitq_policy policy = room_policy(1, 5);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, COUNT);
  guest_enter(room, &guests[0]);
  guest_leave(room, &guests[1]);
  guest_leave(room, &guests[20]);
  waitq_ticket tickets[COUNT];
  waitq_status statuses[COUNT];
  int32_t codes[COUNT];
  waitq_status_init(&statuses[0], sizeof statuses[0]);
  for (unsigned i = 0; i < COUNT; i++) {
    tickets[i] = guests[i].ticket;
  }
  memcpy(tickets[10].text, "nonsense", 9);
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(waitq_poll_many(room, tickets, COUNT, statuses, codes, &error), WAITQ_E_MALFORMED);
  assert_int_equal(error.code, WAITQ_E_MALFORMED);
  for (unsigned i = 0; i < COUNT; i++) {
    if (i == 10) {
      assert_code(codes[i], WAITQ_E_MALFORMED);
      continue;
    }
    assert_code(codes[i], WAITQ_OK);
    guest_poll(room, &guests[i]);
    assert_state(statuses[i].state, guests[i].status.state);
    assert_int_equal(statuses[i].position, guests[i].status.position);
    assert_int_equal(statuses[i].enter_by_ms, guests[i].status.enter_by_ms);
  }
  free(guests);
}

static void test_line__a_ticket_tells_how_long_it_has_waited(void **state) {
  struct world *world = *state;
  waitq_policy policy = room_policy(0.001, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest *guests = crowd_join(room, 2);
  for (int64_t i = 1; i <= 10; i++) {
    world_advance_ms(world, 1234);
    guest_poll(room, &guests[1]);
    assert_int_equal(guests[1].status.waited_ms, 1234 * i);
  }
  free(guests);
}

static void test_line__a_very_long_line_keeps_its_order(void **state) {
  struct world *world = *state;
  unsigned count = subject_many(room_subject);
  unsigned gap = count / 20;
  waitq_policy policy = room_policy(count / 200.0, 1);
  waitq_room_t *room = world_room(world, "concert", &policy);
  waitq_ticket *tickets = calloc(count, sizeof *tickets);
  assert_non_null(tickets);
  for (unsigned i = 0; i < count; i++) {
    waitq_ticket_init(&tickets[i], sizeof tickets[i]);
    assert_code(waitq_join(room, NULL, 0, NULL, &tickets[i], NULL, NULL), WAITQ_OK);
  }
  waitq_status status = WAITQ_STATUS_INIT;
  for (unsigned gone = 1; gone <= 10; gone++) {
    assert_code(waitq_leave(room, tickets[gone * gap].text, NULL, NULL), WAITQ_OK);
  }
  for (unsigned i = 1; i < count; i += 997) {
    unsigned left = (i - 1) / gap > 10 ? 10 : (i - 1) / gap;
    assert_code(waitq_poll(room, tickets[i].text, &status, NULL), WAITQ_OK);
    assert_int_equal(status.position, i - left);
    assert_int_equal(status.behind, count - 1 - i - (10 - left));
  }
  world_advance_ms(world, 10000);
  assert_code(waitq_poll(room, tickets[count - 1].text, &status, NULL), WAITQ_OK);
  assert_state(status.state, WAITQ_STATE_WAITING);
  free(tickets);
}

int conformance_room_line(void) {
  const struct CMUnitTest tests[] = {
      ROOM_TEST(test_line__in_a_room_that_is_not_congested_the_turn_comes_at_once),
      ROOM_TEST(test_line__visitors_beyond_the_burst_wait_in_the_order_of_their_arrival),
      ROOM_TEST(test_line__who_joins_again_gets_the_same_ticket),
      ROOM_TEST(test_line__any_bytes_name_a_visitor),
      ROOM_TEST(test_line__an_anonymous_visitor_gets_a_new_ticket_at_every_join),
      ROOM_TEST(test_line__who_leaves_makes_place_for_those_behind),
      ROOM_TEST(test_line__leaving_twice_is_leaving_once),
      ROOM_TEST(test_line__who_has_left_joins_at_the_end),
      ROOM_TEST(test_line__positions_never_rise),
      ROOM_TEST(test_line__join_many_gives_what_single_joins_give),
      ROOM_TEST(test_line__join_many_and_poll_many_of_none_do_nothing),
      ROOM_TEST(test_line__poll_many_gives_what_single_polls_give),
      ROOM_TEST(test_line__a_ticket_tells_how_long_it_has_waited),
      ROOM_TEST(test_line__a_very_long_line_keeps_its_order),
  };
  return cmocka_run_group_tests_name("room: line", tests, NULL, NULL);
}
