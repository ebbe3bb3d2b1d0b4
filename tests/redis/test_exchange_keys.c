/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What exchanges leave in Redis: how long it lives, how it is trimmed, who is there; and what they say of keys that are not theirs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "../support/line.h"
#include "core/state.h"
#include "party.h"

static void use_all_keys(struct party *party) {
  member_issue(party, 0, 100);
  member_join(party, 0, party_visitor(1));
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    member_mark(party, 0, plane, plane);
  }
}

/* Everything but the scratch that is used at most. */
#define KEYS_IN_USE 28

static const char *const key_names[] = {"",          ":visitors", ":changes",  ":nodes",    ":gone",     ":left",
                                        ":entered",  ":ended",    ":seen0",    ":seen1",    ":seen2",    ":seen3",
                                        ":seen4",    ":seen5",    ":seen6",    ":seen7",    ":seen8",    ":seen9",
                                        ":renewed0", ":renewed1", ":renewed2", ":renewed3", ":renewed4", ":renewed5",
                                        ":renewed6", ":renewed7", ":renewed8", ":renewed9"};

static const char *key_command(const char *command, unsigned key, const char *more) {
  static char text[128];
  snprintf(text, sizeof text, "%s wq:{room}%s%s", command, key_names[key], more);
  return text;
}

static void test_keys__every_key_is_of_this_list_and_has_a_time_to_live(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  assert_int_equal(server_ask_number(party->server, "DBSIZE"), KEYS_IN_USE);
  for (unsigned i = 0; i < KEYS_IN_USE; i++) {
    int64_t ttl_s = server_ask_number(party->server, key_command("TTL", i, ""));
    if (ttl_s < 172000 || ttl_s > 172800) {
      fail_msg("%s has a time to live of %lld s", key_names[i], (long long)ttl_s);
    }
  }
}

/* Lets the next exchange of both members say that they are there. */
static void wait_for_beat(void) {
  child_sleep_ms(510);
}

static void test_keys__the_time_to_live_is_renewed_when_an_eighth_of_it_is_over(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  for (unsigned i = 0; i < KEYS_IN_USE; i++) {
    server_ask(party->server, key_command("EXPIRE", i, " 1000"));
  }
  wait_for_beat();
  member_refresh(party, 0);
  assert_true(server_ask_number(party->server, "TTL wq:{room}") <= 1000);
  server_ask(party->server, "HINCRBY wq:{room} kept_ms -21700000");
  wait_for_beat();
  member_refresh(party, 0);
  for (unsigned i = 0; i < KEYS_IN_USE; i++) {
    assert_true(server_ask_number(party->server, key_command("TTL", i, "")) > 172000);
  }
}

static void test_keys__planes_that_are_written_anew_keep_their_time_to_live(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 40000);
  static uint64_t words[600];
  memset(words, 0x33, sizeof words);
  for (uint64_t first = 0; first < 192; first += 64) {
    waitq_store_bits bits = {0, 600, first, words};
    waitq_store_exchange exchange = member_ask(party->members[0]);
    exchange.marks = &bits;
    exchange.mark_count = 1;
    member_exchange(party, 0, &exchange);
    assert_true(server_ask_number(party->server, "TTL wq:{room}:gone") > 172000);
  }
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.trim_below = 30000;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_true(server_ask_number(party->server, "TTL wq:{room}:gone") > 172000);
}

static void test_keys__planes_lose_what_lies_below_the_trim(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 60000);
  member_mark(party, 0, 2, 100);
  member_mark(party, 0, 2, 59999);
  member_mark(party, 0, 3, 100);
  assert_int_equal(server_ask_number(party->server, "STRLEN wq:{room}:entered"), 7500);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.trim_below = 20000; /* too little to be worth it */
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_int_equal(server_ask_number(party->server, "STRLEN wq:{room}:entered"), 7500);
  commit = member_commit_of(party->members[0]);
  commit.trim_below = 49152;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_int_equal(server_ask_number(party->server, "STRLEN wq:{room}:entered"), 7500 - 49152 / 8);
  assert_int_equal(server_ask_number(party->server, "EXISTS wq:{room}:ended"), 0);
  assert_int_equal(server_ask_number(party->server, "ZCARD wq:{room}:changes"), 1);
  member_mark(party, 0, 2, 10);
  member_mark(party, 0, 2, 49152);
  party->members[1]->change = 0;
  memset(party->members[1]->words, 0, sizeof party->members[1]->words);
  member_refresh(party, 1);
  assert_true(member_has(party->members[1], 2, 59999));
  assert_true(member_has(party->members[1], 2, 49152));
  assert_false(member_has(party->members[1], 2, 10));
}

