/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "token/json.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A copy without a byte to spare, so that a sanitizer sees any read beyond the end. */
static char *exact(const char *text, size_t length) {
  char *copy = malloc(length == 0 ? 1 : length);
  assert_non_null(copy);
  memcpy(copy, text, length);
  return copy;
}

/* 0 when all of the text is read as an object, -1 when it is refused. */
static int read_all(const char *text, size_t length) {
  char *copy = exact(text, length);
  struct waitq__json json;
  struct waitq__json_member member;
  int more;
  waitq__json_open(&json, copy, length);
  while ((more = waitq__json_next(&json, &member)) == 1) {
  }
  assert_int_equal(waitq__json_next(&json, &member), more);
  free(copy);
  return more;
}

static void expect_each(const char *const *texts, size_t count, int expected) {
  for (size_t i = 0; i < count; i++) {
    if (read_all(texts[i], strlen(texts[i])) != expected) {
      fail_msg("expected %d of: %s", expected, texts[i]);
    }
  }
}

/* The value of the only member of an object, which has to outlive it. */
static struct waitq__json_value value_of(const char *text) {
  struct waitq__json json;
  struct waitq__json_member member;
  waitq__json_open(&json, text, strlen(text));
  assert_int_equal(waitq__json_next(&json, &member), 1);
  struct waitq__json_member none;
  assert_int_equal(waitq__json_next(&json, &none), 0);
  return member.value;
}

static void test_json__members_come_in_order_with_their_kinds(void **state) {
  (void)state;
  static const char text[] =
      " {\"s\" : \"a\\n\" ,\t\"n\":-1.5e+3,\r\n\"o\":{\"x\":[1,{}]},\"a\":[ ],\"t\":true,\"f\":false,\"z\":null} \n";
  static const struct {
    const char *name;
    const char *value;
    int kind;
  } expected[] = {
      {"s", "a\\n", WAITQ__JSON_STRING},           {"n", "-1.5e+3", WAITQ__JSON_NUMBER},
      {"o", "{\"x\":[1,{}]}", WAITQ__JSON_OBJECT}, {"a", "[ ]", WAITQ__JSON_ARRAY},
      {"t", "true", WAITQ__JSON_LITERAL},          {"f", "false", WAITQ__JSON_LITERAL},
      {"z", "null", WAITQ__JSON_LITERAL},
  };
  struct waitq__json json;
  struct waitq__json_member member;
  waitq__json_open(&json, text, strlen(text));
  for (size_t i = 0; i < COUNT(expected); i++) {
    assert_int_equal(waitq__json_next(&json, &member), 1);
    assert_true(waitq__json_is(&member.name, expected[i].name));
    assert_int_equal(member.value.kind, expected[i].kind);
    assert_int_equal(member.value.length, strlen(expected[i].value));
    assert_memory_equal(member.value.text, expected[i].value, member.value.length);
  }
  assert_int_equal(waitq__json_next(&json, &member), 0);
}

static void test_json__what_the_grammar_allows_is_read(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{}",
      " \t\r\n{ \t\r\n} \t\r\n",
      "{\"\":0}",
      "{\"a\":0,\"b\":-0,\"c\":0.0,\"d\":1E5,\"e\":10e-2,\"f\":123456789012345678901234567890}",
      "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\\u0000\"}",
      "{\"a\":\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\"}",
      "{\"a\":\"\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}",
      "{\"a\":[1,\"x\",[],{},true,false,null]}",
      "{\"a\":[[[[[[[]]]]]]]}",
      "{\"a\":{\"same\":1,\"same\":2}}",
      "{\"a\":1,\"A\":2,\"aa\":3}",
      "{\"aa\":1,\"a\":2,\"\":3}",
  };
  expect_each(texts, COUNT(texts), 0);
}

