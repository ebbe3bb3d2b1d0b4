/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Exchanges of two contexts with a room in Redis: what is asked is done, and what the other did is told. */

#include <string.h>

#include "../support/line.h"
#include "party.h"

static void expect(waitq_store_join join, uint32_t outcome, uint64_t number) {
  assert_int_equal(join.outcome, outcome);
  assert_int_equal(join.number, number);
}

static void test_exchange__of_nothing_tells_time_and_next(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 5);
  waitq_store_exchange exchange = member_ask(party->members[1]);
  member_exchange(party, 1, &exchange);
  assert_int_equal(exchange.next, 5);
  assert_int_equal(exchange.losses, 0);
  assert_int_equal(exchange.found, 0);
  assert_int_equal(exchange.commit_code, WAITQ_OK);
  assert_true(exchange.now_us > INT64_C(1600000000) * 1000000);
  waitq_store_exchange later = member_ask(party->members[1]);
  member_exchange(party, 1, &later);
  assert_true(later.now_us > exchange.now_us);
}

static void test_exchange__tells_the_head_where_another_version_is_known_and_only_there(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  member_refresh(party, 1);
  assert_int_equal(other->heads, 0);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.state = "newer";
  commit.state_size = 5;
  commit.join_limit = 9;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_int_equal(party->members[0]->heads, 0);
  member_refresh(party, 1);
  assert_int_equal(other->heads, 1);
  assert_int_equal(other->head.version, 1);
  assert_int_equal(other->head.epoch, PARTY_EPOCH);
  assert_int_equal(other->head.join_limit, 9);
  assert_int_equal(other->head.state_size, 5);
  assert_memory_equal(other->state, "newer", 5);
  member_refresh(party, 1);
  assert_int_equal(other->heads, 0);
}

static void test_exchange__bits_of_another_are_told_once_and_ones_own_are_not(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 20000);
  member_mark(party, 0, 2, 7);
  assert_int_equal(party->members[0]->runs, 0);
  member_mark(party, 0, 5, 16384);
  member_refresh(party, 0);
  assert_int_equal(party->members[0]->runs, 0);
  member_refresh(party, 1);
  assert_int_equal(party->members[1]->runs, 2);
  assert_true(member_has(party->members[1], 2, 7));
  assert_true(member_has(party->members[1], 5, 16384));
  member_refresh(party, 1);
  assert_int_equal(party->members[1]->runs, 0);
}

static void test_exchange__ones_own_bits_are_told_with_those_of_another_in_the_same_chunk(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 100);
  member_mark(party, 0, 2, 7);
  member_mark(party, 1, 2, 8);
  assert_int_equal(party->members[1]->runs, 1);
  assert_true(member_has(party->members[1], 2, 7));
  assert_true(member_has(party->members[1], 2, 8));
  member_refresh(party, 0);
  assert_true(member_has(party->members[0], 2, 8));
}

static void test_exchange__bits_that_were_set_already_are_no_change(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 100);
  member_mark(party, 0, 2, 7);
  member_refresh(party, 1);
  member_mark(party, 0, 2, 7);
  member_refresh(party, 1);
  assert_int_equal(party->members[1]->runs, 0);
}

static void test_exchange__planes_that_are_not_wanted_are_not_told(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 100);
  member_mark(party, 0, 2, 7);
  member_mark(party, 0, 3, 7);
  waitq_store_exchange exchange = member_ask(party->members[1]);
  exchange.planes_wanted = 8;
  member_exchange(party, 1, &exchange);
  assert_int_equal(party->members[1]->runs, 1);
  assert_true(member_has(party->members[1], 3, 7));
}

static void test_exchange__that_wants_no_plane_leaves_the_changes_for_a_later_one(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 100);
  member_mark(party, 0, 2, 7);
  waitq_store_exchange exchange = member_ask(party->members[1]);
  exchange.planes_wanted = 0;
  member_exchange(party, 1, &exchange);
  assert_int_equal(party->members[1]->runs, 0);
  member_refresh(party, 1);
  assert_true(member_has(party->members[1], 2, 7));
}

