/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Fuzzes what the gateway reads itself of a request. The first byte of an input says as what the rest is read:
 *
 *     Q query       the parameter token of a query
 *     T token       a waiting token: what is taken apart has to give the same again
 *     B body        a body in JSON, and members of it
 *     I ids         a traceparent, a newline, an X-Request-Id
 *     F hops header X-Forwarded-For, hops as one digit
 *
 * With libFuzzer, or as a program that runs files: as in tests/fuzz. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fuzz/fuzz.h"
#include "request.h"

#define BYTES_MAX 20000

static void try_query(struct text query) {
  char small[8], large[TOKEN_SIZE + 1];
  if (request_parameter(query, "token", large, sizeof large)) {
    REQUIRE(strlen(large) > 0 && strlen(large) < sizeof large);
    const bool fits = request_parameter(query, "token", small, sizeof small);
    REQUIRE(fits == (strlen(large) < sizeof small));
    REQUIRE(!fits || strcmp(small, large) == 0);
  }
}

static void try_token(struct text bytes) {
  char text[BYTES_MAX + 1], again[TOKEN_SIZE + 1];
  struct token token;
  memcpy(text, bytes.at, bytes.length);
  text[bytes.length] = '\0';
  if (request_token(text, &token)) {
    REQUIRE(request_event_is_valid((struct text){token.event, strlen(token.event)}));
    snprintf(again, sizeof again, "%s.%s", token.event, token.ticket);
    REQUIRE(strcmp(again, text) == 0);
  }
}

static void try_body(struct text bytes) {
  struct body body;
  struct text text;
  double number = 0;
  if (body_read(&body, bytes)) {
    const enum field has_event = body_text(&body, "event_id", WAITQ_ROOM_NAME_MAX, &text);
    REQUIRE(has_event != FIELD_READ || (text.length > 0 && text.length <= WAITQ_ROOM_NAME_MAX));
    REQUIRE(has_event != FIELD_READ || strlen(text.at) == text.length);
    REQUIRE(body_text(&body, "user_id", 3, &text) != FIELD_READ || text.length <= 3);
    REQUIRE(body_number(&body, "rate_per_s", &number) != FIELD_READ || isfinite(number));
  }
  body_free(&body);
}

static void try_ids(struct text bytes) {
  const char *newline = memchr(bytes.at, '\n', bytes.length);
  const size_t first = newline == NULL ? bytes.length : (size_t)(newline - bytes.at);
  const struct text parent = {bytes.at, first};
  const struct text id = {newline == NULL ? "" : newline + 1, newline == NULL ? 0 : bytes.length - first - 1};
  char out[TRACE_ID_SIZE];
  if (request_trace_id(parent, id, out)) {
    REQUIRE(request_event_is_valid((struct text){out, strlen(out)}));
  }
  REQUIRE(!request_key_is_valid(bytes) || bytes.length <= IDEMPOTENCY_KEY_MAX);
}

static void try_forwarded(struct text bytes) {
  char out[64];
  if (bytes.length == 0 || bytes.at[0] < '1' || bytes.at[0] > '9') {
    return;
  }
  if (request_forwarded((struct text){bytes.at + 1, bytes.length - 1}, (unsigned)(bytes.at[0] - '0'), out,
                        sizeof out)) {
    REQUIRE(strlen(out) > 0 && strlen(out) < sizeof out && strchr(out, ',') == NULL);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > BYTES_MAX) {
    return 0;
  }
  char *copy = malloc(size); /* of its own size: a byte too many is noticed */
  REQUIRE(copy != NULL);
  memcpy(copy, data + 1, size - 1);
  const struct text bytes = {copy, size - 1};
  switch (data[0]) {
    case 'Q':
      try_query(bytes);
      break;
    case 'T':
      try_token(bytes);
      break;
    case 'B':
      try_body(bytes);
      break;
    case 'I':
      try_ids(bytes);
      break;
    case 'F':
      try_forwarded(bytes);
      break;
    default:
      break;
  }
  free(copy);
  return 0;
}
