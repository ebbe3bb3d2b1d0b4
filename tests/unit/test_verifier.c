/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jwt_craft.h"
#include "token/pass.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ISSUED_S 1700000000
#define ENDS_S 1700000600
#define NOW_MS (INT64_C(1000) * ISSUED_S + 5000)

static waitq_key secret;
static waitq_key seed;
static waitq_key half;
static waitq_verifier_t *verifier;
static waitq_claims claims;
static waitq_error detail;

static int setup(void **state) {
  (void)state;
  detail = (waitq_error)WAITQ_ERROR_INIT;
  claims = (waitq_claims)WAITQ_CLAIMS_INIT;
  secret = craft_key(WAITQ_KEY_HS256, "h", 1, 32);
  seed = craft_key(WAITQ_KEY_ED25519, "e", 2, 32);
  half = (waitq_key)WAITQ_KEY_INIT;
  verifier = NULL;
  return waitq_key_public(&seed, &half, &detail);
}

static int teardown(void **state) {
  (void)state;
  waitq_verifier_close(verifier);
  return 0;
}

/* One verifier of two keys, the second public. */
static void open_verifier(const char *audience, int64_t leeway_ms) {
  const waitq_key keys[] = {secret, half};
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  options.audience = audience;
  options.leeway_ms = leeway_ms;
  waitq_verifier_close(verifier);
  assert_int_equal(waitq_verifier_open(keys, 2, &options, &verifier, &detail), WAITQ_OK);
}

static void sign(const waitq_key *key, const waitq_binding *binding, char text[WAITQ_PASS_SIZE]) {
  struct waitq__keyring ring;
  struct waitq__pass_content content;
  memset(&content, 0, sizeof content);
  strcpy(content.room, "concert");
  content.epoch = 7;
  content.number = 41;
  content.issued_at_s = ISSUED_S;
  content.expires_at_s = ENDS_S;
  content.is_bound = waitq__binding_hash(binding, content.binding);
  assert_int_equal(waitq__keyring_init(&ring, key, 1, 1, &detail), WAITQ_OK);
  assert_int_equal(waitq__pass_sign(&ring, &content, text, &detail), WAITQ_OK);
  waitq__keyring_wipe(&ring);
}

static int verify_at(const char *text, int64_t now_ms) {
  return waitq_verify(verifier, text, strlen(text), now_ms, NULL, &claims, &detail);
}

static int verify_bound(const char *text, const char *method, const char *url, const char *client) {
  waitq_binding binding = {sizeof binding, method, url, client};
  return waitq_verify(verifier, text, strlen(text), NOW_MS, &binding, &claims, &detail);
}

static void test_verify__a_good_pass_gives_its_claims(void **state) {
  (void)state;
  const waitq_key *keys[] = {&secret, &seed};
  char text[WAITQ_PASS_SIZE];
  open_verifier("concert", 60000);
  for (size_t i = 0; i < COUNT(keys); i++) {
    sign(keys[i], NULL, text);
    assert_int_equal(verify_at(text, NOW_MS), WAITQ_OK);
    assert_int_equal(claims.size, sizeof claims);
    assert_true(claims.epoch == 7 && claims.number == 41);
    assert_true(claims.issued_at_ms == INT64_C(1000) * ISSUED_S);
    assert_true(claims.not_before_ms == INT64_C(1000) * ISSUED_S);
    assert_true(claims.expires_at_ms == INT64_C(1000) * ENDS_S);
    assert_string_equal(claims.room, "concert");
    assert_string_equal(claims.kid, keys[i]->kid);
    assert_string_equal(claims.id, "7-41");
  }
}

static void test_verify__needs_no_nul_no_claims_and_no_error(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  open_verifier("concert", 0);
  sign(&secret, NULL, text);
  size_t length = strlen(text);
  char *exact = malloc(length);
  assert_non_null(exact);
  memcpy(exact, text, length);
  assert_int_equal(waitq_verify(verifier, exact, length, NOW_MS, NULL, NULL, NULL), WAITQ_OK);
  assert_int_equal(waitq_verify(verifier, exact, length - 1, NOW_MS, NULL, NULL, NULL), WAITQ_E_MALFORMED);
  free(exact);
}