static void test_exchange__marks_are_set_and_unmarks_taken_back_whatever_the_version(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 200);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  uint64_t marked[2] = {UINT64_C(0xf0), UINT64_MAX};
  uint64_t unmarked[2] = {UINT64_C(0x30), UINT64_C(1) << 63};
  waitq_store_bits marks = {4, 2, 64, marked};
  waitq_store_bits unmarks = {4, 2, 64, unmarked};
  waitq_store_exchange exchange = member_ask(party->members[1]);
  exchange.marks = &marks;
  exchange.mark_count = 1;
  exchange.unmarks = &unmarks;
  exchange.unmark_count = 1;
  member_exchange(party, 1, &exchange);
  assert_int_equal(party->members[1]->heads, 1);
  member_refresh(party, 0);
  assert_int_equal(party->members[0]->words[4][1], 0xc0);
  assert_int_equal(party->members[0]->words[4][2], UINT64_MAX >> 1);
}

/* A run so long that it goes there as one, and over several chunks. */
static void test_exchange__long_runs_are_merged_and_taken_back(void **state) {
  struct party *party = *state;
  enum { WORDS = 1000 };
  static uint64_t sets[2][WORDS];
  static uint64_t cleared[WORDS];
  member_issue(party, 0, 60000);
  for (unsigned i = 0; i < WORDS - 100; i++) {
    sets[0][i] = UINT64_C(0x1111111111111111) << i % 4;
    sets[1][i] = UINT64_C(0x8000000000000421);
    cleared[i] = i % 3 == 0 ? UINT64_C(0x5555555555555555) : 0;
  }
  waitq_store_bits bits[] = {
      {9, WORDS - 100, 64, sets[0]}, {9, WORDS - 100, 640, sets[1]}, {9, WORDS - 120, 64, cleared}};
  for (unsigned i = 0; i < 3; i++) {
    waitq_store_exchange exchange = member_ask(party->members[0]);
    exchange.marks = exchange.unmarks = &bits[i];
    exchange.mark_count = i < 2;
    exchange.unmark_count = i == 2;
    member_exchange(party, 0, &exchange);
  }
  member_refresh(party, 1);
  for (unsigned i = 0; i < WORDS - 120; i++) {
    uint64_t both = sets[0][i] | (i >= 9 ? sets[1][i - 9] : 0);
    assert_int_equal(party->members[1]->words[9][i + 1], both & ~cleared[i]);
  }
}

static void test_exchange__a_commit_of_an_older_version_is_a_conflict_and_the_rest_is_done(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  waitq_store_commit commit = member_commit_of(party->members[0]);
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  waitq_store_commit late = member_commit_of(other);
  waitq_store_join join = party_visitor(1);
  uint64_t word = 1;
  waitq_store_bits bits = {1, 1, 0, &word};
  waitq_store_bits late_bits = {3, 1, 0, &word};
  late.bits = &late_bits;
  late.bits_count = 1;
  waitq_store_exchange exchange = member_ask(other);
  exchange.commit = &late;
  exchange.joins = &join;
  exchange.join_count = 1;
  exchange.marks = &bits;
  exchange.mark_count = 1;
  member_exchange(party, 1, &exchange);
  assert_code(exchange.commit_code, WAITQ_E_CONFLICT);
  assert_int_equal(other->heads, 1);
  assert_int_equal(other->head.version, 1);
  expect(join, WAITQ_STORE_NEW, 0);
  member_refresh(party, 0);
  assert_true(member_has(party->members[0], 1, 0));
  assert_false(member_has(party->members[0], 3, 0));
}

static void test_exchange__joins_come_after_the_commit_that_goes_with_them(void **state) {
  struct party *party = *state;
  waitq_store_join joins[3] = {party_visitor(1), party_anonymous(), party_visitor(2)};
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.join_limit = 12;
  commit.next_min = 10;
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.commit = &commit;
  exchange.joins = joins;
  exchange.join_count = 3;
  member_exchange(party, 0, &exchange);
  expect(joins[0], WAITQ_STORE_NEW, 10);
  expect(joins[1], WAITQ_STORE_NEW, 11);
  assert_int_equal(joins[2].outcome, WAITQ_STORE_FULL);
  assert_int_equal(joins[0].joined_us, PARTY_NOW);
  assert_int_equal(exchange.next, 12);
}