static void test_keys__changes_below_the_trim_are_not_told_by_the_commit_that_trims(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 60000);
  member_mark(party, 1, 2, 100);
  member_mark(party, 1, 2, 59999);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.trim_below = 49152;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_int_equal(party->members[0]->runs, 1);
  assert_true(member_has(party->members[0], 2, 59999));
}

static void test_keys__bits_that_no_string_can_hold_are_refused(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  server_ask(party->server, "HSET wq:{room} next 549755813888");
  char before[64];
  char after[64];
  uint64_t word = 1;
  waitq_store_bits bits[] = {{1, 1, 0, &word}, {2, 1, (UINT64_C(1) << 39) - 64, &word}};
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.marks = bits;
  exchange.mark_count = 2;
  party_digest(party, before);
  assert_code(member_try(party, 0, &exchange, NULL), WAITQ_E_INVALID);
  party_digest(party, after);
  assert_string_equal(before, after);
}

static void test_keys__visitors_below_the_trim_are_removed_by_and_by(void **state) {
  struct party *party = *state;
  enum { VISITORS = 6000, BATCH = 1000 };
  static waitq_store_join joins[BATCH];
  for (unsigned i = 0; i < VISITORS; i += BATCH) {
    for (unsigned k = 0; k < BATCH; k++) {
      joins[k] = party_visitor(i + k);
    }
    waitq_store_exchange exchange = member_ask(party->members[0]);
    exchange.joins = joins;
    exchange.join_count = BATCH;
    member_exchange(party, 0, &exchange);
  }
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.trim_below = 5900;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  for (unsigned i = 0; i < 30; i++) {
    int64_t before = server_ask_number(party->server, "HLEN wq:{room}:visitors");
    commit = member_commit_of(party->members[0]);
    assert_code(member_commit(party, 0, &commit), WAITQ_OK);
    assert_true(server_ask_number(party->server, "HLEN wq:{room}:visitors") >= before - 1100);
  }
  assert_true(server_ask_number(party->server, "HLEN wq:{room}:visitors") <= 100 + 1024);
  for (unsigned i = 5900; i < VISITORS; i++) {
    waitq_store_join join = member_join(party, 1, party_visitor(i));
    assert_int_equal(join.outcome, WAITQ_STORE_EXISTING);
    assert_int_equal(join.number, i);
  }
}

static void test_keys__those_who_keep_the_room_are_counted_while_they_are_there(void **state) {
  struct party *party = *state;
  server_ask(party->server, "ZADD wq:{room}:nodes 1000 long-gone");
  wait_for_beat();
  waitq_store_exchange exchange = member_ask(party->members[1]);
  member_exchange(party, 1, &exchange);
  assert_int_equal(exchange.nodes, 2);
  exchange = member_ask(party->members[1]);
  member_exchange(party, 1, &exchange);
  assert_int_equal(exchange.nodes, 2);
}

static void test_keys__time_stands_while_nobody_keeps_the_room(void **state) {
  struct party *party = *state;
  waitq_store_exchange exchange = member_ask(party->members[0]);
  member_exchange(party, 0, &exchange);
  assert_int_equal(exchange.stood_us, 0);
  server_ask(party->server, "HINCRBY wq:{room} alive_ms -60000");
  wait_for_beat();
  exchange = member_ask(party->members[0]);
  member_exchange(party, 0, &exchange);
  assert_in_range(exchange.stood_us, 60000000, 90000000);
  int64_t stood_us = exchange.stood_us;
  wait_for_beat();
  exchange = member_ask(party->members[1]);
  member_exchange(party, 1, &exchange);
  assert_int_equal(exchange.stood_us, stood_us);
}

