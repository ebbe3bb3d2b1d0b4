/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Exchanges that ask for joins alone: done by join.lua as long as the room is as the context knows it, and by exchange.lua otherwise. Which of
 * them it was shows in what exchange.lua tells and join.lua does not: for how long nobody was there. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/line.h"
#include "party.h"
#include "store/redis/exchange.h"

/* Member 1 has joined as visitor 1 and knows the latest; nobody is about to say that he is there. */
static int setup(void **state) {
  party_setup(state);
  struct party *party = *state;
  for (unsigned i = 0; i < 2; i++) {
    struct waitq__redis_room *room = party->members[i]->room;
    room->next_beat_us = INT64_MAX;
  }
  member_join(party, 1, party_visitor(1));
  member_refresh(party, 0);
  return 0;
}

#define JOINS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, party_teardown)

/* No room has stood for so long. */
#define STOOD_MS 987654321

static int was_short(const waitq_store_exchange *exchange) {
  return exchange->stood_us == (int64_t)STOOD_MS * 1000;
}

static waitq_store_exchange ask_joins(const struct member *member, waitq_store_join *joins, uint32_t count) {
  waitq_store_exchange exchange = member_ask(member);
  exchange.joins = joins;
  exchange.join_count = count;
  return exchange;
}

static waitq_store_exchange join_all(struct party *party, unsigned number, waitq_store_join *joins, uint32_t count) {
  waitq_store_exchange exchange = ask_joins(party->members[number], joins, count);
  struct waitq__redis_room *room = party->members[number]->room;
  uint64_t stood_ms = room->stood_ms;
  room->stood_ms = STOOD_MS;
  member_exchange(party, number, &exchange);
  room->stood_ms = room->stood_ms == STOOD_MS ? stood_ms : room->stood_ms;
  assert_true(exchange.now_us > PARTY_NOW);
  return exchange;
}

static void expect(waitq_store_join join, uint32_t outcome, uint64_t number) {
  assert_int_equal(join.outcome, outcome);
  assert_int_equal(join.number, number);
}

static void test_joins__are_numbered_and_remembered_as_by_any_exchange(void **state) {
  struct party *party = *state;
  enum { COUNT = 900 };
  static waitq_store_join joins[COUNT];
  for (unsigned i = 0; i < COUNT; i++) {
    joins[i] = i % 5 == 4 ? party_anonymous() : party_visitor(100 + i);
  }
  waitq_store_exchange exchange = join_all(party, 1, joins, COUNT);
  assert_true(was_short(&exchange));
  assert_int_equal(exchange.found, 0);
  assert_int_equal(exchange.next, 1 + COUNT);
  assert_code(exchange.commit_code, WAITQ_OK);
  assert_int_equal(party_number(party, "next"), 1 + COUNT);
  for (unsigned i = 0; i < COUNT; i++) {
    expect(joins[i], WAITQ_STORE_NEW, 1 + i);
    assert_int_equal(joins[i].joined_us, PARTY_NOW);
    if (i % 5 != 4) {
      waitq_store_join again = member_join(party, 0, party_visitor(100 + i));
      expect(again, WAITQ_STORE_EXISTING, 1 + i);
      assert_int_equal(again.joined_us, PARTY_NOW);
    }
  }
  assert_int_equal(server_ask_number(party->server, "HLEN wq:{room}:visitors"), 1 + COUNT - COUNT / 5);
}

static void expect_told_at_once(struct party *party, unsigned id, uint64_t number) {
  waitq_store_join join = party_visitor(id);
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  assert_false(was_short(&exchange));
  expect(join, WAITQ_STORE_NEW, number);
  join = party_visitor(id + 1);
  exchange = join_all(party, 1, &join, 1);
  assert_true(was_short(&exchange));
  expect(join, WAITQ_STORE_NEW, number + 1);
}

