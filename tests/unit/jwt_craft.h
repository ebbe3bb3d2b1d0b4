/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_UNIT_JWT_CRAFT_H
#define WAITQ_TESTS_UNIT_JWT_CRAFT_H

/* Tokens of any kind, good or bad, made with libsodium alone: what is under test has no hand in them. */

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include <waitq/context.h>
#include <waitq/pass.h>

/* A key with length bytes that count up from first. */
static inline waitq_key craft_key(uint32_t algorithm, const char *kid, unsigned char first, uint32_t length) {
  waitq_key key = WAITQ_KEY_INIT;
  key.algorithm = algorithm;
  key.length = length;
  snprintf(key.kid, sizeof key.kid, "%s", kid);
  for (uint32_t i = 0; i < length && i < sizeof key.bytes; i++) {
    key.bytes[i] = (unsigned char)(first + i);
  }
  return key;
}

static inline void craft_append(char *text, size_t size, const void *bytes, size_t length) {
  size_t used = strlen(text);
  sodium_bin2base64(text + used, size - used, bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* header.payload. with a signature behind it: an HMAC under key bytes, or Ed25519 by a seed, whatever the header says. With
 * algorithm 0 the signature is empty. */
static inline void craft_bytes(char *text, size_t size, const char *header, const void *payload, size_t payload_length,
                               uint32_t algorithm, const unsigned char *bytes, size_t length) {
  unsigned char signature[64];
  text[0] = '\0';
  craft_append(text, size, header, strlen(header));
  strcat(text, ".");
  craft_append(text, size, payload, payload_length);
  size_t signed_length = strlen(text);
  if (algorithm == WAITQ_KEY_HS256) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes, length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, signed_length);
    crypto_auth_hmacsha256_final(&state, signature);
  } else if (algorithm == WAITQ_KEY_ED25519) {
    unsigned char public_key[32];
    unsigned char secret_key[64];
    crypto_sign_ed25519_seed_keypair(public_key, secret_key, bytes);
    crypto_sign_ed25519_detached(signature, NULL, (const unsigned char *)text, signed_length, secret_key);
  }
  strcat(text, ".");
  if (algorithm != 0) {
    craft_append(text, size, signature, algorithm == WAITQ_KEY_HS256 ? 32 : 64);
  }
}

/* The usual case: texts, signed by a key of the ring. */
static inline void craft(char *text, size_t size, const char *header, const char *payload, const waitq_key *key) {
  craft_bytes(text, size, header, payload, strlen(payload), key->algorithm, key->bytes, key->length);
}

#endif