static void test_keys__exchanges_between_two_beats_that_ask_for_nothing_write_nothing(void **state) {
  struct party *party = *state;
  member_issue(party, 0, 10);
  member_mark(party, 0, 1, 5);
  wait_for_beat();
  member_refresh(party, 1);
  char before[64];
  char after[64];
  party_digest(party, before);
  member_refresh(party, 1);
  party->members[1]->change = 0;
  party->members[1]->version = 99;
  member_refresh(party, 1);
  party_digest(party, after);
  assert_string_equal(before, after);
}

static void test_keys__the_head_says_for_people_what_the_state_is(void **state) {
  struct party *party = *state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 12.5;
  policy.burst = 7;
  struct waitq__state room;
  waitq__state_init(&room, &policy, 1, PARTY_NOW);
  waitq_store_commit commit = member_commit_of(party->members[0]);
  commit.state = &room;
  commit.state_size = sizeof room;
  assert_code(member_commit(party, 0, &commit), WAITQ_OK);
  assert_string_equal(party_field(party, "rate_per_s"), "12.5");
  assert_string_equal(party_field(party, "burst"), "7");
  assert_string_equal(party_field(party, "phase"), "open");
  assert_string_equal(party_field(party, "head"), "0");
  assert_string_equal(party_field(party, "now_ms"), "1700000000123");
}

/* --- Damage --- */

/* An exchange that has to do with every key. */
static waitq_store_exchange ask_for_all(struct member *member, waitq_store_commit *commit) {
  static uint64_t word = 1;
  static waitq_store_bits marks[WAITQ_STORE_PLANES];
  static waitq_store_join join;
  for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    marks[plane] = (waitq_store_bits){plane, 1, 64, &word};
  }
  join = party_visitor(50);
  *commit = member_commit_of(member);
  waitq_store_exchange exchange = member_ask(member);
  exchange.commit = commit;
  exchange.marks = marks;
  exchange.mark_count = WAITQ_STORE_PLANES;
  exchange.joins = &join;
  exchange.join_count = 1;
  return exchange;
}

static void expect_refusal(struct party *party, int code, const char *key) {
  char before[64];
  char after[64];
  waitq_store_commit commit;
  waitq_store_exchange exchange = ask_for_all(party->members[0], &commit);
  waitq_error error = WAITQ_ERROR_INIT;
  party_digest(party, before);
  assert_code(member_try(party, 0, &exchange, &error), code);
  if (strstr(error.text, key) == NULL) {
    fail_msg("'%s' does not name %s", error.text, key);
  }
  party_digest(party, after);
  assert_string_equal(before, after);
}

static void test_keys__one_of_another_type_is_named_and_nothing_is_changed(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  for (unsigned i = 0; i < KEYS_IN_USE; i++) {
    char name[64];
    char rename[160];
    wait_for_beat();
    snprintf(name, sizeof name, "wq:{room}%s", key_names[i]);
    snprintf(rename, sizeof rename, "RENAME %s kept", name);
    server_ask(party->server, rename);
    server_ask(party->server, key_command("RPUSH", i, " not this"));
    expect_refusal(party, WAITQ_E_DAMAGED, name);
    server_ask(party->server, key_command("DEL", i, ""));
    snprintf(rename, sizeof rename, "RENAME kept %s", name);
    server_ask(party->server, rename);
  }
  waitq_store_commit commit;
  waitq_store_exchange exchange = ask_for_all(party->members[0], &commit);
  member_exchange(party, 0, &exchange);
  assert_code(exchange.commit_code, WAITQ_OK);
}

