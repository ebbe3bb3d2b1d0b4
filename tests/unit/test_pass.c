/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <waitq/room.h>

#include "jwt_craft.h"
#include "token/jwt.h"
#include "token/pass.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define HS256_HEADER "{\"alg\":\"HS256\",\"kid\":\"h\",\"typ\":\"JWT\"}"
#define GOOD_CLAIMS "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\"}"

static struct waitq__keyring ring;
static waitq_key secret;
static waitq_key seed;
static waitq_error detail;

/* A ring of an HS256 secret "h" and an Ed25519 seed "e". */
static int setup(void **state) {
  (void)state;
  detail = (waitq_error)WAITQ_ERROR_INIT;
  secret = craft_key(WAITQ_KEY_HS256, "h", 1, 32);
  seed = craft_key(WAITQ_KEY_ED25519, "e", 2, 32);
  waitq_key keys[] = {secret, seed};
  return sodium_init() < 0 || waitq__keyring_init(&ring, keys, 2, 1, &detail) != WAITQ_OK;
}

static void use_only(const waitq_key *key) {
  assert_int_equal(waitq__keyring_init(&ring, key, 1, 0, &detail), WAITQ_OK);
}

static struct waitq__pass_content admission(void) {
  struct waitq__pass_content content;
  memset(&content, 0, sizeof content);
  strcpy(content.room, "concert");
  content.epoch = 1699999999;
  content.number = 41;
  content.issued_at_s = 1700000000;
  content.expires_at_s = 1700000600;
  return content;
}

/* Reads from a copy without a byte to spare; checks that a failure has told why and left the content alone. */
static int read_text(const char *text, size_t length, struct waitq__pass_content *content) {
  struct waitq__pass_content before;
  char *copy = malloc(length == 0 ? 1 : length);
  assert_non_null(copy);
  memcpy(copy, text, length);
  memset(content, 0xa5, sizeof *content);
  before = *content;
  detail = (waitq_error)WAITQ_ERROR_INIT;
  int code = waitq__pass_read(&ring, copy, length, content, &detail);
  free(copy);
  if (code != WAITQ_OK) {
    assert_int_equal(detail.code, code);
    assert_true(strlen(detail.text) > 0);
    assert_memory_equal(content, &before, sizeof before);
  }
  return code;
}

static int read_crafted(const char *header, const char *payload, const waitq_key *key,
                        struct waitq__pass_content *content) {
  char text[4096];
  craft(text, sizeof text, header, payload, key);
  return read_text(text, strlen(text), content);
}

static void expect_header(const char *header, const waitq_key *key, int expected) {
  struct waitq__pass_content content;
  int code = read_crafted(header, GOOD_CLAIMS, key, &content);
  if (code != expected) {
    fail_msg("%s gave %s: %s", header, waitq_error_name(code), detail.text);
  }
}

static void expect_claims(const char *payload, int expected) {
  struct waitq__pass_content content;
  int code = read_crafted(HS256_HEADER, payload, &secret, &content);
  if (code != expected) {
    fail_msg("%s gave %s: %s", payload, waitq_error_name(code), detail.text);
  }
}

static void test_pass__its_text_is_a_pure_function_of_the_admission(void **state) {
  (void)state;
  struct waitq__pass_content content = admission();
  char text[WAITQ_PASS_SIZE];
  char again[WAITQ_PASS_SIZE];
  char expected[WAITQ_PASS_SIZE];
  craft(expected, sizeof expected, HS256_HEADER,
        "{\"aud\":\"concert\",\"exp\":1700000600,\"iat\":1700000000,\"jti\":\"1699999999-41\",\"nbf\":1700000000}",
        &secret);
  assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_OK);
  assert_string_equal(text, expected);
  assert_int_equal(waitq__pass_sign(&ring, &content, again, &detail), WAITQ_OK);
  assert_string_equal(text, again);
}

static void test_pass__a_bound_one_carries_its_hash(void **state) {
  (void)state;
  struct waitq__pass_content content = admission();
  char text[WAITQ_PASS_SIZE];
  char expected[WAITQ_PASS_SIZE];
  content.is_bound = 1;
  for (size_t i = 0; i < sizeof content.binding; i++) {
    content.binding[i] = (unsigned char)(0xff - i);
  }
  craft(expected, sizeof expected, HS256_HEADER,
        "{\"aud\":\"concert\",\"bnd\":\"__79_Pv6-fj39vX08_Lx8A\",\"exp\":1700000600,\"iat\":1700000000,"
        "\"jti\":\"1699999999-41\",\"nbf\":1700000000}",
        &secret);
  assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_OK);
  assert_string_equal(text, expected);
}

