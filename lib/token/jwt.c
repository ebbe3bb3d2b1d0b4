/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "token/jwt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "token/base64url.h"
#include "token/json.h"

/* {"alg":"HS256","kid":"...","typ":"JWT"} with a kid of 31 characters, and a NUL. */
#define HEADER_SIZE 80

struct part {
  const char *text;
  size_t length;
};

struct parts {
  struct part header;
  struct part payload;
  struct part signature;
};

struct header {
  char algorithm[16]; /* empty: none that fits in here, so none that a key could have */
  char kid[32];       /* likewise */
  int has_algorithm;
  int has_kid;
};

/* Appends base64url and a NUL to text, which holds used characters and has room for WAITQ_PASS_SIZE. Returns the new length,
 * or 0 where it does not fit. */
static size_t append(char text[WAITQ_PASS_SIZE], size_t used, const void *bytes, size_t size) {
  if (size >= WAITQ_PASS_SIZE || WAITQ__BASE64URL_LENGTH(size) >= WAITQ_PASS_SIZE - used) {
    return 0;
  }
  waitq__base64url_encode(bytes, size, text + used);
  used += WAITQ__BASE64URL_LENGTH(size);
  text[used] = '\0';
  return used;
}

int waitq__jwt_sign(const struct waitq__keyring *ring, size_t signer, const char *payload, size_t length,
                    char text[WAITQ_PASS_SIZE], waitq_error *error) {
  const struct waitq__keyring_entry *entry = &ring->entries[signer];
  unsigned char signature[WAITQ__SIGNATURE_SIZE];
  char header[HEADER_SIZE];
  if (!waitq__keyring_has_secret(ring, signer)) {
    return waitq__fail(error, WAITQ_E_KEY, "the first key of the ring cannot sign");
  }
  int header_length = snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
                               waitq__keyring_algorithm(entry), entry->key.kid);
  size_t used = append(text, 0, header, (size_t)header_length);
  text[used++] = '.';
  used = append(text, used, payload, length);
  if (used != 0) {
    size_t signature_size = waitq__keyring_sign(entry, text, used, signature);
    text[used++] = '.';
    used = append(text, used, signature, signature_size);
  }
  if (used == 0) {
    text[0] = '\0';
    return waitq__fail(error, WAITQ_E_INVALID, "the pass would be longer than %d characters", WAITQ_PASS_SIZE - 1);
  }
  return WAITQ_OK;
}

/* Cuts a token at its two dots. An empty signature is let through: what the header says about it makes the better error. */
static int split(const char *text, size_t length, struct parts *parts) {
  const char *end = text + length;
  const char *first = memchr(text, '.', length);
  if (first == NULL || first == text) {
    return 0;
  }
  const char *second = memchr(first + 1, '.', (size_t)(end - first - 1));
  if (second == NULL || second == first + 1 || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL) {
    return 0;
  }
  parts->header = (struct part){text, (size_t)(first - text)};
  parts->payload = (struct part){first + 1, (size_t)(second - first - 1)};
  parts->signature = (struct part){second + 1, (size_t)(end - second - 1)};
  return 1;
}

/* sodium_base642bin() will not do: that of libsodium 1.0.18 takes every byte from 0x80 on for a '_'. */
static int decode(const struct part *part, void *out, size_t size, size_t *length) {
  size_t rest = part->length % 4;
  *length = part->length / 4 * 3 + (rest == 0 ? 0 : rest - 1);
  return rest != 1 && *length <= size && waitq__base64url_decode(part->text, out, *length);
}

/* RFC 7515 compares media types without regard to case. Another type is another kind of token under the same keys. */
static int is_type_jwt(const struct waitq__json_value *value) {
  char type[8];
  return waitq__json_string(value, type, sizeof type) >= 0 && strcasecmp(type, "JWT") == 0;
}

/* Takes what the header says of one thing; 0 where it must not say so. What is not known is ignored (RFC 7515, section 4),
 * except when "crit" forbids that. */