static void test_keys__a_head_with_a_field_that_is_missing_or_no_number_is_damaged(void **state) {
  struct party *party = *state;
  static const char *const fields[] = {"format", "version", "epoch",  "next",     "join_limit", "trim",
                                       "base",   "change",  "losses", "alive_ms", "stood_ms",   "kept_ms"};
  use_all_keys(party);
  for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    static const char *const values[] = {NULL, "", "many", "-1", "1.5"};
    char kept[64];
    snprintf(kept, sizeof kept, "%s", party_field(party, fields[i]));
    for (unsigned v = 0; v < sizeof values / sizeof values[0]; v++) {
      const char *const set[] = {"HSET", "wq:{room}", fields[i], values[v]};
      const char *const remove[] = {"HDEL", "wq:{room}", fields[i]};
      int is_text = strcmp(fields[i], "epoch") == 0 || strcmp(fields[i], "join_limit") == 0;
      if (v >= 3 && is_text) {
        continue; /* are numbers of 64 bits, which the script does not look into */
      }
      server_ask_words(party->server, values[v] == NULL ? remove : set, values[v] == NULL ? 3 : 4);
      expect_refusal(party, WAITQ_E_DAMAGED, fields[i]);
    }
    const char *const restore[] = {"HSET", "wq:{room}", fields[i], kept};
    server_ask_words(party->server, restore, 4);
  }
  server_ask(party->server, "HDEL wq:{room} state");
  party->members[1]->version = 12345;
  waitq_store_exchange exchange = member_ask(party->members[1]);
  assert_code(member_try(party, 1, &exchange, NULL), WAITQ_E_DAMAGED);
}

static void test_keys__records_and_changes_that_are_none_are_damage(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  const char *const words[] = {"HSET", "wq:{room}:visitors", "0123456789abcdef", "short"};
  server_ask_words(party->server, words, 4);
  waitq_store_join join = party_anonymous();
  join.anonymous = 0;
  memcpy(join.visitor, "0123456789abcdef", 16);
  waitq_store_exchange exchange = member_ask(party->members[0]);
  exchange.joins = &join;
  exchange.join_count = 1;
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(member_try(party, 0, &exchange, &error), WAITQ_E_DAMAGED);
  assert_non_null(strstr(error.text, "wq:{room}:visitors"));
  server_ask(party->server, "ZADD wq:{room}:changes 5 24:0");
  party->members[1]->change = 0;
  exchange = member_ask(party->members[1]);
  server_ask(party->server, "HSET wq:{room} change 99");
  assert_code(member_try(party, 1, &exchange, &error), WAITQ_E_DAMAGED);
  assert_non_null(strstr(error.text, "wq:{room}:changes"));
}

static void test_keys__of_a_newer_format_are_of_an_unknown_version(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  server_ask(party->server, "HSET wq:{room} format 2");
  expect_refusal(party, WAITQ_E_VERSION, "wq:{room}");
  void *room = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(party->ops->room_open(party->members[0]->store, "room", NULL, &room, &error), WAITQ_E_VERSION);
  assert_null(room);
  server_ask(party->server, "HDEL wq:{room} format");
  assert_code(party->ops->room_open(party->members[0]->store, "room", NULL, &room, &error), WAITQ_E_DAMAGED);
  server_ask(party->server, "SET wq:{room} text");
  assert_code(party->ops->room_open(party->members[0]->store, "room", NULL, &room, &error), WAITQ_E_DAMAGED);
}

static void test_keys__a_new_room_has_nothing_of_one_whose_head_was_removed(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  server_ask(party->server, "DEL wq:{room}");
  const waitq_store_head initial = {
      .size = sizeof initial, .epoch = PARTY_EPOCH, .join_limit = 1000, .state = "new", .state_size = 3};
  void *room = NULL;
  assert_code(party->ops->room_open(party->members[0]->store, "room", &initial, &room, NULL), WAITQ_OK);
  party->ops->room_close(room);
  assert_int_equal(server_ask_number(party->server, "DBSIZE"), 1);
}

static void test_keys__a_full_redis_refuses_and_nothing_is_half_done(void **state) {
  struct party *party = *state;
  use_all_keys(party);
  server_ask(party->server, "CONFIG SET maxmemory 1");
  char before[64];
  char after[64];
  waitq_store_commit commit;
  waitq_store_exchange exchange = ask_for_all(party->members[0], &commit);
  party_digest(party, before);
  int code = member_try(party, 0, &exchange, NULL);
  party_digest(party, after);
  server_ask(party->server, "CONFIG SET maxmemory 0");
  assert_code(code, WAITQ_E_STORE);
  assert_string_equal(before, after);
}

/* --- Keys that contexts agree on --- */