static void expect_round_trip(const struct waitq__pass_content *content, const char *kid) {
  char text[WAITQ_PASS_SIZE];
  char id[64];
  struct waitq__pass_content found;
  assert_int_equal(waitq__pass_sign(&ring, content, text, &detail), WAITQ_OK);
  assert_int_equal(read_text(text, strlen(text), &found), WAITQ_OK);
  assert_string_equal(found.room, content->room);
  assert_string_equal(found.kid, kid);
  snprintf(id, sizeof id, "%llu-%llu", (unsigned long long)content->epoch, (unsigned long long)content->number);
  assert_string_equal(found.id, id);
  assert_true(found.epoch == content->epoch && found.number == content->number);
  assert_true(found.issued_at_s == content->issued_at_s && found.not_before_s == content->issued_at_s);
  assert_true(found.expires_at_s == content->expires_at_s);
  assert_int_equal(found.is_bound, content->is_bound);
  if (content->is_bound) {
    assert_memory_equal(found.binding, content->binding, sizeof found.binding);
  }
}

static void test_pass__what_was_signed_is_read_back(void **state) {
  (void)state;
  static const uint64_t numbers[] = {0, 1, 9, 10, UINT32_MAX, UINT64_C(1) << 40, UINT64_MAX};
  const waitq_key *keys[] = {&secret, &seed};
  for (size_t key = 0; key < COUNT(keys); key++) {
    use_only(keys[key]);
    for (size_t i = 0; i < COUNT(numbers); i++) {
      struct waitq__pass_content content = admission();
      content.epoch = numbers[i];
      content.number = numbers[COUNT(numbers) - 1 - i];
      expect_round_trip(&content, keys[key]->kid);
      content.is_bound = 1;
      memset(content.binding, (int)i, sizeof content.binding);
      content.issued_at_s = 0;
      content.expires_at_s = i % 2 == 0 ? 0 : WAITQ__PASS_TIME_MAX_S;
      expect_round_trip(&content, keys[key]->kid);
    }
  }
}

static void test_pass__the_longest_one_fits(void **state) {
  (void)state;
  static const uint32_t algorithms[] = {WAITQ_KEY_HS256, WAITQ_KEY_ED25519};
  static const size_t lengths[] = {387, 430};
  for (size_t i = 0; i < COUNT(algorithms); i++) {
    waitq_key key = craft_key(algorithms[i], "kid-of-31-characters-0123456789", 1, 32);
    struct waitq__pass_content content = admission();
    char text[WAITQ_PASS_SIZE];
    assert_int_equal(strlen(key.kid), 31);
    memset(content.room, 'r', WAITQ_ROOM_NAME_MAX);
    content.epoch = UINT32_MAX;
    content.number = UINT64_C(1) << 40;
    content.is_bound = 1;
    use_only(&key);
    expect_round_trip(&content, key.kid);
    assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_OK);
    assert_int_equal(strlen(text), lengths[i]);
    content.issued_at_s = content.expires_at_s = WAITQ__PASS_TIME_MAX_S;
    content.epoch = content.number = UINT64_MAX;
    expect_round_trip(&content, key.kid);
  }
}

static void test_pass__signing_refuses_what_could_not_be_read_back(void **state) {
  (void)state;
  struct waitq__pass_content content = admission();
  char text[WAITQ_PASS_SIZE];
  strcpy(content.room, "");
  assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_E_INVALID);
  strcpy(content.room, "a\"b");
  assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_E_INVALID);
  memset(content.room, 'r', WAITQ_ROOM_NAME_MAX + 1);
  assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_E_INVALID);
  static const int64_t times[] = {-1, INT64_MIN, WAITQ__PASS_TIME_MAX_S + 1, INT64_MAX};
  for (size_t i = 0; i < COUNT(times); i++) {
    content = admission();
    content.issued_at_s = times[i];
    assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_E_INVALID);
    content = admission();
    content.expires_at_s = times[i];
    assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_E_INVALID);
  }
}

static void test_pass__a_public_key_signs_nothing(void **state) {
  (void)state;
  waitq_key half = WAITQ_KEY_INIT;
  struct waitq__pass_content content = admission();
  char text[WAITQ_PASS_SIZE];
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_OK);
  use_only(&half);
  assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_E_KEY);
}

static void test_jwt__a_payload_that_does_not_fit_is_refused(void **state) {
  (void)state;
  char payload[WAITQ_PASS_SIZE * 2];
  char text[WAITQ_PASS_SIZE];
  size_t taken = 0;
  memset(payload, ' ', sizeof payload);
  for (size_t length = 1; length <= sizeof payload; length++) {
    int code = waitq__jwt_sign(&ring, 0, payload, length, text, &detail);
    assert_true(code == WAITQ_OK || code == WAITQ_E_INVALID);
    assert_int_equal(code == WAITQ_OK, strlen(text) > 0);
    taken += code == WAITQ_OK;
    /* Once it is too long, it stays too long. */
    assert_int_equal(code == WAITQ_OK, taken == length);
  }
  assert_true(taken > 300 && taken < WAITQ_PASS_SIZE);
}

