/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/name.h"
#include "jwt_craft.h"
#include "token/keyring.h"

static struct waitq__keyring ring;
static waitq_error detail;

static int setup(void **state) {
  (void)state;
  detail = (waitq_error)WAITQ_ERROR_INIT;
  memset(&ring, 0xa5, sizeof ring);
  return sodium_init() < 0;
}

static int is_empty_ring(void) {
  return sodium_is_zero((const unsigned char *)&ring, sizeof ring);
}

static void expect_refusal_of(const waitq_key *keys, size_t count, int must_sign, int code, const char *text) {
  detail = (waitq_error)WAITQ_ERROR_INIT;
  assert_int_equal(waitq__keyring_init(&ring, keys, count, must_sign, &detail), code);
  assert_int_equal(detail.code, code);
  if (strstr(detail.text, text) == NULL) {
    fail_msg("\"%s\" does not say \"%s\"", detail.text, text);
  }
  assert_true(is_empty_ring());
}

static void from_hex(unsigned char *out, size_t size, const char *hex) {
  size_t length;
  assert_int_equal(sodium_hex2bin(out, size, hex, strlen(hex), NULL, &length, NULL), 0);
  assert_int_equal(length, size);
}

static void test_name__is_one_to_longest_of_the_allowed_characters(void **state) {
  (void)state;
  assert_true(waitq__is_name("a", 4));
  assert_true(waitq__is_name("aZ09", 4));
  assert_true(waitq__is_name("_.-", 4));
  assert_false(waitq__is_name("", 4));
  assert_false(waitq__is_name("abcde", 4));
  for (int c = 1; c < 256; c++) {
    char text[] = {'a', (char)c, '\0'};
    int is_allowed = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-", c) != NULL;
    assert_int_equal(waitq__is_name(text, 4), is_allowed);
  }
}

static void test_name__is_not_read_beyond_its_bound(void **state) {
  (void)state;
  char *unterminated = malloc(5);
  assert_non_null(unterminated);
  memcpy(unterminated, "abcde", 5);
  assert_false(waitq__is_name(unterminated, 4));
  free(unterminated);
}

static void test_keyring__one_to_eight_keys_are_taken(void **state) {
  (void)state;
  waitq_key keys[9];
  for (int i = 0; i < 9; i++) {
    char kid[16];
    snprintf(kid, sizeof kid, "k%d", i);
    keys[i] = craft_key(i % 2 == 0 ? WAITQ_KEY_HS256 : WAITQ_KEY_ED25519, kid, (unsigned char)(i + 1), 32);
  }
  for (size_t count = 1; count <= 8; count++) {
    assert_int_equal(waitq__keyring_init(&ring, keys, count, 1, &detail), WAITQ_OK);
    assert_int_equal(ring.count, count);
  }
  expect_refusal_of(keys, 9, 1, WAITQ_E_INVALID, "1 to 8 keys");
  expect_refusal_of(keys, 0, 1, WAITQ_E_INVALID, "1 to 8 keys");
  expect_refusal_of(NULL, 1, 1, WAITQ_E_INVALID, "1 to 8 keys");
}

static void test_keyring__keys_are_found_by_their_kid(void **state) {
  (void)state;
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "new", 1, 32), craft_key(WAITQ_KEY_ED25519, "old", 2, 32)};
  assert_int_equal(waitq__keyring_init(&ring, keys, 2, 1, &detail), WAITQ_OK);
  assert_ptr_equal(waitq__keyring_find(&ring, "new"), &ring.entries[0]);
  assert_ptr_equal(waitq__keyring_find(&ring, "old"), &ring.entries[1]);
  assert_null(waitq__keyring_find(&ring, "older"));
  assert_null(waitq__keyring_find(&ring, ""));
  assert_string_equal(waitq__keyring_algorithm(&ring.entries[0]), "HS256");
  assert_string_equal(waitq__keyring_algorithm(&ring.entries[1]), "EdDSA");
}

