/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "dial.h"

#include "../support/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/redis/settings.h"

#define LONG_MS 20000 /* a server that is well answers long before */

struct fake_memory dial_memory;
struct waitq__link *dial_link;
waitq_error dial_error;
int dial_was_sent;

int dial_setup(void **state) {
  (void)state;
  fake_memory_init(&dial_memory);
  dial_error = (waitq_error)WAITQ_ERROR_INIT;
  return 0;
}

int dial_teardown(void **state) {
  (void)state;
  dial_hang_up();
  return fake_memory_blocks(&dial_memory) != 0;
}

void dial_hang_up(void) {
  waitq__link_close(dial_link);
  dial_link = NULL;
}

int dial_code(const char *uri, enum waitq__link_role role, int64_t within_ms) {
  dial_hang_up();
  dial_error = (waitq_error)WAITQ_ERROR_INIT;
  static struct waitq__redis_settings settings;
  if (waitq__redis_settings_read(&settings, uri, &dial_error) != WAITQ_OK) {
    fail_msg("%s: %s", uri, dial_error.text);
  }
  int64_t deadline_us = waitq__monotonic_us() + within_ms * 1000;
  int code = waitq__link_open(&settings, &settings.addresses[0], role, &dial_memory.allocator, deadline_us, &dial_link,
                              &dial_error);
  waitq__redis_settings_wipe(&settings);
  assert_int_equal(code == WAITQ_OK, dial_link != NULL);
  if (code != WAITQ_OK) {
    assert_int_equal(dial_error.code, code);
    assert_int_equal(fake_memory_blocks(&dial_memory), 0);
  }
  return code;
}

void dial(const char *uri) {
  if (dial_code(uri, WAITQ__LINK_TO_SERVER, LONG_MS) != WAITQ_OK) {
    fail_msg("%s: %s", uri, dial_error.text);
  }
}

const char *dial_uri(const char *format, ...) {
  static char uri[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(uri, sizeof uri, format, arguments);
  va_end(arguments);
  return uri;
}

void dial_say(const char *line) {
  struct waitq__text words[16];
  size_t count = 0;
  while (count < 16) {
    size_t length = strcspn(line, " ");
    words[count++] = (struct waitq__text){line, length};
    if (line[length] == '\0') {
      break;
    }
    line += length + 1;
  }
  assert_int_equal(waitq__link_queue(dial_link, words, count, &dial_error), WAITQ_OK);
}

int dial_exchange(struct waitq__reply **replies, size_t count, int64_t within_ms) {
  dial_error = (waitq_error)WAITQ_ERROR_INIT;
  dial_was_sent = -1;
  int code = waitq__link_exchange(dial_link, replies, count, waitq__monotonic_us() + within_ms * 1000, &dial_was_sent,
                                  &dial_error);
  assert_true(dial_was_sent == 0 || dial_was_sent == 1);
  if (code != WAITQ_OK) {
    assert_int_equal(dial_error.code, code);
    for (size_t i = 0; i < count; i++) {
      assert_null(replies[i]);
    }
  }
  return code;
}

const char *dial_ask(const char *line) {
  static char text[8192];
  struct waitq__reply *reply = NULL;
  dial_say(line);
  if (dial_exchange(&reply, 1, LONG_MS) != WAITQ_OK) {
    fail_msg("%s: %s", line, dial_error.text);
  }
  assert_true(dial_was_sent);
  struct waitq__text said = waitq__reply_text(reply);
  switch (waitq__reply_type(reply)) {
    case WAITQ__REPLY_TEXT:
      snprintf(text, sizeof text, "%.*s", (int)said.length, said.bytes);
      break;
    case WAITQ__REPLY_ERROR:
      snprintf(text, sizeof text, "-%.*s", (int)said.length, said.bytes);
      break;
    case WAITQ__REPLY_INTEGER:
      snprintf(text, sizeof text, "%lld", (long long)waitq__reply_integer(reply));
      break;
    default:
      snprintf(text, sizeof text, "?");
  }
  waitq__reply_free(reply);
  return text;
}

static void expect(int code, int wanted, const char *name, const char *text) {
  if (code != wanted || strstr(dial_error.text, text) == NULL || strncmp(dial_error.text, name, strlen(name)) != 0) {
    fail_msg("%d, \"%s\" is not %d, \"%s ... %s\"", code, dial_error.text, wanted, name, text);
  }
}

void dial_expect_failure(const char *line, int64_t within_ms, int code, const char *text) {
  char name[WAITQ__REDIS_ADDRESS_TEXT];
  struct waitq__reply *reply = NULL;
  waitq__redis_address_text(waitq__link_address(dial_link), name);
  dial_say(line);
  expect(dial_exchange(&reply, 1, within_ms), code, name, text);
  assert_int_equal(dial_was_sent, 1);
  /* It is of no use any more. */
  const struct waitq__text word = {"PING", 4};
  assert_int_equal(waitq__link_queue(dial_link, &word, 1, NULL), WAITQ_E_STORE);
  assert_int_equal(dial_exchange(&reply, 1, within_ms), WAITQ_E_STORE);
  assert_int_equal(dial_was_sent, 0);
  assert_int_equal(waitq__link_is_quiet(dial_link), 0);
}

void dial_expect_refusal(const char *uri, int code, const char *text) {
  struct waitq__redis_settings settings;
  char name[WAITQ__REDIS_ADDRESS_TEXT];
  assert_int_equal(waitq__redis_settings_read(&settings, uri, NULL), WAITQ_OK);
  waitq__redis_address_text(&settings.addresses[0], name);
  expect(dial_code(uri, WAITQ__LINK_TO_SERVER, LONG_MS), code, name, text);
  assert_int_equal(dial_error.retriable, code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT);
}