static void test_json__what_the_grammar_does_not_allow_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      " ",
      "null",
      "[]",
      "\"a\"",
      "{",
      "}",
      "{}}",
      "{}{}",
      "{} x",
      "{,}",
      "{\"a\":1,}",
      "{\"a\":1",
      "{\"a\"}",
      "{\"a\" 1}",
      "{\"a\":}",
      "{\"a\":1 2}",
      "{\"a\"::1}",
      "{a:1}",
      "{'a':1}",
      "{1:1}",
      "{\"a\":01}",
      "{\"a\":+1}",
      "{\"a\":1.}",
      "{\"a\":.1}",
      "{\"a\":1e}",
      "{\"a\":1e+}",
      "{\"a\":1e+-1}",
      "{\"a\":-}",
      "{\"a\":0x1}",
      "{\"a\":NaN}",
      "{\"a\":True}",
      "{\"a\":tru}",
      "{\"a\":nul",
      "{\"a\":[1,]}",
      "{\"a\":[,]}",
      "{\"a\":[1",
      "{\"a\":[1}",
      "{\"a\":{\"b\"}}",
      "{\"a\":{\"b\":1]}",
      "{\"a\":{b:1}}",
      "{\"a\":{\"b\":}}",
      "{\"a\":{1:1}}",
      "{\"a\":\"b}",
      "{\"a",
      "{\"a\":1,\"b\":2 \"c\":3}",
      "\xef\xbb\xbf{}",
      "{}\v",
      "{\"a\":1}/**/",
      "{\"a\":falsey}",
      "{\"a\":-a}",
      "{\"a\":1,,\"b\":2}",
  };
  expect_each(texts, COUNT(texts), -1);
}

static void test_json__bad_strings_are_refused_in_names_and_values(void **state) {
  (void)state;
  static const char *const strings[] = {
      "\x01",
      "\n",
      "\t",
      "\\x",
      "\\",
      "\\u",
      "\\u12",
      "\\u123g",
      "\\u00G0",
      "\\ud800",
      "\\udc00",
      "\\ud800x",
      "\\ud800\\n",
      "\\ud800\\u0041",
      "\\udc00\\ud800",
      "\x80",
      "\xbf",
      "\xc0\x80",
      "\xc1\xbf",
      "\xc2",
      "\xc2\x41",
      "\xe0\x80\x80",
      "\xe0\x9f\xbf",
      "\xe1\x80",
      "\xed\xa0\x80",
      "\xed\xbf\xbf",
      "\xf0\x80\x80\x80",
      "\xf0\x8f\xbf\xbf",
      "\xf4\x90\x80\x80",
      "\xf5\x80\x80\x80",
      "\xff",
      "\xf0\x90\x80",
      "\xe2\x28\xa1",
      "\xf0\x28\x8c\xbc",
      "\\ud800\\udbff",
  };
  char text[64];
  for (size_t i = 0; i < COUNT(strings); i++) {
    static const char *const frames[] = {"{\"%s\":1}", "{\"a\":\"%s\"}", "{\"a\":[\"%s\"]}", "{\"a\":{\"%s\":1}}"};
    for (size_t frame = 0; frame < COUNT(frames); frame++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      snprintf(text, sizeof text, frames[frame], strings[i]);
#pragma GCC diagnostic pop
      if (read_all(text, strlen(text)) != -1) {
        fail_msg("read string %zu in frame %zu", i, frame);
      }
    }
  }
}

static void test_json__a_name_that_stands_twice_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{\"a\":1,\"a\":1}",       "{\"a\":1,\"b\":2,\"a\":3}",      "{\"alg\":1,\"\\u0061lg\":2}",
      "{\"\":1,\"\":2}",         "{\"\\u00e9\":1,\"\xc3\xa9\":2}", "{\"\\uD83D\\uDE00\":1,\"\xf0\x9f\x98\x80\":2}",
      "{\"a\\/b\":1,\"a/b\":2}",
  };
  expect_each(texts, COUNT(texts), -1);
}

static void test_json__nesting_is_bounded(void **state) {
  (void)state;
  for (int depth = 1; depth <= 400; depth++) {
    char text[WAITQ__JSON_SIZE_MAX] = "{\"a\":";
    for (int i = 1; i < depth; i++) {
      strcat(text, "[");
    }
    strcat(text, depth == 1 ? "1" : "");
    for (int i = 1; i < depth; i++) {
      strcat(text, "]");
    }
    strcat(text, "}");
    assert_int_equal(read_all(text, strlen(text)), depth <= WAITQ__JSON_DEPTH_MAX ? 0 : -1);
  }
}

