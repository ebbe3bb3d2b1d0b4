/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Exchanges that fail: for want of memory they change nothing, and after an unknown outcome they may be repeated. */

#include <string.h>

#include "../support/child.h"
#include "../support/line.h"
#include "party.h"

#define FAILURES_MAX 2000

/* All that can be asked at once. */
struct everything {
  waitq_store_exchange exchange;
  waitq_store_commit commit;
  waitq_store_bits bits[3];
  uint64_t words[3][400];
  waitq_store_shown shown;
  waitq_store_join joins[40];
};

static void ask_everything(const struct member *member, struct everything *all) {
  memset(all, 0, sizeof *all);
  all->commit = member_commit_of(member);
  all->exchange = member_ask(member);
  for (unsigned i = 0; i < 3; i++) {
    memset(all->words[i], 0x11 << i, sizeof all->words[i]);
    all->bits[i] = (waitq_store_bits){i, 400, 64, all->words[i]};
  }
  for (unsigned i = 0; i < 40; i++) {
    all->joins[i] = party_visitor(i);
  }
  memcpy(all->shown.visitor, party_visitor(7).visitor, sizeof all->shown.visitor);
  all->shown.number = 5;
  all->commit.bits = &all->bits[0];
  all->commit.bits_count = 1;
  all->exchange.commit = &all->commit;
  all->exchange.marks = &all->bits[1];
  all->exchange.mark_count = 1;
  all->exchange.unmarks = &all->bits[2];
  all->exchange.unmark_count = 1;
  all->exchange.shown = &all->shown;
  all->exchange.shown_count = 1;
  all->exchange.joins = all->joins;
  all->exchange.join_count = 40;
}

static void check_effects(struct party *party, const struct everything *all) {
  assert_int_equal(party_number(party, "version"), 1);
  assert_int_equal(party_number(party, "next"), 30000 + 39);
  member_refresh(party, 1);
  for (unsigned w = 0; w < 400; w++) {
    assert_int_equal(party->members[1]->words[0][1 + w], all->words[0][w]);
    assert_int_equal(party->members[1]->words[1][1 + w], all->words[1][w]);
    assert_int_equal(party->members[1]->words[2][1 + w], 0);
  }
  for (unsigned i = 0; i < 40; i++) {
    waitq_store_join join = member_join(party, 1, party_visitor(i));
    assert_int_equal(join.outcome, WAITQ_STORE_EXISTING);
    assert_int_equal(join.number, i < 7 ? 30000 + i : i == 7 ? 5 : 29999 + i);
  }
}

static void test_exchange__out_of_memory_changes_nothing(void **state) {
  struct party *party = *state;
  static struct everything all;
  member_issue(party, 0, 30000);
  for (uint64_t n = 1;; n++) {
    char before[64];
    char after[64];
    waitq_error error = WAITQ_ERROR_INIT;
    assert_true(n < FAILURES_MAX);
    ask_everything(party->members[0], &all);
    party_digest(party, before);
    fake_memory_fail_at(&party->memory, n);
    int code = member_try(party, 0, &all.exchange, &error);
    uint64_t failed = fake_memory_recover(&party->memory);
    if (failed == 0 || code == WAITQ_OK) {
      assert_code(code, WAITQ_OK);
      break;
    }
    assert_code(code, WAITQ_E_NOMEM);
    assert_string_not_equal(error.text, "");
    party_digest(party, after);
    assert_string_equal(before, after);
  }
  check_effects(party, &all);
}

static void test_exchange__repeated_after_an_unknown_outcome_has_one_effect(void **state) {
  struct party *party = *state;
  static struct everything all;
  member_issue(party, 0, 30000);
  ask_everything(party->members[0], &all);
  all.exchange.timeout_us = 200000;
  server_pause(party->server);
  int code = member_try(party, 0, &all.exchange, NULL);
  server_resume(party->server);
  assert_code(code, WAITQ_E_TIMEOUT);
  do {
    ask_everything(party->members[0], &all);
    code = member_try(party, 0, &all.exchange, NULL);
  } while (code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT);
  assert_code(code, WAITQ_OK);
  assert_code(all.exchange.commit_code, WAITQ_E_CONFLICT); /* its own, which was carried out after all */
  assert_int_equal(party->members[0]->version, 1);
  for (unsigned i = 0; i < 40; i++) {
    assert_int_equal(all.joins[i].outcome, WAITQ_STORE_EXISTING);
  }
  check_effects(party, &all);
}

static void test_exchange__what_the_sink_returns_ends_it_and_the_changes_are_told_again(void **state) {
  struct party *party = *state;
  struct member *other = party->members[1];
  member_issue(party, 0, 10);
  member_mark(party, 0, 1, 5);
  other->sink_code = WAITQ_E_NOMEM;
  waitq_store_exchange exchange = member_ask(other);
  assert_code(member_try(party, 1, &exchange, NULL), WAITQ_E_NOMEM);
  assert_int_equal(exchange.change, other->change);
  waitq_store_join join = party_visitor(1);
  exchange = member_ask(other);
  exchange.joins = &join;
  exchange.join_count = 1;
  assert_code(member_try(party, 1, &exchange, NULL), WAITQ_E_STORE);
  other->sink_code = WAITQ_OK;
  exchange = member_ask(other);
  exchange.joins = &join;
  exchange.join_count = 1;
  member_exchange(party, 1, &exchange);
  assert_int_equal(other->runs, 1);
  assert_int_equal(join.outcome, WAITQ_STORE_EXISTING);
  assert_int_equal(join.number, 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PARTY_TEST(test_exchange__out_of_memory_changes_nothing),
      PARTY_TEST(test_exchange__what_the_sink_returns_ends_it_and_the_changes_are_told_again),
      PARTY_TEST(test_exchange__repeated_after_an_unknown_outcome_has_one_effect),
  };
  return cmocka_run_group_tests_name("exchange: faults", tests, party_group_setup, party_group_teardown);
}