static void test_joins__are_told_at_once_what_others_have_changed(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  waitq_store_commit commit = member_commit_of(party->members[0]);
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  expect_told_at_once(party, 10, 1);
  assert_int_equal(other->version, 1);
  member_mark(party, 0, 2, 0);
  expect_told_at_once(party, 12, 3);
  assert_true(member_has(other, 2, 0));
  member_unmark(party, 0, 2, 0);
  expect_told_at_once(party, 14, 5);
  assert_false(member_has(other, 2, 0));
}

static void test_joins__of_others_and_ones_own_marks_are_no_news(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 10);
  member_mark(party, 1, 2, 5);
  waitq_store_join join = party_visitor(10);
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  assert_true(was_short(&exchange));
  assert_int_equal(exchange.found, 0);
  expect(join, WAITQ_STORE_NEW, 11);
}

static void test_joins__find_an_existing_ticket(void **state) {
  struct party *party = *state;
  waitq_store_join joins[] = {party_visitor(1), party_visitor(2), party_visitor(1)};
  waitq_store_exchange exchange = join_all(party, 0, joins, 2);
  assert_true(was_short(&exchange));
  expect(joins[0], WAITQ_STORE_EXISTING, 0);
  expect(joins[1], WAITQ_STORE_NEW, 1);
  joins[0] = party_visitor(2);
  joins[1] = party_anonymous();
  exchange = join_all(party, 1, joins, 3);
  assert_true(was_short(&exchange));
  expect(joins[0], WAITQ_STORE_EXISTING, 1);
  expect(joins[1], WAITQ_STORE_NEW, 2);
  expect(joins[2], WAITQ_STORE_EXISTING, 0);
  assert_int_equal(joins[0].joined_us, PARTY_NOW);
  assert_int_equal(exchange.next, 3);
}

static void test_joins__find_the_room_full_by_the_latest(void **state) {
  struct party *party = *state;
  waitq_store_commit commit = member_commit_of(party->members[1]);
  commit.join_limit = 3;
  assert_code(member_commit(party, 1, &commit), WAITQ_OK);
  waitq_store_join joins[] = {party_visitor(2), party_visitor(3), party_visitor(4), party_visitor(1)};
  waitq_store_exchange exchange = join_all(party, 1, joins, 4);
  assert_true(was_short(&exchange));
  expect(joins[0], WAITQ_STORE_NEW, 1);
  expect(joins[1], WAITQ_STORE_NEW, 2);
  assert_int_equal(joins[2].outcome, WAITQ_STORE_FULL);
  expect(joins[3], WAITQ_STORE_EXISTING, 0);
  assert_int_equal(exchange.next, 3);
  member_refresh(party, 0);
  commit = member_commit_of(party->members[0]);
  commit.join_limit = 3;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  joins[0] = party_anonymous();
  exchange = join_all(party, 1, joins, 1);
  assert_false(was_short(&exchange));
  assert_int_equal(joins[0].outcome, WAITQ_STORE_FULL);
  assert_int_equal(party->members[1]->heads, 1);
}

static void test_joins__replace_a_ticket_of_that_number_alone(void **state) {
  struct party *party = *state;
  waitq_store_join joins[] = {party_visitor(1), party_visitor(2), party_visitor(3)};
  join_all(party, 1, joins + 1, 2);
  joins[0].replaces = 0;
  joins[1].replaces = 2; /* it has 1 */
  joins[2].replaces = 2;
  waitq_store_exchange exchange = join_all(party, 1, joins, 3);
  assert_true(was_short(&exchange));
  expect(joins[0], WAITQ_STORE_NEW, 3);
  expect(joins[1], WAITQ_STORE_EXISTING, 1);
  expect(joins[2], WAITQ_STORE_NEW, 4);
  expect(member_join(party, 0, party_visitor(1)), WAITQ_STORE_EXISTING, 3);
}