static void test_keyring__a_key_that_is_added_comes_behind_the_others(void **state) {
  (void)state;
  waitq_key first = craft_key(WAITQ_KEY_HS256, "first", 1, 32);
  waitq_key later = craft_key(WAITQ_KEY_HS256, "later", 2, 32);
  assert_int_equal(waitq__keyring_init(&ring, &first, 1, 1, &detail), WAITQ_OK);
  for (unsigned i = 0; i < 2; i++) { /* the second time it is there already */
    assert_int_equal(waitq__keyring_add(&ring, &later, &detail), WAITQ_OK);
    assert_int_equal(ring.count, 2);
    assert_ptr_equal(waitq__keyring_find(&ring, "first"), &ring.entries[0]);
    assert_ptr_equal(waitq__keyring_find(&ring, "later"), &ring.entries[1]);
  }
  later.length = 3;
  memcpy(later.kid, "short", 6);
  assert_int_equal(waitq__keyring_add(&ring, &later, &detail), WAITQ_E_INVALID);
  assert_int_equal(ring.count, 2);
  for (char kid[] = "a"; ring.count < WAITQ__KEYS_MAX; kid[0]++) {
    later = craft_key(WAITQ_KEY_HS256, kid, (unsigned char)kid[0], 32);
    assert_int_equal(waitq__keyring_add(&ring, &later, &detail), WAITQ_OK);
  }
  memcpy(later.kid, "one more", 9);
  assert_int_equal(waitq__keyring_add(&ring, &later, &detail), WAITQ_E_KEY);
  assert_int_equal(ring.count, WAITQ__KEYS_MAX);
}

static void test_keyring__a_kid_outside_the_alphabet_is_refused(void **state) {
  (void)state;
  static const char *const kids[] = {"", "a b", "a\"b", "a/b", "k\n", "\xc3\xa9", "{k}"};
  for (size_t i = 0; i < sizeof kids / sizeof kids[0]; i++) {
    waitq_key key = craft_key(WAITQ_KEY_HS256, kids[i], 1, 32);
    expect_refusal_of(&key, 1, 1, WAITQ_E_INVALID, "key 0: its kid");
  }
}

static void test_keyring__a_kid_has_at_most_31_characters(void **state) {
  (void)state;
  waitq_key key = craft_key(WAITQ_KEY_HS256, "0123456789012345678901234567890", 1, 32);
  assert_int_equal(strlen(key.kid), 31);
  assert_int_equal(waitq__keyring_init(&ring, &key, 1, 1, &detail), WAITQ_OK);
  memset(key.kid, 'k', sizeof key.kid);
  expect_refusal_of(&key, 1, 1, WAITQ_E_INVALID, "key 0: its kid");
}

static void test_keyring__a_kid_twice_is_refused(void **state) {
  (void)state;
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "a", 1, 32), craft_key(WAITQ_KEY_HS256, "b", 2, 32),
                      craft_key(WAITQ_KEY_ED25519, "a", 3, 32)};
  expect_refusal_of(keys, 3, 1, WAITQ_E_INVALID, "key 2: an earlier key has the same kid");
}

static void test_keyring__lengths_are_those_of_the_algorithm(void **state) {
  (void)state;
  for (uint32_t length = 0; length <= 80; length++) {
    waitq_key secret = craft_key(WAITQ_KEY_HS256, "k", 1, length);
    waitq_key seed = craft_key(WAITQ_KEY_ED25519, "k", 1, length);
    if (length >= 32 && length <= 64) {
      assert_int_equal(waitq__keyring_init(&ring, &secret, 1, 1, &detail), WAITQ_OK);
    } else {
      expect_refusal_of(&secret, 1, 1, WAITQ_E_INVALID, "key 0: an HS256 secret has 32 to 64 bytes, not ");
    }
    if (length == 32) {
      assert_int_equal(waitq__keyring_init(&ring, &seed, 1, 1, &detail), WAITQ_OK);
    } else {
      expect_refusal_of(&seed, 1, 1, WAITQ_E_INVALID, "key 0: an Ed25519 seed has 32 bytes, not ");
      seed.algorithm = WAITQ_KEY_ED25519_PUBLIC;
      expect_refusal_of(&seed, 1, 0, WAITQ_E_INVALID, "key 0: an Ed25519 public key has 32 bytes, not ");
    }
  }
}

static void test_keyring__an_unknown_algorithm_is_refused(void **state) {
  (void)state;
  static const uint32_t algorithms[] = {0, 4, 256, UINT32_MAX};
  for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
    waitq_key key = craft_key(algorithms[i], "k", 1, 32);
    expect_refusal_of(&key, 1, 0, WAITQ_E_INVALID, "no algorithm has the number ");
  }
}

