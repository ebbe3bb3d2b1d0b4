/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Fuzzes the readers behind passes. The first byte of an input says which:
 *
 *     P text              the text is verified as a pass: it may be good only if it is, byte for byte, what its signer makes
 *     S header \n claims  the two are signed with the HS256 key first, so that the readers behind the signature are
 *                         reached; what is good has to come out the same after another round of signing and reading
 *     E header \n claims  the same with the Ed25519 key
 *     J text              the text is read as a JSON object
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined ..., then fuzz_pass -dict=pass.dict corpus/pass.
 * As a program that runs files, with any compiler: together with standalone.c, then corpus_pass corpus/pass/... */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <waitq/pass.h>
#include <waitq/room.h>

#include "base/name.h"
#include "fuzz.h"
#include "token/json.h"
#include "token/jwt.h"
#include "token/keyring.h"
#include "token/pass.h"

#define NOW_MS INT64_C(1700000005000)
#define TEXT_SIZE 4096

/* The key ring of all inputs: an HS256 secret "h" and an Ed25519 seed "e". */
static struct waitq__keyring ring;
static waitq_verifier_t *verifier;

static void prepare(void) {
  waitq_key keys[] = {WAITQ_KEY_INIT, WAITQ_KEY_INIT};
  if (verifier != NULL) {
    return;
  }
  for (uint32_t i = 0; i < 2; i++) {
    keys[i].algorithm = i == 0 ? WAITQ_KEY_HS256 : WAITQ_KEY_ED25519;
    keys[i].length = 32;
    keys[i].kid[0] = i == 0 ? 'h' : 'e';
    for (uint32_t byte = 0; byte < 32; byte++) {
      keys[i].bytes[byte] = (unsigned char)(1 + i + byte);
    }
  }
  REQUIRE(waitq__keyring_init(&ring, keys, 2, 1, NULL) == WAITQ_OK);
  REQUIRE(waitq_verifier_open(keys, 2, NULL, &verifier, NULL) == WAITQ_OK);
}

static void append(char text[TEXT_SIZE], const void *bytes, size_t size) {
  size_t used = strlen(text);
  sodium_bin2base64(text + used, TEXT_SIZE - used, bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Puts a signature behind header.payload. */
static void append_signature(char text[TEXT_SIZE], const struct waitq__keyring_entry *signer) {
  unsigned char signature[WAITQ__SIGNATURE_SIZE];
  size_t size = waitq__keyring_sign(signer, text, strlen(text), signature);
  strcat(text, ".");
  append(text, signature, size);
}

static void check_claims(const waitq_claims *claims) {
  char id[64];
  REQUIRE(claims->size == sizeof *claims);
  REQUIRE(waitq__is_name(claims->room, WAITQ_ROOM_NAME_MAX));
  REQUIRE(strcmp(claims->kid, "h") == 0 || strcmp(claims->kid, "e") == 0);
  snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, claims->epoch, claims->number);
  REQUIRE(strcmp(claims->id, id) == 0);
  REQUIRE(claims->issued_at_ms >= 0 && claims->not_before_ms <= NOW_MS + 60000);
  REQUIRE(claims->expires_at_ms + 60000 > NOW_MS);
}

/* Verifies a text, and checks that the answer is one there is. */
static int verify(const char *text, size_t length, waitq_claims *claims) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_binding binding = {sizeof binding, "POST", "/buy", "192.0.2.7"};
  const waitq_claims untouched = *claims;
  int code = waitq_verify(verifier, text, length, NOW_MS, NULL, claims, &error);
  if (code == WAITQ_E_BINDING) {
    code = waitq_verify(verifier, text, length, NOW_MS, &binding, claims, &error);
  }
  if (code == WAITQ_OK) {
    check_claims(claims);
    return code;
  }
  REQUIRE(code == WAITQ_E_MALFORMED || code == WAITQ_E_KEY || code == WAITQ_E_FORGED || code == WAITQ_E_EXPIRED ||
          code == WAITQ_E_EARLY || code == WAITQ_E_BINDING);
  REQUIRE(error.code == code && error.text[0] != '\0');
  REQUIRE(memcmp(claims, &untouched, sizeof untouched) == 0);
  return code;
}

static void run_pass(const char *text, size_t length) {
  waitq_claims claims = WAITQ_CLAIMS_INIT;
  char expected[TEXT_SIZE];
  if (verify(text, length, &claims) != WAITQ_OK) {
    return;
  }
  REQUIRE(length < WAITQ_PASS_SIZE);
  memcpy(expected, text, length);
  expected[length] = '\0';
  *strrchr(expected, '.') = '\0';
  append_signature(expected, waitq__keyring_find(&ring, claims.kid));
  REQUIRE(strlen(expected) == length && memcmp(expected, text, length) == 0);
}

