/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Names of rooms and limiters, ids of visitors, and URIs: what is taken and what is refused. */

#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

static int setup(void **state) {
  *state = world_open(&memory_subject);
  return 0;
}

static int teardown(void **state) {
  world_close(*state);
  return 0;
}

#define SIXTY_FOUR "0123456789012345678901234567890123456789012345678901234567890123"

static const char *const good_names[] = {"a", "Z", "0", "_", ".", "-", "..", "con.cert_2026-A", SIXTY_FOUR};

static const char *const bad_names[] = {
    NULL,
    "",
    " ",
    "a b",
    "a/b",
    "a:b",
    "{a}",
    "a\n",
    "a\tb",
    "\x7f",
    "\x01",
    "a\\b",
    "caf\xc3\xa9",
    "\xff\xfe",
    "a%20",
    "a*",
    "a'",
    "a\"",
    "a;drop",
    "(a)",
    "a,b",
    "a=b",
    "a+b",
    "~",
    SIXTY_FOUR "4",
    SIXTY_FOUR SIXTY_FOUR,
};

static void expect_refused(int code, const waitq_error *error, const void *out) {
  assert_code(code, WAITQ_E_INVALID);
  assert_int_equal(error->code, WAITQ_E_INVALID);
  assert_int_equal(error->retriable, 0);
  assert_string_not_equal(error->text, "");
  assert_null(out);
}

static void test_names__of_letters_digits_dot_dash_and_underscore_are_taken(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof good_names / sizeof good_names[0]; i++) {
    waitq_limiter_t *limiter = NULL;
    assert_non_null(world_room(world, good_names[i], NULL));
    assert_code(waitq_limiter_open(world->context, good_names[i], NULL, &limiter, NULL), WAITQ_OK);
    waitq_limiter_close(limiter);
  }
}

static void test_names__of_anything_else_are_refused(void **state) {
  struct world *world = *state;
  for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    waitq_room_t *room = NULL;
    waitq_limiter_t *limiter = NULL;
    expect_refused(waitq_room_open(world->context, bad_names[i], NULL, &room, &error), &error, room);
    error = (waitq_error)WAITQ_ERROR_INIT;
    expect_refused(waitq_limiter_open(world->context, bad_names[i], NULL, &limiter, &error), &error, limiter);
  }
}

static void test_names__every_single_byte_is_taken_or_refused_as_the_rule_says(void **state) {
  struct world *world = *state;
  for (int byte = 1; byte < 256; byte++) {
    const char name[] = {'x', (char)byte, '\0'};
    int good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
               byte == '_' || byte == '.' || byte == '-';
    waitq_room_t *room = NULL;
    assert_code(waitq_room_open(world->context, name, NULL, &room, NULL), good ? WAITQ_OK : WAITQ_E_INVALID);
    waitq_room_close(room);
  }
}

static void test_names__that_are_refused_are_not_repeated_raw_in_the_text(void **state) {
  struct world *world = *state;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_room_t *room = NULL;
  waitq_room_open(world->context, "a\nERROR forged line\x1b[31m", NULL, &room, &error);
  for (const char *at = error.text; *at != '\0'; at++) {
    assert_true((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f);
  }
}

static void test_names__rooms_and_limiters_do_not_share_them(void **state) {
  struct world *world = *state;
  waitq_limiter_t *limiter = NULL;
  waitq_limit limit = WAITQ_LIMIT_INIT;
  waitq_decision decision = WAITQ_DECISION_INIT;
  struct guest guest;
  waitq_room_t *room = world_room(world, "same", NULL);
  limit.burst = 1;
  assert_code(waitq_limiter_open(world->context, "same", &limit, &limiter, NULL), WAITQ_OK);
  assert_code(waitq_limiter_try(limiter, 1, &decision, NULL), WAITQ_OK);
  assert_int_equal(decision.admitted, 1);
  guest_join(room, "ann", &guest);
  assert_state(guest.status.state, WAITQ_STATE_READY);
  assert_code(waitq_limiter_try(limiter, 1, &decision, NULL), WAITQ_OK);
  assert_int_equal(decision.admitted, 0);
  waitq_limiter_close(limiter);
}

static void test_visitors__of_1_to_1024_bytes_are_taken(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  static char id[WAITQ_VISITOR_MAX + 1];
  static const size_t lengths[] = {1, 2, 63, 64, 65, 1000, 1023, 1024};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    assert_code(waitq_join(room, id, lengths[i], NULL, &ticket, NULL, NULL), WAITQ_OK);
    assert_int_equal(line_stats(room).issued, i + 1);
  }
}

