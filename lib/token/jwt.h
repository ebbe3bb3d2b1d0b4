/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TOKEN_JWT_H
#define WAITQ_TOKEN_JWT_H

/* The envelope of a pass: a JSON Web Signature in compact form (RFC 7515), header.payload.signature in base64url.
 *
 * The key decides the algorithm. The header only names the key; that it names another algorithm than the key's, "none"
 * among them, makes it a failure and never a choice. Nothing of the payload is looked at before the signature is good.
 * Base64url is taken in its canonical form only, so that no two texts are one token. */

#include <stddef.h>

#include <waitq/pass.h>

#include "token/keyring.h"

struct waitq__jwt {
  const struct waitq__keyring_entry *signer;
  size_t payload_length;
  char payload[WAITQ_PASS_SIZE]; /* JSON, not checked in any way beyond its signature */
};

/* Writes a token over a payload, signed with the ring's key at signer. WAITQ_E_KEY where that key cannot sign, WAITQ_E_INVALID
 * where the text would be too long. */
int waitq__jwt_sign(const struct waitq__keyring *ring, size_t signer, const char *payload, size_t length,
                    char text[WAITQ_PASS_SIZE], waitq_error *error);

/* Checks a token and hands out who signed it and its payload. WAITQ_E_MALFORMED, WAITQ_E_KEY, WAITQ_E_FORGED. */
int waitq__jwt_read(const struct waitq__keyring *ring, const char *text, size_t length, struct waitq__jwt *jwt,
                    waitq_error *error);

#endif