static void test_verify__a_nul_at_the_end_is_not_part_of_a_pass(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  open_verifier("concert", 0);
  sign(&secret, NULL, text);
  assert_int_equal(waitq_verify(verifier, text, strlen(text) + 1, NOW_MS, NULL, NULL, &detail), WAITQ_E_MALFORMED);
}

/* A changed text is never good, whatever the code that says so. */
static void expect_refusal(const char *text, size_t length, const char *what, size_t where) {
  waitq_claims before = claims;
  int code = waitq_verify(verifier, text, length, NOW_MS, NULL, &claims, &detail);
  if (code != WAITQ_E_MALFORMED && code != WAITQ_E_KEY && code != WAITQ_E_FORGED) {
    fail_msg("%s at %zu gave %s", what, where, waitq_error_name(code));
  }
  assert_int_equal(detail.code, code);
  assert_memory_equal(&claims, &before, sizeof claims);
}

static void test_verify__no_flipped_bit_goes_unnoticed(void **state) {
  (void)state;
  const waitq_key *keys[] = {&secret, &seed};
  waitq_binding binding = {sizeof binding, "POST", "/buy", "192.0.2.7"};
  open_verifier("concert", 60000);
  for (size_t i = 0; i < 2 * COUNT(keys); i++) {
    char text[WAITQ_PASS_SIZE];
    sign(keys[i / 2], i % 2 == 0 ? NULL : &binding, text);
    size_t length = strlen(text);
    for (size_t bit = 0; bit < length * 8; bit++) {
      text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
      expect_refusal(text, length, "a flipped bit", bit);
      text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
  }
}

static void test_verify__no_changed_character_goes_unnoticed(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  open_verifier("concert", 60000);
  sign(&secret, NULL, text);
  size_t length = strlen(text);
  for (size_t at = 0; at < length; at++) {
    char original = text[at];
    for (int c = 0; c < 256; c++) {
      text[at] = (char)c;
      if (text[at] != original) {
        expect_refusal(text, length, "a changed character", at);
      }
    }
    text[at] = original;
  }
}

static void test_verify__no_cut_or_lengthened_pass_is_good(void **state) {
  (void)state;
  const waitq_key *keys[] = {&secret, &seed};
  open_verifier("concert", 60000);
  for (size_t i = 0; i < COUNT(keys); i++) {
    char text[WAITQ_PASS_SIZE + 8];
    sign(keys[i], NULL, text);
    size_t full = strlen(text);
    for (size_t length = 0; length < full; length++) {
      expect_refusal(text, length, "the end", length);
      expect_refusal(text + full - length, length, "the start", length);
    }
    static const char *const tails[] = {"A", "AA", "AAAA", "=", "==", ".", ".A", " ", "\n"};
    for (size_t tail = 0; tail < COUNT(tails); tail++) {
      strcpy(text + full, tails[tail]);
      expect_refusal(text, strlen(text), "tail", tail);
    }
  }
}

static void test_verify__no_part_can_be_left_out_or_doubled(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  open_verifier("concert", 60000);
  sign(&secret, NULL, text);
  size_t length = strlen(text);
  for (size_t at = 0; at < length; at++) {
    char changed[WAITQ_PASS_SIZE];
    memcpy(changed, text, at);
    memcpy(changed + at, text + at + 1, length - at - 1);
    expect_refusal(changed, length - 1, "without a character", at);
    memcpy(changed, text, at + 1);
    memcpy(changed + at + 1, text + at, length - at);
    expect_refusal(changed, length + 1, "a doubled character", at);
  }
}

static void test_verify__another_room_is_another_audience(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  static const char *const others[] = {"concert2", "concer", "Concert", "c"};
  sign(&secret, NULL, text);
  for (size_t i = 0; i < COUNT(others); i++) {
    open_verifier(others[i], 60000);
    assert_int_equal(verify_at(text, NOW_MS), WAITQ_E_AUDIENCE);
    assert_int_equal(verify_at(text, INT64_MAX), WAITQ_E_AUDIENCE);
  }
}

static void test_verify__without_an_audience_any_room_will_do(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  sign(&secret, NULL, text);
  open_verifier(NULL, 60000);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_OK);
  assert_string_equal(claims.room, "concert");
}

