/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A room that is gone, or came back older, or was kept by another server: noticed, and put back by one context alone. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/line.h"
#include "party.h"

static struct server *server; /* which is restarted */

/* Member 0 has committed twice, with tickets and bits. */
static void begin(struct party *party) {
  member_issue(party, 0, 100);
  member_join(party, 0, party_visitor(1));
  member_mark(party, 0, 1, 50);
  for (int i = 0; i < 2; i++) {
    waitq_store_commit commit = member_commit_of(party->members[0]);
    assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  }
  member_refresh(party, 1);
}

static waitq_store_exchange recover(struct party *party, unsigned number, const waitq_store_commit *commit) {
  waitq_store_exchange exchange = member_ask(party->members[number]);
  exchange.flags = WAITQ_STORE_RECOVER;
  exchange.commit = commit;
  member_exchange(party, number, &exchange);
  return exchange;
}

static waitq_store_commit commit_back(struct party *party, unsigned number, uint64_t next_min) {
  waitq_store_commit commit = member_commit_of(party->members[number]);
  commit.state = "put back";
  commit.state_size = 8;
  commit.next_min = next_min;
  return commit;
}

/* Says that another server has kept the room, as a promoted replica finds it. */
static void pretend_promotion(struct party *party) {
  server_ask(party->server, "HSET wq:{room} server 0123456789012345678901234567890123456789");
}

static void test_loss__of_the_whole_room_is_told_and_nothing_is_done(void **state) {
  struct party *party = *state;
  begin(party);
  server_ask(party->server, "FLUSHALL");
  waitq_store_join join = party_visitor(1);
  uint64_t word = 1;
  waitq_store_bits bits = {4, 1, 0, &word};
  waitq_store_commit commit = member_commit_of(party->members[0]);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.joins = &join;
  exchange.join_count = 1;
  exchange.marks = &bits;
  exchange.mark_count = 1;
  exchange.commit = &commit;
  member_exchange(party, 0, &exchange);
  assert_int_equal(exchange.found, WAITQ_STORE_FOUND_LOSS);
  assert_code(exchange.commit_code, WAITQ_E_CONFLICT);
  assert_int_equal(party->members[0]->heads, 0);
  assert_int_equal(server_ask_number(party->server, "DBSIZE"), 0);
}

static void test_loss__of_a_server_is_told_with_the_head_that_the_next_one_has(void **state) {
  struct party *party = *state;
  begin(party);
  pretend_promotion(party);
  char before[64];
  char after[64];
  party_digest(party, before);
  waitq_store_join join = party_visitor(1);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.joins = &join;
  exchange.join_count = 1;
  member_exchange(party, 0, &exchange);
  party_digest(party, after);
  assert_string_equal(before, after);
  assert_int_equal(exchange.found, WAITQ_STORE_FOUND_LOSS);
  assert_int_equal(party->members[0]->heads, 1);
  assert_int_equal(party->members[0]->head.version, 2);
  assert_int_equal(exchange.next, 101);
}

static void test_loss__a_room_that_is_gone_is_put_back_with_all_that_goes_with_it(void **state) {
  struct party *party = *state;
  begin(party);
  server_ask(party->server, "FLUSHALL");
  uint64_t word = 4;
  waitq_store_bits bits = {1, 1, 0, &word};
  waitq_store_join join = party_visitor(9);
  waitq_store_shown shown = {.number = 100, .joined_us = 42};
  memcpy(shown.visitor, party_visitor(1).visitor, sizeof shown.visitor);
  waitq_store_commit commit = commit_back(party, 0, 5000);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.flags = WAITQ_STORE_RECOVER;
  exchange.commit = &commit;
  exchange.marks = &bits;
  exchange.mark_count = 1;
  exchange.shown = &shown;
  exchange.shown_count = 1;
  exchange.joins = &join;
  exchange.join_count = 1;
  member_exchange(party, 0, &exchange);
  assert_int_equal(exchange.found, 0);
  assert_code(exchange.commit_code, WAITQ_OK);
  assert_int_equal(exchange.losses, 1);
  assert_int_equal(join.number, 5000);
  waitq_store_exchange asked = member_ask(party->members[1]);
  member_exchange(party, 1, &asked);
  assert_int_equal(asked.losses, 1);
  assert_int_equal(asked.next, 5001);
  assert_int_equal(party->members[1]->version, 3);
  assert_memory_equal(party->members[1]->state, "put back", 8);
  assert_true(member_has(party->members[1], 1, 2));
  waitq_store_join again = member_join(party, 1, party_visitor(1));
  assert_int_equal(again.outcome, WAITQ_STORE_EXISTING);
  assert_int_equal(again.number, 100);
  assert_int_equal(again.joined_us, 42);
  assert_true(server_ask_number(party->server, "TTL wq:{room}") > 0);
}