static void test_keyring__a_key_that_was_never_filled_in_is_refused(void **state) {
  (void)state;
  for (uint32_t algorithm = WAITQ_KEY_HS256; algorithm <= WAITQ_KEY_ED25519_PUBLIC; algorithm++) {
    waitq_key key = craft_key(algorithm, "k", 1, 32);
    memset(key.bytes, 0, sizeof key.bytes);
    expect_refusal_of(&key, 1, 0, WAITQ_E_INVALID, "key 0: all its bytes are zero");
  }
}

/* Under these, a signature can be made without any secret. */
static void test_keyring__points_of_small_order_are_no_public_keys(void **state) {
  (void)state;
  static const char *const points[] = {
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "0200000000000000000000000000000000000000000000000000000000000000",
  };
  for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
    waitq_key key = craft_key(WAITQ_KEY_ED25519_PUBLIC, "k", 1, 32);
    from_hex(key.bytes, 32, points[i]);
    expect_refusal_of(&key, 1, 0, WAITQ_E_INVALID, "key 0: its bytes are no Ed25519 public key");
  }
}

static void test_keyring__the_first_key_has_to_sign_where_signing_is_asked_for(void **state) {
  (void)state;
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "b", 2, 32), craft_key(WAITQ_KEY_ED25519_PUBLIC, "a", 1, 32)};
  waitq_key seed = craft_key(WAITQ_KEY_ED25519, "a", 1, 32);
  assert_int_equal(waitq_key_public(&seed, &keys[1], &detail), WAITQ_OK);
  assert_int_equal(waitq__keyring_init(&ring, keys, 2, 1, &detail), WAITQ_OK);
  assert_true(waitq__keyring_has_secret(&ring, 0));
  assert_false(waitq__keyring_has_secret(&ring, 1));
  assert_false(waitq__keyring_has_secret(&ring, 2));
  assert_int_equal(waitq__keyring_init(&ring, &keys[1], 1, 0, &detail), WAITQ_OK);
  expect_refusal_of(&keys[1], 1, 1, WAITQ_E_INVALID, "a public key cannot");
}

static void test_keyring__no_refusal_tells_the_key(void **state) {
  (void)state;
  waitq_key key = craft_key(WAITQ_KEY_HS256, "k", 'A', 31);
  memset(key.bytes, 'S', sizeof key.bytes);
  expect_refusal_of(&key, 1, 1, WAITQ_E_INVALID, "31");
  assert_null(strstr(detail.text, "SS"));
  assert_null(strstr(detail.text, "53"));
  memset(key.kid, 'Z', sizeof key.kid);
  expect_refusal_of(&key, 1, 1, WAITQ_E_INVALID, "kid");
  assert_null(strstr(detail.text, "ZZ"));
}

static void test_keyring__sizes_that_are_no_key_are_refused(void **state) {
  (void)state;
  waitq_key key = craft_key(WAITQ_KEY_HS256, "k", 1, 64);
  static const size_t sizes[] = {0, 8, 15, 16, sizeof(waitq_key) - 1, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    key.size = sizes[i];
    expect_refusal_of(&key, 1, 1, WAITQ_E_VERSION, "size");
  }
}

static void test_keyring__longer_keys_of_a_later_version_are_taken_where_the_rest_is_zero(void **state) {
  (void)state;
  struct {
    waitq_key key;
    uint64_t later;
  } keys[2] = {{craft_key(WAITQ_KEY_HS256, "a", 1, 32), 0}, {craft_key(WAITQ_KEY_HS256, "b", 2, 33), 0}};
  keys[0].key.size = keys[1].key.size = sizeof keys[0];
  assert_int_equal(waitq__keyring_init(&ring, &keys[0].key, 2, 1, &detail), WAITQ_OK);
  assert_string_equal(ring.entries[1].key.kid, "b");
  assert_int_equal(ring.entries[1].key.length, 33);
  assert_memory_equal(ring.entries[1].key.bytes, keys[1].key.bytes, 33);
  keys[1].later = 1;
  expect_refusal_of(&keys[0].key, 2, 1, WAITQ_E_VERSION, "does not know");
}