static void test_exchange__a_visitor_of_another_context_has_one_ticket(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 3);
  expect(member_join(party, 0, party_visitor(5)), WAITQ_STORE_NEW, 3);
  waitq_store_join join = member_join(party, 1, party_visitor(5));
  expect(join, WAITQ_STORE_EXISTING, 3);
  assert_int_equal(join.joined_us, PARTY_NOW);
}

static void test_exchange__joins_of_one_batch_see_each_other(void **state) {
  struct party *party = *state;
  expect(member_join(party, 1, party_visitor(1)), WAITQ_STORE_NEW, 0);
  waitq_store_join joins[] = {party_visitor(1), party_visitor(1), party_visitor(1), party_visitor(2),
                              party_visitor(2), party_visitor(2), party_anonymous()};
  joins[1].replaces = 0;
  joins[4].replaces = 2;
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.joins = joins;
  exchange.join_count = 7;
  member_exchange(party, 0, &exchange);
  expect(joins[0], WAITQ_STORE_EXISTING, 0);
  expect(joins[1], WAITQ_STORE_NEW, 1);
  expect(joins[2], WAITQ_STORE_EXISTING, 1);
  expect(joins[3], WAITQ_STORE_NEW, 2);
  expect(joins[4], WAITQ_STORE_NEW, 3);
  expect(joins[5], WAITQ_STORE_EXISTING, 3);
  expect(joins[6], WAITQ_STORE_NEW, 4);
}

static void test_exchange__batches_of_thousands_are_numbered_and_found_again(void **state) {
  struct party *party = *state;
  enum { COUNT = 2500 };
  static waitq_store_join joins[COUNT];
  for (unsigned round = 0; round < 2; round++) {
    for (unsigned i = 0; i < COUNT; i++) {
      joins[i] = party_visitor(i);
    }
    waitq_store_exchange exchange = member_ask(party->members[round]);
    exchange.joins = joins;
    exchange.join_count = COUNT;
    member_exchange(party, round, &exchange);
    for (unsigned i = 0; i < COUNT; i++) {
      expect(joins[i], round == 0 ? WAITQ_STORE_NEW : WAITQ_STORE_EXISTING, i);
    }
  }
}

static void show(struct party *party, waitq_store_join visitor, uint64_t number) {
  waitq_store_shown shown = {.number = number, .joined_us = 1000 + (int64_t)number};
  memcpy(shown.visitor, visitor.visitor, sizeof shown.visitor);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.shown = &shown;
  exchange.shown_count = 1;
  member_exchange(party, 0, &exchange);
}

static void test_exchange__a_ticket_that_was_shown_is_remembered_where_no_later_one_is(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 50);
  show(party, party_visitor(1), 20);
  waitq_store_join join = member_join(party, 1, party_visitor(1));
  expect(join, WAITQ_STORE_EXISTING, 20);
  assert_int_equal(join.joined_us, 1020);
  show(party, party_visitor(1), 10);
  expect(member_join(party, 1, party_visitor(1)), WAITQ_STORE_EXISTING, 20);
  show(party, party_visitor(1), 30);
  expect(member_join(party, 1, party_visitor(1)), WAITQ_STORE_EXISTING, 30);
}

static void test_exchange__a_ticket_shown_by_nobody_or_from_below_the_trim_is_not_remembered(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 50);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.trim_below = 40;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  waitq_store_join nobody = {.replaces = WAITQ_STORE_NO_NUMBER};
  show(party, nobody, 45);
  expect(member_join(party, 1, nobody), WAITQ_STORE_NEW, 50);
  show(party, party_visitor(1), 39);
  expect(member_join(party, 1, party_visitor(1)), WAITQ_STORE_NEW, 51);
}

static void test_exchange__who_shows_a_ticket_and_joins_at_once_keeps_it(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 50);
  waitq_store_join joins[] = {party_visitor(1), party_visitor(2)};
  waitq_store_shown shown = {.number = 20, .joined_us = 5};
  memcpy(shown.visitor, joins[1].visitor, sizeof shown.visitor);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.shown = &shown;
  exchange.shown_count = 1;
  exchange.joins = joins;
  exchange.join_count = 2;
  member_exchange(party, 0, &exchange);
  expect(joins[0], WAITQ_STORE_NEW, 50);
  expect(joins[1], WAITQ_STORE_EXISTING, 20);
}