static void test_loss__an_older_room_is_put_back_on_top_of_what_it_has(void **state) {
  struct party *party = *state;
  begin(party);
  server_ask(party->server, "HSET wq:{room} version 1 next 60");
  pretend_promotion(party);
  waitq_store_commit commit = commit_back(party, 1, 150);
  waitq_store_exchange exchange = recover(party, 1, &commit);
  assert_code(exchange.commit_code, WAITQ_OK);
  assert_int_equal(exchange.next, 150);
  assert_int_equal(exchange.losses, 1);
  assert_int_equal(party_number(party, "version"), 3);
  assert_true(party->members[1]->runs > 0);
  assert_true(member_has(party->members[1], 1, 50));
  assert_int_equal(member_join(party, 1, party_visitor(1)).number, 100);
}

static void test_loss__the_line_never_gets_shorter_by_a_recovery(void **state) {
  struct party *party = *state;
  begin(party);
  pretend_promotion(party);
  waitq_store_commit commit = commit_back(party, 0, 20);
  assert_int_equal(recover(party, 0, &commit).next, 101);
}

static void test_loss__only_the_first_context_puts_it_back(void **state) {
  struct party *party = *state;
  begin(party);
  pretend_promotion(party);
  waitq_store_commit first = commit_back(party, 0, 0);
  waitq_store_commit second = commit_back(party, 1, 0);
  second.state = "too late";
  assert_code(recover(party, 0, &first).commit_code, WAITQ_OK);
  waitq_store_join join = party_visitor(7);
  waitq_store_exchange exchange = member_ask(party->members[1]);
  exchange.flags = WAITQ_STORE_RECOVER;
  exchange.commit = &second;
  exchange.joins = &join;
  exchange.join_count = 1;
  member_exchange(party, 1, &exchange);
  assert_code(exchange.commit_code, WAITQ_E_CONFLICT);
  assert_int_equal(exchange.losses, 1);
  assert_memory_equal(party->members[1]->state, "put back", 8);
  assert_int_equal(join.outcome, WAITQ_STORE_NEW);
}

static void test_loss__a_room_of_another_epoch_is_emptied_first(void **state) {
  struct party *party = *state;
  begin(party);
  server_ask(party->server, "HSET wq:{room} epoch 5");
  pretend_promotion(party);
  waitq_store_commit commit = commit_back(party, 0, 200);
  waitq_store_exchange exchange = recover(party, 0, &commit);
  assert_code(exchange.commit_code, WAITQ_OK);
  assert_int_equal(exchange.next, 200);
  assert_int_equal(party->members[0]->runs, 0);
  assert_int_equal(member_join(party, 0, party_visitor(1)).number, 200);
}

/* Whatever the counts in Redis were set back to, nobody takes what is new for something known. */
static void test_loss__losses_changes_and_standing_time_never_count_backward(void **state) {
  struct party *party = *state;
  begin(party);
  server_ask(party->server, "HINCRBY wq:{room} alive_ms -60000");
  child_sleep_ms(510);
  member_refresh(party, 0);
  waitq_store_exchange known = member_ask(party->members[0]);
  member_exchange(party, 0, &known);
  assert_true(known.stood_us >= 60000000);
  member_refresh(party, 1);
  for (uint64_t loss = 1; loss <= 3; loss++) {
    server_ask(party->server, "FLUSHALL");
    waitq_store_commit commit = commit_back(party, loss % 2, 101);
    uint64_t change = party->members[loss % 2]->change;
    waitq_store_exchange exchange = recover(party, loss % 2, &commit);
    assert_int_equal(exchange.losses, loss);
    assert_true(exchange.change > change + 1000000);
    assert_true(exchange.stood_us >= known.stood_us);
    member_refresh(party, 0);
    member_refresh(party, 1);
  }
}

static void test_loss__what_the_other_marked_after_a_loss_is_told_whatever_was_known_before(void **state) {
  struct party *party = *state;
  begin(party);
  for (uint64_t i = 0; i < 30; i++) {
    member_mark(party, 1, 3, i);
  }
  member_refresh(party, 1);
  server_ask(party->server, "FLUSHALL");
  waitq_store_commit commit = commit_back(party, 0, 101);
  recover(party, 0, &commit);
  member_mark(party, 0, 7, 9);
  member_refresh(party, 1);
  assert_true(member_has(party->members[1], 7, 9));
}

static void test_loss__a_recovery_without_a_commit_is_refused(void **state) {
  struct party *party = *state;
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.flags = WAITQ_STORE_RECOVER;
  assert_code(member_try(party, 0, &exchange, NULL), WAITQ_E_INVALID);
}

