/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TOKEN_KEYRING_H
#define WAITQ_TOKEN_KEYRING_H

/* A context's keys, checked and made ready: the first signs, all verify. Crypto is libsodium's.
 *
 * To rotate, a host puts the new key in front and keeps the old one behind it until the last pass it signed has ended. */

#include <stdatomic.h>
#include <stddef.h>

#include <sodium.h>

#include <waitq/context.h>
#include <waitq/error.h>

#define WAITQ__KEYS_MAX 8

/* The longest signature: Ed25519 has 64 bytes, HS256 has 32. */
#define WAITQ__SIGNATURE_SIZE 64

struct waitq__keyring_entry {
  waitq_key key;                            /* as given; what lies beyond its length is zero */
  crypto_auth_hmacsha256_state hs256_start; /* of an HS256 secret: the HMAC with the key in it and no text yet */
  unsigned char ed25519_secret[64];         /* expanded, of an Ed25519 seed */
  unsigned char ed25519_public[32];         /* of an Ed25519 key, seed or public */
};

struct waitq__keyring {
  _Atomic size_t count; /* keys may be added behind while others are used */
  struct waitq__keyring_entry entries[WAITQ__KEYS_MAX];
};

/* Copies and checks keys; the size of the first counts for all. With must_sign the first has to be one that can sign. On
 * failure the ring holds nothing. WAITQ_E_INVALID, WAITQ_E_VERSION, WAITQ_E_RANDOM. */
int waitq__keyring_init(struct waitq__keyring *ring, const waitq_key *keys, size_t count, int must_sign,
                        waitq_error *error);

/* Adds a key behind the others, unless one with its kid is there. One thread at a time; others may use the ring. WAITQ_E_INVALID
 * where it is no key, WAITQ_E_KEY where there is no space. */
int waitq__keyring_add(struct waitq__keyring *ring, const waitq_key *key, waitq_error *error);

/* Wipes the keys from memory. */
void waitq__keyring_wipe(struct waitq__keyring *ring);

/* Whether the key at index holds a secret, from which further keys can be derived and with which passes can be signed. */
int waitq__keyring_has_secret(const struct waitq__keyring *ring, size_t index);

/* The key with this kid, or NULL. */
const struct waitq__keyring_entry *waitq__keyring_find(const struct waitq__keyring *ring, const char *kid);

/* What JWTs call the algorithm of a key: "HS256" or "EdDSA". */
const char *waitq__keyring_algorithm(const struct waitq__keyring_entry *entry);

/* Signs size bytes and returns the signature's length. The entry has to have a secret. */
size_t waitq__keyring_sign(const struct waitq__keyring_entry *entry, const void *message, size_t size,
                           unsigned char signature[WAITQ__SIGNATURE_SIZE]);

/* Whether a signature is this key's over size bytes. Takes the same time for every wrong signature of the right length. */
int waitq__keyring_verify(const struct waitq__keyring_entry *entry, const void *message, size_t size,
                          const unsigned char *signature, size_t signature_size);

/* Derives a key of size bytes (16 to 64) for one purpose ("ticket", "visitor") and one room from the secret at index: keyed
 * BLAKE2b over purpose, a zero byte, and the room's name. The key at index has to have a secret: what is derived from a
 * public key is no secret. */
void waitq__keyring_derive(const struct waitq__keyring *ring, size_t index, const char *purpose, const char *room,
                           unsigned char *out, size_t size);

#endif