static void test_verify__a_pass_ends_at_its_end_and_the_leeway(void **state) {
  (void)state;
  static const int64_t leeways[] = {0, 1, 60000, 600000};
  const int64_t start_ms = INT64_C(1000) * ISSUED_S;
  const int64_t end_ms = INT64_C(1000) * ENDS_S;
  char text[WAITQ_PASS_SIZE];
  sign(&seed, NULL, text);
  for (size_t i = 0; i < COUNT(leeways); i++) {
    open_verifier("concert", leeways[i]);
    assert_int_equal(verify_at(text, start_ms - leeways[i] - 1), WAITQ_E_EARLY);
    assert_int_equal(verify_at(text, start_ms - leeways[i]), WAITQ_OK);
    assert_int_equal(verify_at(text, end_ms + leeways[i] - 1), WAITQ_OK);
    assert_int_equal(verify_at(text, end_ms + leeways[i]), WAITQ_E_EXPIRED);
    assert_int_equal(verify_at(text, INT64_MAX), WAITQ_E_EXPIRED);
    assert_int_equal(verify_at(text, 0), WAITQ_E_EARLY);
  }
}

static void test_verify__the_default_leeway_is_a_minute(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  sign(&secret, NULL, text);
  assert_int_equal(waitq_verifier_open(&secret, 1, NULL, &verifier, &detail), WAITQ_OK);
  assert_int_equal(verify_at(text, INT64_C(1000) * ENDS_S + 59999), WAITQ_OK);
  assert_int_equal(verify_at(text, INT64_C(1000) * ENDS_S + 60000), WAITQ_E_EXPIRED);
}

static void test_verify__a_bound_pass_has_to_match_in_every_part(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  waitq_binding binding = {sizeof binding, "POST", "/buy", "192.0.2.7"};
  open_verifier("concert", 60000);
  sign(&secret, &binding, text);
  assert_int_equal(verify_bound(text, "POST", "/buy", "192.0.2.7"), WAITQ_OK);
  assert_int_equal(verify_bound(text, "GET", "/buy", "192.0.2.7"), WAITQ_E_BINDING);
  assert_int_equal(verify_bound(text, "POST", "/buy?", "192.0.2.7"), WAITQ_E_BINDING);
  assert_int_equal(verify_bound(text, "POST", "/buy", "192.0.2.8"), WAITQ_E_BINDING);
  assert_int_equal(verify_bound(text, "POST", "/buy", NULL), WAITQ_E_BINDING);
  assert_int_equal(verify_bound(text, NULL, NULL, NULL), WAITQ_E_BINDING);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_E_BINDING);
}

static void test_verify__a_pass_bound_in_one_part_needs_just_that_part(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  waitq_binding binding = {sizeof binding, NULL, NULL, "192.0.2.7"};
  open_verifier("concert", 60000);
  sign(&secret, &binding, text);
  assert_int_equal(verify_bound(text, NULL, NULL, "192.0.2.7"), WAITQ_OK);
  assert_int_equal(verify_bound(text, "", "", "192.0.2.7"), WAITQ_OK);
  assert_int_equal(verify_bound(text, "POST", NULL, "192.0.2.7"), WAITQ_E_BINDING);
  assert_int_equal(verify_bound(text, "192.0.2.7", NULL, NULL), WAITQ_E_BINDING);
}

static void test_verify__an_unbound_pass_does_for_no_bound_request(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  open_verifier("concert", 60000);
  sign(&secret, NULL, text);
  assert_int_equal(verify_bound(text, "POST", NULL, NULL), WAITQ_E_BINDING);
  assert_string_equal(detail.text, "the pass is not bound to any request");
  assert_int_equal(verify_bound(text, NULL, NULL, NULL), WAITQ_OK);
  assert_int_equal(verify_bound(text, "", "", ""), WAITQ_OK);
}