static void test_loss__functions_that_do_one_thing_take_the_room_as_another_server_left_it(void **state) {
  struct party *party = *state;
  begin(party);
  pretend_promotion(party);
  waitq_store_join join = party_visitor(3);
  assert_code(party->ops->append(party->members[0]->room, PARTY_EPOCH, 5, &join, 1, NULL), WAITQ_OK);
  assert_int_equal(join.number, 101);
  member_refresh(party, 0);
  pretend_promotion(party);
  uint64_t word = 1;
  waitq_store_bits bits = {4, 1, 0, &word};
  assert_code(party->ops->mark(party->members[0]->room, PARTY_EPOCH, &bits, 1, NULL), WAITQ_OK);
  member_refresh(party, 0);
  pretend_promotion(party);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  assert_code(party->ops->commit(party->members[0]->room, &commit, NULL), WAITQ_OK);
  member_refresh(party, 0);
  assert_int_equal(party->members[0]->version, 3);
}

static void test_loss__functions_that_do_one_thing_say_that_the_room_is_gone(void **state) {
  struct party *party = *state;
  void *room = party->members[0]->room;
  server_ask(party->server, "FLUSHALL");
  waitq_store_join join = party_visitor(3);
  uint64_t word = 1;
  waitq_store_bits bits = {4, 1, 0, &word};
  waitq_store_commit commit = member_commit_of(party->members[0]);
  waitq_error errors[4] = {WAITQ_ERROR_INIT, WAITQ_ERROR_INIT, WAITQ_ERROR_INIT, WAITQ_ERROR_INIT};
  assert_code(party->ops->append(room, PARTY_EPOCH, 5, &join, 1, &errors[0]), WAITQ_E_STORE);
  assert_code(party->ops->mark(room, PARTY_EPOCH, &bits, 1, &errors[1]), WAITQ_E_STORE);
  assert_code(party->ops->commit(room, &commit, &errors[2]), WAITQ_E_STORE);
  assert_code(party->ops->load(room, &party->members[0]->sink, &errors[3]), WAITQ_E_STORE);
  for (unsigned i = 0; i < 4; i++) {
    assert_non_null(strstr(errors[i].text, "wq:{room}"));
  }
}

/* Somebody who knows nothing of the room finds none, makes one, and gives a visitor its first number. */
static void *make_anew(struct party *party, uint64_t epoch) {
  const waitq_store_head initial = {
      .size = sizeof initial, .epoch = epoch, .join_limit = 1000, .state = "anew", .state_size = 4};
  void *room = NULL;
  server_ask(party->server, "FLUSHALL");
  assert_code(party->ops->room_open(party->members[1]->store, "room", &initial, &room, NULL), WAITQ_OK);
  waitq_store_join join = party_visitor(8);
  assert_code(party->ops->append(room, epoch, 5, &join, 1, NULL), WAITQ_OK);
  assert_int_equal(join.number, 0);
  uint64_t word = 1;
  waitq_store_bits bits = {2, 1, 0, &word};
  assert_code(party->ops->mark(room, epoch, &bits, 1, NULL), WAITQ_OK);
  return room;
}

/* When the room was made, so many seconds ago, to all who look from now on. */
static void pretend_birth(struct party *party, int64_t seconds_ago) {
  static const char script[] =
      "local time = redis.call('TIME') return redis.call('HSET', 'wq:{room}', 'born_us', "
      "string.format('%.0f', (time[1] - ARGV[1]) * 1000000))";
  char seconds[16];
  snprintf(seconds, sizeof seconds, "%lld", (long long)seconds_ago);
  const char *const words[] = {"EVAL", script, "0", seconds};
  assert_string_equal(server_ask_words(party->server, words, 4), "0");
}

static void test_loss__a_room_that_was_just_made_gives_way_to_the_one_that_was_there(void **state) {
  struct party *party = *state;
  begin(party);
  int64_t born_us = party_number(party, "born_us");
  void *anew = make_anew(party, PARTY_EPOCH);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  member_exchange(party, 0, &exchange);
  assert_int_equal(exchange.found, WAITQ_STORE_FOUND_LOSS);
  assert_int_equal(party->members[0]->heads, 0); /* what is there is nothing to go on with */
  waitq_store_commit commit = commit_back(party, 0, 5000);
  assert_code(recover(party, 0, &commit).commit_code, WAITQ_OK);
  assert_int_equal(party_number(party, "born_us"), born_us);
  assert_false(member_has(party->members[0], 2, 0)); /* nothing of it is left, though it has the same epoch */
  assert_int_equal(member_join(party, 0, party_visitor(8)).number, 5000);
  member_refresh(party, 1);
  assert_memory_equal(party->members[1]->state, "put back", 8);
  waitq_store_exchange asked = {.size = sizeof asked, .epoch = PARTY_EPOCH, .sink = &party->members[1]->sink};
  assert_code(party->ops->exchange(anew, &asked, NULL), WAITQ_OK); /* who has made it follows */
  assert_int_equal(asked.found, 0);
  assert_int_equal(asked.losses, 1);
  assert_int_equal(asked.next, 5001);
  party->ops->room_close(anew);
}

