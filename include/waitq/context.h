/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CONTEXT_H
#define WAITQ_CONTEXT_H

/** @file context.h
 * @brief A context: one store, one allocator, one logger, one clock, one key ring.
 * @defgroup waitq_context Context
 *
 * A process opens one context and keeps it. All rooms and limiters of a context share its store.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/error.h>
#include <waitq/export.h>

WAITQ_BEGIN_DECLS

/** A context. Opaque. */
typedef struct waitq waitq_t;

struct waitq_store_ops;

/** Where memory comes from. The three functions behave as malloc, realloc and free do, are called from
 * any thread, and must not call the library. */
typedef struct waitq_allocator {
  size_t size;                                              /**< sizeof(waitq_allocator) */
  void *(*allocate)(void *user, size_t bytes);              /**< NULL when there is no memory */
  void *(*reallocate)(void *user, void *old, size_t bytes); /**< as realloc */
  void (*release)(void *user, void *old);                   /**< as free; old may be NULL */
  void *user;                                               /**< handed back to each call */
} waitq_allocator;

/** An allocator without functions: all three have to be set. */
#define WAITQ_ALLOCATOR_INIT \
  { sizeof(waitq_allocator), NULL, NULL, NULL, NULL }

/** @brief Prepares an allocator, for languages that cannot use #WAITQ_ALLOCATOR_INIT.
 * @param allocator what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_allocator_init(waitq_allocator *allocator, size_t size);

/** Log levels, from the rarest to the most frequent. */
enum waitq_log_level {
  WAITQ_LOG_NONE = 0,
  WAITQ_LOG_ERROR = 1,
  WAITQ_LOG_WARNING = 2,
  WAITQ_LOG_INFO = 3,
  WAITQ_LOG_DEBUG = 4
};

/** Receives finished lines, without a newline, escaped so that no visitor's text can forge one. Called
 * from the thread that caused the line, with no lock of the library held by that thread's call into a
 * store; it may be called from several threads at once, and must not call the library. */
typedef void (*waitq_log_fn)(void *user, int32_t level, const char *line);

/** Tells the time in microseconds since the Unix epoch. Called once per public call, from any thread. */
typedef int64_t (*waitq_clock_fn)(void *user);

/** Fills a buffer with unpredictable bytes; 0, or a negative number when it cannot. */
typedef int32_t (*waitq_random_fn)(void *user, void *buffer, size_t bytes);

/** Algorithms of keys. The key decides the algorithm of a pass; the text of a pass never does. */
enum waitq_key_algorithm {
  WAITQ_KEY_HS256 = 1,         /**< a shared secret of 32 to 64 bytes: signs and verifies */
  WAITQ_KEY_ED25519 = 2,       /**< an Ed25519 seed of 32 bytes: signs and verifies */
  WAITQ_KEY_ED25519_PUBLIC = 3 /**< an Ed25519 public key of 32 bytes: verifies only */
};

/** One key of a key ring. */
typedef struct waitq_key {
  size_t size;             /**< sizeof(waitq_key) */
  uint32_t algorithm;      /**< one of enum waitq_key_algorithm */
  uint32_t length;         /**< how many bytes of it are used */
  char kid[32];            /**< key id, [A-Za-z0-9_.-]{1,31}, NUL-terminated, unique in its ring */
  unsigned char bytes[64]; /**< the key itself */
} waitq_key;

/** An empty #waitq_key. */
#define WAITQ_KEY_INIT              \
  {                                 \
    sizeof(waitq_key), 0, 0, {0}, { \
      0                             \
    }                               \
  }

/** @brief Prepares a key, for languages that cannot use #WAITQ_KEY_INIT.
 * @param key what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_key_init(waitq_key *key, size_t size);

/** @brief Derives the public half of an Ed25519 key, to hand to those who only verify.
 * @param secret a key of #WAITQ_KEY_ED25519
 * @param public_key filled in with a key of #WAITQ_KEY_ED25519_PUBLIC and the same kid
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_VERSION, #WAITQ_E_RANDOM
 * @ownership copies; nothing is kept
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_key_public(const waitq_key *secret, waitq_key *public_key, waitq_error *error);

/** Options of a context. Zero in a field means its default. */
typedef struct waitq_options {
  size_t size;                         /**< sizeof(waitq_options) */
  const waitq_allocator *allocator;    /**< default: malloc, realloc, free */
  waitq_log_fn log;                    /**< default: no log */
  void *log_user;                      /**< handed to log */
  int32_t log_level;                   /**< one of enum waitq_log_level; 0 with a log means INFO */
  uint32_t reserved;                   /**< zero */
  waitq_clock_fn clock;                /**< default: the system's real time, advanced by its monotonic clock */
  void *clock_user;                    /**< handed to clock */
  waitq_random_fn random;              /**< default: the kernel's */
  void *random_user;                   /**< handed to random */
  const waitq_key *keys;               /**< the key ring: the first signs, all verify; default: one random HS256 key */
  size_t key_count;                    /**< how many keys, at most 8 */
  const struct waitq_store_ops *store; /**< a store of the host's own (see store.h); default: chosen by the URI */
  void *store_user;                    /**< handed to the open function of that store */
} waitq_options;

/** Options that ask for nothing but defaults. */
#define WAITQ_OPTIONS_INIT \
  { sizeof(waitq_options), NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL }

/** @brief Prepares options, for languages that cannot use #WAITQ_OPTIONS_INIT.
 * @param options what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_options_init(waitq_options *options, size_t size);

/** @brief Opens a context.
 * @param store_uri "memory:" for a store inside this process; handed as it is to options->store where that is given
 * @param options NULL for defaults
 * @param out receives the context
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_NOMEM, #WAITQ_E_VERSION, #WAITQ_E_RANDOM, #WAITQ_E_UNSUPPORTED (a scheme
 *         that this build does not have), or what the store answers
 * @ownership the caller closes the context; options and keys are copied, except the functions, their users and the store
 *            table, which must outlive it
 * @threadsafe yes
 * @blocking a store on a network may connect; "memory:" never blocks
 * @since 1.0 */
WAITQ_API int waitq_open(const char *store_uri, const waitq_options *options, waitq_t **out, waitq_error *error);

/** @brief Closes a context.
 *
 * Rooms and limiters that are still open answer #WAITQ_E_CLOSED from now on, and are freed by their own close;
 * the last one frees the context.
 * @param context NULL is ignored
 * @ownership ends the caller's
 * @threadsafe not against a second close of the same context; calls on its rooms in other threads are safe
 * @blocking a store on a network may flush what it still holds
 * @since 1.0 */
WAITQ_API void waitq_close(waitq_t *context);

WAITQ_END_DECLS

/** @} */
#endif