static void test_keyring__keys_of_two_sizes_are_refused(void **state) {
  (void)state;
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "a", 1, 32), craft_key(WAITQ_KEY_HS256, "b", 2, 32)};
  keys[1].size--;
  expect_refusal_of(keys, 2, 1, WAITQ_E_VERSION, "key 1: its size differs");
}

static void test_keyring__bytes_beyond_the_length_do_not_count(void **state) {
  (void)state;
  waitq_key key = craft_key(WAITQ_KEY_HS256, "k", 1, 32);
  unsigned char clean[32];
  unsigned char dirty[32];
  assert_int_equal(waitq__keyring_init(&ring, &key, 1, 1, &detail), WAITQ_OK);
  waitq__keyring_derive(&ring, 0, "ticket", "concert", clean, sizeof clean);
  memset(key.bytes + 32, 0xff, 32);
  assert_int_equal(waitq__keyring_init(&ring, &key, 1, 1, &detail), WAITQ_OK);
  waitq__keyring_derive(&ring, 0, "ticket", "concert", dirty, sizeof dirty);
  assert_memory_equal(clean, dirty, sizeof clean);
  assert_true(sodium_is_zero(ring.entries[0].key.bytes + 32, 32));
}

static void test_keyring__wiping_leaves_nothing(void **state) {
  (void)state;
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "a", 1, 32), craft_key(WAITQ_KEY_ED25519, "b", 2, 32)};
  assert_int_equal(waitq__keyring_init(&ring, keys, 2, 1, &detail), WAITQ_OK);
  assert_false(is_empty_ring());
  waitq__keyring_wipe(&ring);
  assert_true(is_empty_ring());
}

static void test_derive__is_blake2b_keyed_with_the_secret(void **state) {
  (void)state;
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "a", 1, 64), craft_key(WAITQ_KEY_ED25519, "b", 1, 32)};
  unsigned char expected[64];
  unsigned char derived[64];
  assert_int_equal(waitq__keyring_init(&ring, keys, 2, 1, &detail), WAITQ_OK);
  from_hex(expected, 64,
           "9ab7af8e50baadab690116a8e54be1d6ac007cc4c276519b2c2fb46fbf81ed9c"
           "14455bc6748dd56d5c1b480e44bd7d3a0b67c519ed1cd74c5d759bedeaf20d6d");
  waitq__keyring_derive(&ring, 0, "visitor", "a", derived, 64);
  assert_memory_equal(derived, expected, 64);
  from_hex(expected, 16, "47c0e39a1488f861b1737cf1f33f8596");
  waitq__keyring_derive(&ring, 1, "ticket", "concert", derived, 16);
  assert_memory_equal(derived, expected, 16);
}

static void test_derive__every_purpose_room_and_secret_has_its_own_key(void **state) {
  (void)state;
  static const struct {
    const char *purpose;
    const char *room;
  } uses[] = {{"ticket", "a"}, {"ticket", "b"}, {"visitor", "a"}, {"ticketa", ""}, {"ticket", ""}, {"ticke", "ta"}};
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "a", 1, 32), craft_key(WAITQ_KEY_HS256, "b", 2, 32)};
  unsigned char derived[12][16];
  assert_int_equal(waitq__keyring_init(&ring, keys, 2, 1, &detail), WAITQ_OK);
  for (size_t i = 0; i < 12; i++) {
    waitq__keyring_derive(&ring, i / 6, uses[i % 6].purpose, uses[i % 6].room, derived[i], 16);
    for (size_t j = 0; j < i; j++) {
      assert_memory_not_equal(derived[i], derived[j], 16);
    }
  }
}