static void test_joins__of_one_visitor_in_one_batch_see_each_other(void **state) {
  struct party *party = *state;
  waitq_store_join joins[] = {party_visitor(2), party_visitor(3), party_visitor(2)};
  waitq_store_exchange exchange = join_all(party, 1, joins, 3);
  assert_false(was_short(&exchange));
  expect(joins[0], WAITQ_STORE_NEW, 1);
  expect(joins[1], WAITQ_STORE_NEW, 2);
  expect(joins[2], WAITQ_STORE_EXISTING, 1);
}

static void test_joins__take_no_ticket_below_the_trim_for_one(void **state) {
  struct party *party = *state;
  member_issue(party, 1, 9);
  waitq_store_commit commit = member_commit_of(party->members[1]);
  commit.trim_below = 1;
  assert_code(member_commit(party, 1, &commit), WAITQ_OK);
  waitq_store_join join = party_visitor(1);
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  assert_true(was_short(&exchange));
  expect(join, WAITQ_STORE_NEW, 10);
}

static void test_joins__of_nobody_need_no_visitors(void **state) {
  struct party *party = *state;
  waitq_store_join joins[] = {party_anonymous(), party_anonymous()};
  waitq_store_exchange exchange = join_all(party, 0, joins, 2);
  assert_true(was_short(&exchange));
  expect(joins[0], WAITQ_STORE_NEW, 1);
  expect(joins[1], WAITQ_STORE_NEW, 2);
  assert_int_equal(server_ask_number(party->server, "HLEN wq:{room}:visitors"), 1);
}

static void test_joins__with_anything_else_are_told_all(void **state) {
  struct party *party = *state;
  member_mark(party, 0, 1, 0);
  uint64_t word = 1;
  waitq_store_bits bits = {4, 1, 0, &word};
  waitq_store_join join = party_visitor(2);
  waitq_store_exchange exchange = ask_joins(party->members[1], &join, 1);
  exchange.marks = &bits;
  exchange.mark_count = 1;
  member_exchange(party, 1, &exchange);
  assert_int_equal(exchange.found, 0);
  assert_true(member_has(party->members[1], 1, 0));
}

static void test_joins__say_now_and_then_that_the_context_is_there(void **state) {
  struct party *party = *state;
  struct waitq__redis_room *room = party->members[1]->room;
  server_ask(party->server, "HSET wq:{room} alive_ms 0");
  room->next_beat_us = 0;
  waitq_store_join join = party_visitor(2);
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  assert_false(was_short(&exchange));
  assert_true(party_number(party, "alive_ms") > 0);
  join = party_visitor(3);
  room->next_beat_us = INT64_MAX;
  exchange = join_all(party, 1, &join, 1);
  assert_true(was_short(&exchange));
}

static void test_joins__in_another_epoch_are_not_done_and_all_is_told(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.epoch = PARTY_EPOCH + 1;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  char before[64];
  char after[64];
  waitq_store_join join = party_visitor(2);
  party_digest(party, before);
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  party_digest(party, after);
  assert_string_equal(before, after);
  assert_int_equal(other->heads, 1);
  assert_int_equal(other->epoch, PARTY_EPOCH + 1);
  assert_int_equal(exchange.next, 0);
}

/* --- The time to live of visitors --- */

static void expect_ttl(struct party *party) {
  assert_true(server_ask_number(party->server, "TTL wq:{room}:visitors") > 172000);
}

static void test_joins__that_make_the_key_of_visitors_give_it_a_time_to_live(void **state) {
  struct party *party = *state;
  struct member *member = party->members[1];
  for (unsigned epoch = 1; epoch < 4; epoch++) {
    waitq_store_commit commit = member_commit_of(member);
    commit.epoch = PARTY_EPOCH + epoch;
    assert_code(member_commit(party, 1, &commit), WAITQ_OK);
    assert_int_equal(server_ask_number(party->server, "EXISTS wq:{room}:visitors"), 0);
    waitq_store_join joins[] = {party_anonymous(), party_visitor(1)};
    join_all(party, 1, joins, 1);
    join_all(party, 1, joins, 2);
    expect_ttl(party);
    joins[1] = party_visitor(2);
    waitq_store_exchange exchange = join_all(party, 1, joins, 2);
    assert_true(was_short(&exchange));
    expect_ttl(party);
  }
}