static void test_verify__after_a_rotation_both_keys_are_good(void **state) {
  (void)state;
  waitq_key fresh = craft_key(WAITQ_KEY_HS256, "h2", 50, 64);
  const waitq_key before[] = {secret};
  const waitq_key during[] = {fresh, secret};
  const waitq_key after[] = {fresh};
  char old_pass[WAITQ_PASS_SIZE];
  char new_pass[WAITQ_PASS_SIZE];
  sign(before, NULL, old_pass);
  struct waitq__keyring ring;
  struct waitq__pass_content content;
  assert_int_equal(waitq__keyring_init(&ring, before, 1, 1, &detail), WAITQ_OK);
  assert_int_equal(waitq__pass_read(&ring, old_pass, strlen(old_pass), &content, &detail), WAITQ_OK);
  assert_int_equal(waitq__keyring_init(&ring, during, 2, 1, &detail), WAITQ_OK);
  assert_int_equal(waitq__pass_sign(&ring, &content, new_pass, &detail), WAITQ_OK);

  assert_int_equal(waitq_verifier_open(during, 2, NULL, &verifier, &detail), WAITQ_OK);
  assert_int_equal(verify_at(old_pass, NOW_MS), WAITQ_OK);
  assert_string_equal(claims.kid, "h");
  assert_int_equal(verify_at(new_pass, NOW_MS), WAITQ_OK);
  assert_string_equal(claims.kid, "h2");
  waitq_verifier_close(verifier);
  assert_int_equal(waitq_verifier_open(after, 1, NULL, &verifier, &detail), WAITQ_OK);
  assert_int_equal(verify_at(old_pass, NOW_MS), WAITQ_E_KEY);
  assert_int_equal(verify_at(new_pass, NOW_MS), WAITQ_OK);
}

static void test_verify__a_key_that_can_sign_verifies_as_well(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  sign(&seed, NULL, text);
  assert_int_equal(waitq_verifier_open(&seed, 1, NULL, &verifier, &detail), WAITQ_OK);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_OK);
}

static void test_verify__a_kid_of_another_key_is_forged_or_no_key(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  waitq_key renamed = secret;
  open_verifier("concert", 60000);
  strcpy(renamed.kid, "x");
  sign(&renamed, NULL, text);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_E_KEY);
  strcpy(renamed.kid, "e");
  sign(&renamed, NULL, text);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_E_KEY);
  renamed.bytes[0] ^= 1;
  strcpy(renamed.kid, "h");
  sign(&renamed, NULL, text);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_E_FORGED);
}

static void test_verify__a_failure_leaves_the_claims_alone(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  waitq_claims before;
  open_verifier("concert", 0);
  sign(&secret, NULL, text);
  memset(&claims, 0xa5, sizeof claims);
  claims.size = sizeof claims;
  before = claims;
  assert_int_equal(verify_at(text, 0), WAITQ_E_EARLY);
  assert_int_equal(verify_at(text, INT64_MAX), WAITQ_E_EXPIRED);
  assert_int_equal(verify_bound(text, "POST", "", ""), WAITQ_E_BINDING);
  open_verifier("cinema", 0);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_E_AUDIENCE);
  assert_memory_equal(&claims, &before, sizeof claims);
}

static void test_verify__bad_arguments_are_refused(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  open_verifier("concert", 60000);
  sign(&secret, NULL, text);
  size_t length = strlen(text);
  assert_int_equal(waitq_verify(NULL, text, length, NOW_MS, NULL, NULL, &detail), WAITQ_E_INVALID);
  assert_string_equal(detail.text, "the verifier is NULL");
  assert_int_equal(waitq_verify(verifier, NULL, length, NOW_MS, NULL, NULL, &detail), WAITQ_E_INVALID);
  assert_string_equal(detail.text, "the pass is NULL");
  assert_int_equal(waitq_verify(verifier, text, length, -1, NULL, NULL, &detail), WAITQ_E_INVALID);
  assert_string_equal(detail.text, "now_ms is negative");
  assert_int_equal(waitq_verify(verifier, text, SIZE_MAX, NOW_MS, NULL, NULL, &detail), WAITQ_E_MALFORMED);
  assert_int_equal(waitq_verify(verifier, text, 0, NOW_MS, NULL, NULL, &detail), WAITQ_E_MALFORMED);
}

