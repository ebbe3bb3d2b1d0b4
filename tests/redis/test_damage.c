/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A room that somebody has damaged in Redis by hand, or that a newer library has written: calls say so, polls go on, and when it is as it was, so is
 * the room. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/rng.h"
#include "../support/scale.h"
#include "core/state.h"
#include "nodes.h"

static struct server *server;
static struct node a;
static struct node b;
static struct guest inside;
static struct guest ready;
static struct guest waiting;

#define HEAD "wq:{room}"

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.max_active = 2;
  node_open(&a, server_uri(server), &policy);
  guest_join(a.room, "inside", &inside);
  assert_state(guest_enter(a.room, &inside), WAITQ_STATE_ENTERED);
  guest_join(a.room, "ready", &ready);
  guest_join(a.room, "waiting", &waiting);
  struct guest gone;
  guest_join(a.room, "gone", &gone);
  assert_state(guest_leave(a.room, &gone), WAITQ_STATE_LEFT);
  assert_int_equal(line_stats(a.room).left, 1);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  node_close(&a);
  node_close(&b);
  return 0;
}

/* A room that is as the setup has left it. */
static void expect_all_there(waitq_room_t *room) {
  await_counts(room, 1, 1, 1, 1);
  assert_state(guest_poll(room, &inside), WAITQ_STATE_ENTERED);
  assert_state(guest_poll(room, &ready), WAITQ_STATE_READY);
  assert_state(guest_poll(room, &waiting), WAITQ_STATE_WAITING);
  assert_int_equal(waiting.status.position, 1);
  struct guest again = inside;
  assert_state(guest_enter(room, &again), WAITQ_STATE_ENTERED);
  assert_string_equal(again.pass.text, inside.pass.text);
  guest_join(room, "waiting", &again);
  assert_string_equal(again.ticket.text, waiting.ticket.text);
}

/* What somebody who looks now is told. */
static void expect_code(int code, const waitq_error *error, int expected, const char *piece) {
  if (code != expected || error->code != code || error->retriable != 0 || strstr(error->text, piece) == NULL) {
    fail_msg("%s: \"%s\", not %s with \"%s\"", waitq_error_name(code), error->text, waitq_error_name(expected), piece);
  }
}

static void expect_refusal_of_open(int expected, const char *piece) {
  waitq_error error = WAITQ_ERROR_INIT;
  expect_code(node_try(&b, server_uri(server), NULL, &error), &error, expected, piece);
}

static void expect_refusal_of_calls(int expected, const char *piece) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  expect_code(waitq_room_stats(a.room, &stats, &error), &error, expected, piece);
  expect_code(waitq_join(a.room, "new", 3, NULL, &ticket, NULL, &error), &error, expected, piece);
  expect_code(waitq_enter(a.room, ready.ticket.text, NULL, &pass, &error), &error, expected, piece);
  expect_code(waitq_leave(a.room, waiting.ticket.text, NULL, &error), &error, expected, piece);
  expect_code(waitq_exit(a.room, inside.pass.text, &error), &error, expected, piece);
  expect_code(waitq_room_set_rate(a.room, 1.0, &error), &error, expected, piece);
  assert_state(guest_poll(a.room, &inside), WAITQ_STATE_ENTERED);
  assert_state(guest_poll(a.room, &ready), WAITQ_STATE_READY);
  assert_state(guest_poll(a.room, &waiting), WAITQ_STATE_WAITING);
}

/* A state that cannot be read is found by who looks; then every call says so, and the log has a line. Polls go on from what was known. */
static void expect_no_entry_into_what_is_not_understood(int expected, const char *piece) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  expect_code(waitq_room_stats(a.room, &stats, &error), &error, expected, piece);
  expect_refusal_of_calls(expected, piece);
  assert_true(node_has_logged(&a, "cannot be read, and nobody joins or enters here"));
  await_reason(a.room, &waiting, WAITQ_REASON_STALLED);
  assert_int_equal(node_has_logged(&a, "cannot be reached"), 0);
}

static void set_field(const char *field, const char *value) {
  const char *const words[] = {"HSET", HEAD, field, value};
  assert_string_equal(server_ask_words(server, words, 4), "0");
}

