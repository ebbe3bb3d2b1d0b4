/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "token/pass.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include <waitq/room.h>

#include "base/error.h"
#include "base/name.h"
#include "base/sized.h"
#include "token/base64url.h"
#include "token/json.h"
#include "token/jwt.h"

#define BINDING_TEXT_SIZE (WAITQ__BASE64URL_LENGTH(WAITQ__BINDING_SIZE) + 1)

/* The claims of the longest pass take 208 characters; a number that no ticket has takes a few more. */
#define PAYLOAD_SIZE 320

_Static_assert(sizeof((struct waitq__pass_content *)0)->room > WAITQ_ROOM_NAME_MAX, "a room's name has to fit");

void waitq_pass_init(waitq_pass *pass, size_t size) {
  waitq__sized_init(pass, size, &(waitq_pass)WAITQ_PASS_INIT, sizeof(waitq_pass));
}

void waitq_binding_init(waitq_binding *binding, size_t size) {
  waitq__sized_init(binding, size, &(waitq_binding)WAITQ_BINDING_INIT, sizeof(waitq_binding));
}

static size_t length_of(const char *text) {
  return text == NULL ? 0 : strlen(text);
}

int waitq__binding_hash(const waitq_binding *binding, unsigned char out[WAITQ__BINDING_SIZE]) {
  if (binding == NULL || length_of(binding->method) + length_of(binding->url) + length_of(binding->client) == 0) {
    return 0;
  }
  const char *texts[] = {binding->method, binding->url, binding->client};
  crypto_generichash_state state;
  crypto_generichash_init(&state, NULL, 0, WAITQ__BINDING_SIZE);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    uint64_t length = length_of(texts[i]);
    unsigned char prefix[8];
    for (size_t byte = 0; byte < sizeof prefix; byte++) {
      prefix[byte] = (unsigned char)(length >> (8 * byte));
    }
    crypto_generichash_update(&state, prefix, sizeof prefix);
    if (length > 0) {
      crypto_generichash_update(&state, (const unsigned char *)texts[i], length);
    }
  }
  crypto_generichash_final(&state, out, WAITQ__BINDING_SIZE);
  return 1;
}

static int is_time(int64_t seconds) {
  return seconds >= 0 && seconds <= WAITQ__PASS_TIME_MAX_S;
}

int waitq__pass_sign_with(const struct waitq__keyring *ring, size_t signer, const struct waitq__pass_content *content,
                          char text[WAITQ_PASS_SIZE], waitq_error *error) {
  char payload[PAYLOAD_SIZE];
  char bound[sizeof ",\"bnd\":\"\"" + BINDING_TEXT_SIZE] = "";
  if (!waitq__is_name(content->room, WAITQ_ROOM_NAME_MAX)) {
    return waitq__fail(error, WAITQ_E_INVALID, "a pass needs the name of a room");
  }
  if (!is_time(content->issued_at_s) || !is_time(content->expires_at_s)) {
    return waitq__fail(error, WAITQ_E_INVALID, "a pass needs times between the years 1970 and 9999");
  }
  if (content->is_bound) {
    char hash[BINDING_TEXT_SIZE] = "";
    waitq__base64url_encode(content->binding, sizeof content->binding, hash);
    snprintf(bound, sizeof bound, ",\"bnd\":\"%s\"", hash);
  }
  int length = snprintf(payload, sizeof payload,
                        "{\"aud\":\"%s\"%s,\"exp\":%" PRId64 ",\"iat\":%" PRId64 ",\"jti\":\"%" PRIu64 "-%" PRIu64
                        "\",\"nbf\":%" PRId64 "}",
                        content->room, bound, content->expires_at_s, content->issued_at_s, content->epoch,
                        content->number, content->issued_at_s);
  return waitq__jwt_sign(ring, signer, payload, (size_t)length, text, error);
}

int waitq__pass_sign(const struct waitq__keyring *ring, const struct waitq__pass_content *content,
                     char text[WAITQ_PASS_SIZE], waitq_error *error) {
  return waitq__pass_sign_with(ring, 0, content, text, error);
}

static int read_room(const struct waitq__json_value *value, struct waitq__pass_content *content) {
  struct waitq__json_value element = *value;
  if (value->kind == WAITQ__JSON_ARRAY && waitq__json_sole_element(value, &element) < 0) {
    return -1;
  }
  if (waitq__json_string(&element, content->room, sizeof content->room) < 0) {
    return -1;
  }
  return waitq__is_name(content->room, WAITQ_ROOM_NAME_MAX) ? 0 : -1;
}

static int read_expires_at(const struct waitq__json_value *value, struct waitq__pass_content *content) {
  return waitq__json_whole(value, WAITQ__PASS_TIME_MAX_S, &content->expires_at_s);
}

static int read_issued_at(const struct waitq__json_value *value, struct waitq__pass_content *content) {
  return waitq__json_whole(value, WAITQ__PASS_TIME_MAX_S, &content->issued_at_s);
}