static void test_verify__structures_of_unknown_versions_are_refused(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  struct {
    waitq_binding binding;
    uint64_t later;
  } longer = {{sizeof longer, NULL, NULL, NULL}, 0};
  open_verifier("concert", 60000);
  sign(&secret, NULL, text);
  size_t length = strlen(text);
  claims.size = 0;
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_E_VERSION);
  claims.size = sizeof claims;
  assert_int_equal(waitq_verify(verifier, text, length, NOW_MS, &longer.binding, &claims, &detail), WAITQ_OK);
  longer.later = 1;
  assert_int_equal(waitq_verify(verifier, text, length, NOW_MS, &longer.binding, &claims, &detail), WAITQ_E_VERSION);
  longer.binding.size = 0;
  assert_int_equal(waitq_verify(verifier, text, length, NOW_MS, &longer.binding, &claims, &detail), WAITQ_E_VERSION);
}

static void test_verify__claims_of_other_sizes_get_what_they_have_room_for(void **state) {
  (void)state;
  char text[WAITQ_PASS_SIZE];
  struct {
    waitq_claims claims;
    unsigned char later[16];
  } longer;
  open_verifier("concert", 60000);
  sign(&secret, NULL, text);
  memset(&longer, 0xa5, sizeof longer);
  longer.claims.size = sizeof longer;
  assert_int_equal(waitq_verify(verifier, text, strlen(text), NOW_MS, NULL, &longer.claims, &detail), WAITQ_OK);
  assert_int_equal(longer.claims.size, sizeof longer);
  assert_string_equal(longer.claims.id, "7-41");
  assert_true(sodium_is_zero(longer.later, sizeof longer.later));
  memset(&longer, 0xa5, sizeof longer);
  longer.claims.size = offsetof(waitq_claims, issued_at_ms);
  assert_int_equal(waitq_verify(verifier, text, strlen(text), NOW_MS, NULL, &longer.claims, &detail), WAITQ_OK);
  assert_true(longer.claims.epoch == 7 && longer.claims.number == 41);
  assert_int_equal((unsigned char)longer.claims.room[0], 0xa5);
}

static void expect_no_verifier(const waitq_key *keys, size_t count, const waitq_verify_options *options, int expected) {
  waitq_verifier_t *out = (waitq_verifier_t *)&out;
  detail = (waitq_error)WAITQ_ERROR_INIT;
  assert_int_equal(waitq_verifier_open(keys, count, options, &out, &detail), expected);
  assert_int_equal(detail.code, expected);
  assert_null(out);
}

static void test_verifier__bad_keys_and_options_are_refused(void **state) {
  (void)state;
  static const char *const audiences[] = {"", "a b", "a/b",
                                          "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"};
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  const waitq_key twice[] = {secret, secret};
  expect_no_verifier(NULL, 1, NULL, WAITQ_E_INVALID);
  expect_no_verifier(&secret, 0, NULL, WAITQ_E_INVALID);
  expect_no_verifier(&secret, 9, NULL, WAITQ_E_INVALID);
  expect_no_verifier(twice, 2, NULL, WAITQ_E_INVALID);
  for (size_t i = 0; i < COUNT(audiences); i++) {
    options.audience = audiences[i];
    expect_no_verifier(&secret, 1, &options, WAITQ_E_INVALID);
  }
  options.audience = "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr";
  assert_int_equal(waitq_verifier_open(&secret, 1, &options, &verifier, &detail), WAITQ_OK);
  assert_int_equal(waitq_verifier_open(&secret, 1, NULL, NULL, &detail), WAITQ_E_INVALID);
}

static void test_verifier__leeway_is_nought_to_ten_minutes(void **state) {
  (void)state;
  static const int64_t bad[] = {-1, 600001, INT64_MAX, INT64_MIN};
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  for (size_t i = 0; i < COUNT(bad); i++) {
    options.leeway_ms = bad[i];
    expect_no_verifier(&secret, 1, &options, WAITQ_E_INVALID);
  }
  open_verifier(NULL, 0);
  open_verifier(NULL, 600000);
}

