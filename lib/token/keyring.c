/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "token/keyring.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/sized.h"

#define HS256_LEAST 32
#define ED25519_LENGTH 32

/* Every waitq_key there has ever been is at least this long; a shorter one would end inside the key's bytes. */
#define KEY_SIZE_LEAST (offsetof(waitq_key, bytes) + sizeof((waitq_key *)0)->bytes)

_Static_assert(crypto_auth_hmacsha256_BYTES <= WAITQ__SIGNATURE_SIZE, "an HS256 signature has to fit");
_Static_assert(crypto_sign_ed25519_BYTES == WAITQ__SIGNATURE_SIZE, "an Ed25519 signature has to fit");
_Static_assert(crypto_sign_ed25519_SEEDBYTES == ED25519_LENGTH, "a seed fills its field");
_Static_assert(crypto_sign_ed25519_PUBLICKEYBYTES == ED25519_LENGTH, "a public key fills its field");
_Static_assert(crypto_sign_ed25519_SECRETKEYBYTES == sizeof((struct waitq__keyring_entry *)0)->ed25519_secret,
               "an expanded key fills its field");

void waitq_key_init(waitq_key *key, size_t size) {
  waitq__sized_init(key, size, &(waitq_key)WAITQ_KEY_INIT, sizeof(waitq_key));
}

static int check_length(const waitq_key *key, size_t index, waitq_error *error) {
  switch (key->algorithm) {
    case WAITQ_KEY_HS256:
      if (key->length < HS256_LEAST || key->length > sizeof key->bytes) {
        return waitq__fail(error, WAITQ_E_INVALID, "key %zu: an HS256 secret has 32 to 64 bytes, not %u", index,
                           (unsigned)key->length);
      }
      return WAITQ_OK;
    case WAITQ_KEY_ED25519:
    case WAITQ_KEY_ED25519_PUBLIC:
      if (key->length != ED25519_LENGTH) {
        return waitq__fail(error, WAITQ_E_INVALID, "key %zu: an Ed25519 %s has 32 bytes, not %u", index,
                           key->algorithm == WAITQ_KEY_ED25519 ? "seed" : "public key", (unsigned)key->length);
      }
      return WAITQ_OK;
    default:
      return waitq__fail(error, WAITQ_E_INVALID, "key %zu: no algorithm has the number %u", index,
                         (unsigned)key->algorithm);
  }
}

static int check_key(const waitq_key *key, size_t index, waitq_error *error) {
  if (!waitq__is_name(key->kid, sizeof key->kid - 1)) {
    return waitq__fail(error, WAITQ_E_INVALID, "key %zu: its kid has to be 1 to 31 of A-Z a-z 0-9 _ . -", index);
  }
  int code = check_length(key, index, error);
  if (code == WAITQ_OK && sodium_is_zero(key->bytes, key->length)) {
    return waitq__fail(error, WAITQ_E_INVALID, "key %zu: all its bytes are zero", index);
  }
  return code;
}

/* Fills in what is computed from a key. */
static int expand(struct waitq__keyring_entry *entry, size_t index, waitq_error *error) {
  if (entry->key.algorithm == WAITQ_KEY_HS256) {
    crypto_auth_hmacsha256_init(&entry->hs256_start, entry->key.bytes, entry->key.length);
  } else if (entry->key.algorithm == WAITQ_KEY_ED25519) {
    crypto_sign_ed25519_seed_keypair(entry->ed25519_public, entry->ed25519_secret, entry->key.bytes);
  } else if (entry->key.algorithm == WAITQ_KEY_ED25519_PUBLIC) {
    /* Under a point of small order some signatures fit any message. */
    if (!crypto_core_ed25519_is_valid_point(entry->key.bytes)) {
      return waitq__fail(error, WAITQ_E_INVALID, "key %zu: its bytes are no Ed25519 public key", index);
    }
    memcpy(entry->ed25519_public, entry->key.bytes, ED25519_LENGTH);
  }
  return WAITQ_OK;
}