static void put_back(struct party *party, unsigned number) {
  waitq_store_commit commit = member_commit_of(party->members[number]);
  commit.next_min = 1000;
  waitq_store_exchange exchange = member_ask(party->members[number]);
  exchange.flags = WAITQ_STORE_RECOVER;
  exchange.commit = &commit;
  member_exchange(party, number, &exchange);
  assert_code(exchange.commit_code, WAITQ_OK);
}

static void test_joins__after_a_loss_give_the_key_of_visitors_a_time_to_live(void **state) {
  struct party *party = *state;
  server_ask(party->server, "FLUSHALL");
  put_back(party, 1);
  waitq_store_join join = party_visitor(1);
  join_all(party, 1, &join, 1);
  expect(join, WAITQ_STORE_NEW, 1000);
  expect_ttl(party);
}

/* All records may be in one piece, which a server goes through as a whole. */
static void test_joins__find_the_key_of_visitors_whatever_was_removed_from_it(void **state) {
  struct party *party = *state;
  enum { COUNT = 1500 };
  static waitq_store_join joins[COUNT];
  server_ask(party->server, "CONFIG SET hash-max-ziplist-entries 100000");
  for (unsigned i = 0; i < COUNT; i++) {
    joins[i] = party_visitor(i + 2);
  }
  join_all(party, 1, joins, COUNT);
  waitq_store_commit commit = member_commit_of(party->members[1]);
  commit.trim_below = COUNT + 1;
  assert_code(member_commit(party, 1, &commit), WAITQ_OK);
  server_ask(party->server, "CONFIG SET hash-max-ziplist-entries 512");
  assert_in_range(server_ask_number(party->server, "HLEN wq:{room}:visitors"), 0, 1024);
  waitq_store_join join = party_visitor(1);
  join_all(party, 1, &join, 1);
  expect(join, WAITQ_STORE_NEW, COUNT + 1);
  expect_ttl(party);
}

/* --- Losses --- */

static void test_joins__find_that_the_room_is_gone(void **state) {
  struct party *party = *state;
  server_ask(party->server, "FLUSHALL");
  waitq_store_join join = party_visitor(2);
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  assert_int_equal(exchange.found, WAITQ_STORE_FOUND_LOSS);
  assert_int_equal(party->members[1]->heads, 0);
  assert_int_equal(server_ask_number(party->server, "DBSIZE"), 0);
}

static void test_joins__find_that_another_server_has_kept_the_room(void **state) {
  struct party *party = *state;
  char before[64];
  char after[64];
  server_ask(party->server, "HSET wq:{room} server 0123456789012345678901234567890123456789");
  party_digest(party, before);
  waitq_store_join join = party_visitor(2);
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  party_digest(party, after);
  assert_string_equal(before, after);
  assert_int_equal(exchange.found, WAITQ_STORE_FOUND_LOSS);
  assert_int_equal(party->members[1]->heads, 1);
}

/* Numbers that were skipped must not come between without the bits that say that they are gone. */
static void test_joins__after_another_has_put_the_room_back_are_told_all_of_it(void **state) {
  struct party *party = *state;
  server_ask(party->server, "FLUSHALL");
  put_back(party, 0);
  member_mark(party, 0, 0, 999);
  waitq_store_join join = party_anonymous();
  waitq_store_exchange exchange = join_all(party, 1, &join, 1);
  assert_false(was_short(&exchange));
  assert_int_equal(exchange.losses, 1);
  expect(join, WAITQ_STORE_NEW, 1000);
  assert_int_equal(party->members[1]->heads, 1);
  assert_true(member_has(party->members[1], 0, 999));
  exchange = join_all(party, 1, &join, 1);
  assert_true(was_short(&exchange));
  assert_int_equal(exchange.losses, 1);
}