/* RFC 7515, appendix A.1. */
static void test_jwt__the_example_of_its_standard_is_read(void **state) {
  (void)state;
  static const char text[] =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  static const char payload[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
  waitq_key key = craft_key(WAITQ_KEY_HS256, "k", 0, 64);
  size_t length;
  struct waitq__jwt jwt;
  assert_int_equal(
      sodium_base642bin(key.bytes, 64,
                        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow", 86,
                        NULL, &length, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
      0);
  use_only(&key);
  assert_int_equal(waitq__jwt_read(&ring, text, strlen(text), &jwt, &detail), WAITQ_OK);
  assert_int_equal(jwt.payload_length, strlen(payload));
  assert_memory_equal(jwt.payload, payload, jwt.payload_length);
}

/* RFC 8037, appendices A.1 to A.5. */
static void test_jwt__the_example_of_the_eddsa_standard_is_read(void **state) {
  (void)state;
  static const char text[] =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  waitq_key key = craft_key(WAITQ_KEY_ED25519_PUBLIC, "k", 0, 32);
  size_t length;
  struct waitq__jwt jwt;
  assert_int_equal(sodium_base642bin(key.bytes, 32, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", 43, NULL, &length,
                                     NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                   0);
  use_only(&key);
  assert_int_equal(waitq__jwt_read(&ring, text, strlen(text), &jwt, &detail), WAITQ_OK);
  assert_int_equal(jwt.payload_length, strlen("Example of Ed25519 signing"));
  assert_memory_equal(jwt.payload, "Example of Ed25519 signing", jwt.payload_length);
}

static void test_pass__text_that_is_not_three_parts_is_malformed(void **state) {
  (void)state;
  static const char *const texts[] = {"",    ".",   "..",     "...",     "a",   "a.b",   "a..c", ".b.c",
                                      "..c", "a..", "a.b.c.", "a.b.c.d", ".b.", "a.b..", "a b c"};
  struct waitq__pass_content content;
  for (size_t i = 0; i < COUNT(texts); i++) {
    assert_int_equal(read_text(texts[i], strlen(texts[i]), &content), WAITQ_E_MALFORMED);
  }
}

/* Base64 leaves out every fourth length: space in the header moves the payload's over it. */
static void test_pass__text_that_is_too_long_is_malformed(void **state) {
  (void)state;
  struct waitq__pass_content content;
  int last = 0;
  int beyond = 0;
  for (int space = 0; space < 4; space++) {
    for (int padding = 180; padding < 400; padding++) {
      char header[64];
      char claims[WAITQ_PASS_SIZE];
      char text[2 * WAITQ_PASS_SIZE];
      snprintf(header, sizeof header, "%s%*s", HS256_HEADER, space, "");
      snprintf(claims, sizeof claims, "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\"}%*s", padding, "");
      craft(text, sizeof text, header, claims, &secret);
      size_t length = strlen(text);
      last |= length == WAITQ_PASS_SIZE - 1;
      beyond |= length == WAITQ_PASS_SIZE;
      assert_int_equal(read_text(text, length, &content), length < WAITQ_PASS_SIZE ? WAITQ_OK : WAITQ_E_MALFORMED);
    }
  }
  assert_true(last && beyond);
}

/* Encrypted tokens have five. */
static void test_pass__more_than_three_parts_are_malformed_before_anything_is_read(void **state) {
  (void)state;
  struct waitq__pass_content content;
  char text[WAITQ_PASS_SIZE];
  craft(text, sizeof text, "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", GOOD_CLAIMS, &secret);
  assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_KEY);
  strcat(text, ".AAAA.AAAA");
  assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_MALFORMED);
}

static void test_pass__headers_that_say_the_same_in_other_words_are_read(void **state) {
  (void)state;
  expect_header(" { \"typ\" : \"jwt\" ,\n\"kid\":\"h\", \"alg\":\"HS256\" } ", &secret, WAITQ_OK);
  expect_header("{\"\\u0061lg\":\"HS\\u003256\",\"kid\":\"\\u0068\"}", &secret, WAITQ_OK);
  expect_header("{\"alg\":\"HS256\",\"kid\":\"h\",\"jku\":\"http://a/\",\"jwk\":{\"k\":[]},\"x5c\":[\"\"]}", &secret,
                WAITQ_OK);
  expect_header("{\"alg\":\"EdDSA\",\"kid\":\"e\"}", &seed, WAITQ_OK);
}

static void test_pass__headers_that_are_not_those_of_a_pass_are_malformed(void **state) {
  (void)state;
  static const char *const headers[] = {
      "{}",
      "[]",
      "HS256",
      "{\"alg\":\"HS256\",\"kid\":\"h\"",
      "{\"alg\":\"HS256\",\"kid\":\"h\"}}",
      "{\"kid\":\"h\"}",
      "{\"alg\":256,\"kid\":\"h\"}",
      "{\"alg\":null,\"kid\":\"h\"}",
      "{\"alg\":[\"HS256\"],\"kid\":\"h\"}",
      "{\"alg\":\"HS256\",\"kid\":7}",
      "{\"alg\":\"HS256\",\"kid\":null}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"typ\":\"JWE\"}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"typ\":\"at+jwt\"}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"typ\":\"application/jwt\"}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"typ\":null}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"crit\":[\"exp\"]}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"crit\":[]}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"cr\\u0069t\":[\"b64\"],\"b64\":false}",
      "{\"alg\":\"HS256\",\"alg\":\"HS256\",\"kid\":\"h\"}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"\\u0061lg\":\"none\"}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"x\":1,\"x\":2}",
      "{\"alg\":\"HS256\",\"kid\":\"h\",\"x\":\"\xff\"}",
  };
  for (size_t i = 0; i < COUNT(headers); i++) {
    expect_header(headers[i], &secret, WAITQ_E_MALFORMED);
  }
}

static void test_pass__a_key_that_is_not_in_the_ring_is_none(void **state) {
  (void)state;
  expect_header("{\"alg\":\"HS256\",\"kid\":\"i\"}", &secret, WAITQ_E_KEY);
  expect_header("{\"alg\":\"HS256\",\"kid\":\"\"}", &secret, WAITQ_E_KEY);
  expect_header("{\"alg\":\"HS256\",\"kid\":\"H\"}", &secret, WAITQ_E_KEY);
  expect_header("{\"alg\":\"HS256\",\"kid\":\"h\\u0000\"}", &secret, WAITQ_E_KEY);
  expect_header("{\"alg\":\"HS256\",\"kid\":\"hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\"}", &secret, WAITQ_E_KEY);
}

static void test_pass__without_a_kid_there_may_be_one_key_only(void **state) {
  (void)state;
  expect_header("{\"alg\":\"HS256\"}", &secret, WAITQ_E_KEY);
  use_only(&secret);
  expect_header("{\"alg\":\"HS256\"}", &secret, WAITQ_OK);
  expect_header("{\"alg\":\"EdDSA\"}", &secret, WAITQ_E_KEY);
}

static void test_pass__the_header_never_chooses_the_algorithm(void **state) {
  (void)state;
  static const char *const names[] = {"none",   "None",         "NONE",
                                      "",       "hs256",        "HS384",
                                      "HS512",  "RS256",        "ES256",
                                      "PS256",  "EdDSA",        "Ed25519",
                                      "HS256 ", "HS256\\u0000", "HS256HS256HS256HS256"};
  char header[128];
  for (size_t i = 0; i < COUNT(names); i++) {
    snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"h\"}", names[i]);
    expect_header(header, &secret, WAITQ_E_KEY);
  }
}

