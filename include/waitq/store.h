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
  waitq_log_fn log;       /**< where lines go that operators should see; NULL: nowhere. One finished line a call */
  void *log_user;         /**< handed to log */
  waitq_random_fn random; /**< unpredictable bytes */
  void *random_user;      /**< handed to random */
  int32_t log_level;      /**< lines of a higher level are not wanted */
  uint32_t reserved;      /**< zero */
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
  uint64_t next_min; /**< next becomes at least this: numbers below are skipped, after a loss. 0 where nothing is */
} waitq_store_commit;

/** Receives what load finds. Each function returns #WAITQ_OK or a code that load returns at once. */
typedef struct waitq_store_sink {
  size_t size;                                           /**< sizeof(waitq_store_sink) */
  void *user;                                            /**< the first argument of the functions */
  int (*head)(void *user, const waitq_store_head *head); /**< called once, first */
  int (*bits)(void *user, const waitq_store_bits *bits); /**< called for every run that holds a bit */
} waitq_store_sink;

/** A ticket that a visitor has shown, and that the store may have lost. */
typedef struct waitq_store_shown {
  unsigned char visitor[WAITQ_STORE_VISITOR_SIZE]; /**< the visitor's hash; all zeros for an anonymous one */
  uint64_t number;                                 /**< the ticket's number */
  int64_t joined_us;                               /**< when it was issued */
} waitq_store_shown;

/** What is special about an exchange. */
enum waitq_store_exchange_flag {
  /** The room is put back after a loss: see waitq_store_exchange::losses. */
  WAITQ_STORE_RECOVER = 1,
  /** The commit is done only if nothing has changed since the change that is known. */
  WAITQ_STORE_IF_UNCHANGED = 2,
  /** All polls that this context has heard are marked, up to told_age_us ago. */
  WAITQ_STORE_POLLS_TOLD = 4
};

/** What an exchange found. */
enum waitq_store_found {
  /** More has changed than one exchange tells: ask again, from the change that it told last. Version and state are told
   * with the last part. */
  WAITQ_STORE_FOUND_MORE = 1,
  /** The room is not there, or is kept by another server than before, which may have missed writes. Nothing that was asked was
   * done; the head was handed to the sink where there is one. A room that somebody made less than ten seconds ago, finding
   * none, is none to a context that knows an earlier one: it gives way to the one that is put back. */
  WAITQ_STORE_FOUND_LOSS = 2
};

/** One round trip to a store that is shared: all that has gathered goes there at once, and what others did comes back. In this
 * order, and all of it as one atomic step: the commit; marks, then unmarks; tickets shown; joins; what changed. */
typedef struct waitq_store_exchange {
  size_t size;                     /**< sizeof(waitq_store_exchange) */
  uint64_t epoch;                  /**< asked: the epoch of all that is asked; in another one nothing is done */
  uint64_t version;                /**< asked: the version that is known */
  uint64_t change;                 /**< asked: the last change that is known, 0: none; answer: the last one told now */
  int64_t joined_us;               /**< asked: when the joins happen */
  int64_t timeout_us;              /**< asked: how long it may take; then #WAITQ_E_TIMEOUT */
  int64_t told_age_us;             /**< asked: with #WAITQ_STORE_POLLS_TOLD */
  uint32_t flags;                  /**< asked: enum waitq_store_exchange_flag, or'ed */
  uint32_t planes_wanted;          /**< asked: of which planes changes are told, bit p for plane p */
  uint32_t mark_count;             /**< asked: how many runs of bits to set, whatever the version */
  uint32_t unmark_count;           /**< asked: how many runs of bits to clear, after a loss, whatever the version */
  uint32_t shown_count;            /**< asked: how many tickets were shown */
  uint32_t join_count;             /**< asked: how many joins */
  const waitq_store_bits *marks;   /**< asked */
  const waitq_store_bits *unmarks; /**< asked */
  const waitq_store_shown
      *shown;              /**< asked: their visitors are remembered where the store has no later ticket of them */
  waitq_store_join *joins; /**< asked and answered, as by append */
  const waitq_store_commit
      *commit; /**< asked: a new state; NULL: none. Its version and epoch are those above or a new epoch */
  const waitq_store_sink
      *sink;        /**< head: called where version or epoch are not (or no longer) the ones asked, but for the
                                         caller's own commit; bits: all bits of a run of a plane, to replace what is known */
  uint64_t next;    /**< answer: the number of the next ticket */
  uint64_t losses;  /**< answer: how many exchanges with #WAITQ_STORE_RECOVER have succeeded */
  int64_t now_us;   /**< answer: the store's time, Unix microseconds; 0 where it has none */
  int64_t stood_us; /**< answer: for how long, in sum, nobody was there to keep the room */
  int64_t
      untold_us; /**< answer: how long ago the context that has told its polls least lately did so; asked for with the planes of polls */
  int32_t commit_code; /**< answer: what became of the commit: #WAITQ_OK or #WAITQ_E_CONFLICT */
  uint32_t nodes;      /**< answer: how many contexts keep the room */
  uint32_t found;      /**< answer: enum waitq_store_found, or'ed */
  uint32_t reserved;   /**< zero */
  int64_t born_us;     /**< answer: when the room was made, by the store's time; 0: not known */
} waitq_store_exchange;