/* Reads one key of the caller's into an entry that is all zero. */
static int read_key(struct waitq__keyring_entry *entry, const void *theirs, size_t index, waitq_error *error) {
  size_t size;
  int code = waitq__sized_read(&entry->key, sizeof entry->key, theirs, "a key", error);
  if (code != WAITQ_OK) {
    return code;
  }
  memcpy(&size, theirs, sizeof size);
  if (size < KEY_SIZE_LEAST) {
    return waitq__fail(error, WAITQ_E_VERSION, "key %zu: its size of %zu is too small for a key", index, size);
  }
  code = check_key(&entry->key, index, error);
  if (code != WAITQ_OK) {
    return code;
  }
  sodium_memzero(entry->key.bytes + entry->key.length, sizeof entry->key.bytes - entry->key.length);
  return expand(entry, index, error);
}

/* sodium_init() may be called any number of times, from any thread; later calls cost a lock and a look. */
static int prepare_sodium(waitq_error *error) {
  return sodium_init() < 0 ? waitq__fail(error, WAITQ_E_RANDOM, "libsodium could not be initialised") : WAITQ_OK;
}

static int add_key(struct waitq__keyring *ring, const void *theirs, size_t first_size, waitq_error *error) {
  size_t index = ring->count;
  struct waitq__keyring_entry *entry = &ring->entries[index];
  size_t size;
  memcpy(&size, theirs, sizeof size);
  if (size != first_size) {
    return waitq__fail(error, WAITQ_E_VERSION, "key %zu: its size differs from the first key's", index);
  }
  int code = read_key(entry, theirs, index, error);
  if (code != WAITQ_OK) {
    return code;
  }
  if (waitq__keyring_find(ring, entry->key.kid) != NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "key %zu: an earlier key has the same kid", index);
  }
  ring->count++;
  return WAITQ_OK;
}

int waitq__keyring_init(struct waitq__keyring *ring, const waitq_key *keys, size_t count, int must_sign,
                        waitq_error *error) {
  memset(ring, 0, sizeof *ring);
  if (keys == NULL || count == 0 || count > WAITQ__KEYS_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "a key ring has 1 to %d keys", WAITQ__KEYS_MAX);
  }
  int code = prepare_sodium(error);
  const unsigned char *theirs = (const unsigned char *)keys;
  for (size_t i = 0; code == WAITQ_OK && i < count; i++) {
    code = add_key(ring, theirs + i * keys->size, keys->size, error);
  }
  if (code == WAITQ_OK && must_sign && !waitq__keyring_has_secret(ring, 0)) {
    code = waitq__fail(error, WAITQ_E_INVALID, "the first key signs, and a public key cannot");
  }
  if (code != WAITQ_OK) {
    waitq__keyring_wipe(ring);
  }
  return code;
}

int waitq__keyring_add(struct waitq__keyring *ring, const waitq_key *key, waitq_error *error) {
  if (waitq__keyring_find(ring, key->kid) != NULL) {
    return WAITQ_OK;
  }
  if (ring->count == WAITQ__KEYS_MAX) {
    return waitq__fail(error, WAITQ_E_KEY, "a key ring has no more than %d keys", WAITQ__KEYS_MAX);
  }
  int code = add_key(ring, key, key->size, error);
  if (code != WAITQ_OK) {
    sodium_memzero(&ring->entries[ring->count], sizeof ring->entries[0]);
  }
  return code;
}

void waitq__keyring_wipe(struct waitq__keyring *ring) {
  sodium_memzero(ring, sizeof *ring);
}

int waitq__keyring_has_secret(const struct waitq__keyring *ring, size_t index) {
  return index < ring->count && ring->entries[index].key.algorithm != WAITQ_KEY_ED25519_PUBLIC;
}

const struct waitq__keyring_entry *waitq__keyring_find(const struct waitq__keyring *ring, const char *kid) {
  for (size_t i = 0; i < ring->count; i++) {
    if (strcmp(ring->entries[i].key.kid, kid) == 0) {
      return &ring->entries[i];
    }
  }
  return NULL;
}