static void test_exchange__in_another_epoch_does_nothing_and_tells_all(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  member_issue(party, 0, 100);
  member_mark(party, 0, 1, 50);
  member_refresh(party, 1);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.epoch = PARTY_EPOCH + 1;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  member_issue(party, 0, 10);
  member_mark(party, 0, 2, 3);
  waitq_store_join join = party_visitor(1);
  uint64_t word = 1;
  waitq_store_bits bits = {4, 1, 0, &word};
  waitq_store_commit late = member_commit_of(other);
  waitq_store_exchange exchange = member_ask(other);
  exchange.joins = &join;
  exchange.join_count = 1;
  exchange.marks = &bits;
  exchange.mark_count = 1;
  exchange.commit = &late;
  char before[64];
  char after[64];
  party_digest(party, before);
  other->epoch = 0; /* so that the mirror is emptied by the head that comes */
  member_exchange(party, 1, &exchange);
  party_digest(party, after);
  assert_string_equal(before, after);
  assert_code(exchange.commit_code, WAITQ_E_CONFLICT);
  assert_int_equal(other->heads, 1);
  assert_int_equal(other->epoch, PARTY_EPOCH + 1);
  assert_int_equal(exchange.next, 10);
  assert_true(member_has(other, 2, 3));
  assert_false(member_has(other, 1, 50));
  member_refresh(party, 1);
  assert_int_equal(other->runs + other->heads, 0);
}

static void test_exchange__planes_that_a_commit_empties_are_told_only_where_they_were_marked_since(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 40000);
  member_mark(party, 0, 6, 100);
  member_mark(party, 0, 6, 30000);
  member_refresh(party, 1);
  uint64_t word = 2;
  waitq_store_bits bits = {6, 1, 128, &word};
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.clear_planes = 1 << 6;
  commit.bits = &bits;
  commit.bits_count = 1;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_int_equal(party->members[0]->runs, 0);
  member_refresh(party, 1);
  assert_int_equal(party->members[1]->heads, 1);
  assert_int_equal(party->members[1]->runs, 1);
  assert_true(member_has(party->members[1], 6, 129));
  assert_false(member_has(party->members[1], 6, 100));
}

/* More than a page of changes: 18 chunks of 24 planes. */
static void test_exchange__many_changes_come_in_pages_with_the_head_on_the_last(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  enum { CHUNKS = 18 };
  for (unsigned i = 0; i < CHUNKS * 16384 / 32768; i++) {
    member_issue(party, 0, 32768);
  }
  static uint64_t words[CHUNKS * 256];
  for (unsigned i = 0; i < CHUNKS * 256; i++) {
    words[i] = i;
  }
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    waitq_store_bits bits = {plane, CHUNKS * 256, 0, words};
    waitq_store_exchange exchange = member_ask(party->members[0]);
    exchange.marks = &bits;
    exchange.mark_count = 1;
    member_exchange(party, 0, &exchange);
  }
  waitq_store_commit commit = member_commit_of(party->members[0]);
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  waitq_store_exchange exchange = member_ask(other);
  member_exchange(party, 1, &exchange);
  assert_int_equal(exchange.found, WAITQ_STORE_FOUND_MORE);
  assert_int_equal(other->runs, 256);
  assert_int_equal(other->heads, 0);
  exchange = member_ask(other);
  member_exchange(party, 1, &exchange);
  assert_int_equal(exchange.found, 0);
  assert_int_equal(other->runs, CHUNKS * WAITQ_STORE_PLANES - 256);
  assert_int_equal(other->heads, 1);
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    assert_memory_equal(other->words[plane], words, sizeof words);
  }
}

