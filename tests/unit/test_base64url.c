/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

#include <stdlib.h>
#include <string.h>

#include "../support/test.h"
#include "token/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The encoding once more, a bit at a time. */
static size_t encode_by_bits(const unsigned char *bytes, size_t size, char *text) {
  size_t length = 0;
  for (size_t bit = 0; bit < size * 8; bit += 6) {
    unsigned value = 0;
    for (size_t i = bit; i < bit + 6; i++) {
      unsigned is_set = i < size * 8 ? (unsigned)bytes[i / 8] >> (7 - i % 8) & 1 : 0;
      value = value << 1 | is_set;
    }
    text[length++] = alphabet[value];
  }
  return length;
}

/* Encodes into a block without a byte to spare, checks it, and reads it back into another. */
static void check_round_trip(const unsigned char *bytes, size_t size) {
  char expected[100];
  size_t length = encode_by_bits(bytes, size, expected);
  assert_int_equal(length, WAITQ__BASE64URL_LENGTH(size));
  char *text = malloc(length + 1);
  unsigned char *again = malloc(size + 1);
  assert_non_null(text);
  assert_non_null(again);
  text[length] = '!';
  again[size] = 0x5a;
  waitq__base64url_encode(bytes, size, text);
  assert_memory_equal(text, expected, length);
  assert_int_equal(text[length], '!');
  assert_true(waitq__base64url_decode(text, again, size));
  assert_memory_equal(again, bytes, size);
  assert_int_equal(again[size], 0x5a);
  free(text);
  free(again);
}

static void test_base64url__the_vectors_of_rfc_4648(void **state) {
  (void)state;
  static const char *const vectors[][2] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (unsigned i = 0; i < 7; i++) {
    char text[16] = "";
    unsigned char bytes[16];
    size_t size = strlen(vectors[i][0]);
    waitq__base64url_encode((const unsigned char *)vectors[i][0], size, text);
    text[WAITQ__BASE64URL_LENGTH(size)] = '\0';
    assert_string_equal(text, vectors[i][1]);
    assert_true(waitq__base64url_decode(text, bytes, size));
    assert_memory_equal(bytes, vectors[i][0], size);
  }
}

static void test_base64url__the_last_two_characters_are_those_for_urls(void **state) {
  (void)state;
  const unsigned char bytes[3] = {0xfb, 0xff, 0xbf};
  char text[5] = "";
  waitq__base64url_encode(bytes, 3, text);
  assert_string_equal(text, "-_-_");
  assert_false(waitq__base64url_decode("+/+/", (unsigned char[3]){0}, 3));
}

static void test_base64url__every_byte_value_in_every_position_comes_back(void **state) {
  (void)state;
  unsigned char bytes[64];
  for (size_t size = 1; size <= 48; size++) {
    for (size_t at = 0; at < size; at++) {
      for (unsigned value = 0; value < 256; value++) {
        memset(bytes, value % 3 == 0 ? 0xff : 0x00, size);
        bytes[at] = (unsigned char)value;
        check_round_trip(bytes, size);
      }
    }
  }
}

/* Whether a character may stand there: it is of the alphabet and, at the end, has no bits that do not count. */
static int may_stand(int c, size_t at, size_t size) {
  const char *found = c == 0 ? NULL : strchr(alphabet, c);
  if (found == NULL) {
    return 0;
  }
  unsigned unused = at + 1 < WAITQ__BASE64URL_LENGTH(size) || size % 3 == 0 ? 0 : size % 3 == 1 ? 15 : 3;
  return ((unsigned)(found - alphabet) & unused) == 0;
}

static void test_base64url__every_character_in_every_position_is_read_or_refused(void **state) {
  (void)state;
  for (size_t size = 1; size <= 47; size++) {
    char text[64];
    unsigned char bytes[48];
    size_t length = WAITQ__BASE64URL_LENGTH(size);
    for (size_t at = 0; at < length; at++) {
      for (int c = 0; c < 256; c++) {
        memset(text, 'A', length);
        text[at] = (char)c;
        assert_int_equal(waitq__base64url_decode(text, bytes, size), may_stand(c, at, size));
      }
    }
  }
}

static void test_base64url__one_byte_has_one_text(void **state) {
  (void)state;
  unsigned readings[256] = {0};
  for (unsigned i = 0; i < 65536; i++) {
    const char text[2] = {(char)(i >> 8), (char)i};
    unsigned char byte;
    if (waitq__base64url_decode(text, &byte, 1)) {
      readings[byte]++;
    }
  }
  for (unsigned i = 0; i < 256; i++) {
    assert_int_equal(readings[i], 1);
  }
}

static void test_base64url__two_bytes_have_one_text(void **state) {
  (void)state;
  static unsigned char readings[65536];
  memset(readings, 0, sizeof readings);
  for (unsigned i = 0; i < 64 * 64 * 64; i++) {
    const char text[3] = {alphabet[i >> 12], alphabet[i >> 6 & 63], alphabet[i & 63]};
    unsigned char bytes[2];
    if (waitq__base64url_decode(text, bytes, 2)) {
      readings[bytes[0] << 8 | bytes[1]]++;
    }
  }
  for (unsigned i = 0; i < 65536; i++) {
    assert_int_equal(readings[i], 1);
  }
}

static void test_base64url__the_empty_text_is_no_bytes(void **state) {
  (void)state;
  unsigned char byte = 7;
  char c = 'x';
  waitq__base64url_encode(&byte, 0, &c);
  assert_int_equal(c, 'x');
  assert_true(waitq__base64url_decode("", &byte, 0));
  assert_int_equal(byte, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_base64url__the_vectors_of_rfc_4648),
      cmocka_unit_test(test_base64url__the_last_two_characters_are_those_for_urls),
      cmocka_unit_test(test_base64url__every_byte_value_in_every_position_comes_back),
      cmocka_unit_test(test_base64url__every_character_in_every_position_is_read_or_refused),
      cmocka_unit_test(test_base64url__one_byte_has_one_text),
      cmocka_unit_test(test_base64url__two_bytes_have_one_text),
      cmocka_unit_test(test_base64url__the_empty_text_is_no_bytes),
  };
  return cmocka_run_group_tests_name("base64url", tests, NULL, NULL);
}
