/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "../support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waitq/error.h>

#include "../support/fake_memory.h"
#include "store/redis/codec.h"

static struct fake_memory memory;
static struct waitq__decoder *decoder;

static int setup(void **state) {
  (void)state;
  fake_memory_init(&memory);
  decoder = waitq__decoder_new(&memory.allocator);
  return decoder == NULL;
}

static int teardown(void **state) {
  (void)state;
  waitq__decoder_free(decoder);
  return fake_memory_blocks(&memory) != 0;
}

static void feed(const char *bytes) {
  assert_int_equal(waitq__decoder_feed(decoder, bytes, strlen(bytes)), WAITQ_OK);
}

static struct waitq__reply *next(void) {
  struct waitq__reply *reply = NULL;
  assert_int_equal(waitq__decoder_next(decoder, &reply), WAITQ_OK);
  return reply;
}

static void expect_text(const struct waitq__reply *reply, const char *bytes, size_t length) {
  struct waitq__text text = waitq__reply_text(reply);
  assert_int_equal(text.length, length);
  assert_memory_equal(text.bytes, bytes, length);
}

static void expect_nonsense(const char *bytes) {
  struct waitq__decoder *fresh = waitq__decoder_new(&memory.allocator);
  assert_non_null(fresh);
  struct waitq__reply *reply = NULL;
  assert_int_equal(waitq__decoder_feed(fresh, bytes, strlen(bytes)), WAITQ_OK);
  if (waitq__decoder_next(fresh, &reply) != WAITQ_E_STORE || reply != NULL) {
    fail_msg("%s was taken for a reply", bytes);
  }
  waitq__decoder_free(fresh);
}

static void test_codec__a_command_is_lengths_and_bytes(void **state) {
  (void)state;
  const struct waitq__text words[] = {{"SET", 3}, {"k", 1}, {"a\r\n\0b", 5}, {"", 0}};
  size_t length = 0;
  char *command = waitq__codec_command(&memory.allocator, words, 4, &length);
  assert_non_null(command);
  static const char expected[] = "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\na\r\n\0b\r\n$0\r\n\r\n";
  assert_int_equal(length, sizeof expected - 1);
  assert_memory_equal(command, expected, length);
  waitq__codec_free(command);
}

static void test_codec__a_command_may_have_thousands_of_words(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  struct waitq__text *words = test_malloc(COUNT * sizeof *words);
  for (int i = 0; i < COUNT; i++) {
    words[i] = (struct waitq__text){"0123456789abcdef", 16};
  }
  size_t length = 0;
  char *command = waitq__codec_command(&memory.allocator, words, COUNT, &length);
  assert_non_null(command);
  assert_int_equal(length, 7 + COUNT * 23);
  waitq__codec_free(command);
  test_free(words);
}

static void test_codec__no_command_without_words_or_memory(void **state) {
  (void)state;
  const struct waitq__text word = {"PING", 4};
  size_t length = 0;
  assert_null(waitq__codec_command(&memory.allocator, &word, 0, &length));
  fake_memory_fail_at(&memory, 1);
  assert_null(waitq__codec_command(&memory.allocator, &word, 1, &length));
  waitq__codec_free(NULL);
}

static void test_codec__no_decoder_without_memory(void **state) {
  (void)state;
  fake_memory_fail_at(&memory, 1);
  assert_null(waitq__decoder_new(&memory.allocator));
  waitq__decoder_free(NULL);
}

static void test_codec__each_type_of_reply(void **state) {
  (void)state;
  feed("+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\n\nb\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n");
  static const enum waitq__reply_type types[] = {WAITQ__REPLY_TEXT, WAITQ__REPLY_ERROR, WAITQ__REPLY_INTEGER,
                                                 WAITQ__REPLY_TEXT, WAITQ__REPLY_TEXT,  WAITQ__REPLY_NULL,
                                                 WAITQ__REPLY_NULL, WAITQ__REPLY_ARRAY};
  static const char *const texts[] = {"OK", "ERR no", "", "a\r\n\nb", "", "", "", ""};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    assert_false(waitq__decoder_is_empty(decoder));
    struct waitq__reply *reply = next();
    assert_non_null(reply);
    assert_int_equal(waitq__reply_type(reply), types[i]);
    assert_int_equal(waitq__reply_integer(reply), i == 2 ? -42 : 0);
    expect_text(reply, texts[i], strlen(texts[i]));
    assert_int_equal(waitq__reply_count(reply), 0);
    assert_null(waitq__reply_at(reply, 0));
    waitq__reply_free(reply);
  }
  assert_true(waitq__decoder_is_empty(decoder));
  assert_null(next());
}

static void test_codec__the_whole_range_of_numbers(void **state) {
  (void)state;
  feed(":9223372036854775807\r\n:-9223372036854775808\r\n");
  struct waitq__reply *most = next();
  struct waitq__reply *least = next();
  assert_true(waitq__reply_integer(most) == INT64_MAX);
  assert_true(waitq__reply_integer(least) == INT64_MIN);
  waitq__reply_free(most);
  waitq__reply_free(least);
}