/* RFC 8032, section 7.1, test 2. */
static void test_sign__ed25519_agrees_with_its_standard(void **state) {
  (void)state;
  waitq_key seed = craft_key(WAITQ_KEY_ED25519, "k", 0, 32);
  waitq_key half = WAITQ_KEY_INIT;
  unsigned char expected[64];
  unsigned char signature[WAITQ__SIGNATURE_SIZE];
  from_hex(seed.bytes, 32, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  from_hex(expected, 64,
           "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  assert_int_equal(waitq__keyring_init(&ring, &seed, 1, 1, &detail), WAITQ_OK);
  assert_int_equal(waitq__keyring_sign(&ring.entries[0], "\x72", 1, signature), 64);
  assert_memory_equal(signature, expected, 64);
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_OK);
  from_hex(expected, 32, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  assert_memory_equal(half.bytes, expected, 32);
}

static void test_sign__hs256_uses_the_whole_secret(void **state) {
  (void)state;
  for (uint32_t length = 32; length <= 64; length++) {
    waitq_key key = craft_key(WAITQ_KEY_HS256, "k", 1, length);
    unsigned char expected[32];
    unsigned char signature[WAITQ__SIGNATURE_SIZE];
    crypto_auth_hmacsha256_state hmac;
    crypto_auth_hmacsha256_init(&hmac, key.bytes, length);
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)"text", 4);
    crypto_auth_hmacsha256_final(&hmac, expected);
    assert_int_equal(waitq__keyring_init(&ring, &key, 1, 1, &detail), WAITQ_OK);
    assert_int_equal(waitq__keyring_sign(&ring.entries[0], "text", 4, signature), 32);
    assert_memory_equal(signature, expected, 32);
  }
}

static void test_verify__takes_the_signature_and_no_other(void **state) {
  (void)state;
  waitq_key keys[] = {craft_key(WAITQ_KEY_HS256, "h", 1, 48), craft_key(WAITQ_KEY_ED25519, "e", 2, 32),
                      craft_key(WAITQ_KEY_ED25519_PUBLIC, "p", 3, 32)};
  waitq_key seed = craft_key(WAITQ_KEY_ED25519, "p", 2, 32);
  assert_int_equal(waitq_key_public(&seed, &keys[2], &detail), WAITQ_OK);
  assert_int_equal(waitq__keyring_init(&ring, keys, 3, 1, &detail), WAITQ_OK);
  for (size_t i = 0; i < 3; i++) {
    unsigned char signature[WAITQ__SIGNATURE_SIZE];
    size_t size = waitq__keyring_sign(&ring.entries[i == 0 ? 0 : 1], "text", 4, signature);
    assert_true(waitq__keyring_verify(&ring.entries[i], "text", 4, signature, size));
    assert_false(waitq__keyring_verify(&ring.entries[i], "texT", 4, signature, size));
    assert_false(waitq__keyring_verify(&ring.entries[i], "text", 3, signature, size));
    assert_false(waitq__keyring_verify(&ring.entries[i == 0 ? 1 : 0], "text", 4, signature, size));
    for (size_t shorter = 0; shorter < size; shorter++) {
      assert_false(waitq__keyring_verify(&ring.entries[i], "text", 4, signature, shorter));
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
      signature[bit / 8] ^= (unsigned char)(1U << bit % 8);
      assert_false(waitq__keyring_verify(&ring.entries[i], "text", 4, signature, size));
      signature[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
  }
}

static void test_key_public__keeps_the_kid_and_nothing_of_the_seed(void **state) {
  (void)state;
  waitq_key seed = craft_key(WAITQ_KEY_ED25519, "k-1", 1, 32);
  waitq_key half = WAITQ_KEY_INIT;
  memset(half.bytes, 0xee, sizeof half.bytes);
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_OK);
  assert_int_equal(half.size, sizeof half);
  assert_int_equal(half.algorithm, WAITQ_KEY_ED25519_PUBLIC);
  assert_int_equal(half.length, 32);
  assert_string_equal(half.kid, "k-1");
  assert_memory_not_equal(half.bytes, seed.bytes, 32);
  assert_true(sodium_is_zero(half.bytes + 32, 32));
  assert_int_equal(waitq_key_public(&seed, &seed, &detail), WAITQ_OK);
  assert_memory_equal(&seed, &half, sizeof half);
}

static void test_key_public__only_an_ed25519_seed_has_one(void **state) {
  (void)state;
  waitq_key half = WAITQ_KEY_INIT;
  waitq_key untouched = WAITQ_KEY_INIT;
  waitq_key secret = craft_key(WAITQ_KEY_HS256, "k", 1, 32);
  waitq_key seed = craft_key(WAITQ_KEY_ED25519, "k", 1, 32);
  assert_int_equal(waitq_key_public(&secret, &half, &detail), WAITQ_E_INVALID);
  assert_string_equal(detail.text, "only an Ed25519 seed has a public half");
  seed.length = 31;
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_E_INVALID);
  assert_int_equal(waitq_key_public(NULL, &half, &detail), WAITQ_E_INVALID);
  assert_int_equal(waitq_key_public(&secret, NULL, NULL), WAITQ_E_INVALID);
  assert_memory_equal(&half, &untouched, sizeof half);
  seed.length = 32;
  assert_int_equal(waitq_key_public(&seed, &half, NULL), WAITQ_OK);
  assert_int_equal(waitq_key_public(&half, &untouched, &detail), WAITQ_E_INVALID);
}