static void test_loss__a_room_that_was_made_a_while_ago_is_the_room(void **state) {
  struct party *party = *state;
  pretend_birth(party, 60);
  begin(party);
  void *anew = make_anew(party, PARTY_EPOCH + 1);
  pretend_birth(party, 11);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  member_exchange(party, 0, &exchange);
  assert_int_equal(exchange.found, 0);
  assert_int_equal(exchange.next, 1);
  assert_memory_equal(party->members[0]->state, "anew", 4);
  party->ops->room_close(anew);
}

/* The server is the one that it was, by its run_id, and has less to tell than it had told. */
static void test_loss__a_room_that_went_back_is_lost_though_the_server_is_the_same(void **state) {
  struct party *party = *state;
  const char *const back[] = {"HSET wq:{room} next 60", "HSET wq:{room} change 0"};
  begin(party);
  for (unsigned i = 0; i < 2; i++) {
    server_ask(party->server, back[i]);
    for (unsigned number = 0; number < 2; number++) {
      waitq_store_join join = party_visitor(20 + i);
      waitq_store_exchange exchange = member_ask(party->members[number]);
      exchange.joins = &join;
      exchange.join_count = 1;
      member_exchange(party, number, &exchange);
      assert_int_equal(exchange.found, WAITQ_STORE_FOUND_LOSS);
    }
    waitq_store_commit commit = commit_back(party, 0, 1000 * (i + 1));
    assert_code(recover(party, 0, &commit).commit_code, WAITQ_OK);
    member_refresh(party, 0);
    member_refresh(party, 1);
    assert_int_equal(member_join(party, 1, party_visitor(20 + i)).number, 1000 * (i + 1));
    member_refresh(party, 0);
  }
}

static int restart_setup(void **state) {
  const struct server_options options = {.flags = SERVER_AOF};
  server = party_server;
  party_server = server_start(&options);
  return party_setup(state);
}

static int restart_teardown(void **state) {
  int code = party_teardown(state);
  server_stop(party_server);
  party_server = server;
  return code;
}

static void test_loss__a_restart_is_a_loss_even_where_nothing_was_lost(void **state) {
  struct party *party = *state;
  begin(party);
  server_restart(party->server, SERVER_KEEP_DATA);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  waitq_error error = WAITQ_ERROR_INIT;
  while (member_try(party, 0, &exchange, &error) == WAITQ_E_STORE) {
    exchange = member_ask(party->members[0]);
  }
  assert_int_equal(exchange.found, WAITQ_STORE_FOUND_LOSS);
  assert_int_equal(party->members[0]->head.version, 2);
  waitq_store_commit commit = commit_back(party, 0, 0);
  assert_code(recover(party, 0, &commit).commit_code, WAITQ_OK);
  member_refresh(party, 0);
  assert_true(member_has(party->members[0], 1, 50));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PARTY_TEST(test_loss__of_the_whole_room_is_told_and_nothing_is_done),
      PARTY_TEST(test_loss__of_a_server_is_told_with_the_head_that_the_next_one_has),
      PARTY_TEST(test_loss__a_room_that_is_gone_is_put_back_with_all_that_goes_with_it),
      PARTY_TEST(test_loss__an_older_room_is_put_back_on_top_of_what_it_has),
      PARTY_TEST(test_loss__the_line_never_gets_shorter_by_a_recovery),
      PARTY_TEST(test_loss__only_the_first_context_puts_it_back),
      PARTY_TEST(test_loss__a_room_of_another_epoch_is_emptied_first),
      PARTY_TEST(test_loss__losses_changes_and_standing_time_never_count_backward),
      PARTY_TEST(test_loss__what_the_other_marked_after_a_loss_is_told_whatever_was_known_before),
      PARTY_TEST(test_loss__a_room_that_was_just_made_gives_way_to_the_one_that_was_there),
      PARTY_TEST(test_loss__a_room_that_was_made_a_while_ago_is_the_room),
      PARTY_TEST(test_loss__a_room_that_went_back_is_lost_though_the_server_is_the_same),
      PARTY_TEST(test_loss__a_recovery_without_a_commit_is_refused),
      PARTY_TEST(test_loss__functions_that_do_one_thing_take_the_room_as_another_server_left_it),
      PARTY_TEST(test_loss__functions_that_do_one_thing_say_that_the_room_is_gone),
      cmocka_unit_test_setup_teardown(test_loss__a_restart_is_a_loss_even_where_nothing_was_lost, restart_setup,
                                      restart_teardown),
  };
  return cmocka_run_group_tests_name("exchange: losses", tests, party_group_setup, party_group_teardown);
}