static void test_json__members_and_size_are_bounded(void **state) {
  (void)state;
  for (int members = WAITQ__JSON_MEMBERS_MAX; members <= WAITQ__JSON_MEMBERS_MAX + 1; members++) {
    char text[WAITQ__JSON_SIZE_MAX] = "{";
    for (int i = 0; i < members; i++) {
      snprintf(text + strlen(text), sizeof text - strlen(text), "%s\"%d\":0", i == 0 ? "" : ",", i);
    }
    strcat(text, "}");
    assert_int_equal(read_all(text, strlen(text)), members == WAITQ__JSON_MEMBERS_MAX ? 0 : -1);
  }
  char spaces[WAITQ__JSON_SIZE_MAX + 1];
  memset(spaces, ' ', sizeof spaces);
  memcpy(spaces, "{}", 2);
  assert_int_equal(read_all(spaces, WAITQ__JSON_SIZE_MAX), 0);
  assert_int_equal(read_all(spaces, WAITQ__JSON_SIZE_MAX + 1), -1);
}

static void test_json__a_nul_byte_ends_nothing(void **state) {
  (void)state;
  assert_int_equal(read_all("{}\0", 3), -1);
  assert_int_equal(read_all("{\0}", 3), -1);
  assert_int_equal(read_all("{\"a\0\":1}", 8), -1);
}

static void test_json__no_cut_text_is_read(void **state) {
  (void)state;
  static const char text[] =
      "{\"s\":\"\\u0041\\uD83D\\uDE00\xc3\xa9\",\"n\":-1.5e+3,\"o\":{\"x\":[1,{\"y\":null}]},\"t\":true}";
  assert_int_equal(read_all(text, strlen(text)), 0);
  for (size_t length = 0; length < strlen(text); length++) {
    assert_int_equal(read_all(text, length), -1);
  }
}