/* What was read has to come out the same once it is signed and read again. */
static void check_round_trip(const char *text, size_t length) {
  struct waitq__pass_content first;
  struct waitq__pass_content second;
  char again[WAITQ_PASS_SIZE];
  if (waitq__pass_read(&ring, text, length, &first, NULL) != WAITQ_OK) {
    return;
  }
  REQUIRE(waitq__pass_sign(&ring, &first, again, NULL) == WAITQ_OK);
  REQUIRE(waitq__pass_read(&ring, again, strlen(again), &second, NULL) == WAITQ_OK);
  REQUIRE(strcmp(first.room, second.room) == 0 && strcmp(first.id, second.id) == 0);
  REQUIRE(first.epoch == second.epoch && first.number == second.number);
  REQUIRE(first.issued_at_s == second.issued_at_s && second.not_before_s == first.issued_at_s);
  REQUIRE(first.expires_at_s == second.expires_at_s && first.is_bound == second.is_bound);
  REQUIRE(memcmp(first.binding, second.binding, sizeof first.binding) == 0);
}

static void run_signed(const struct waitq__keyring_entry *signer, const char *input, size_t size) {
  waitq_claims claims = WAITQ_CLAIMS_INIT;
  char text[TEXT_SIZE] = "";
  const char *newline = memchr(input, '\n', size);
  if (newline == NULL || size > TEXT_SIZE / 2) {
    return;
  }
  append(text, input, (size_t)(newline - input));
  strcat(text, ".");
  append(text, newline + 1, size - (size_t)(newline + 1 - input));
  append_signature(text, signer);
  verify(text, strlen(text), &claims);
  check_round_trip(text, strlen(text));
}

static void check_value(const struct waitq__json_value *value, const char *text, size_t length) {
  char decoded[TEXT_SIZE];
  struct waitq__json_value element;
  int64_t whole = -1;
  REQUIRE(value->text >= text && value->text + value->length <= text + length);
  int decoded_length = waitq__json_string(value, decoded, sizeof decoded);
  REQUIRE(decoded_length < 0 || value->kind == WAITQ__JSON_STRING);
  if (decoded_length >= 0) {
    REQUIRE((size_t)decoded_length <= value->length && strlen(decoded) == (size_t)decoded_length);
    /* Text above ASCII compares by character, and this compares with bytes. */
    int is_ascii = 1;
    for (int i = 0; i < decoded_length; i++) {
      is_ascii &= (unsigned char)decoded[i] < 0x80;
    }
    REQUIRE(waitq__json_is(value, decoded) == is_ascii);
  }
  if (waitq__json_whole(value, INT64_C(1) << 50, &whole) == 0) {
    REQUIRE(value->kind == WAITQ__JSON_NUMBER && whole >= 0 && whole <= INT64_C(1) << 50);
  }
  if (waitq__json_sole_element(value, &element) == 0) {
    REQUIRE(value->kind == WAITQ__JSON_ARRAY && element.length + 2 <= value->length);
  }
}

static void run_json(const char *text, size_t length) {
  struct waitq__json json;
  struct waitq__json_member member;
  const char *behind = text;
  int more;
  waitq__json_open(&json, text, length);
  while ((more = waitq__json_next(&json, &member)) == 1) {
    check_value(&member.name, text, length);
    check_value(&member.value, text, length);
    REQUIRE(member.name.text > behind && member.value.text > member.name.text + member.name.length);
    behind = member.value.text;
  }
  REQUIRE(waitq__json_next(&json, &member) == more && (more == 0 || more == -1));
  REQUIRE(more == -1 || (length >= 2 && length <= WAITQ__JSON_SIZE_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  prepare();
  if (size == 0) {
    return 0;
  }
  /* A block of its own, without a byte to spare and without a NUL. */
  char *text = malloc(size > 1 ? size - 1 : 1);
  REQUIRE(text != NULL);
  memcpy(text, data + 1, size - 1);
  switch (data[0]) {
    case 'S':
    case 'E':
      run_signed(&ring.entries[data[0] == 'E'], text, size - 1);
      break;
    case 'J':
      run_json(text, size - 1);
      break;
    default:
      run_pass(text, size - 1);
  }
  free(text);
  return 0;
}
