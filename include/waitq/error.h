/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ERROR_H
#define WAITQ_ERROR_H

/** @file error.h
 * @brief Error codes, and the detail that a caller may ask for.
 * @defgroup waitq_error Errors
 *
 * Every function that can fail returns #WAITQ_OK (0) or one of the negative codes below. Outcomes are
 * not errors: "not your turn", "the room is full" and "your ticket is of an older epoch" are answers,
 * found in the state and reason of what the call fills in.
 *
 * A call that returns an error has changed nothing, unless the code is #WAITQ_E_TIMEOUT or
 * #WAITQ_E_STORE: then the outcome is unknown, and the call may be repeated without a second effect.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/export.h>

WAITQ_BEGIN_DECLS

/** Every code, its number and its text: X(name, number, text). */
#define WAITQ_ERROR_MAP(X)                                                   \
  X(OK, 0, "success")                                                        \
  X(E_INVALID, -1, "invalid argument")                                       \
  X(E_NOMEM, -2, "out of memory")                                            \
  X(E_VERSION, -3, "a structure or a stored state is of an unknown version") \
  X(E_CLOSED, -4, "the context is closed")                                   \
  X(E_FORKED, -5, "the context belongs to the parent process of a fork")     \
  X(E_UNSUPPORTED, -6, "not supported by this store or this build")          \
  X(E_RANDOM, -7, "the source of randomness failed")                         \
  X(E_EXHAUSTED, -8, "a number range is used up")                            \
  X(E_STORE, -20, "the store failed")                                        \
  X(E_TIMEOUT, -21, "the store did not answer in time")                      \
  X(E_CONFLICT, -22, "the stored state has moved on")                        \
  X(E_DAMAGED, -23, "the stored state is damaged")                           \
  X(E_DENIED, -24, "the store refused access")                               \
  X(E_MALFORMED, -40, "not the text of a ticket or a pass")                  \
  X(E_FORGED, -41, "the signature does not match")                           \
  X(E_KEY, -42, "no key fits: unknown key id, or another algorithm")         \
  X(E_EXPIRED, -43, "the pass has expired")                                  \
  X(E_EARLY, -44, "the pass is not valid yet")                               \
  X(E_AUDIENCE, -45, "the pass is for another room")                         \
  X(E_BINDING, -46, "the pass is bound to another request")

/** The error codes. */
enum waitq_error_code {
#define WAITQ_ERROR_ENUMERATOR(name, number, text) WAITQ_##name = (number),
  WAITQ_ERROR_MAP(WAITQ_ERROR_ENUMERATOR)
#undef WAITQ_ERROR_ENUMERATOR
};

/** Detail of the last failure, filled in by the call that failed. Any function takes NULL instead. */
typedef struct waitq_error {
  size_t size;       /**< sizeof(waitq_error), set by the caller */
  int32_t code;      /**< the code that the call returned */
  int32_t retriable; /**< 1 when the same call may succeed later, 0 when it cannot */
  char text[240];    /**< one sentence, NUL-terminated, in English; never holds a key or a password */
} waitq_error;

/** An empty #waitq_error. */
#define WAITQ_ERROR_INIT         \
  {                              \
    sizeof(waitq_error), 0, 0, { \
      0                          \
    }                            \
  }

/** @brief Prepares an error structure, for languages that cannot use #WAITQ_ERROR_INIT.
 * @param error what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_error_init(waitq_error *error, size_t size);

/** @brief The name of a code, such as "WAITQ_E_INVALID".
 * @param code any number
 * @return static text; "WAITQ_E_UNKNOWN" for a number that is no code
 * @ownership the library's; never freed
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API const char *waitq_error_name(int32_t code);

/** @brief What a code means, in a few words.
 * @param code any number
 * @return static text; "unknown error" for a number that is no code
 * @ownership the library's; never freed
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API const char *waitq_error_text(int32_t code);

WAITQ_END_DECLS

/** @} */
#endif