/* --- Damage and failures --- */

static void expect_refusal_of(struct party *party, waitq_store_join visitor, int code, const char *named) {
  char before[64];
  char after[64];
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_store_join joins[] = {party_visitor(2), visitor};
  waitq_store_exchange exchange = ask_joins(party->members[1], joins, 2);
  party_digest(party, before);
  assert_code(member_try(party, 1, &exchange, &error), code);
  party_digest(party, after);
  assert_string_equal(before, after);
  if (strstr(error.text, named) == NULL) {
    fail_msg("'%s' does not name %s", error.text, named);
  }
}

static void expect_refusal(struct party *party, int code, const char *named) {
  expect_refusal_of(party, party_visitor(1), code, named);
}

static void test_joins__a_head_with_a_field_that_is_missing_or_no_number_is_damaged(void **state) {
  struct party *party = *state;
  static const char *const fields[] = {"format", "version", "epoch", "next", "join_limit", "trim", "change", "losses"};
  for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    static const char *const values[] = {NULL, "", "many", "-1", "1.5"};
    char kept[64];
    snprintf(kept, sizeof kept, "%s", party_field(party, fields[i]));
    for (unsigned v = 0; v < sizeof values / sizeof values[0]; v++) {
      const char *const set[] = {"HSET", "wq:{room}", fields[i], values[v]};
      const char *const remove[] = {"HDEL", "wq:{room}", fields[i]};
      int is_text = strcmp(fields[i], "epoch") == 0 || strcmp(fields[i], "join_limit") == 0;
      if (v >= 3 && is_text) {
        continue;
      }
      server_ask_words(party->server, values[v] == NULL ? remove : set, values[v] == NULL ? 3 : 4);
      expect_refusal(party, WAITQ_E_DAMAGED, fields[i]);
    }
    const char *const restore[] = {"HSET", "wq:{room}", fields[i], kept};
    server_ask_words(party->server, restore, 4);
  }
  server_ask(party->server, "HSET wq:{room} format 2");
  expect_refusal(party, WAITQ_E_VERSION, "wq:{room}");
}

static void test_joins__records_that_are_none_and_keys_of_another_type_are_damage(void **state) {
  struct party *party = *state;
  const char *const words[] = {"HSET", "wq:{room}:visitors", "0123456789abcdef", "short"};
  server_ask_words(party->server, words, 4);
  waitq_store_join join = {.replaces = WAITQ_STORE_NO_NUMBER};
  memcpy(join.visitor, "0123456789abcdef", sizeof join.visitor);
  expect_refusal_of(party, join, WAITQ_E_DAMAGED, "wq:{room}:visitors");
  server_ask(party->server, "SET wq:{room}:visitors text");
  expect_refusal(party, WAITQ_E_DAMAGED, "wq:{room}:visitors");
  server_ask(party->server, "SET wq:{room} text");
  expect_refusal(party, WAITQ_E_DAMAGED, "wq:{room}");
}

static void test_joins__out_of_memory_change_nothing(void **state) {
  struct party *party = *state;
  struct waitq__redis_room *room = party->members[1]->room;
  static waitq_store_join joins[300];
  for (uint64_t n = 1;; n++) {
    char before[64];
    char after[64];
    waitq_error error = WAITQ_ERROR_INIT;
    for (unsigned i = 0; i < 300; i++) {
      joins[i] = party_visitor(1000 + i);
    }
    waitq_store_exchange exchange = ask_joins(party->members[1], joins, 300);
    room->stood_ms = STOOD_MS;
    party_digest(party, before);
    fake_memory_fail_at(&party->memory, n);
    int code = member_try(party, 1, &exchange, &error);
    uint64_t failed = fake_memory_recover(&party->memory);
    if (failed == 0) {
      assert_code(code, WAITQ_OK);
      assert_true(was_short(&exchange));
      assert_true(n > 1);
      break;
    }
    assert_code(code, WAITQ_E_NOMEM);
    assert_string_not_equal(error.text, "");
    party_digest(party, after);
    assert_string_equal(before, after);
  }
  assert_int_equal(party_number(party, "next"), 301);
}