/** The most tries of one round trip to a limiter. */
#define WAITQ_STORE_TRIES_MAX 1024

/** One round trip to a limiter: a token bucket that is shared. The store makes it, full, where it does not have it. In this
 * order, and all of it as one atomic step: the terms; what the lessee still holds and gives back; the tries; new leases.
 *
 * Tokens that lie in leases count as tokens in the bucket: what it holds is at most the burst less all leases. So nobody is
 * ever given more than burst + rate x interval in any interval, whoever spends it. */
typedef struct waitq_store_limit {
  size_t size;             /**< sizeof(waitq_store_limit) */
  double rate_per_s;       /**< asked, of a new bucket, or with configure; answer: in force */
  uint64_t burst;          /**< the same */
  const uint64_t *tries;   /**< asked: tokens wanted by each try, at least 1, all or nothing each, in this order */
  unsigned char *admitted; /**< answer: 1 for each try that got its tokens, 0 for the others */
  uint32_t try_count;      /**< asked; at most #WAITQ_STORE_TRIES_MAX */
  uint32_t configure; /**< asked: 1: rate_per_s and burst are put in force, before all else; the level stays, up to the
                                new burst */
  unsigned char lessee[16]; /**< asked: who leases: random bytes of its own */
  uint64_t
      lease_number; /**< asked: rises with each exchange of a lessee; 0: no lease is touched. One that is not above the
                                 lessee's last comes too late, and does nothing to leases */
  uint64_t
      lease_held; /**< asked: tokens that the lessee still holds, without those that it returns; the rest of what the
                                 store has noted was spent */
  uint64_t lease_returned; /**< asked: tokens that go back into the bucket */
  uint64_t lease_wanted;   /**< asked: tokens to take ahead, as many of them as there are */
  int64_t
      lease_ttl_us; /**< asked: how long all that is held after this exchange may be spent. Then the store forgets it,
                                 and the rate makes its tokens anew */
  uint64_t
      lease_kept;     /**< answer: how many of lease_held the store has noted: the lessee must not spend more of them */
  uint64_t leased;    /**< answer: tokens taken ahead now */
  uint64_t lessees;   /**< answer: how many hold tokens, this one included */
  double level;       /**< answer: tokens left, fractions included */
  int64_t now_us;     /**< answer: the store's time */
  int64_t timeout_us; /**< asked: how long it may take; 0: as long as the store is set to */
} waitq_store_limit;

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

  /** One round trip to a store that others write to as well; NULL for a store that is in the process: the library then uses
   * append, mark and commit. It may wait for a network, up to the exchange's timeout: the library calls it without a lock, one
   * at a time for a room. An error other than #WAITQ_E_STORE and #WAITQ_E_TIMEOUT changes nothing; after these two the outcome
   * is unknown, and what was asked may be asked again. */
  int (*exchange)(void *room, waitq_store_exchange *exchange, waitq_error *error);

  /** Keeps bytes under a name, [a-z]{1,32}, unless some are kept there already, and hands back those that are kept: so that all
   * contexts of a store sign with one key. Bytes that are all zero only ask, and are not kept. NULL: every context has its own. */
  int (*agree)(void *store, const char *name, unsigned char *bytes, size_t size, waitq_error *error);

  /** One round trip to a limiter of the store, from any thread; NULL: the store has none. */
  int (*limit)(void *store, const char *name, waitq_store_limit *limit, waitq_error *error);
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