static void test_pass__none_is_refused_without_and_with_a_signature(void **state) {
  (void)state;
  struct waitq__pass_content content;
  char text[WAITQ_PASS_SIZE];
  static const char *const headers[] = {"{\"alg\":\"none\"}", "{\"alg\":\"none\",\"kid\":\"h\"}",
                                        "{\"alg\":\"none\",\"kid\":\"e\"}"};
  for (size_t ring_size = 1; ring_size <= 2; ring_size++) {
    for (size_t i = 0; i < COUNT(headers); i++) {
      craft_bytes(text, sizeof text, headers[i], GOOD_CLAIMS, strlen(GOOD_CLAIMS), 0, NULL, 0);
      assert_int_equal(text[strlen(text) - 1], '.');
      assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_KEY);
      craft(text, sizeof text, headers[i], GOOD_CLAIMS, &secret);
      assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_KEY);
    }
    use_only(&secret);
  }
}

static void test_pass__a_public_key_is_never_taken_for_a_shared_secret(void **state) {
  (void)state;
  struct waitq__pass_content content;
  waitq_key half = WAITQ_KEY_INIT;
  char text[WAITQ_PASS_SIZE];
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_OK);
  for (int is_public = 0; is_public <= 1; is_public++) {
    use_only(is_public ? &half : &seed);
    craft_bytes(text, sizeof text, "{\"alg\":\"HS256\",\"kid\":\"e\"}", GOOD_CLAIMS, strlen(GOOD_CLAIMS),
                WAITQ_KEY_HS256, half.bytes, 32);
    assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_KEY);
    craft_bytes(text, sizeof text, "{\"alg\":\"HS256\"}", GOOD_CLAIMS, strlen(GOOD_CLAIMS), WAITQ_KEY_HS256, half.bytes,
                32);
    assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_KEY);
    craft_bytes(text, sizeof text, "{\"alg\":\"EdDSA\",\"kid\":\"e\"}", GOOD_CLAIMS, strlen(GOOD_CLAIMS),
                WAITQ_KEY_HS256, half.bytes, 32);
    assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_FORGED);
  }
}

static void test_pass__a_missing_or_foreign_signature_is_forged(void **state) {
  (void)state;
  struct waitq__pass_content content;
  char text[WAITQ_PASS_SIZE];
  waitq_key other = craft_key(WAITQ_KEY_HS256, "h", 9, 32);
  waitq_key other_seed = craft_key(WAITQ_KEY_ED25519, "e", 9, 32);
  expect_header(HS256_HEADER, &other, WAITQ_E_FORGED);
  expect_header(HS256_HEADER, &seed, WAITQ_E_FORGED);
  expect_header("{\"alg\":\"EdDSA\",\"kid\":\"e\"}", &other_seed, WAITQ_E_FORGED);
  expect_header("{\"alg\":\"EdDSA\",\"kid\":\"e\"}", &secret, WAITQ_E_FORGED);
  craft_bytes(text, sizeof text, HS256_HEADER, GOOD_CLAIMS, strlen(GOOD_CLAIMS), 0, NULL, 0);
  assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_FORGED);
}