static void test_keys__all_contexts_agree_on_the_first_bytes_that_were_proposed(void **state) {
  struct party *party = *state;
  unsigned char first[32] = {0, 1, 2, 0xff};
  unsigned char second[32] = {9};
  unsigned char wanted[32] = {0, 1, 2, 0xff};
  assert_code(party->ops->agree(party->members[0]->store, "key", first, 32, NULL), WAITQ_OK);
  assert_memory_equal(first, wanted, 32);
  assert_code(party->ops->agree(party->members[1]->store, "key", second, 32, NULL), WAITQ_OK);
  assert_memory_equal(second, wanted, 32);
  memset(second, 7, 32);
  assert_code(party->ops->agree(party->members[1]->store, "other", second, 32, NULL), WAITQ_OK);
  assert_int_equal(second[0], 7);
}

static void test_keys__bytes_that_are_all_zero_only_ask(void **state) {
  struct party *party = *state;
  unsigned char nothing[32] = {0};
  unsigned char bytes[32] = {0, 0, 5};
  unsigned char asked[32] = {0};
  assert_code(party->ops->agree(party->members[0]->store, "keya", asked, 32, NULL), WAITQ_OK);
  assert_memory_equal(asked, nothing, 32);
  assert_int_equal(server_ask_number(party->server, "EXISTS wq:agreed:keya"), 0);
  assert_code(party->ops->agree(party->members[1]->store, "keya", bytes, 32, NULL), WAITQ_OK);
  assert_code(party->ops->agree(party->members[0]->store, "keya", asked, 32, NULL), WAITQ_OK);
  assert_memory_equal(asked, bytes, 32);
  assert_int_equal(asked[2], 5);
}

static void test_keys__bytes_of_another_size_or_type_are_damage(void **state) {
  struct party *party = *state;
  unsigned char bytes[32] = {1};
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(party->ops->agree(party->members[0]->store, "key", bytes, 32, NULL), WAITQ_OK);
  assert_code(party->ops->agree(party->members[0]->store, "key", bytes, 16, &error), WAITQ_E_DAMAGED);
  assert_non_null(strstr(error.text, "wq:agreed:key"));
  server_ask(party->server, "RPUSH wq:agreed:list a");
  assert_code(party->ops->agree(party->members[0]->store, "list", bytes, 32, &error), WAITQ_E_DAMAGED);
  assert_non_null(strstr(error.text, "wq:agreed:list"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PARTY_TEST(test_keys__every_key_is_of_this_list_and_has_a_time_to_live),
      PARTY_TEST(test_keys__the_time_to_live_is_renewed_when_an_eighth_of_it_is_over),
      PARTY_TEST(test_keys__planes_that_are_written_anew_keep_their_time_to_live),
      PARTY_TEST(test_keys__planes_lose_what_lies_below_the_trim),
      PARTY_TEST(test_keys__changes_below_the_trim_are_not_told_by_the_commit_that_trims),
      PARTY_TEST(test_keys__bits_that_no_string_can_hold_are_refused),
      PARTY_TEST(test_keys__visitors_below_the_trim_are_removed_by_and_by),
      PARTY_TEST(test_keys__those_who_keep_the_room_are_counted_while_they_are_there),
      PARTY_TEST(test_keys__time_stands_while_nobody_keeps_the_room),
      PARTY_TEST(test_keys__exchanges_between_two_beats_that_ask_for_nothing_write_nothing),
      PARTY_TEST(test_keys__the_head_says_for_people_what_the_state_is),
      PARTY_TEST(test_keys__one_of_another_type_is_named_and_nothing_is_changed),
      PARTY_TEST(test_keys__a_head_with_a_field_that_is_missing_or_no_number_is_damaged),
      PARTY_TEST(test_keys__records_and_changes_that_are_none_are_damage),
      PARTY_TEST(test_keys__of_a_newer_format_are_of_an_unknown_version),
      PARTY_TEST(test_keys__a_new_room_has_nothing_of_one_whose_head_was_removed),
      PARTY_TEST(test_keys__a_full_redis_refuses_and_nothing_is_half_done),
      PARTY_TEST(test_keys__all_contexts_agree_on_the_first_bytes_that_were_proposed),
      PARTY_TEST(test_keys__bytes_that_are_all_zero_only_ask),
      PARTY_TEST(test_keys__bytes_of_another_size_or_type_are_damage),
  };
  return cmocka_run_group_tests_name("exchange: keys", tests, party_group_setup, party_group_teardown);
}