static void test_key_public__sizes_that_are_no_key_are_refused(void **state) {
  (void)state;
  waitq_key seed = craft_key(WAITQ_KEY_ED25519, "k", 1, 32);
  waitq_key half = WAITQ_KEY_INIT;
  half.size = sizeof half - 1;
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_E_VERSION);
  half.size = 0;
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_E_VERSION);
  half.size = sizeof half;
  seed.size = sizeof seed - 1;
  assert_int_equal(waitq_key_public(&seed, &half, &detail), WAITQ_E_VERSION);
  assert_int_equal(half.algorithm, 0);
}

static void test_key_init__gives_an_empty_key(void **state) {
  (void)state;
  waitq_key key;
  waitq_key empty = WAITQ_KEY_INIT;
  memset(&key, 0xa5, sizeof key);
  waitq_key_init(&key, sizeof key);
  assert_memory_equal(&key, &empty, sizeof key);
  waitq_key_init(NULL, sizeof key);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_name__is_one_to_longest_of_the_allowed_characters, setup),
      cmocka_unit_test_setup(test_name__is_not_read_beyond_its_bound, setup),
      cmocka_unit_test_setup(test_keyring__one_to_eight_keys_are_taken, setup),
      cmocka_unit_test_setup(test_keyring__keys_are_found_by_their_kid, setup),
      cmocka_unit_test_setup(test_keyring__a_key_that_is_added_comes_behind_the_others, setup),
      cmocka_unit_test_setup(test_keyring__a_kid_outside_the_alphabet_is_refused, setup),
      cmocka_unit_test_setup(test_keyring__a_kid_has_at_most_31_characters, setup),
      cmocka_unit_test_setup(test_keyring__a_kid_twice_is_refused, setup),
      cmocka_unit_test_setup(test_keyring__lengths_are_those_of_the_algorithm, setup),
      cmocka_unit_test_setup(test_keyring__an_unknown_algorithm_is_refused, setup),
      cmocka_unit_test_setup(test_keyring__a_key_that_was_never_filled_in_is_refused, setup),
      cmocka_unit_test_setup(test_keyring__points_of_small_order_are_no_public_keys, setup),
      cmocka_unit_test_setup(test_keyring__the_first_key_has_to_sign_where_signing_is_asked_for, setup),
      cmocka_unit_test_setup(test_keyring__no_refusal_tells_the_key, setup),
      cmocka_unit_test_setup(test_keyring__sizes_that_are_no_key_are_refused, setup),
      cmocka_unit_test_setup(test_keyring__longer_keys_of_a_later_version_are_taken_where_the_rest_is_zero, setup),
      cmocka_unit_test_setup(test_keyring__keys_of_two_sizes_are_refused, setup),
      cmocka_unit_test_setup(test_keyring__bytes_beyond_the_length_do_not_count, setup),
      cmocka_unit_test_setup(test_keyring__wiping_leaves_nothing, setup),
      cmocka_unit_test_setup(test_derive__is_blake2b_keyed_with_the_secret, setup),
      cmocka_unit_test_setup(test_derive__every_purpose_room_and_secret_has_its_own_key, setup),
      cmocka_unit_test_setup(test_sign__ed25519_agrees_with_its_standard, setup),
      cmocka_unit_test_setup(test_sign__hs256_uses_the_whole_secret, setup),
      cmocka_unit_test_setup(test_verify__takes_the_signature_and_no_other, setup),
      cmocka_unit_test_setup(test_key_public__keeps_the_kid_and_nothing_of_the_seed, setup),
      cmocka_unit_test_setup(test_key_public__only_an_ed25519_seed_has_one, setup),
      cmocka_unit_test_setup(test_key_public__sizes_that_are_no_key_are_refused, setup),
      cmocka_unit_test_setup(test_key_init__gives_an_empty_key, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