static void test_pass__a_signature_longer_than_any_is_malformed(void **state) {
  (void)state;
  struct waitq__pass_content content;
  char text[WAITQ_PASS_SIZE];
  craft(text, sizeof text, "{\"alg\":\"EdDSA\",\"kid\":\"e\"}", GOOD_CLAIMS, &seed);
  assert_int_equal(read_text(text, strlen(text), &content), WAITQ_OK);
  strcat(text, "AA");
  assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_MALFORMED);
}

static void test_pass__claims_are_not_looked_at_before_the_signature(void **state) {
  (void)state;
  struct waitq__pass_content content;
  waitq_key other = craft_key(WAITQ_KEY_HS256, "h", 9, 32);
  assert_int_equal(read_crafted(HS256_HEADER, "no claims", &other, &content), WAITQ_E_FORGED);
  assert_int_equal(read_crafted(HS256_HEADER, "no claims", &secret, &content), WAITQ_E_MALFORMED);
}

static void test_pass__a_signed_payload_that_is_not_base64url_is_malformed(void **state) {
  (void)state;
  static const char *const payloads[] = {"e30=", "e3", "e", "e30\n", "+/+/", "e30 "};
  for (size_t i = 0; i < COUNT(payloads); i++) {
    struct waitq__pass_content content;
    char text[WAITQ_PASS_SIZE] = "";
    unsigned char mac[32];
    crypto_auth_hmacsha256_state hmac;
    craft_append(text, sizeof text, HS256_HEADER, strlen(HS256_HEADER));
    strcat(text, ".");
    strcat(text, payloads[i]);
    crypto_auth_hmacsha256_init(&hmac, secret.bytes, secret.length);
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)text, strlen(text));
    crypto_auth_hmacsha256_final(&hmac, mac);
    strcat(text, ".");
    craft_append(text, sizeof text, mac, sizeof mac);
    assert_int_equal(read_text(text, strlen(text), &content), WAITQ_E_MALFORMED);
    assert_string_equal(detail.text, "the pass's payload is not base64url");
  }
}

static void test_pass__claims_of_other_issuers_are_read(void **state) {
  (void)state;
  struct waitq__pass_content content;
  static const char claims[] =
      "{ \"jti\" : \"7-41\", \"nbf\" : 1.7e9, \"iss\":\"Caf\\u00e9 \xf0\x9f\x98\x80\",\n \"a\\u0075d\":[ "
      "\"conc\\u0065rt\" ],"
      "\"roles\":[{\"a\":[1,2,{\"b\":null}]},true], \"iat\":1700000000.75, \"exp\":1700000600.999 } ";
  assert_int_equal(read_crafted(HS256_HEADER, claims, &secret, &content), WAITQ_OK);
  assert_string_equal(content.room, "concert");
  assert_string_equal(content.kid, "h");
  assert_string_equal(content.id, "7-41");
  assert_true(content.epoch == 7 && content.number == 41);
  assert_true(content.expires_at_s == 1700000600);
  assert_true(content.issued_at_s == 1700000000);
  assert_true(content.not_before_s == 1700000000);
  assert_false(content.is_bound);
}

static void test_pass__claims_that_may_be_absent_read_as_zero(void **state) {
  (void)state;
  struct waitq__pass_content content;
  assert_int_equal(read_crafted(HS256_HEADER, GOOD_CLAIMS, &secret, &content), WAITQ_OK);
  assert_true(content.issued_at_s == 0 && content.not_before_s == 0);
  assert_false(content.is_bound);
}

static void test_pass__claims_that_have_to_be_there_are_missed(void **state) {
  (void)state;
  expect_claims("{\"exp\":1700000600,\"jti\":\"7-41\"}", WAITQ_E_MALFORMED);
  assert_string_equal(detail.text, "the pass has no claim aud");
  expect_claims("{\"aud\":\"concert\",\"jti\":\"7-41\"}", WAITQ_E_MALFORMED);
  assert_string_equal(detail.text, "the pass has no claim exp");
  expect_claims("{\"aud\":\"concert\",\"exp\":1700000600}", WAITQ_E_MALFORMED);
  assert_string_equal(detail.text, "the pass has no claim jti");
  expect_claims("{}", WAITQ_E_MALFORMED);
}

static void test_pass__payloads_that_are_no_json_object_are_malformed(void **state) {
  (void)state;
  static const char *const payloads[] = {
      "",
      "null",
      "[" GOOD_CLAIMS "]",
      GOOD_CLAIMS GOOD_CLAIMS,
      GOOD_CLAIMS "x",
      "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\"",
      "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\",}",
      "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\",\"exp\":1900000600}",
      "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\",\"e\\u0078p\":1900000600}",
      "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\",\"x\":1,\"x\":1}",
      "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\",\"x\":[[[[[[[[[[]]]]]]]]]]}",
      "{\"aud\":\"concert\",\"exp\":1700000600,\"jti\":\"7-41\",\"x\":\"\xc3\"}",
  };
  for (size_t i = 0; i < COUNT(payloads); i++) {
    expect_claims(payloads[i], WAITQ_E_MALFORMED);
  }
}