/* Changes that are not wanted are looked through in pages as well. */
static void test_exchange__many_changes_that_are_not_wanted_hide_none_that_is(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  enum { CHUNKS = 48, PLANES = WAITQ_STORE_PLANES };
  for (unsigned i = 0; i < CHUNKS / 4; i++) {
    member_issue(party, 0, 65536);
  }
  static waitq_store_bits bits[CHUNKS * (PLANES - 1)];
  uint64_t word = 1;
  for (unsigned i = 0; i < CHUNKS * (PLANES - 1); i++) {
    bits[i] = (waitq_store_bits){1 + i / CHUNKS, 1, 16384 * (uint64_t)(i % CHUNKS), &word};
  }
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.marks = bits;
  exchange.mark_count = CHUNKS * (PLANES - 1);
  member_exchange(party, 0, &exchange);
  member_mark(party, 0, 0, 3);
  unsigned pages = 0;
  do {
    exchange = member_ask(other);
    exchange.planes_wanted = 1;
    member_exchange(party, 1, &exchange);
    pages++;
  } while ((exchange.found & WAITQ_STORE_FOUND_MORE) != 0);
  assert_int_equal(pages, 2);
  assert_int_equal(other->runs, 1);
  assert_true(member_has(other, 0, 3));
}

static void test_exchange__bits_far_beyond_the_tickets_are_refused(void **state) {
  struct party *party = *state;
  uint64_t word = 1;
  waitq_store_bits wrong[] = {{1, 1, UINT64_C(1) << 39, &word},
                              {1, 1, UINT64_C(1) << 40, &word},
                              {24, 1, 0, &word},
                              {1, 1, 32, &word},
                              {1, 0, 0, &word}};
  for (unsigned i = 0; i < 5; i++) {
    waitq_store_exchange exchange = member_ask(party->members[0]);
    exchange.marks = &wrong[i];
    exchange.mark_count = 1;
    waitq_error error = WAITQ_ERROR_INIT;
    assert_code(member_try(party, 0, &exchange, &error), WAITQ_E_INVALID);
    assert_non_null(strstr(error.text, "bits"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PARTY_TEST(test_exchange__of_nothing_tells_time_and_next),
      PARTY_TEST(test_exchange__tells_the_head_where_another_version_is_known_and_only_there),
      PARTY_TEST(test_exchange__bits_of_another_are_told_once_and_ones_own_are_not),
      PARTY_TEST(test_exchange__ones_own_bits_are_told_with_those_of_another_in_the_same_chunk),
      PARTY_TEST(test_exchange__bits_that_were_set_already_are_no_change),
      PARTY_TEST(test_exchange__planes_that_are_not_wanted_are_not_told),
      PARTY_TEST(test_exchange__that_wants_no_plane_leaves_the_changes_for_a_later_one),
      PARTY_TEST(test_exchange__marks_are_set_and_unmarks_taken_back_whatever_the_version),
      PARTY_TEST(test_exchange__long_runs_are_merged_and_taken_back),
      PARTY_TEST(test_exchange__a_commit_of_an_older_version_is_a_conflict_and_the_rest_is_done),
      PARTY_TEST(test_exchange__joins_come_after_the_commit_that_goes_with_them),
      PARTY_TEST(test_exchange__a_visitor_of_another_context_has_one_ticket),
      PARTY_TEST(test_exchange__joins_of_one_batch_see_each_other),
      PARTY_TEST(test_exchange__batches_of_thousands_are_numbered_and_found_again),
      PARTY_TEST(test_exchange__a_ticket_that_was_shown_is_remembered_where_no_later_one_is),
      PARTY_TEST(test_exchange__a_ticket_shown_by_nobody_or_from_below_the_trim_is_not_remembered),
      PARTY_TEST(test_exchange__who_shows_a_ticket_and_joins_at_once_keeps_it),
      PARTY_TEST(test_exchange__in_another_epoch_does_nothing_and_tells_all),
      PARTY_TEST(test_exchange__planes_that_a_commit_empties_are_told_only_where_they_were_marked_since),
      PARTY_TEST(test_exchange__many_changes_come_in_pages_with_the_head_on_the_last),
      PARTY_TEST(test_exchange__many_changes_that_are_not_wanted_hide_none_that_is),
      PARTY_TEST(test_exchange__bits_far_beyond_the_tickets_are_refused),
  };
  return cmocka_run_group_tests_name("exchange", tests, party_group_setup, party_group_teardown);
}