static void test_json__strings_are_decoded(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *decoded;
  } cases[] = {
      {"{\"a\":\"\"}", ""},
      {"{\"a\":\"plain\"}", "plain"},
      {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
      {"{\"a\":\"\\u0001\\u0041\\u007F\"}", "\x01\x41\x7f"},
      {"{\"a\":\"\\u0080\\u07ff\"}", "\xc2\x80\xdf\xbf"},
      {"{\"a\":\"\\u0800\\uFFFF\"}", "\xe0\xa0\x80\xef\xbf\xbf"},
      {"{\"a\":\"\\ud800\\udc00\\uDBFF\\uDFFF\"}", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
      {"{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct waitq__json_value value = value_of(cases[i].text);
    char out[64];
    assert_int_equal(waitq__json_string(&value, out, sizeof out), strlen(cases[i].decoded));
    assert_string_equal(out, cases[i].decoded);
    assert_true(waitq__json_is(&value, "") == (cases[i].decoded[0] == '\0'));
  }
}

static void test_json__a_string_has_to_fit_with_its_nul(void **state) {
  (void)state;
  struct waitq__json_value value = value_of("{\"a\":\"abc\\u20ac\"}");
  char out[8];
  assert_int_equal(waitq__json_string(&value, out, 7), 6);
  assert_string_equal(out, "abc\xe2\x82\xac");
  for (size_t size = 0; size < 7; size++) {
    assert_int_equal(waitq__json_string(&value, out, size), -1);
  }
}

static void test_json__a_string_with_a_nul_inside_is_no_c_string(void **state) {
  (void)state;
  struct waitq__json_value value = value_of("{\"a\":\"k1\\u0000\"}");
  char out[16];
  assert_int_equal(waitq__json_string(&value, out, sizeof out), -1);
  assert_false(waitq__json_is(&value, "k1"));
}

static void test_json__comparison_decodes_escapes_and_wants_the_whole(void **state) {
  (void)state;
  struct waitq__json_value value = value_of("{\"a\":\"e\\u0078p\"}");
  assert_true(waitq__json_is(&value, "exp"));
  assert_false(waitq__json_is(&value, "ex"));
  assert_false(waitq__json_is(&value, "expo"));
  assert_false(waitq__json_is(&value, "exq"));
  struct waitq__json_value number = value_of("{\"a\":17}");
  assert_false(waitq__json_is(&number, "17"));
}

static void test_json__numbers_give_their_whole_part(void **state) {
  (void)state;
  static const struct {
    const char *number;
    int64_t whole;
  } cases[] = {
      {"0", 0},
      {"0.999", 0},
      {"1700000000", 1700000000},
      {"1700000000.0", 1700000000},
      {"1700000000.999999", 1700000000},
      {"1.7e9", 1700000000},
      {"1.7E+9", 1700000000},
      {"17000000009e-1", 1700000000},
      {"0.00017e13", 1700000000},
      {"1.75e1", 17},
      {"5e-1", 0},
      {"5e-99999999999999999999", 0},
      {"0e99999999999999999999", 0},
      {"0.0e5", 0},
      {"1000000000000", 1000000000000},
      {"1e12", 1000000000000},
      {"1000000000000.9", 1000000000000},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    char text[64];
    int64_t whole = -1;
    snprintf(text, sizeof text, "{\"a\":%s}", cases[i].number);
    struct waitq__json_value value = value_of(text);
    assert_int_equal(waitq__json_whole(&value, 1000000000000, &whole), 0);
    assert_int_equal(whole, cases[i].whole);
  }
}

static void test_json__numbers_out_of_range_are_refused(void **state) {
  (void)state;
  static const char *const texts[] = {
      "-1",
      "-0",
      "-0.5",
      "1000000000001",
      "1e13",
      "1e400",
      "1e99999999999999999999",
      "99999999999999999999999",
      "9223372036854775808",
      "0.1e14",
      "\"5\"",
      "true",
      "[5]",
      "{}",
  };
  for (size_t i = 0; i < COUNT(texts); i++) {
    char text[64];
    int64_t whole = -1;
    snprintf(text, sizeof text, "{\"a\":%s}", texts[i]);
    struct waitq__json_value value = value_of(text);
    assert_int_equal(waitq__json_whole(&value, 1000000000000, &whole), -1);
    assert_int_equal(whole, -1);
  }
}

static void test_json__the_limit_itself_is_in_range(void **state) {
  (void)state;
  int64_t whole = -1;
  struct waitq__json_value largest = value_of("{\"a\":9223372036854775807}");
  assert_int_equal(waitq__json_whole(&largest, INT64_MAX, &whole), 0);
  assert_true(whole == INT64_MAX);
  struct waitq__json_value beyond = value_of("{\"a\":9223372036854775808}");
  assert_int_equal(waitq__json_whole(&beyond, INT64_MAX, &whole), -1);
  struct waitq__json_value nine = value_of("{\"a\":9}");
  assert_int_equal(waitq__json_whole(&nine, 5, &whole), -1);
}

static void test_json__a_sole_element_is_found(void **state) {
  (void)state;
  struct waitq__json_value element;
  struct waitq__json_value string = value_of("{\"a\":[ \"concert\" ]}");
  assert_int_equal(waitq__json_sole_element(&string, &element), 0);
  assert_true(waitq__json_is(&element, "concert"));
  struct waitq__json_value nested = value_of("{\"a\":[[1,2]]}");
  assert_int_equal(waitq__json_sole_element(&nested, &element), 0);
  assert_int_equal(element.kind, WAITQ__JSON_ARRAY);
}

static void test_json__none_or_two_elements_are_no_sole_element(void **state) {
  (void)state;
  static const char *const texts[] = {"{\"a\":[]}", "{\"a\":[ ]}", "{\"a\":[1,2]}", "{\"a\":\"[1]\"}",
                                      "{\"a\":{\"b\":1}}"};
  for (size_t i = 0; i < COUNT(texts); i++) {
    struct waitq__json_value element;
    struct waitq__json_value value = value_of(texts[i]);
    assert_int_equal(waitq__json_sole_element(&value, &element), -1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_json__members_come_in_order_with_their_kinds),
      cmocka_unit_test(test_json__what_the_grammar_allows_is_read),
      cmocka_unit_test(test_json__what_the_grammar_does_not_allow_is_refused),
      cmocka_unit_test(test_json__bad_strings_are_refused_in_names_and_values),
      cmocka_unit_test(test_json__a_name_that_stands_twice_is_refused),
      cmocka_unit_test(test_json__nesting_is_bounded),
      cmocka_unit_test(test_json__members_and_size_are_bounded),
      cmocka_unit_test(test_json__a_nul_byte_ends_nothing),
      cmocka_unit_test(test_json__no_cut_text_is_read),
      cmocka_unit_test(test_json__strings_are_decoded),
      cmocka_unit_test(test_json__a_string_has_to_fit_with_its_nul),
      cmocka_unit_test(test_json__a_string_with_a_nul_inside_is_no_c_string),
      cmocka_unit_test(test_json__comparison_decodes_escapes_and_wants_the_whole),
      cmocka_unit_test(test_json__numbers_give_their_whole_part),
      cmocka_unit_test(test_json__numbers_out_of_range_are_refused),
      cmocka_unit_test(test_json__the_limit_itself_is_in_range),
      cmocka_unit_test(test_json__a_sole_element_is_found),
      cmocka_unit_test(test_json__none_or_two_elements_are_no_sole_element),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