static void test_visitors__without_length_or_too_long_or_without_bytes_are_refused(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  static char id[2 * WAITQ_VISITOR_MAX];
  static const struct {
    const void *id;
    size_t length;
  } wrong[] = {{id, 0}, {id, 1025}, {id, 2048}, {id, SIZE_MAX}, {NULL, 1}, {NULL, SIZE_MAX}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_status status = WAITQ_STATUS_INIT;
    int code = waitq_join(room, wrong[i].id, wrong[i].length, NULL, &ticket, &status, &error);
    assert_string_equal(ticket.text, "");
    expect_refused(code, &error, NULL);
  }
  assert_int_equal(line_stats(room).issued, 0);
}

static void test_visitors__that_are_refused_among_many_do_not_stop_the_others(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  const waitq_visitor visitors[] = {{"a", 1}, {"b", 0}, {"c", 1}, {NULL, 5}, {"d", 4096}, {NULL, 0}};
  waitq_ticket tickets[6];
  waitq_status statuses[6];
  int32_t codes[6];
  waitq_error error = WAITQ_ERROR_INIT;
  memset(tickets, 0, sizeof tickets);
  waitq_ticket_init(&tickets[0], sizeof tickets[0]);
  waitq_status_init(&statuses[0], sizeof statuses[0]);
  assert_code(waitq_join_many(room, visitors, 6, NULL, tickets, statuses, codes, &error), WAITQ_E_INVALID);
  assert_int_equal(error.code, WAITQ_E_INVALID);
  for (int i = 0; i < 6; i++) {
    int good = i == 0 || i == 2 || i == 5;
    assert_code(codes[i], good ? WAITQ_OK : WAITQ_E_INVALID);
    assert_int_equal(tickets[i].text[0] != '\0', good);
  }
  assert_int_equal(line_stats(room).issued, 3);
}

static void test_uris__of_no_store_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *uri;
    int code;
  } wrong[] = {{NULL, WAITQ_E_INVALID},       {"", WAITQ_E_INVALID},           {"memory", WAITQ_E_INVALID},
               {"nonsense", WAITQ_E_INVALID}, {"redisy://h", WAITQ_E_INVALID}, {"postgres://h", WAITQ_E_UNSUPPORTED}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    waitq_t *context = NULL;
    int code = waitq_open(wrong[i].uri, NULL, &context, &error);
    /* Text without a scheme may count as either. */
    assert_true(code == wrong[i].code || (code == WAITQ_E_UNSUPPORTED && wrong[i].uri != NULL));
    assert_int_equal(error.code, code);
    assert_string_not_equal(error.text, "");
    assert_null(context);
  }
}

static void test_uris__with_a_password_are_not_repeated_in_the_text(void **state) {
  (void)state;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_t *context = NULL;
  assert_code(waitq_open("postgres://user:s3cret@127.0.0.1:1", NULL, &context, &error), WAITQ_E_UNSUPPORTED);
  assert_null(strstr(error.text, "s3cret"));
  int code = waitq_open("redis://user:s3cret@127.0.0.1:1", NULL, &context, &error); /* where nobody listens */
  assert_true(code == WAITQ_E_STORE || code == WAITQ_E_UNSUPPORTED);
  assert_null(strstr(error.text, "s3cret"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_names__of_letters_digits_dot_dash_and_underscore_are_taken, setup, teardown),
      UNIT_TEST(test_names__of_anything_else_are_refused, setup, teardown),
      UNIT_TEST(test_names__every_single_byte_is_taken_or_refused_as_the_rule_says, setup, teardown),
      UNIT_TEST(test_names__that_are_refused_are_not_repeated_raw_in_the_text, setup, teardown),
      UNIT_TEST(test_names__rooms_and_limiters_do_not_share_them, setup, teardown),
      UNIT_TEST(test_visitors__of_1_to_1024_bytes_are_taken, setup, teardown),
      UNIT_TEST(test_visitors__without_length_or_too_long_or_without_bytes_are_refused, setup, teardown),
      UNIT_TEST(test_visitors__that_are_refused_among_many_do_not_stop_the_others, setup, teardown),
      UNIT_TEST(test_uris__of_no_store_are_refused, setup, teardown),
      UNIT_TEST(test_uris__with_a_password_are_not_repeated_in_the_text, setup, teardown),
  };
  return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