static void test_damage__numbers_of_the_head_that_are_none(void **state) {
  (void)state;
  const char *const fields[] = {"format",   "version",  "next",    "trim",    "base",  "change",    "losses",
                                "alive_ms", "stood_ms", "kept_ms", "born_us", "epoch", "join_limit"};
  const char *const values[] = {"x", "", "-1", "1.5", "99999999999999999999999"};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    char command[64];
    char value[64];
    snprintf(command, sizeof command, "HGET " HEAD " %s", fields[i]);
    snprintf(value, sizeof value, "%s", server_ask(server, command));
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
      if (k >= 2 && i >= 11) {
        continue; /* a number as any other, to the script */
      }
      set_field(fields[i], values[k]);
      expect_refusal_of_calls(WAITQ_E_DAMAGED, HEAD);
      expect_refusal_of_open(WAITQ_E_DAMAGED, HEAD);
      set_field(fields[i], value);
    }
    snprintf(command, sizeof command, "HDEL " HEAD " %s", fields[i]);
    server_ask(server, command);
    expect_refusal_of_calls(WAITQ_E_DAMAGED, HEAD);
    const char *const words[] = {"HSET", HEAD, fields[i], value};
    assert_string_equal(server_ask_words(server, words, 4), "1");
    expect_all_there(a.room);
  }
}

/* What is for people to read is not read by the library. */
static void test_damage__fields_for_people_do_not_matter(void **state) {
  (void)state;
  const char *const fields[] = {"phase",  "rate_per_s", "burst", "max_active", "max_waiting", "heartbeat_ttl_ms",
                                "now_ms", "head",       "floor", "ready"};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    set_field(fields[i], "nonsense");
  }
  expect_all_there(a.room);
  node_open(&b, server_uri(server), NULL);
  expect_all_there(b.room);
}

static void test_damage__another_server_id_is_a_loss_and_is_made_good(void **state) {
  (void)state;
  set_field("server", "nonsense");
  expect_all_there(a.room);
  node_open(&b, server_uri(server), NULL);
  expect_all_there(b.room);
}

/* Each key of the room in turn is put aside, and something else is in its place. */
static void test_damage__keys_of_another_type(void **state) {
  (void)state;
  const char *const names[] = {"",         ":visitors", ":changes", ":nodes", ":gone",  ":left",
                               ":entered", ":ended",    ":seen0",   ":seen1", ":seen2", ":renewed0"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char key[64];
    char command[160];
    snprintf(key, sizeof key, HEAD "%s", names[i]);
    snprintf(command, sizeof command, "EXISTS %s", key);
    int was_there = server_ask_number(server, command) == 1;
    snprintf(command, sizeof command, "RENAME %s aside", key);
    server_ask(server, command);
    snprintf(command, sizeof command, "LPUSH %s something else", key);
    assert_int_equal(server_ask_number(server, command), 2);
    waitq_error errors[6];
    waitq_stats stats = WAITQ_STATS_INIT;
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_pass pass = WAITQ_PASS_INIT;
    for (unsigned k = 0; k < 6; k++) {
      waitq_error_init(&errors[k], sizeof errors[k]);
    }
    /* Calls that do not need the key do not mind; the others name it. All of them together need all keys but those of polls. */
    const int codes[6] = {waitq_join(a.room, "waiting", 7, NULL, &ticket, NULL, &errors[0]),
                          waitq_enter(a.room, inside.ticket.text, NULL, &pass, &errors[1]),
                          waitq_renew(a.room, inside.pass.text, &pass, &errors[2]),
                          waitq_room_stats(a.room, &stats, &errors[3]),
                          waitq_room_set_rate(a.room, 1000.0, &errors[4]),
                          node_try(&b, server_uri(server), NULL, &errors[5])};
    for (unsigned k = 0; k < 6; k++) {
      if (codes[k] != WAITQ_OK && (codes[k] != WAITQ_E_DAMAGED || strstr(errors[k].text, key) == NULL)) {
        fail_msg("%s, call %u: %s: %s", key, k, waitq_error_name(codes[k]), errors[k].text);
      }
    }
    node_close(&b);
    assert_state(guest_poll(a.room, &waiting), WAITQ_STATE_WAITING);
    snprintf(command, sizeof command, "DEL %s", key);
    server_ask(server, command);
    snprintf(command, sizeof command, "RENAME aside %s", key);
    if (was_there) {
      assert_string_equal(server_ask(server, command), "OK");
    }
    expect_all_there(a.room);
  }
}

static void test_damage__keys_that_every_call_needs_are_named_by_every_call(void **state) {
  (void)state;
  server_ask(server, "RENAME " HEAD " aside");
  server_ask(server, "SET " HEAD " something");
  expect_refusal_of_calls(WAITQ_E_DAMAGED, HEAD " is no hash");
  expect_refusal_of_open(WAITQ_E_DAMAGED, HEAD " is no hash");
  server_ask(server, "DEL " HEAD);
  server_ask(server, "RENAME aside " HEAD);
  expect_all_there(a.room);
}

