/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_H
#define WAITQ_STORE_H

/** @file store.h
 * @brief The store interface: what to write to keep the rooms in a database of one's own.
 * @defgroup waitq_store Store
 *
 * A store remembers; it decides nothing. All rules (whose turn it is, what expired, who may enter) are computed by
 * the library, from what the store hands back. Per room a store keeps
 *
 * - a *head*: version, epoch, next, join_limit, and an opaque state of a few hundred bytes;
 * - *planes*: #WAITQ_STORE_PLANES bitmaps, indexed by ticket number, all zero at first;
 * - a map from *visitor* (a keyed hash of 16 bytes) to that visitor's last ticket number and join time;
 *
 * and offers four atomic operations on them: load, append (new tickets), mark (set bits) and commit (a
 * compare-and-swap of the state by version, together with bits to set). Every operation may be repeated after an
 * unknown outcome.
 *
 * Calls on one room are never made at the same time by one context, nor are the calls that open and close; calls on
 * different rooms may come from several threads at once, beside one that opens or closes another. No call may call the
 * library. docs/store.md walks through it; examples/custom_store/store.c is a whole one; tests/conformance tells whether
 * one is right.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/export.h>

WAITQ_BEGIN_DECLS

/** How many planes a room has, numbered from 0. */
#define WAITQ_STORE_PLANES 24

/** The size of a visitor's keyed hash. */
#define WAITQ_STORE_VISITOR_SIZE 16

/** The largest state of a room, in bytes. */
#define WAITQ_STORE_STATE_MAX 4096

/** A ticket number that is none. */
#define WAITQ_STORE_NO_NUMBER UINT64_MAX

/** What a store is given to work with. It outlives the store. */
typedef struct waitq_store_env {
  size_t size;                      /**< sizeof(waitq_store_env) */
  const waitq_allocator *allocator; /**< where memory must come from */
  void *user;                       /**< options->store_user of the context */
} waitq_store_env;

/** The head of a room. */
typedef struct waitq_store_head {
  size_t size;         /**< sizeof(waitq_store_head) */
  uint64_t version;    /**< rises by one with each commit */
  uint64_t epoch;      /**< the current epoch */
  uint64_t next;       /**< the number of the next ticket, 0 in a new room; only append and a new epoch change it */
  uint64_t join_limit; /**< append hands out no number from here on */
  const void *state;   /**< opaque */
  size_t state_size;   /**< in bytes, at most #WAITQ_STORE_STATE_MAX */
} waitq_store_head;

/** A run of bits of one plane. Bit i of words[0] belongs to ticket first + i; bits are only ever added (OR). Only tickets that
 * were issued have bits: a run may reach beyond next, with zeros. */
typedef struct waitq_store_bits {
  uint32_t plane;        /**< 0 to #WAITQ_STORE_PLANES - 1 */
  uint32_t count;        /**< how many words of 64 bits, at least 1 */
  uint64_t first;        /**< a multiple of 64 */
  const uint64_t *words; /**< the bits */
} waitq_store_bits;

/** What became of one join. */
enum waitq_store_outcome {
  WAITQ_STORE_NEW = 1,      /**< a new number */
  WAITQ_STORE_EXISTING = 2, /**< the visitor has a ticket that does not give way */
  WAITQ_STORE_FULL = 3      /**< next has reached join_limit; nothing was changed */
};

/** One join: what is asked, and the answer. */
typedef struct waitq_store_join {
  unsigned char visitor[WAITQ_STORE_VISITOR_SIZE]; /**< asked: the visitor's hash */
  uint64_t replaces;  /**< asked: a ticket of this visitor with this number gives way; else #WAITQ_STORE_NO_NUMBER */
  uint64_t number;    /**< answer: the new or existing number */
  int64_t joined_us;  /**< answer: when that ticket was issued, Unix microseconds */
  uint32_t anonymous; /**< asked: 1: there is no visitor to remember or to look up */
  uint32_t outcome;   /**< answer: one of enum waitq_store_outcome */
} waitq_store_join;

