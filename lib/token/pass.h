/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TOKEN_PASS_H
#define WAITQ_TOKEN_PASS_H

/* Passes as text: the JWT of one admission, signed by a key ring and read back.
 *
 * {"alg":"HS256","kid":"k1","typ":"JWT"} . {"aud":"concert","bnd":"...","exp":1700000600,"iat":1700000000,
 * "jti":"1699999999-41","nbf":1700000000} . signature. Text is a pure function of what goes in: a repeated admission gives
 * the same text.
 *
 * A pass with a room of 64 characters, a kid of 31, a binding and Ed25519 has 430 characters at the most. */

#include <stddef.h>
#include <stdint.h>

#include <waitq/pass.h>

#include "token/keyring.h"

#define WAITQ__BINDING_SIZE 16

/* The last second of the year 9999: no pass names a later one, and in milliseconds none overflows. */
#define WAITQ__PASS_TIME_MAX_S INT64_C(253402300799)

struct waitq__pass_content {
  char room[sizeof((waitq_claims *)0)->room]; /* aud: a room's name */
  char kid[sizeof((waitq_claims *)0)->kid];
  char id[sizeof((waitq_claims *)0)->id]; /* jti */
  uint64_t epoch;
  uint64_t number;
  int64_t issued_at_s;  /* 0: not there */
  int64_t not_before_s; /* 0: not there */
  int64_t expires_at_s;
  int is_bound;
  unsigned char binding[WAITQ__BINDING_SIZE];
};

/* The hash of a binding: BLAKE2b with a digest of 16 bytes over method, URL and client, each behind its length as 8 bytes in
 * little endian. Returns 0 where the binding is NULL or binds nothing, 1 where out was filled in. Its size is not looked at:
 * a caller's has to be read by waitq__sized_read first. */
int waitq__binding_hash(const waitq_binding *binding, unsigned char out[WAITQ__BINDING_SIZE]);

/* Writes the pass of one admission, signed with the ring's first key. Uses room, epoch, number, issued_at_s (also as nbf),
 * expires_at_s and the binding of content. WAITQ_E_INVALID, WAITQ_E_KEY. */
int waitq__pass_sign(const struct waitq__keyring *ring, const struct waitq__pass_content *content,
                     char text[WAITQ_PASS_SIZE], waitq_error *error);

/* The same, signed with the key at signer. */
int waitq__pass_sign_with(const struct waitq__keyring *ring, size_t signer, const struct waitq__pass_content *content,
                          char text[WAITQ_PASS_SIZE], waitq_error *error);

/* Checks structure and signature, and reads the claims; times, audience and binding are the caller's to judge. Fills content
 * only on success. WAITQ_E_MALFORMED, WAITQ_E_KEY, WAITQ_E_FORGED. */
int waitq__pass_read(const struct waitq__keyring *ring, const char *text, size_t length,
                     struct waitq__pass_content *content, waitq_error *error);

/* Judges the times: a pass is good from not_before_s on and before expires_at_s, each moved out by the leeway.
 * WAITQ_E_EXPIRED, WAITQ_E_EARLY. */
int waitq__pass_check_time(const struct waitq__pass_content *content, int64_t now_ms, int64_t leeway_ms,
                           waitq_error *error);

#endif