static void test_verifier__structures_of_unknown_versions_are_refused(void **state) {
  (void)state;
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_key key = secret;
  options.size = 0;
  expect_no_verifier(&secret, 1, &options, WAITQ_E_VERSION);
  options.size = offsetof(waitq_verify_options, leeway_ms);
  assert_int_equal(waitq_verifier_open(&secret, 1, &options, &verifier, &detail), WAITQ_OK);
  key.size = 8;
  expect_no_verifier(&key, 1, NULL, WAITQ_E_VERSION);
}

struct memory {
  int requests;
  int blocks;
  int is_empty;
  size_t bytes;
  int is_clean; /* the last block that was released held no byte of the secret key */
};

static void *allocate(void *user, size_t bytes) {
  struct memory *memory = user;
  memory->requests++;
  if (memory->is_empty) {
    return NULL;
  }
  memory->blocks++;
  memory->bytes = bytes;
  void *block = malloc(bytes);
  assert_non_null(block);
  return memset(block, 0xa5, bytes);
}

static void *reallocate(void *user, void *old, size_t bytes) {
  ((struct memory *)user)->requests++;
  return realloc(old, bytes);
}

static void release(void *user, void *old) {
  struct memory *memory = user;
  memory->blocks--;
  memory->is_clean = 1;
  for (size_t i = 0; i + 8 <= memory->bytes; i++) {
    if (memcmp((const char *)old + i, secret.bytes, 8) == 0) {
      memory->is_clean = 0;
    }
  }
  free(old);
}

static void test_verifier__lives_in_the_memory_it_is_given(void **state) {
  (void)state;
  struct memory memory = {0, 0, 0, 0, 0};
  const waitq_allocator allocator = {sizeof allocator, allocate, reallocate, release, &memory};
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  char text[WAITQ_PASS_SIZE];
  waitq_verifier_t *out = NULL;
  options.allocator = &allocator;
  sign(&secret, NULL, text);
  assert_int_equal(waitq_verifier_open(&secret, 1, &options, &out, &detail), WAITQ_OK);
  assert_int_equal(memory.blocks, 1);
  assert_int_equal(memory.requests, 1);
  assert_int_equal(waitq_verify(out, text, strlen(text), NOW_MS, NULL, &claims, &detail), WAITQ_OK);
  assert_int_equal(waitq_verify(out, text, strlen(text), 0, NULL, &claims, &detail), WAITQ_E_EARLY);
  assert_int_equal(memory.requests, 1);
  waitq_verifier_close(out);
  assert_int_equal(memory.blocks, 0);
  assert_true(memory.is_clean);
}

static void test_verifier__failing_to_open_leaves_nothing_behind(void **state) {
  (void)state;
  struct memory memory = {0, 0, 0, 0, 0};
  const waitq_allocator allocator = {sizeof allocator, allocate, reallocate, release, &memory};
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  const waitq_key twice[] = {secret, secret};
  options.allocator = &allocator;
  expect_no_verifier(twice, 2, &options, WAITQ_E_INVALID);
  assert_int_equal(memory.requests, 1);
  assert_int_equal(memory.blocks, 0);
  assert_true(memory.is_clean);
  memory.is_empty = 1;
  expect_no_verifier(&secret, 1, &options, WAITQ_E_NOMEM);
  assert_int_equal(detail.retriable, 1);
}

static void test_verifier__an_allocator_needs_its_functions(void **state) {
  (void)state;
  struct memory memory = {0, 0, 0, 0, 0};
  const waitq_allocator good = {sizeof good, allocate, reallocate, release, &memory};
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_allocator allocator = good;
  options.allocator = &allocator;
  allocator.allocate = NULL;
  expect_no_verifier(&secret, 1, &options, WAITQ_E_INVALID);
  allocator = good;
  allocator.reallocate = NULL;
  expect_no_verifier(&secret, 1, &options, WAITQ_E_INVALID);
  allocator = good;
  allocator.release = NULL;
  expect_no_verifier(&secret, 1, &options, WAITQ_E_INVALID);
  allocator = good;
  allocator.size = 0;
  expect_no_verifier(&secret, 1, &options, WAITQ_E_VERSION);
  assert_int_equal(memory.requests, 0);
}