/* Puts each value in the place of one claim of a good pass. */
static void expect_values(const char *claim, const char *const *values, size_t count, int expected) {
  for (size_t i = 0; i < count; i++) {
    char payload[300];
    snprintf(payload, sizeof payload, "{%s%s%s\"%s\":%s}", strcmp(claim, "aud") == 0 ? "" : "\"aud\":\"concert\",",
             strcmp(claim, "exp") == 0 ? "" : "\"exp\":1700000600,",
             strcmp(claim, "jti") == 0 ? "" : "\"jti\":\"7-41\",", claim, values[i]);
    expect_claims(payload, expected);
    if (expected != WAITQ_OK) {
      assert_non_null(strstr(detail.text, claim));
    }
  }
}

static void test_pass__an_audience_is_one_room(void **state) {
  (void)state;
  static const char *const good[] = {"\"r\"", "[\"r\"]", "\"A.b_c-9\"",
                                     "\"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\""};
  static const char *const bad[] = {
      "\"\"",
      "null",
      "7",
      "{\"a\":\"r\"}",
      "[]",
      "[\"a\",\"b\"]",
      "[\"a\",\"a\"]",
      "[7]",
      "[[\"r\"]]",
      "\"a b\"",
      "\"a/b\"",
      "\"r\\u0000\"",
      "\"\\u00e9\"",
      "\"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\"",
      "\"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\""};
  expect_values("aud", good, COUNT(good), WAITQ_OK);
  expect_values("aud", bad, COUNT(bad), WAITQ_E_MALFORMED);
}

static void test_pass__times_are_numbers_between_1970_and_9999(void **state) {
  (void)state;
  static const char *const names[] = {"exp", "iat", "nbf"};
  static const char *const good[] = {"0",     "0.5",          "1700000600",    "1700000600.5",
                                     "1.7e9", "253402300799", "253402300799.9"};
  static const char *const bad[] = {"-1",
                                    "-0",
                                    "-1e9",
                                    "253402300800",
                                    "1e12",
                                    "1e400",
                                    "9223372036854775808",
                                    "1700000600000",
                                    "\"1700000600\"",
                                    "null",
                                    "true",
                                    "[1700000600]",
                                    "{}"};
  for (size_t i = 0; i < COUNT(names); i++) {
    expect_values(names[i], good, COUNT(good), WAITQ_OK);
    expect_values(names[i], bad, COUNT(bad), WAITQ_E_MALFORMED);
  }
}

static void test_pass__an_id_is_two_plain_decimal_numbers(void **state) {
  (void)state;
  static const char *const good[] = {"\"0-0\"", "\"1-0\"", "\"7\\u002d41\"",
                                     "\"18446744073709551615-18446744073709551615\""};
  static const char *const bad[] = {"\"\"",
                                    "\"-\"",
                                    "\"7\"",
                                    "\"7-\"",
                                    "\"-41\"",
                                    "\"7--41\"",
                                    "\"7-41-\"",
                                    "\"7-41-1\"",
                                    "\"07-41\"",
                                    "\"7-041\"",
                                    "\"00-1\"",
                                    "\"+7-41\"",
                                    "\"7-+41\"",
                                    "\" 7-41\"",
                                    "\"7-41 \"",
                                    "\"7-4a\"",
                                    "\"0x7-41\"",
                                    "\"7.0-41\"",
                                    "\"18446744073709551616-1\"",
                                    "\"1-18446744073709551616\"",
                                    "\"1-99999999999999999999\"",
                                    "\"7-41\\u0000\"",
                                    "7",
                                    "741",
                                    "null",
                                    "[\"7-41\"]",
                                    "\"1-11111111111111111111111111111111111111111111111\""};
  expect_values("jti", good, COUNT(good), WAITQ_OK);
  expect_values("jti", bad, COUNT(bad), WAITQ_E_MALFORMED);
}

static void test_pass__a_binding_is_sixteen_bytes_in_base64url(void **state) {
  (void)state;
  static const char *const good[] = {"\"AAAAAAAAAAAAAAAAAAAAAA\"", "\"__79_Pv6-fj39vX08_Lx8A\"",
                                     "\"_\\u005f79_Pv6-fj39vX08_Lx8A\""};
  static const char *const bad[] = {"\"\"",
                                    "\"AAAAAAAAAAAAAAAAAAAAA\"",
                                    "\"AAAAAAAAAAAAAAAAAAAA\"",
                                    "\"AAAAAAAAAAAAAAAAAAAAAAA\"",
                                    "\"AAAAAAAAAAAAAAAAAAAAAB\"",
                                    "\"AAAAAAAAAAAAAAAAAAAAAA==\"",
                                    "\"++++++++++++++++++++AA\"",
                                    "\"AAAAAAAAAAAAAAAAAAAAA=\"",
                                    "\"\\u00e9AAAAAAAAAAAAAAAAAAAA\"",
                                    "null",
                                    "16",
                                    "[]"};
  expect_values("bnd", good, COUNT(good), WAITQ_OK);
  expect_values("bnd", bad, COUNT(bad), WAITQ_E_MALFORMED);
}