static void test_damage__a_record_of_a_visitor_that_is_none(void **state) {
  (void)state;
  char visitor[64];
  waitq_error error = WAITQ_ERROR_INIT;
  struct guest again;
  server_ask(server, "DEL " HEAD ":visitors");
  guest_join(a.room, "waiting", &again); /* the only one in it */
  snprintf(visitor, sizeof visitor, "%s", server_ask(server, "HLEN " HEAD ":visitors"));
  assert_string_equal(visitor, "1");
  assert_string_equal(server_ask_words(server,
                                       (const char *const[]){"EVAL",
                                                             "local v = redis.call('HKEYS', KEYS[1]) "
                                                             "return redis.call('HSET', KEYS[1], v[1], 'short')",
                                                             "1", HEAD ":visitors"},
                                       4),
                      "0");
  expect_code(waitq_join(a.room, "waiting", 7, NULL, &again.ticket, NULL, &error), &error, WAITQ_E_DAMAGED,
              HEAD ":visitors");
  guest_join(a.room, "somebody else", &again);
  assert_state(again.status.state, WAITQ_STATE_WAITING);
}

static void test_damage__a_room_of_a_newer_format(void **state) {
  (void)state;
  set_field("format", "2");
  expect_refusal_of_calls(WAITQ_E_VERSION, "format 2");
  expect_refusal_of_open(WAITQ_E_VERSION, "format 2");
  set_field("format", "1");
  expect_all_there(a.room);
}

/* The bytes of the state, as they are, with something of them changed. The version is raised, so that everybody reads them. */
static void write_state(const unsigned char *bytes, size_t size) {
  static const char script[] =
      "local bytes = string.gsub(ARGV[1], '..', function(two) return string.char(tonumber(two, 16)) end) "
      "redis.call('HSET', KEYS[1], 'state', bytes) "
      "return redis.call('HINCRBY', KEYS[1], 'version', 1)";
  char text[2 * WAITQ_STORE_STATE_MAX + 1];
  for (size_t i = 0; i < size; i++) {
    snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  }
  text[2 * size] = '\0';
  const char *const words[] = {"EVAL", script, "1", HEAD, text};
  assert_true(strtoll(server_ask_words(server, words, 5), NULL, 10) > 0);
}

static size_t read_state(unsigned char *bytes) {
  static const char script[] =
      "return (string.gsub(redis.call('HGET', KEYS[1], 'state'), '.', "
      "function(byte) return string.format('%02x', string.byte(byte)) end))";
  const char *const words[] = {"EVAL", script, "1", HEAD};
  const char *text = server_ask_words(server, words, 4);
  size_t size = strlen(text) / 2;
  assert_int_equal(size, sizeof(struct waitq__state));
  for (size_t i = 0; i < size; i++) {
    const char two[3] = {text[2 * i], text[2 * i + 1], '\0'};
    bytes[i] = (unsigned char)strtoul(two, NULL, 16);
  }
  return size;
}

static void test_damage__a_state_of_a_newer_version(void **state) {
  (void)state;
  unsigned char bytes[WAITQ_STORE_STATE_MAX];
  size_t size = read_state(bytes);
  bytes[0] = WAITQ__STATE_FORMAT + 1;
  write_state(bytes, size);
  expect_no_entry_into_what_is_not_understood(WAITQ_E_VERSION, "state is of format 2; this library knows 1");
  expect_refusal_of_open(WAITQ_E_VERSION, "state is of format 2; this library knows 1");
  bytes[0] = WAITQ__STATE_FORMAT;
  write_state(bytes, size);
  expect_all_there(a.room);
  assert_true(node_has_logged(&a, "can be read again"));
}

/* Who asks for something before it is known that the state cannot be read: it may have been done, and is told why nobody knows. */
static void test_damage__a_state_of_a_newer_version_that_nobody_has_met_yet(void **state) {
  (void)state;
  unsigned char bytes[WAITQ_STORE_STATE_MAX];
  size_t size = read_state(bytes);
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  struct guest bob;
  bytes[0] = WAITQ__STATE_FORMAT + 1;
  write_state(bytes, size);
  expect_code(waitq_join(a.room, "bob", 3, NULL, &ticket, NULL, &error), &error, WAITQ_E_VERSION, "format 2");
  bytes[0] = WAITQ__STATE_FORMAT;
  write_state(bytes, size);
  guest_join(a.room, "bob", &bob);
  assert_int_equal(bob.status.position, 2);
  await_counts(a.room, 2, 1, 1, 1);
}