static void test_verifier__keeps_copies_of_keys_and_options(void **state) {
  (void)state;
  char audience[] = "concert";
  waitq_key key = secret;
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  char text[WAITQ_PASS_SIZE];
  options.audience = audience;
  sign(&secret, NULL, text);
  assert_int_equal(waitq_verifier_open(&key, 1, &options, &verifier, &detail), WAITQ_OK);
  memset(&key, 0xff, sizeof key);
  memset(audience, 'x', strlen(audience));
  memset(&options, 0xff, sizeof options);
  assert_int_equal(verify_at(text, NOW_MS), WAITQ_OK);
}

static void test_verifier__closing_nothing_is_nothing(void **state) {
  (void)state;
  waitq_verifier_close(NULL);
}

static void test_verifier__init_functions_give_what_the_macros_give(void **state) {
  (void)state;
  waitq_verify_options options;
  waitq_claims empty = WAITQ_CLAIMS_INIT;
  memset(&options, 0xa5, sizeof options);
  memset(&claims, 0xa5, sizeof claims);
  waitq_verify_options_init(&options, sizeof options);
  waitq_claims_init(&claims, sizeof claims);
  assert_int_equal(options.size, sizeof options);
  assert_null(options.audience);
  assert_true(options.leeway_ms == 60000);
  assert_null(options.allocator);
  assert_memory_equal(&claims, &empty, sizeof claims);
  waitq_verify_options_init(NULL, sizeof options);
  waitq_claims_init(NULL, sizeof claims);
}

#define VERIFIER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      VERIFIER_TEST(test_verify__a_good_pass_gives_its_claims),
      VERIFIER_TEST(test_verify__needs_no_nul_no_claims_and_no_error),
      VERIFIER_TEST(test_verify__a_nul_at_the_end_is_not_part_of_a_pass),
      VERIFIER_TEST(test_verify__no_flipped_bit_goes_unnoticed),
      VERIFIER_TEST(test_verify__no_changed_character_goes_unnoticed),
      VERIFIER_TEST(test_verify__no_cut_or_lengthened_pass_is_good),
      VERIFIER_TEST(test_verify__no_part_can_be_left_out_or_doubled),
      VERIFIER_TEST(test_verify__another_room_is_another_audience),
      VERIFIER_TEST(test_verify__without_an_audience_any_room_will_do),
      VERIFIER_TEST(test_verify__a_pass_ends_at_its_end_and_the_leeway),
      VERIFIER_TEST(test_verify__the_default_leeway_is_a_minute),
      VERIFIER_TEST(test_verify__a_bound_pass_has_to_match_in_every_part),
      VERIFIER_TEST(test_verify__a_pass_bound_in_one_part_needs_just_that_part),
      VERIFIER_TEST(test_verify__an_unbound_pass_does_for_no_bound_request),
      VERIFIER_TEST(test_verify__after_a_rotation_both_keys_are_good),
      VERIFIER_TEST(test_verify__a_key_that_can_sign_verifies_as_well),
      VERIFIER_TEST(test_verify__a_kid_of_another_key_is_forged_or_no_key),
      VERIFIER_TEST(test_verify__a_failure_leaves_the_claims_alone),
      VERIFIER_TEST(test_verify__bad_arguments_are_refused),
      VERIFIER_TEST(test_verify__structures_of_unknown_versions_are_refused),
      VERIFIER_TEST(test_verify__claims_of_other_sizes_get_what_they_have_room_for),
      VERIFIER_TEST(test_verifier__bad_keys_and_options_are_refused),
      VERIFIER_TEST(test_verifier__leeway_is_nought_to_ten_minutes),
      VERIFIER_TEST(test_verifier__structures_of_unknown_versions_are_refused),
      VERIFIER_TEST(test_verifier__lives_in_the_memory_it_is_given),
      VERIFIER_TEST(test_verifier__failing_to_open_leaves_nothing_behind),
      VERIFIER_TEST(test_verifier__an_allocator_needs_its_functions),
      VERIFIER_TEST(test_verifier__keeps_copies_of_keys_and_options),
      VERIFIER_TEST(test_verifier__closing_nothing_is_nothing),
      VERIFIER_TEST(test_verifier__init_functions_give_what_the_macros_give),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