static void test_joins__repeated_after_an_unknown_outcome_have_one_effect(void **state) {
  struct party *party = *state;
  waitq_store_join join = party_visitor(2);
  waitq_store_exchange exchange = ask_joins(party->members[1], &join, 1);
  exchange.timeout_us = 200000;
  server_pause(party->server);
  int code = member_try(party, 1, &exchange, NULL);
  server_resume(party->server);
  assert_code(code, WAITQ_E_TIMEOUT);
  do {
    join = party_visitor(2);
    exchange = ask_joins(party->members[1], &join, 1);
    code = member_try(party, 1, &exchange, NULL);
  } while (code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT);
  assert_code(code, WAITQ_OK);
  expect(join, WAITQ_STORE_EXISTING, 1);
  assert_int_equal(exchange.next, 2);
}

static void test_joins__find_a_full_redis_and_nothing_is_half_done(void **state) {
  struct party *party = *state;
  char before[64];
  char after[64];
  waitq_store_join join = party_visitor(2);
  waitq_store_exchange exchange = ask_joins(party->members[1], &join, 1);
  server_ask(party->server, "CONFIG SET maxmemory 1");
  party_digest(party, before);
  int code = member_try(party, 1, &exchange, NULL);
  party_digest(party, after);
  server_ask(party->server, "CONFIG SET maxmemory 0");
  assert_code(code, WAITQ_E_STORE);
  assert_string_equal(before, after);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      JOINS_TEST(test_joins__are_numbered_and_remembered_as_by_any_exchange),
      JOINS_TEST(test_joins__are_told_at_once_what_others_have_changed),
      JOINS_TEST(test_joins__of_others_and_ones_own_marks_are_no_news),
      JOINS_TEST(test_joins__find_an_existing_ticket),
      JOINS_TEST(test_joins__find_the_room_full_by_the_latest),
      JOINS_TEST(test_joins__replace_a_ticket_of_that_number_alone),
      JOINS_TEST(test_joins__of_one_visitor_in_one_batch_see_each_other),
      JOINS_TEST(test_joins__take_no_ticket_below_the_trim_for_one),
      JOINS_TEST(test_joins__of_nobody_need_no_visitors),
      JOINS_TEST(test_joins__with_anything_else_are_told_all),
      JOINS_TEST(test_joins__say_now_and_then_that_the_context_is_there),
      JOINS_TEST(test_joins__in_another_epoch_are_not_done_and_all_is_told),
      JOINS_TEST(test_joins__that_make_the_key_of_visitors_give_it_a_time_to_live),
      JOINS_TEST(test_joins__after_a_loss_give_the_key_of_visitors_a_time_to_live),
      JOINS_TEST(test_joins__find_the_key_of_visitors_whatever_was_removed_from_it),
      JOINS_TEST(test_joins__find_that_the_room_is_gone),
      JOINS_TEST(test_joins__find_that_another_server_has_kept_the_room),
      JOINS_TEST(test_joins__after_another_has_put_the_room_back_are_told_all_of_it),
      JOINS_TEST(test_joins__a_head_with_a_field_that_is_missing_or_no_number_is_damaged),
      JOINS_TEST(test_joins__records_that_are_none_and_keys_of_another_type_are_damage),
      JOINS_TEST(test_joins__out_of_memory_change_nothing),
      JOINS_TEST(test_joins__repeated_after_an_unknown_outcome_have_one_effect),
      JOINS_TEST(test_joins__find_a_full_redis_and_nothing_is_half_done),
  };
  return cmocka_run_group_tests_name("exchange: joins", tests, party_group_setup, party_group_teardown);
}