static void test_codec__arrays_hold_arrays(void **state) {
  (void)state;
  feed("*3\r\n:7\r\n*2\r\n$1\r\nx\r\n$-1\r\n-BAD inside\r\n");
  struct waitq__reply *reply = next();
  assert_int_equal(waitq__reply_type(reply), WAITQ__REPLY_ARRAY);
  assert_int_equal(waitq__reply_count(reply), 3);
  assert_int_equal(waitq__reply_integer(waitq__reply_at(reply, 0)), 7);
  const struct waitq__reply *inner = waitq__reply_at(reply, 1);
  assert_int_equal(waitq__reply_count(inner), 2);
  expect_text(waitq__reply_at(inner, 0), "x", 1);
  assert_int_equal(waitq__reply_type(waitq__reply_at(inner, 1)), WAITQ__REPLY_NULL);
  assert_int_equal(waitq__reply_type(waitq__reply_at(reply, 2)), WAITQ__REPLY_ERROR);
  assert_null(waitq__reply_at(reply, 3));
  assert_null(waitq__reply_at(reply, SIZE_MAX));
  waitq__reply_free(reply);
  waitq__reply_free(NULL);
}

static void test_codec__a_reply_may_come_in_pieces(void **state) {
  (void)state;
  static const char bytes[] = "*2\r\n$3\r\nabc\r\n:12\r\n+next\r\n";
  for (size_t cut = 0; cut + 1 < sizeof bytes; cut++) {
    assert_int_equal(waitq__decoder_feed(decoder, bytes, cut), WAITQ_OK);
    struct waitq__reply *first = next();
    if (cut < 18) {
      assert_null(first);
      assert_int_equal(waitq__decoder_is_empty(decoder), cut == 0);
    }
    assert_int_equal(waitq__decoder_feed(decoder, bytes + cut, sizeof bytes - 1 - cut), WAITQ_OK);
    if (first == NULL) {
      first = next();
    }
    struct waitq__reply *second = next();
    assert_int_equal(waitq__reply_count(first), 2);
    expect_text(second, "next", 4);
    assert_true(waitq__decoder_is_empty(decoder));
    waitq__reply_free(first);
    waitq__reply_free(second);
  }
}

static void test_codec__what_is_no_reply_is_refused(void **state) {
  (void)state;
  expect_nonsense("HTTP/1.1 400 Bad Request\r\n\r\n");
  expect_nonsense("\r\n");
  expect_nonsense("$-2\r\nx\r\n");
  expect_nonsense("$x\r\n");
  expect_nonsense("*-2\r\n");
  expect_nonsense("*1\r\nx\r\n");
  expect_nonsense("\x15\x03\x01 TLS alert\r\n");
}

/* They are not asked for, and hiredis 0.14 does not know them. */
static void test_codec__types_of_resp3_are_refused(void **state) {
  (void)state;
  expect_nonsense("%1\r\n+a\r\n:1\r\n");
  expect_nonsense("~1\r\n+a\r\n");
  expect_nonsense(",3.14\r\n");
  expect_nonsense("#t\r\n");
  expect_nonsense("(12345678901234567890\r\n");
  expect_nonsense("*1\r\n#t\r\n");
  expect_nonsense(">2\r\n+a\r\n+b\r\n");
}

static void test_codec__arrays_have_a_limit(void **state) {
  (void)state;
  expect_nonsense("*1048577\r\n");
  expect_nonsense("*2147483647\r\n");
  expect_nonsense("*99999999999999999999\r\n");
  expect_nonsense("*1\r\n*1048577\r\n");
  feed("*1048576\r\n");
  assert_null(next());
}

static void test_codec__replies_are_seven_levels_deep_at_most(void **state) {
  (void)state;
  feed("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
  struct waitq__reply *reply = next();
  assert_non_null(reply);
  waitq__reply_free(reply);
  expect_nonsense("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
}

static void test_codec__a_reply_has_a_limit_and_a_stream_has_none(void **state) {
  (void)state;
  enum { BLOCK = 1 << 20 };
  char *block = test_malloc(BLOCK);
  memset(block, 'x', BLOCK);
  for (int round = 0; round < 80; round++) {
    feed("$1048576\r\n");
    assert_int_equal(waitq__decoder_feed(decoder, block, BLOCK), WAITQ_OK);
    assert_null(next());
    feed("\r\n");
    struct waitq__reply *reply = next();
    assert_int_equal(waitq__reply_text(reply).length, BLOCK);
    waitq__reply_free(reply);
  }
  feed("$999999999\r\n");
  size_t fed = 0;
  while (fed < WAITQ__REPLY_BYTES_MAX && waitq__decoder_feed(decoder, block, BLOCK) == WAITQ_OK) {
    assert_null(next());
    fed += BLOCK;
  }
  assert_int_equal(fed, WAITQ__REPLY_BYTES_MAX - BLOCK);
  test_free(block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_codec__a_command_is_lengths_and_bytes, setup, teardown),
      UNIT_TEST(test_codec__a_command_may_have_thousands_of_words, setup, teardown),
      UNIT_TEST(test_codec__no_command_without_words_or_memory, setup, teardown),
      UNIT_TEST(test_codec__no_decoder_without_memory, setup, teardown),
      UNIT_TEST(test_codec__each_type_of_reply, setup, teardown),
      UNIT_TEST(test_codec__the_whole_range_of_numbers, setup, teardown),
      UNIT_TEST(test_codec__arrays_hold_arrays, setup, teardown),
      UNIT_TEST(test_codec__a_reply_may_come_in_pieces, setup, teardown),
      UNIT_TEST(test_codec__what_is_no_reply_is_refused, setup, teardown),
      UNIT_TEST(test_codec__types_of_resp3_are_refused, setup, teardown),
      UNIT_TEST(test_codec__arrays_have_a_limit, setup, teardown),
      UNIT_TEST(test_codec__replies_are_seven_levels_deep_at_most, setup, teardown),
      UNIT_TEST(test_codec__a_reply_has_a_limit_and_a_stream_has_none, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