static int read_not_before(const struct waitq__json_value *value, struct waitq__pass_content *content) {
  return waitq__json_whole(value, WAITQ__PASS_TIME_MAX_S, &content->not_before_s);
}

/* Reads decimal digits without leading zeros, and returns what follows them, or NULL. */
static const char *read_decimal(const char *text, uint64_t *out) {
  const char *at = text;
  uint64_t value = 0;
  for (; *at >= '0' && *at <= '9'; at++) {
    unsigned digit = (unsigned)(*at - '0');
    if (value > (UINT64_MAX - digit) / 10) {
      return NULL;
    }
    value = value * 10 + digit;
  }
  if (at == text || (*text == '0' && at - text > 1)) {
    return NULL;
  }
  *out = value;
  return at;
}

static int read_id(const struct waitq__json_value *value, struct waitq__pass_content *content) {
  if (waitq__json_string(value, content->id, sizeof content->id) < 0) {
    return -1;
  }
  const char *at = read_decimal(content->id, &content->epoch);
  if (at == NULL || *at != '-') {
    return -1;
  }
  at = read_decimal(at + 1, &content->number);
  return at != NULL && *at == '\0' ? 0 : -1;
}

static int read_binding(const struct waitq__json_value *value, struct waitq__pass_content *content) {
  char text[BINDING_TEXT_SIZE];
  if (waitq__json_string(value, text, sizeof text) != BINDING_TEXT_SIZE - 1 ||
      !waitq__base64url_decode(text, content->binding, sizeof content->binding)) {
    return -1;
  }
  content->is_bound = 1;
  return 0;
}

struct claim {
  const char *name;
  int (*read)(const struct waitq__json_value *value, struct waitq__pass_content *content);
  int is_required;
};

static const struct claim known_claims[] = {
    {"aud", read_room, 1},      {"exp", read_expires_at, 1}, {"jti", read_id, 1},
    {"iat", read_issued_at, 0}, {"nbf", read_not_before, 0}, {"bnd", read_binding, 0},
};

#define KNOWN_CLAIMS (sizeof known_claims / sizeof known_claims[0])

/* Reads one claim, and marks it as there. Claims that passes do not have are none of our business. */
static int take_claim(const struct waitq__json_member *member, struct waitq__pass_content *content,
                      int is_there[KNOWN_CLAIMS], waitq_error *error) {
  for (size_t i = 0; i < KNOWN_CLAIMS; i++) {
    if (waitq__json_is(&member->name, known_claims[i].name)) {
      is_there[i] = 1;
      return known_claims[i].read(&member->value, content) == 0
                 ? WAITQ_OK
                 : waitq__fail(error, WAITQ_E_MALFORMED, "the pass's claim %s is not one of a pass",
                               known_claims[i].name);
    }
  }
  return WAITQ_OK;
}

static int read_claims(const struct waitq__jwt *jwt, struct waitq__pass_content *content, waitq_error *error) {
  struct waitq__json json;
  struct waitq__json_member member;
  int is_there[KNOWN_CLAIMS] = {0};
  int more;
  waitq__json_open(&json, jwt->payload, jwt->payload_length);
  while ((more = waitq__json_next(&json, &member)) == 1) {
    int code = take_claim(&member, content, is_there, error);
    if (code != WAITQ_OK) {
      return code;
    }
  }
  if (more < 0) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass's claims are not a JSON object");
  }
  for (size_t i = 0; i < KNOWN_CLAIMS; i++) {
    if (known_claims[i].is_required && !is_there[i]) {
      return waitq__fail(error, WAITQ_E_MALFORMED, "the pass has no claim %s", known_claims[i].name);
    }
  }
  return WAITQ_OK;
}

int waitq__pass_read(const struct waitq__keyring *ring, const char *text, size_t length,
                     struct waitq__pass_content *content, waitq_error *error) {
  struct waitq__jwt jwt;
  struct waitq__pass_content found;
  memset(&found, 0, sizeof found);
  int code = waitq__jwt_read(ring, text, length, &jwt, error);
  code = code != WAITQ_OK ? code : read_claims(&jwt, &found, error);
  if (code == WAITQ_OK) {
    memcpy(found.kid, jwt.signer->key.kid, sizeof found.kid);
    *content = found;
  }
  return code;
}

int waitq__pass_check_time(const struct waitq__pass_content *content, int64_t now_ms, int64_t leeway_ms,
                           waitq_error *error) {
  int64_t expires_ms = content->expires_at_s * 1000 + leeway_ms;
  int64_t starts_ms = content->not_before_s * 1000 - leeway_ms;
  if (now_ms >= expires_ms) {
    return waitq__fail(error, WAITQ_E_EXPIRED, "the pass expired %" PRId64 " ms ago",
                       now_ms - content->expires_at_s * 1000);
  }
  if (now_ms < starts_ms) {
    return waitq__fail(error, WAITQ_E_EARLY, "the pass begins in %" PRId64 " ms", starts_ms + leeway_ms - now_ms);
  }
  return WAITQ_OK;
}
