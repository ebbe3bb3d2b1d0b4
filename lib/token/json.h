/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TOKEN_JSON_H
#define WAITQ_TOKEN_JSON_H

/* A strict reader of one small JSON object (RFC 8259), member by member and in place: it allocates nothing, and copies
 * only what is asked for.
 *
 * Two readers of one signed text must never see two different things, so whatever is open to interpretation is refused:
 * names that stand twice (compared with their escapes decoded), text that is not well-formed UTF-8, lone surrogates,
 * anything but white space behind the object, nesting beyond a bound. Names inside nested values are not compared.
 *
 *     struct waitq__json json;
 *     struct waitq__json_member member;
 *     waitq__json_open(&json, text, length);
 *     while ((more = waitq__json_next(&json, &member)) == 1) { ... }
 *     if (more < 0) { nothing that was read may be believed }
 *
 * {"exp":17e2,"aud":["concert"]} has the members exp, a number with the text 17e2, and aud, an array with the text
 * ["concert"]. */

#include <stddef.h>
#include <stdint.h>

/* Longer texts and more members are refused: names are compared each with each. */
#define WAITQ__JSON_SIZE_MAX 1024
#define WAITQ__JSON_MEMBERS_MAX 64

/* How deep arrays and objects may be nested, the outermost object included. */
#define WAITQ__JSON_DEPTH_MAX 8

enum waitq__json_kind {
  WAITQ__JSON_STRING = 1,
  WAITQ__JSON_NUMBER,
  WAITQ__JSON_OBJECT,
  WAITQ__JSON_ARRAY,
  WAITQ__JSON_LITERAL /* true, false, null */
};

/* A value as it stands in the text; a string without its quotes, its escapes not decoded. */
struct waitq__json_value {
  const char *text;
  size_t length;
  int kind;
};

struct waitq__json_member {
  struct waitq__json_value name;
  struct waitq__json_value value;
};

struct waitq__json {
  const char *at;
  const char *end;
  int state; /* 1: more may come; 0: all is read; -1: refused */
  size_t count;
  struct waitq__json_value names[WAITQ__JSON_MEMBERS_MAX];
};

/* Starts to read length bytes, which have to stay where they are. */
void waitq__json_open(struct waitq__json *json, const char *text, size_t length);

/* Reads the next member: 1. Returns 0 when the object has ended as it should, -1 when the text is refused. */
int waitq__json_next(struct waitq__json *json, struct waitq__json_member *member);

/* Whether a string says text, which is ASCII, once its escapes are decoded. */
int waitq__json_is(const struct waitq__json_value *string, const char *text);

/* Copies a string with its escapes decoded, as UTF-8 with a NUL behind. Returns its length, or -1 when the value is no
 * string, does not fit into size bytes, or has a NUL inside. */
int waitq__json_string(const struct waitq__json_value *value, char *out, size_t size);

/* The whole part of a number from 0 to most: 1700000000.9 and 17000000009e-1 both give 1700000000. Returns 0, or -1 when
 * the value is no number, has a minus, or is larger. */
int waitq__json_whole(const struct waitq__json_value *value, int64_t most, int64_t *out);

/* The element of an array that has exactly one. Returns 0, or -1 when the value is nothing of the kind. */
int waitq__json_sole_element(const struct waitq__json_value *value, struct waitq__json_value *element);

#endif
