/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdio.h>
#include <string.h>

#include "../support/test.h"
#include "base/log.h"

struct heard {
  unsigned lines;
  int32_t level;
  char line[1024];
};

static void hear(void *user, int32_t level, const char *line) {
  struct heard *heard = user;
  heard->lines++;
  heard->level = level;
  snprintf(heard->line, sizeof heard->line, "%s", line);
}

static void test_log__a_level_that_was_not_asked_for_is_not_heard(void **state) {
  (void)state;
  for (int32_t asked = WAITQ_LOG_NONE; asked <= WAITQ_LOG_DEBUG; asked++) {
    for (int32_t level = WAITQ_LOG_ERROR; level <= WAITQ_LOG_DEBUG; level++) {
      struct heard heard = {0};
      const struct waitq__log log = {hear, &heard, asked};
      waitq__log(&log, level, "line %d", 7);
      assert_int_equal(heard.lines, level <= asked);
      assert_int_equal(heard.level, level <= asked ? level : 0);
      assert_string_equal(heard.line, level <= asked ? "line 7" : "");
    }
  }
}

static void test_log__without_a_logger_nothing_happens(void **state) {
  (void)state;
  const struct waitq__log log = {NULL, NULL, WAITQ_LOG_DEBUG};
  waitq__log(&log, WAITQ_LOG_ERROR, "%s", "nobody listens");
  assert_null(log.write);
}

static void test_log__no_control_character_reaches_the_logger(void **state) {
  (void)state;
  for (int c = 1; c < 256; c++) {
    struct heard heard = {0};
    const struct waitq__log log = {hear, &heard, WAITQ_LOG_INFO};
    const char text[] = {'a', (char)c, 'b', '\0'};
    waitq__log(&log, WAITQ_LOG_INFO, "%s", text);
    assert_int_equal(strlen(heard.line), 3);
    assert_int_equal((unsigned char)heard.line[1], c < ' ' || c == 0x7f ? '?' : c);
  }
}

static void test_log__a_visitors_text_cannot_forge_a_line(void **state) {
  (void)state;
  struct heard heard = {0};
  const struct waitq__log log = {hear, &heard, WAITQ_LOG_INFO};
  waitq__log(&log, WAITQ_LOG_INFO, "visitor %s", "x\r\nERROR all is lost\x1b[2J");
  assert_int_equal(heard.lines, 1);
  assert_string_equal(heard.line, "visitor x??ERROR all is lost?[2J");
}

static void test_log__a_long_line_is_cut_and_ends(void **state) {
  (void)state;
  struct heard heard = {0};
  const struct waitq__log log = {hear, &heard, WAITQ_LOG_INFO};
  char text[2000];
  memset(text, 't', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  waitq__log(&log, WAITQ_LOG_INFO, "%s", text);
  assert_int_equal(strlen(heard.line), 511);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_log__a_level_that_was_not_asked_for_is_not_heard),
      cmocka_unit_test(test_log__without_a_logger_nothing_happens),
      cmocka_unit_test(test_log__no_control_character_reaches_the_logger),
      cmocka_unit_test(test_log__a_visitors_text_cannot_forge_a_line),
      cmocka_unit_test(test_log__a_long_line_is_cut_and_ends),
  };
  return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
