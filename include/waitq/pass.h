/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_PASS_H
#define WAITQ_PASS_H

/** @file pass.h
 * @brief Passes: signed proofs of admission (JWT, RFC 7519) that the protected resource verifies without a store.
 * @defgroup waitq_pass Pass
 *
 * A pass is a JWT signed with HS256 or EdDSA (Ed25519, RFC 8037). Its claims: aud (the room), exp, iat and nbf in
 * seconds, jti ("epoch-number" of the ticket, so a repeated admission yields the same id), and bnd where the
 * pass is bound: BLAKE2b with a digest of 16 bytes over method, URL and client, each behind its length as 8 bytes in
 * little endian, in base64url. A verifier with an Ed25519 public key holds no secret.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/export.h>

WAITQ_BEGIN_DECLS

/** The size of a pass's text, its NUL included. */
#define WAITQ_PASS_SIZE 512

/** What the calls that give passes fill in. */
typedef struct waitq_pass {
  size_t size;                /**< sizeof(waitq_pass), set by the caller */
  uint32_t state;             /**< one of enum waitq_state: ENTERED where there is a pass */
  uint32_t reason;            /**< one of enum waitq_reason: why there is none */
  int64_t expires_at_ms;      /**< Unix time in ms at which the pass ends, and with it the session; 0 without a pass */
  int64_t retry_after_ms;     /**< when to ask again, ms from now; 0 where that is of no use */
  char text[WAITQ_PASS_SIZE]; /**< the JWT, NUL-terminated; empty where there is none */
} waitq_pass;

/** An empty #waitq_pass. */
#define WAITQ_PASS_INIT               \
  {                                   \
    sizeof(waitq_pass), 0, 0, 0, 0, { \
      0                               \
    }                                 \
  }

/** @brief Prepares a pass, for languages that cannot use #WAITQ_PASS_INIT.
 * @param pass what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_pass_init(waitq_pass *pass, size_t size);

/** What a pass can be bound to. A NULL or empty text is a part that does not count. */
typedef struct waitq_binding {
  size_t size;        /**< sizeof(waitq_binding) */
  const char *method; /**< such as "POST" */
  const char *url;    /**< as the host writes it; compared byte by byte */
  const char *client; /**< whatever names the client: an address, a device id, a session */
} waitq_binding;

/** A #waitq_binding to nothing. */
#define WAITQ_BINDING_INIT \
  { sizeof(waitq_binding), NULL, NULL, NULL }

/** @brief Prepares a binding, for languages that cannot use #WAITQ_BINDING_INIT.
 * @param binding what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_binding_init(waitq_binding *binding, size_t size);

/** Verifies passes. Opaque, immutable, without a store. */
typedef struct waitq_verifier waitq_verifier_t;

/** Options of a verifier. */
typedef struct waitq_verify_options {
  size_t size;                      /**< sizeof(waitq_verify_options) */
  const char *audience;             /**< the room that passes must be for; NULL: any room, for the caller to check */
  int64_t leeway_ms;                /**< clock difference forgiven at exp and nbf, 0 to 600,000. Default 60,000 */
  const waitq_allocator *allocator; /**< default: malloc, realloc, free */
} waitq_verify_options;

/** The default options of a verifier. */
#define WAITQ_VERIFY_OPTIONS_INIT \
  { sizeof(waitq_verify_options), NULL, 60000, NULL }

/** @brief Prepares verifier options, for languages that cannot use #WAITQ_VERIFY_OPTIONS_INIT.
 * @param options what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_verify_options_init(waitq_verify_options *options, size_t size);

/** What a verified pass says. */
typedef struct waitq_claims {
  size_t size;           /**< sizeof(waitq_claims), set by the caller */
  uint64_t epoch;        /**< of the ticket */
  uint64_t number;       /**< the ticket's sequence number */
  int64_t issued_at_ms;  /**< iat, Unix ms; 0 where the pass has none */
  int64_t not_before_ms; /**< nbf, Unix ms; 0 where the pass has none */
  int64_t expires_at_ms; /**< exp, Unix ms */
  char room[72];         /**< aud */
  char kid[32];          /**< the key that signed it */
  char id[48];           /**< jti: for whoever keeps a list of used or ended passes */
} waitq_claims;

/** Empty #waitq_claims. */
#define WAITQ_CLAIMS_INIT                            \
  {                                                  \
    sizeof(waitq_claims), 0, 0, 0, 0, 0, {0}, {0}, { \
      0                                              \
    }                                                \
  }

/** @brief Prepares claims, for languages that cannot use #WAITQ_CLAIMS_INIT.
 * @param claims what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_claims_init(waitq_claims *claims, size_t size);

/** @brief Makes a verifier.
 * @param keys the keys that passes may be signed with, 1 to 8; a key that can sign serves too
 * @param count how many
 * @param options NULL for defaults
 * @param out receives the verifier
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_NOMEM, #WAITQ_E_VERSION, #WAITQ_E_RANDOM
 * @ownership the caller closes it; keys and options are copied
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_verifier_open(const waitq_key *keys, size_t count, const waitq_verify_options *options,
                                  waitq_verifier_t **out, waitq_error *error);

/** @brief Frees a verifier; its keys are wiped from memory.
 * @param verifier NULL is ignored
 * @ownership ends the caller's
 * @threadsafe not against other calls on the same verifier
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_verifier_close(waitq_verifier_t *verifier);

/** @brief Verifies a pass.
 *
 * In this order: structure, key, signature, audience, times, binding. A text of #WAITQ_PASS_SIZE bytes or more, a pass with
 * more than one audience, or with one that cannot be a room's name, is malformed.
 * @param verifier the verifier
 * @param pass text of the pass; needs no NUL
 * @param length its length in bytes
 * @param now_ms Unix time in ms, the caller's clock
 * @param binding what this request is: a bound pass must match it part by part, and a pass that is not bound is refused
 *        when a binding is given; NULL: the pass must not be bound
 * @param claims filled in when the pass is good, untouched otherwise; may be NULL
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_MALFORMED, #WAITQ_E_KEY, #WAITQ_E_FORGED, #WAITQ_E_EXPIRED, #WAITQ_E_EARLY,
 *         #WAITQ_E_AUDIENCE, #WAITQ_E_BINDING, #WAITQ_E_VERSION
 * @ownership copies
 * @threadsafe yes
 * @blocking never; allocates nothing
 * @since 1.0 */
WAITQ_API int waitq_verify(const waitq_verifier_t *verifier, const char *pass, size_t length, int64_t now_ms,
                           const waitq_binding *binding, waitq_claims *claims, waitq_error *error);

WAITQ_END_DECLS

/** @} */
#endif