static void test_binding__is_blake2b_over_its_parts_behind_their_lengths(void **state) {
  (void)state;
  waitq_binding binding = WAITQ_BINDING_INIT;
  unsigned char expected[WAITQ__BINDING_SIZE];
  unsigned char hash[WAITQ__BINDING_SIZE];
  binding.method = "POST";
  binding.url = "https://tickets.example/buy";
  binding.client = "192.0.2.7";
  assert_int_equal(waitq__binding_hash(&binding, hash), 1);
  assert_int_equal(sodium_hex2bin(expected, 16, "b0492df5ff646a09a031aa9803aa3dab", 32, NULL, NULL, NULL), 0);
  assert_memory_equal(hash, expected, 16);
  binding.method = NULL;
  binding.url = "/a";
  binding.client = "";
  assert_int_equal(waitq__binding_hash(&binding, hash), 1);
  assert_int_equal(sodium_hex2bin(expected, 16, "f0f2b36611d5b82d516b1554e15f4a4a", 32, NULL, NULL, NULL), 0);
  assert_memory_equal(hash, expected, 16);
}

static void test_binding__to_nothing_is_no_binding(void **state) {
  (void)state;
  waitq_binding binding = WAITQ_BINDING_INIT;
  unsigned char hash[WAITQ__BINDING_SIZE];
  assert_int_equal(waitq__binding_hash(NULL, hash), 0);
  assert_int_equal(waitq__binding_hash(&binding, hash), 0);
  binding.method = binding.url = binding.client = "";
  assert_int_equal(waitq__binding_hash(&binding, hash), 0);
}

static void test_binding__text_cannot_move_from_one_part_to_another(void **state) {
  (void)state;
  static const char *const parts[][3] = {{"ab", "c", ""}, {"a", "bc", ""}, {"abc", "", ""}, {"", "abc", ""},
                                         {"", "", "abc"}, {"", "ab", "c"}, {"a", "b", "c"}, {"", "a", "bc"}};
  unsigned char hashes[COUNT(parts)][WAITQ__BINDING_SIZE];
  for (size_t i = 0; i < COUNT(parts); i++) {
    waitq_binding binding = {sizeof binding, parts[i][0], parts[i][1], parts[i][2]};
    assert_int_equal(waitq__binding_hash(&binding, hashes[i]), 1);
    for (size_t j = 0; j < i; j++) {
      assert_memory_not_equal(hashes[i], hashes[j], WAITQ__BINDING_SIZE);
    }
  }
}

static void test_time__a_pass_is_good_from_its_start_to_before_its_end(void **state) {
  (void)state;
  struct waitq__pass_content content = admission();
  content.not_before_s = 1700000000;
  static const int64_t leeways[] = {0, 1, 60000, 600000};
  for (size_t i = 0; i < COUNT(leeways); i++) {
    int64_t start = 1700000000000 - leeways[i];
    int64_t end = 1700000600000 + leeways[i];
    assert_int_equal(waitq__pass_check_time(&content, start - 1, leeways[i], &detail), WAITQ_E_EARLY);
    assert_int_equal(detail.retriable, 1);
    assert_int_equal(waitq__pass_check_time(&content, start, leeways[i], &detail), WAITQ_OK);
    assert_int_equal(waitq__pass_check_time(&content, end - 1, leeways[i], &detail), WAITQ_OK);
    assert_int_equal(waitq__pass_check_time(&content, end, leeways[i], &detail), WAITQ_E_EXPIRED);
    assert_int_equal(detail.retriable, 0);
  }
}

static void test_time__the_ends_of_the_range_do_not_overflow(void **state) {
  (void)state;
  struct waitq__pass_content content = admission();
  content.expires_at_s = content.not_before_s = WAITQ__PASS_TIME_MAX_S;
  assert_int_equal(waitq__pass_check_time(&content, INT64_MAX, 600000, &detail), WAITQ_E_EXPIRED);
  assert_int_equal(waitq__pass_check_time(&content, 0, 600000, &detail), WAITQ_E_EARLY);
  content.expires_at_s = content.not_before_s = 0;
  assert_int_equal(waitq__pass_check_time(&content, INT64_MAX, 0, &detail), WAITQ_E_EXPIRED);
  assert_int_equal(waitq__pass_check_time(&content, 0, 0, &detail), WAITQ_E_EXPIRED);
  assert_int_equal(waitq__pass_check_time(&content, 0, 1, &detail), WAITQ_OK);
}