static void test_damage__a_state_that_is_none(void **state) {
  (void)state;
  unsigned char bytes[WAITQ_STORE_STATE_MAX];
  unsigned char wrong[WAITQ_STORE_STATE_MAX] = {0};
  size_t size = read_state(bytes);
  write_state(wrong, size);
  expect_no_entry_into_what_is_not_understood(WAITQ_E_DAMAGED, "room");
  write_state(bytes, size - 8);
  expect_no_entry_into_what_is_not_understood(WAITQ_E_DAMAGED, "room");
  expect_refusal_of_open(WAITQ_E_DAMAGED, "room");
  memcpy(wrong, bytes, size);
  write_state(wrong, size + 8);
  expect_no_entry_into_what_is_not_understood(WAITQ_E_DAMAGED, "room");
  write_state(bytes, 0);
  expect_no_entry_into_what_is_not_understood(WAITQ_E_DAMAGED, "room");
  memset(wrong, 0xff, sizeof wrong);
  memcpy(wrong, bytes, 8);
  write_state(wrong, size);
  expect_no_entry_into_what_is_not_understood(WAITQ_E_DAMAGED, "room");
  write_state(bytes, size);
  expect_all_there(a.room);
}

/* Every word of the state in turn, with the worst that it may hold: whatever a node makes of it, it does not crash, does not hang, and
 * answers. */
static void test_damage__any_word_of_the_state_may_hold_anything(void **state) {
  (void)state;
  struct rng rng;
  rng_init(&rng, rng_seed("damage", 1100));
  unsigned char bytes[WAITQ_STORE_STATE_MAX];
  size_t size = read_state(bytes);
  node_close(&a);
  unsigned accepted = 0;
  unsigned refused = 0;
  for (size_t at = 0; at + 8 <= size; at += 8) {
    const uint64_t worst[] = {0, 1, UINT64_MAX, (uint64_t)INT64_MAX, (uint64_t)INT64_MIN, rng_next(&rng)};
    const unsigned count = sizeof worst / sizeof worst[0];
    for (unsigned k = UNDER_SANITIZER ? (unsigned)(at / 8) % count : 0; k < count; k += UNDER_SANITIZER ? count : 1) {
      unsigned char wrong[WAITQ_STORE_STATE_MAX];
      waitq_error error = WAITQ_ERROR_INIT;
      memcpy(wrong, bytes, size);
      memcpy(wrong + at, &worst[k], 8);
      write_state(wrong, size);
      int code = node_try(&b, server_uri(server), NULL, &error);
      if (code == WAITQ_OK) {
        waitq_stats stats = WAITQ_STATS_INIT;
        waitq_status status = WAITQ_STATUS_INIT;
        waitq_ticket ticket = WAITQ_TICKET_INIT;
        waitq_pass pass = WAITQ_PASS_INIT;
        accepted++;
        waitq_poll(b.room, waiting.ticket.text, &status, &error);
        waitq_join(b.room, "new", 3, NULL, &ticket, &status, &error);
        waitq_enter(b.room, ready.ticket.text, NULL, &pass, &error);
        waitq_leave(b.room, waiting.ticket.text, &status, &error);
        waitq_exit(b.room, inside.pass.text, &error);
        waitq_room_stats(b.room, &stats, &error);
        node_close(&b);
      } else if (code == WAITQ_E_DAMAGED || code == WAITQ_E_VERSION) {
        refused++;
      } else {
        fail_msg("word %zu is %llx: %s: %s", at / 8, (unsigned long long)worst[k], waitq_error_name(code), error.text);
      }
      server_ask(server, "DEL " HEAD " " HEAD ":gone " HEAD ":entered " HEAD ":left " HEAD ":ended");
      node_open(&b, server_uri(server), NULL); /* makes it anew */
      guest_join(b.room, "ready", &ready);
      guest_join(b.room, "waiting", &waiting);
      node_close(&b);
    }
  }
  print_message("             %u states were refused, %u were not\n", refused, accepted);
  assert_true(refused > 0 && accepted > 0);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_damage__numbers_of_the_head_that_are_none),
      TEST(test_damage__fields_for_people_do_not_matter),
      TEST(test_damage__another_server_id_is_a_loss_and_is_made_good),
      TEST(test_damage__keys_of_another_type),
      TEST(test_damage__keys_that_every_call_needs_are_named_by_every_call),
      TEST(test_damage__a_record_of_a_visitor_that_is_none),
      TEST(test_damage__a_room_of_a_newer_format),
      TEST(test_damage__a_state_of_a_newer_version),
      TEST(test_damage__a_state_of_a_newer_version_that_nobody_has_met_yet),
      TEST(test_damage__a_state_that_is_none),
      TEST(test_damage__any_word_of_the_state_may_hold_anything),
  };
  server = server_start(NULL);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