static int take_member(const struct waitq__json_member *member, struct header *header) {
  const struct waitq__json_value *value = &member->value;
  if (waitq__json_is(&member->name, "alg")) {
    header->has_algorithm = 1;
    if (waitq__json_string(value, header->algorithm, sizeof header->algorithm) < 0) {
      header->algorithm[0] = '\0';
    }
    return value->kind == WAITQ__JSON_STRING;
  }
  if (waitq__json_is(&member->name, "kid")) {
    header->has_kid = 1;
    if (waitq__json_string(value, header->kid, sizeof header->kid) < 0) {
      header->kid[0] = '\0';
    }
    return value->kind == WAITQ__JSON_STRING;
  }
  if (waitq__json_is(&member->name, "typ")) {
    return is_type_jwt(value);
  }
  return !waitq__json_is(&member->name, "crit");
}

static int read_header(const struct part *part, struct header *header, waitq_error *error) {
  char text[WAITQ_PASS_SIZE];
  size_t length;
  struct waitq__json json;
  struct waitq__json_member member;
  int more;
  memset(header, 0, sizeof *header);
  if (!decode(part, text, sizeof text, &length)) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass's header is not base64url");
  }
  waitq__json_open(&json, text, length);
  while ((more = waitq__json_next(&json, &member)) == 1) {
    if (!take_member(&member, header)) {
      return waitq__fail(error, WAITQ_E_MALFORMED, "the pass's header asks for what passes do not have");
    }
  }
  if (more < 0) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass's header is not a JSON object");
  }
  if (!header->has_algorithm) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass's header names no algorithm");
  }
  return WAITQ_OK;
}

static int choose_key(const struct waitq__keyring *ring, const struct header *header,
                      const struct waitq__keyring_entry **signer, waitq_error *error) {
  const struct waitq__keyring_entry *found = NULL;
  if (header->has_kid) {
    found = waitq__keyring_find(ring, header->kid);
  } else if (ring->count == 1) {
    found = &ring->entries[0];
  }
  if (found == NULL) {
    return waitq__fail(error, WAITQ_E_KEY, "the pass is signed with a key that is not in the ring");
  }
  if (strcmp(header->algorithm, waitq__keyring_algorithm(found)) != 0) {
    return waitq__fail(error, WAITQ_E_KEY, "the pass names another algorithm than its key's");
  }
  *signer = found;
  return WAITQ_OK;
}

static int check_signature(const struct waitq__keyring_entry *signer, const struct parts *parts, waitq_error *error) {
  unsigned char signature[WAITQ__SIGNATURE_SIZE];
  size_t size;
  size_t signed_length = parts->header.length + 1 + parts->payload.length;
  if (!decode(&parts->signature, signature, sizeof signature, &size)) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass's signature is not base64url, or too long");
  }
  if (!waitq__keyring_verify(signer, parts->header.text, signed_length, signature, size)) {
    return waitq__fail(error, WAITQ_E_FORGED, "the pass's signature does not match");
  }
  return WAITQ_OK;
}

int waitq__jwt_read(const struct waitq__keyring *ring, const char *text, size_t length, struct waitq__jwt *jwt,
                    waitq_error *error) {
  struct parts parts;
  struct header header;
  if (length >= WAITQ_PASS_SIZE) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass is longer than %d characters", WAITQ_PASS_SIZE - 1);
  }
  if (!split(text, length, &parts)) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass has not three parts between two dots");
  }
  int code = read_header(&parts.header, &header, error);
  code = code != WAITQ_OK ? code : choose_key(ring, &header, &jwt->signer, error);
  code = code != WAITQ_OK ? code : check_signature(jwt->signer, &parts, error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (!decode(&parts.payload, jwt->payload, sizeof jwt->payload, &jwt->payload_length)) {
    return waitq__fail(error, WAITQ_E_MALFORMED, "the pass's payload is not base64url");
  }
  return WAITQ_OK;
}