const char *waitq__keyring_algorithm(const struct waitq__keyring_entry *entry) {
  return entry->key.algorithm == WAITQ_KEY_HS256 ? "HS256" : "EdDSA";
}

static void authenticate(const struct waitq__keyring_entry *entry, const void *message, size_t size,
                         unsigned char mac[crypto_auth_hmacsha256_BYTES]) {
  crypto_auth_hmacsha256_state state = entry->hs256_start;
  crypto_auth_hmacsha256_update(&state, message, size);
  crypto_auth_hmacsha256_final(&state, mac);
  sodium_memzero(&state, sizeof state);
}

size_t waitq__keyring_sign(const struct waitq__keyring_entry *entry, const void *message, size_t size,
                           unsigned char signature[WAITQ__SIGNATURE_SIZE]) {
  assert(entry->key.algorithm != WAITQ_KEY_ED25519_PUBLIC);
  if (entry->key.algorithm == WAITQ_KEY_HS256) {
    authenticate(entry, message, size, signature);
    return crypto_auth_hmacsha256_BYTES;
  }
  crypto_sign_ed25519_detached(signature, NULL, message, size, entry->ed25519_secret);
  return crypto_sign_ed25519_BYTES;
}

int waitq__keyring_verify(const struct waitq__keyring_entry *entry, const void *message, size_t size,
                          const unsigned char *signature, size_t signature_size) {
  unsigned char mac[crypto_auth_hmacsha256_BYTES];
  if (entry->key.algorithm != WAITQ_KEY_HS256) {
    return signature_size == crypto_sign_ed25519_BYTES &&
           crypto_sign_ed25519_verify_detached(signature, message, size, entry->ed25519_public) == 0;
  }
  if (signature_size != sizeof mac) {
    return 0;
  }
  authenticate(entry, message, size, mac);
  int is_good = sodium_memcmp(mac, signature, sizeof mac) == 0;
  sodium_memzero(mac, sizeof mac);
  return is_good;
}

void waitq__keyring_derive(const struct waitq__keyring *ring, size_t index, const char *purpose, const char *room,
                           unsigned char *out, size_t size) {
  assert(waitq__keyring_has_secret(ring, index));
  const waitq_key *key = &ring->entries[index].key;
  crypto_generichash_state state;
  crypto_generichash_init(&state, key->bytes, key->length, size);
  crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
  crypto_generichash_update(&state, (const unsigned char *)room, strlen(room));
  crypto_generichash_final(&state, out, size);
  sodium_memzero(&state, sizeof state);
}

int waitq_key_public(const waitq_key *secret, waitq_key *public_key, waitq_error *error) {
  struct waitq__keyring_entry entry;
  waitq_key half = WAITQ_KEY_INIT;
  memset(&entry, 0, sizeof entry);
  int code = waitq__sized_check(public_key, "the public key", error);
  if (code == WAITQ_OK && public_key->size < KEY_SIZE_LEAST) {
    code = waitq__fail(error, WAITQ_E_VERSION, "the public key's size of %zu is too small for a key", public_key->size);
  }
  code = code != WAITQ_OK ? code : prepare_sodium(error);
  code = code != WAITQ_OK ? code : read_key(&entry, secret, 0, error);
  if (code == WAITQ_OK && entry.key.algorithm != WAITQ_KEY_ED25519) {
    code = waitq__fail(error, WAITQ_E_INVALID, "only an Ed25519 seed has a public half");
  }
  if (code == WAITQ_OK) {
    half.algorithm = WAITQ_KEY_ED25519_PUBLIC;
    half.length = ED25519_LENGTH;
    memcpy(half.kid, entry.key.kid, sizeof half.kid);
    memcpy(half.bytes, entry.ed25519_public, ED25519_LENGTH);
    waitq__sized_write(public_key, &half, sizeof half);
  }
  sodium_memzero(&entry, sizeof entry);
  return code;
}
