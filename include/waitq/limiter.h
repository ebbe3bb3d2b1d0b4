/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_LIMITER_H
#define WAITQ_LIMITER_H

/** @file limiter.h
 * @brief Admission alone: a token bucket without a line.
 * @defgroup waitq_limiter Limiter
 *
 * The bucket is the generic cell rate algorithm (ITU-T I.371) in token space: it stores how many tokens were used, and
 * compares that with how many the rate has made since its origin; nothing is added up, so nothing drifts.
 *
 * On a store that is shared, the store's time decides, and a bucket that the store has lost starts full: what is admitted
 * around such a loss is at most one burst more than the limit.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/export.h>

WAITQ_BEGIN_DECLS

/** A limiter. Opaque. */
typedef struct waitq_limiter waitq_limiter_t;

/** Where a limiter of a shared store decides. On the memory store there is no difference. */
enum waitq_limit_mode {
  WAITQ_LIMIT_EXACT = 1, /**< in the store, each try: tokens are used to the last, at a round trip a batch of tries */
  /** In this process, from tokens taken ahead in blocks that follow the demand, for a second at most. The sum over all
   * processes is never over the limit; but while tokens lie in blocks a try elsewhere may be denied, and what was denied may
   * be denied again for up to 100 ms without asking the store. */
  WAITQ_LIMIT_LEASED = 2
};

/** What a limiter allows. */
typedef struct waitq_limit {
  size_t size;       /**< sizeof(waitq_limit) */
  double rate_per_s; /**< tokens per second, 0 to 1e9, fractions allowed */
  uint64_t burst;    /**< most tokens at one instant, 1 to 1e9; 1 makes a leaky bucket */
  uint32_t mode;     /**< one of enum waitq_limit_mode: of the handle that is opened, not of the bucket. 0: EXACT */
  uint32_t reserved; /**< zero */
} waitq_limit;

/** A limit of 10 per second, burst 10. */
#define WAITQ_LIMIT_INIT \
  { sizeof(waitq_limit), 10.0, 10, WAITQ_LIMIT_EXACT, 0 }

/** @brief Fills in the default limit, for languages that cannot use #WAITQ_LIMIT_INIT.
 * @param limit what to fill in; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_limit_init(waitq_limit *limit, size_t size);

/** The answer to one try. */
typedef struct waitq_decision {
  size_t size;            /**< sizeof(waitq_decision), set by the caller */
  uint32_t admitted;      /**< 1: the tokens were taken; 0: none was */
  uint32_t reserved;      /**< zero */
  uint64_t remaining;     /**< whole tokens left */
  int64_t retry_after_ms; /**< when the same try can succeed, ms from now; 0 when admitted; INT64_MAX: never */
  int64_t reset_ms;       /**< when the bucket will be full, ms from now; INT64_MAX: never */
} waitq_decision;

/** An empty #waitq_decision. */
#define WAITQ_DECISION_INIT \
  { sizeof(waitq_decision), 0, 0, 0, 0, 0 }

/** @brief Prepares a decision, for languages that cannot use #WAITQ_DECISION_INIT.
 * @param decision what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_decision_init(waitq_decision *decision, size_t size);

/** @brief Opens a limiter; makes it, full, where the store does not have it yet.
 * @param context the context
 * @param name [A-Za-z0-9_.-]{1,64}; limiters and rooms do not share names
 * @param limit the limit of a new limiter, NULL for the default; its mode is that of the handle, the rest is ignored where
 *        the limiter exists already
 * @param out receives the limiter
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_NOMEM, #WAITQ_E_UNSUPPORTED (the store has no limiters), #WAITQ_E_RANDOM (no
 *         name for who takes tokens ahead), #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION, or what the store answers
 * @ownership the caller closes it; opening one name twice gives two handles on one bucket
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_limiter_open(waitq_t *context, const char *name, const waitq_limit *limit, waitq_limiter_t **out,
                                 waitq_error *error);

/** @brief Gives a handle back. The bucket lives on in the store; the last handle gives tokens taken ahead back to it.
 * @param limiter NULL is ignored
 * @ownership ends the caller's
 * @threadsafe not against other calls on the same handle
 * @blocking a store on a network may, for a round trip that gives tokens back
 * @since 1.0 */
WAITQ_API void waitq_limiter_close(waitq_limiter_t *limiter);

/** @brief Changes the limit, for all who share it. Tokens in the bucket stay, up to the new burst; tokens that were taken
 * ahead under the old limit may be spent until their time is up.
 * @param limiter the limiter
 * @param limit the new limit; its mode is not looked at
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_NOMEM, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION, or what the store
 *         answers
 * @ownership copies
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_limiter_configure(waitq_limiter_t *limiter, const waitq_limit *limit, waitq_error *error);

/** @brief Takes tokens, all of them or none.
 *
 * After #WAITQ_E_STORE and #WAITQ_E_TIMEOUT the tokens may have been taken; trying again takes others. What to do with a
 * visitor while the store cannot be reached is the host's to decide.
 * @param limiter the limiter
 * @param tokens how many, at least 1; more than the burst is denied for ever
 * @param decision filled in
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION, or what the store answers
 * @ownership copies
 * @threadsafe yes
 * @blocking for the store, in a leased limiter only where no tokens taken ahead are left; "memory:" never blocks and takes
 *           no lock
 * @since 1.0 */
WAITQ_API int waitq_limiter_try(waitq_limiter_t *limiter, uint32_t tokens, waitq_decision *decision,
                                waitq_error *error);

WAITQ_END_DECLS

/** @} */
#endif
