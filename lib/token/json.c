/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "token/json.h"

#include <string.h>

struct cursor {
  const char *at;
  const char *end;
};

static int is_at(const struct cursor *cursor, char expected) {
  return cursor->at < cursor->end && *cursor->at == expected;
}

static int take(struct cursor *cursor, char expected) {
  if (!is_at(cursor, expected)) {
    return 0;
  }
  cursor->at++;
  return 1;
}

static int is_at_digit(const struct cursor *cursor) {
  return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

static void skip_space(struct cursor *cursor) {
  while (is_at(cursor, ' ') || is_at(cursor, '\t') || is_at(cursor, '\n') || is_at(cursor, '\r')) {
    cursor->at++;
  }
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes the four digits behind a \u. */
static int take_unit(struct cursor *cursor, uint32_t *unit) {
  if (cursor->end - cursor->at < 4) {
    return 0;
  }
  *unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(*cursor->at++);
    if (digit < 0) {
      return 0;
    }
    *unit = *unit << 4 | (uint32_t)digit;
  }
  return 1;
}

static int take_unicode_escape(struct cursor *cursor, uint32_t *point) {
  uint32_t low;
  if (!take_unit(cursor, point)) {
    return 0;
  }
  if (*point < 0xd800 || *point > 0xdfff) {
    return 1;
  }
  if (*point > 0xdbff || !take(cursor, '\\') || !take(cursor, 'u') || !take_unit(cursor, &low) || low < 0xdc00 ||
      low > 0xdfff) {
    return 0;
  }
  *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
  return 1;
}

/* Takes what stands behind a backslash. */
static int take_escape(struct cursor *cursor, uint32_t *point) {
  static const char letters[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  if (cursor->at == cursor->end) {
    return 0;
  }
  char letter = *cursor->at++;
  if (letter == 'u') {
    return take_unicode_escape(cursor, point);
  }
  const char *found = memchr(letters, letter, sizeof letters - 1);
  if (found == NULL) {
    return 0;
  }
  *point = (unsigned char)meanings[found - letters];
  return 1;
}

/* Takes the bytes that continue a character of UTF-8; overlong forms, surrogates and what lies beyond Unicode are refused. */
static int take_utf8(struct cursor *cursor, unsigned char lead, uint32_t *point) {
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  if (lead < 0xc2 || lead > 0xf4 || cursor->end - cursor->at < more) {
    return 0;
  }
  *point = lead & (0x3fU >> more);
  for (int i = 0; i < more; i++) {
    unsigned char byte = (unsigned char)*cursor->at++;
    if ((byte & 0xc0) != 0x80) {
      return 0;
    }
    *point = *point << 6 | (byte & 0x3f);
  }
  return *point >= least[more] && *point <= 0x10ffff && (*point < 0xd800 || *point > 0xdfff);
}

/* Takes one character of a string, decoded. */
static int take_character(struct cursor *cursor, uint32_t *point) {
  if (cursor->at == cursor->end) {
    return 0;
  }
  unsigned char byte = (unsigned char)*cursor->at++;
  if (byte == '\\') {
    return take_escape(cursor, point);
  }
  *point = byte;
  return byte < 0x80 ? byte >= 0x20 : take_utf8(cursor, byte, point);
}

static int scan_string(struct cursor *cursor, struct waitq__json_value *string) {
  uint32_t point;
  if (!take(cursor, '"')) {
    return 0;
  }
  string->kind = WAITQ__JSON_STRING;
  string->text = cursor->at;
  while (!is_at(cursor, '"')) {
    if (!take_character(cursor, &point)) {
      return 0;
    }
  }
  string->length = (size_t)(cursor->at - string->text);
  cursor->at++;
  return 1;
}

static int scan_digits(struct cursor *cursor) {
  if (!is_at_digit(cursor)) {
    return 0;
  }
  while (is_at_digit(cursor)) {
    cursor->at++;
  }
  return 1;
}

static int scan_number(struct cursor *cursor) {
  (void)take(cursor, '-');
  if (!take(cursor, '0') && !scan_digits(cursor)) {
    return 0;
  }
  if (take(cursor, '.') && !scan_digits(cursor)) {
    return 0;
  }
  if (take(cursor, 'e') || take(cursor, 'E')) {
    if (!take(cursor, '-')) {
      (void)take(cursor, '+');
    }
    return scan_digits(cursor);
  }
  return 1;
}

static int scan_literal(struct cursor *cursor) {
  static const char *const literals[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
    size_t length = strlen(literals[i]);
    if ((size_t)(cursor->end - cursor->at) >= length && memcmp(cursor->at, literals[i], length) == 0) {
      cursor->at += length;
      return 1;
    }
  }
  return 0;
}

static int scan_value(struct cursor *cursor, int depth, struct waitq__json_value *value);

/* Takes an array or an object, from behind its opening bracket; depth counts it. */
static int scan_nested(struct cursor *cursor, int depth, char close) {
  struct waitq__json_value ignored;
  if (depth > WAITQ__JSON_DEPTH_MAX) {
    return 0;
  }
  skip_space(cursor);
  if (take(cursor, close)) {
    return 1;
  }
  do {
    skip_space(cursor);
    if (close == '}') {
      if (!scan_string(cursor, &ignored)) {
        return 0;
      }
      skip_space(cursor);
      if (!take(cursor, ':')) {
        return 0;
      }
      skip_space(cursor);
    }
    if (!scan_value(cursor, depth, &ignored)) {
      return 0;
    }
    skip_space(cursor);
  } while (take(cursor, ','));
  return take(cursor, close);
}

/* Takes any value that stands depth arrays and objects deep. */
static int scan_value(struct cursor *cursor, int depth, struct waitq__json_value *value) {
  int good;
  if (is_at(cursor, '"')) {
    return scan_string(cursor, value);
  }
  value->text = cursor->at;
  if (take(cursor, '{')) {
    value->kind = WAITQ__JSON_OBJECT;
    good = scan_nested(cursor, depth + 1, '}');
  } else if (take(cursor, '[')) {
    value->kind = WAITQ__JSON_ARRAY;
    good = scan_nested(cursor, depth + 1, ']');
  } else if (is_at(cursor, '-') || is_at_digit(cursor)) {
    value->kind = WAITQ__JSON_NUMBER;
    good = scan_number(cursor);
  } else {
    value->kind = WAITQ__JSON_LITERAL;
    good = scan_literal(cursor);
  }
  value->length = (size_t)(cursor->at - value->text);
  return good;
}

static int is_same(const struct waitq__json_value *a, const struct waitq__json_value *b) {
  struct cursor left = {a->text, a->text + a->length};
  struct cursor right = {b->text, b->text + b->length};
  uint32_t left_point = 0;
  uint32_t right_point = 0;
  while (left.at < left.end && right.at < right.end) {
    if (!take_character(&left, &left_point) || !take_character(&right, &right_point) || left_point != right_point) {
      return 0;
    }
  }
  return left.at == left.end && right.at == right.end;
}

static int remember(struct waitq__json *json, const struct waitq__json_value *name) {
  if (json->count == WAITQ__JSON_MEMBERS_MAX) {
    return 0;
  }
  for (size_t i = 0; i < json->count; i++) {
    if (is_same(&json->names[i], name)) {
      return 0;
    }
  }
  json->names[json->count++] = *name;
  return 1;
}

static int finish(struct cursor *cursor) {
  skip_space(cursor);
  return cursor->at == cursor->end ? 0 : -1;
}

static int read_member(struct waitq__json *json, struct cursor *cursor, struct waitq__json_member *member) {
  skip_space(cursor);
  if (take(cursor, '}')) {
    return finish(cursor);
  }
  if (json->count > 0) {
    if (!take(cursor, ',')) {
      return -1;
    }
    skip_space(cursor);
  }
  if (!scan_string(cursor, &member->name)) {
    return -1;
  }
  skip_space(cursor);
  if (!take(cursor, ':')) {
    return -1;
  }
  skip_space(cursor);
  return scan_value(cursor, 1, &member->value) && remember(json, &member->name) ? 1 : -1;
}

void waitq__json_open(struct waitq__json *json, const char *text, size_t length) {
  struct cursor cursor = {text, text + length};
  skip_space(&cursor);
  json->state = length <= WAITQ__JSON_SIZE_MAX && take(&cursor, '{') ? 1 : -1;
  json->at = cursor.at;
  json->end = cursor.end;
  json->count = 0;
}

int waitq__json_next(struct waitq__json *json, struct waitq__json_member *member) {
  struct cursor cursor = {json->at, json->end};
  if (json->state == 1) {
    json->state = read_member(json, &cursor, member);
    json->at = cursor.at;
  }
  return json->state;
}

int waitq__json_is(const struct waitq__json_value *string, const char *text) {
  struct cursor cursor = {string->text, string->text + string->length};
  uint32_t point;
  if (string->kind != WAITQ__JSON_STRING) {
    return 0;
  }
  for (; *text != '\0'; text++) {
    if (!take_character(&cursor, &point) || point != (unsigned char)*text) {
      return 0;
    }
  }
  return cursor.at == cursor.end;
}

/* Writes a character as UTF-8 and returns how many bytes it took. */
static size_t encode(uint32_t point, char out[4]) {
  if (point < 0x80) {
    out[0] = (char)point;
    return 1;
  }
  size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  for (size_t i = more; i > 0; i--) {
    out[i] = (char)(0x80 | (point & 0x3f));
    point >>= 6;
  }
  out[0] = (char)(((0x780U >> more) & 0xf0) | point);
  return more + 1;
}

int waitq__json_string(const struct waitq__json_value *value, char *out, size_t size) {
  struct cursor cursor = {value->text, value->text + value->length};
  size_t used = 0;
  uint32_t point;
  char bytes[4];
  if (value->kind != WAITQ__JSON_STRING || size == 0) {
    return -1;
  }
  while (cursor.at < cursor.end) {
    if (!take_character(&cursor, &point) || point == 0) {
      return -1;
    }
    size_t length = encode(point, bytes);
    if (length >= size - used) {
      return -1;
    }
    memcpy(out + used, bytes, length);
    used += length;
  }
  out[used] = '\0';
  return (int)used;
}

/* The exponent of a number, from behind its digits. Cut off where nothing but its sign matters any more: a text has no
 * more than WAITQ__JSON_SIZE_MAX digits to weigh against it. */
static long exponent_of(struct cursor *cursor) {
  long exponent = 0;
  if (!take(cursor, 'e') && !take(cursor, 'E')) {
    return 0;
  }
  int is_negative = take(cursor, '-');
  (void)take(cursor, '+');
  for (; is_at_digit(cursor); cursor->at++) {
    if (exponent < 4L * WAITQ__JSON_SIZE_MAX) {
      exponent = exponent * 10 + (*cursor->at - '0');
    }
  }
  return is_negative ? -exponent : exponent;
}

int waitq__json_whole(const struct waitq__json_value *value, int64_t most, int64_t *out) {
  struct cursor digits = {value->text, value->text + value->length};
  if (value->kind != WAITQ__JSON_NUMBER || is_at(&digits, '-')) {
    return -1;
  }
  struct cursor rest = digits;
  (void)scan_digits(&rest);
  long places = rest.at - digits.at;
  if (take(&rest, '.')) {
    (void)scan_digits(&rest);
  }
  places += exponent_of(&rest);
  int64_t whole = 0;
  for (; places > 0; places--) {
    (void)take(&digits, '.');
    int digit = is_at_digit(&digits) ? *digits.at++ - '0' : 0;
    if (whole > most / 10 || whole * 10 > most - digit) {
      return -1;
    }
    whole = whole * 10 + digit;
  }
  *out = whole;
  return 0;
}

int waitq__json_sole_element(const struct waitq__json_value *value, struct waitq__json_value *element) {
  struct cursor cursor = {value->text, value->text + value->length};
  struct waitq__json_value found;
  if (value->kind != WAITQ__JSON_ARRAY || !take(&cursor, '[')) {
    return -1;
  }
  skip_space(&cursor);
  if (!scan_value(&cursor, 2, &found)) {
    return -1;
  }
  skip_space(&cursor);
  if (!take(&cursor, ']')) {
    return -1;
  }
  *element = found;
  return 0;
}