/** A new state, and what goes with it, all or nothing. */
typedef struct waitq_store_commit {
  size_t size;           /**< sizeof(waitq_store_commit) */
  uint64_t version;      /**< the version that this was computed from: any other means #WAITQ_E_CONFLICT */
  uint64_t epoch;        /**< another epoch than the room's: next becomes 0, planes and visitors are emptied first */
  uint64_t join_limit;   /**< the new join_limit */
  const void *state;     /**< the new state */
  size_t state_size;     /**< in bytes */
  uint32_t clear_planes; /**< planes to set to zero, bit p for plane p; done before bits are set */
  uint32_t bits_count;   /**< how many runs of bits */
  const waitq_store_bits *bits; /**< bits to set */
  uint64_t trim_below;          /**< tickets below will never be asked for again: bits and visitors may be dropped */
} waitq_store_commit;

/** Receives what load finds. Each function returns #WAITQ_OK or a code that load returns at once. */
typedef struct waitq_store_sink {
  size_t size;                                           /**< sizeof(waitq_store_sink) */
  void *user;                                            /**< the first argument of the functions */
  int (*head)(void *user, const waitq_store_head *head); /**< called once, first */
  int (*bits)(void *user, const waitq_store_bits *bits); /**< called for every run that holds a bit */
} waitq_store_sink;

/** Properties of a store. */
enum waitq_store_flag {
  WAITQ_STORE_IN_PROCESS = 1 /**< nobody but this context writes to it; limiters then live in the context as well */
};

/** The functions of a store. All return #WAITQ_OK or a negative code, with a text in error where that is not NULL. */
typedef struct waitq_store_ops {
  size_t size;       /**< sizeof(waitq_store_ops): later versions append to this table */
  uint32_t flags;    /**< enum waitq_store_flag, or'ed */
  uint32_t reserved; /**< zero */

  /** Opens the store. uri is what waitq_open() was given. */
  int (*open)(const char *uri, const waitq_store_env *env, void **store, waitq_error *error);
  /** Closes it. Every room of it is closed already. */
  void (*close)(void *store);

  /** Opens a room; makes it from initial, with version 0, where it does not exist. initial may be NULL: then a room that
   * does not exist is #WAITQ_OK with *room NULL. */
  int (*room_open)(void *store, const char *name, const waitq_store_head *initial, void **room, waitq_error *error);
  /** Gives a room back; its content stays. May be NULL. */
  void (*room_close)(void *room);

  /** Hands the head and all set bits to the sink, as of one moment. */
  int (*load)(void *room, const waitq_store_sink *sink, waitq_error *error);

  /** Hands out numbers, in the order of joins, and remembers the visitors.
   *
   * For each join whose visitor has a number other than replaces: EXISTING. Otherwise, while next < join_limit: the number
   * next, which then rises, and now_us is remembered with it: NEW. Otherwise FULL. An epoch other than the room's is
   * #WAITQ_E_CONFLICT. An error changes nothing. */
  int (*append)(void *room, uint64_t epoch, int64_t now_us, waitq_store_join *joins, size_t count, waitq_error *error);

  /** Sets bits. An epoch other than the room's is #WAITQ_E_CONFLICT. An error changes nothing. */
  int (*mark)(void *room, uint64_t epoch, const waitq_store_bits *bits, size_t count, waitq_error *error);

  /** Replaces the state if the version is still the one given, and raises the version by one; otherwise
   * #WAITQ_E_CONFLICT. An error changes nothing. */
  int (*commit)(void *room, const waitq_store_commit *commit, waitq_error *error);

  /** How much memory of this process the room takes, in bytes. May be NULL. */
  uint64_t (*memory_bytes)(void *room);
} waitq_store_ops;

/** @brief The memory store's own table, for stores that add to it and for the conformance suite.
 * @return a static table
 * @ownership the library's; never freed
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API const waitq_store_ops *waitq_store_memory(void);

WAITQ_END_DECLS

/** @} */
#endif
