/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Texts of passes that come back to a room: cut, altered, or tickets in place of passes. */

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

struct bench {
  struct world *world;
  waitq_room_t *room;
  struct guest guest; /* inside */
};

static int setup(void **state) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  bench->world = world_open(&memory_subject);
  bench->room = world_room(bench->world, "concert", NULL);
  guest_join(bench->room, "ann", &bench->guest);
  assert_state(guest_enter(bench->room, &bench->guest), WAITQ_STATE_ENTERED);
  *state = bench;
  return 0;
}

static int teardown(void **state) {
  struct bench *bench = *state;
  world_close(bench->world);
  free(bench);
  return 0;
}

static void expect_bad(waitq_room_t *room, const char *text) {
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq_renew(room, text, &pass, &error);
  if (code != WAITQ_E_MALFORMED && code != WAITQ_E_FORGED && code != WAITQ_E_KEY) {
    fail_msg("\"%s\" was taken: %s", text, waitq_error_name(code));
  }
  assert_int_equal(error.code, code);
  assert_string_not_equal(error.text, "");
  assert_string_equal(pass.text, "");
  assert_code(waitq_exit(room, text, NULL), code);
}

static void expect_untouched(struct bench *bench) {
  assert_int_equal(line_stats(bench->room).active, 1);
  assert_state(guest_renew(bench->room, &bench->guest), WAITQ_STATE_ENTERED);
}

static void test_passes__cut_at_any_length_are_refused(void **state) {
  struct bench *bench = *state;
  const char *text = bench->guest.pass.text;
  for (size_t length = 0; length < strlen(text); length++) {
    char cut[WAITQ_PASS_SIZE] = {0};
    memcpy(cut, text, length);
    expect_bad(bench->room, cut);
    if (length > 0) {
      expect_bad(bench->room, text + length);
    }
  }
  expect_untouched(bench);
}

static void test_passes__with_any_single_bit_altered_are_refused(void **state) {
  struct bench *bench = *state;
  size_t length = strlen(bench->guest.pass.text);
  for (size_t at = 0; at < length; at++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      char altered[WAITQ_PASS_SIZE];
      memcpy(altered, bench->guest.pass.text, sizeof altered);
      altered[at] = (char)((unsigned char)altered[at] ^ (1u << bit));
      expect_bad(bench->room, altered);
    }
  }
  expect_untouched(bench);
}

static void test_passes__are_not_tickets_and_tickets_are_not_passes(void **state) {
  struct bench *bench = *state;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  expect_bad(bench->room, bench->guest.ticket.text);
  assert_code(waitq_poll(bench->room, bench->guest.pass.text, &status, NULL), WAITQ_E_MALFORMED);
  assert_code(waitq_enter(bench->room, bench->guest.pass.text, NULL, &pass, NULL), WAITQ_E_MALFORMED);
  assert_code(waitq_leave(bench->room, bench->guest.pass.text, NULL, NULL), WAITQ_E_MALFORMED);
  expect_untouched(bench);
}

static void test_passes__of_texts_that_never_end_are_refused(void **state) {
  struct bench *bench = *state;
  enum { LENGTH = 100000 };
  char *text = malloc(LENGTH + 1);
  assert_non_null(text);
  static const char fill[] = {'a', '.', '=', ' ', '\x80'};
  for (size_t i = 0; i < sizeof fill; i++) {
    memset(text, fill[i], LENGTH);
    text[LENGTH] = '\0';
    expect_bad(bench->room, text);
    memcpy(text, bench->guest.pass.text, strlen(bench->guest.pass.text));
    expect_bad(bench->room, text);
  }
  free(text);
  expect_untouched(bench);
}

static void test_passes__of_numbers_that_were_never_given_do_no_harm(void **state) {
  struct bench *bench = *state;
  struct world *fresh = world_open(&memory_subject);
  waitq_room_t *room = world_room(fresh, "concert", NULL);
  waitq_pass pass = WAITQ_PASS_INIT;
  int code = waitq_renew(room, bench->guest.pass.text, &pass, NULL);
  assert_true(code != WAITQ_OK || pass.state != WAITQ_STATE_ENTERED);
  assert_string_equal(pass.text, "");
  assert_code(waitq_exit(room, bench->guest.pass.text, NULL), WAITQ_OK);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.active + stats.issued + stats.entered, 0);
  world_close(fresh);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_passes__cut_at_any_length_are_refused, setup, teardown),
      UNIT_TEST(test_passes__with_any_single_bit_altered_are_refused, setup, teardown),
      UNIT_TEST(test_passes__are_not_tickets_and_tickets_are_not_passes, setup, teardown),
      UNIT_TEST(test_passes__of_texts_that_never_end_are_refused, setup, teardown),
      UNIT_TEST(test_passes__of_numbers_that_were_never_given_do_no_harm, setup, teardown),
  };
  return cmocka_run_group_tests_name("passes that come back", tests, NULL, NULL);
}