static void test_time__a_refusal_says_how_far_off_it_is(void **state) {
  (void)state;
  struct waitq__pass_content content = admission();
  content.not_before_s = 1700000000;
  assert_int_equal(waitq__pass_check_time(&content, 1700000605000, 2000, &detail), WAITQ_E_EXPIRED);
  assert_string_equal(detail.text, "the pass expired 5000 ms ago");
  assert_int_equal(waitq__pass_check_time(&content, 1699999993000, 2000, &detail), WAITQ_E_EARLY);
  assert_string_equal(detail.text, "the pass begins in 7000 ms");
}

static void test_pass__init_functions_give_what_the_macros_give(void **state) {
  (void)state;
  waitq_pass pass;
  waitq_pass empty_pass = WAITQ_PASS_INIT;
  waitq_binding binding;
  memset(&pass, 0xa5, sizeof pass);
  memset(&binding, 0xa5, sizeof binding);
  waitq_pass_init(&pass, sizeof pass);
  waitq_binding_init(&binding, sizeof binding);
  assert_memory_equal(&pass, &empty_pass, sizeof pass);
  assert_int_equal(binding.size, sizeof binding);
  assert_null(binding.method);
  assert_null(binding.url);
  assert_null(binding.client);
  waitq_pass_init(NULL, sizeof pass);
  waitq_binding_init(NULL, sizeof binding);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_pass__its_text_is_a_pure_function_of_the_admission, setup),
      cmocka_unit_test_setup(test_pass__a_bound_one_carries_its_hash, setup),
      cmocka_unit_test_setup(test_pass__what_was_signed_is_read_back, setup),
      cmocka_unit_test_setup(test_pass__the_longest_one_fits, setup),
      cmocka_unit_test_setup(test_pass__signing_refuses_what_could_not_be_read_back, setup),
      cmocka_unit_test_setup(test_pass__a_public_key_signs_nothing, setup),
      cmocka_unit_test_setup(test_jwt__a_payload_that_does_not_fit_is_refused, setup),
      cmocka_unit_test_setup(test_jwt__the_example_of_its_standard_is_read, setup),
      cmocka_unit_test_setup(test_jwt__the_example_of_the_eddsa_standard_is_read, setup),
      cmocka_unit_test_setup(test_pass__text_that_is_not_three_parts_is_malformed, setup),
      cmocka_unit_test_setup(test_pass__text_that_is_too_long_is_malformed, setup),
      cmocka_unit_test_setup(test_pass__more_than_three_parts_are_malformed_before_anything_is_read, setup),
      cmocka_unit_test_setup(test_pass__headers_that_say_the_same_in_other_words_are_read, setup),
      cmocka_unit_test_setup(test_pass__headers_that_are_not_those_of_a_pass_are_malformed, setup),
      cmocka_unit_test_setup(test_pass__a_key_that_is_not_in_the_ring_is_none, setup),
      cmocka_unit_test_setup(test_pass__without_a_kid_there_may_be_one_key_only, setup),
      cmocka_unit_test_setup(test_pass__the_header_never_chooses_the_algorithm, setup),
      cmocka_unit_test_setup(test_pass__none_is_refused_without_and_with_a_signature, setup),
      cmocka_unit_test_setup(test_pass__a_public_key_is_never_taken_for_a_shared_secret, setup),
      cmocka_unit_test_setup(test_pass__a_missing_or_foreign_signature_is_forged, setup),
      cmocka_unit_test_setup(test_pass__a_signature_longer_than_any_is_malformed, setup),
      cmocka_unit_test_setup(test_pass__claims_are_not_looked_at_before_the_signature, setup),
      cmocka_unit_test_setup(test_pass__a_signed_payload_that_is_not_base64url_is_malformed, setup),
      cmocka_unit_test_setup(test_pass__claims_of_other_issuers_are_read, setup),
      cmocka_unit_test_setup(test_pass__claims_that_may_be_absent_read_as_zero, setup),
      cmocka_unit_test_setup(test_pass__claims_that_have_to_be_there_are_missed, setup),
      cmocka_unit_test_setup(test_pass__payloads_that_are_no_json_object_are_malformed, setup),
      cmocka_unit_test_setup(test_pass__an_audience_is_one_room, setup),
      cmocka_unit_test_setup(test_pass__times_are_numbers_between_1970_and_9999, setup),
      cmocka_unit_test_setup(test_pass__an_id_is_two_plain_decimal_numbers, setup),
      cmocka_unit_test_setup(test_pass__a_binding_is_sixteen_bytes_in_base64url, setup),
      cmocka_unit_test_setup(test_binding__is_blake2b_over_its_parts_behind_their_lengths, setup),
      cmocka_unit_test_setup(test_binding__to_nothing_is_no_binding, setup),
      cmocka_unit_test_setup(test_binding__text_cannot_move_from_one_part_to_another, setup),
      cmocka_unit_test_setup(test_time__a_pass_is_good_from_its_start_to_before_its_end, setup),
      cmocka_unit_test_setup(test_time__the_ends_of_the_range_do_not_overflow, setup),
      cmocka_unit_test_setup(test_time__a_refusal_says_how_far_off_it_is, setup),
      cmocka_unit_test_setup(test_pass__init_functions_give_what_the_macros_give, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
