/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_H
#define WAITQ_ROOM_H

/** @file room.h
 * @brief A room: one named line in front of one protected resource.
 * @defgroup waitq_room Room
 *
 * A room admits when, in the same step, its token bucket has a token **and** active sessions plus unclaimed turns
 * are below max_active. A turn that nobody claims in time gives its token back.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/export.h>

WAITQ_BEGIN_DECLS

/** A room. Opaque. */
typedef struct waitq_room waitq_room_t;

/** The longest name of a room, in bytes. Names are [A-Za-z0-9_.-]{1,64}. */
#define WAITQ_ROOM_NAME_MAX 64

/** Phases of a room. */
enum waitq_phase {
  WAITQ_PHASE_SCHEDULED = 1, /**< before opens_at_ms: visitors join, nobody gets a turn */
  WAITQ_PHASE_OPEN = 2,      /**< visitors join, and get their turns */
  WAITQ_PHASE_PAUSED = 3,    /**< visitors join; no turns, no entries; claim deadlines stand still */
  WAITQ_PHASE_DRAINING = 4,  /**< nobody joins; those in line get their turns */
  WAITQ_PHASE_CLOSED = 5     /**< nobody joins, nobody gets a turn, nobody enters */
};

/** In which order those who came before the opening get their turns. */
enum waitq_order {
  WAITQ_ORDER_FIFO = 1 /**< first come, first served */
};

/** How the wait is estimated. */
enum waitq_eta_model {
  WAITQ_ETA_DEFAULT = 1,  /**< from the rate that binds */
  WAITQ_ETA_REFERENCE = 2 /**< sliding windows of 1, 5 and 15 minutes, weighted 50, 30 and 20, times 1.1 */
};

/** How joins and entries go on while a shared store cannot be reached. Polls always go on, from what was known last. */
enum waitq_loss {
  WAITQ_LOSS_HOLD = 1, /**< nobody is taken, nobody enters; all are asked to come again */
  WAITQ_LOSS_OPEN = 2, /**< everybody enters who asks, newcomers too */
  WAITQ_LOSS_LOCAL =
      3 /**< whoever has a ticket enters, at this context's share of the rate; newcomers are asked to come again */
};

/** What a room promises and demands. Set once when the room is made; waitq_room_configure() changes it. */
typedef struct waitq_policy {
  size_t size;            /**< sizeof(waitq_policy) */
  double rate_per_s;      /**< admissions per second, 0 to 1e9, fractions allowed; 0: nobody enters. Default 10 */
  uint64_t burst;         /**< most admissions at one instant, 1 to 1e9; 1 makes a leaky bucket. Default 10 */
  uint64_t max_active;    /**< most active sessions plus unclaimed turns; 0: no limit. Default 0 */
  uint64_t max_waiting;   /**< most visitors waiting; 0: no limit. Default 0 */
  int64_t claim_ttl_ms;   /**< how long a turn may be claimed, at least; up to 1/8 more. Default 30,000 */
  int64_t session_ttl_ms; /**< how long a pass lasts, at least; up to 1/8 and 1 s more. Default 600,000 */
  int64_t
      heartbeat_ttl_ms; /**< how long a visitor may stay silent, at least; up to 1/8 more, and on a shared store by as much
                                 as its contexts are behind with telling whom they heard. Default 300,000 */
  int64_t min_poll_ms;    /**< the shortest interval asked of visitors between polls. Default 1,000 */
  int64_t max_poll_ms;    /**< the longest; at most heartbeat_ttl_ms / 3. Default 10,000 */
  int64_t opens_at_ms;    /**< Unix time in ms of the opening; 0: open at once. Default 0 */
  uint32_t order;         /**< one of enum waitq_order. Default FIFO */
  uint32_t eta_model;     /**< one of enum waitq_eta_model. Default DEFAULT */
  uint32_t on_store_loss; /**< one of enum waitq_loss. Default HOLD */
  uint32_t reserved;      /**< zero */
  /** What estimates of the model REFERENCE are multiplied by in each hour of the day, UTC: 0.01 to 100; 0: 1. Default 0 */
  double eta_hour_weights[24];
} waitq_policy;

/** The default policy. */
#define WAITQ_POLICY_INIT                                                                                             \
  {                                                                                                                   \
    sizeof(waitq_policy), 10.0, 10, 0, 0, 30000, 600000, 300000, 1000, 10000, 0, WAITQ_ORDER_FIFO, WAITQ_ETA_DEFAULT, \
        WAITQ_LOSS_HOLD, 0, {                                                                                         \
      0                                                                                                               \
    }                                                                                                                 \
  }

/** @brief Fills in the default policy, for languages that cannot use #WAITQ_POLICY_INIT.
 * @param policy what to fill in; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_policy_init(waitq_policy *policy, size_t size);

/** @brief Opens a room; makes it where the store does not have it yet.
 * @param context the context
 * @param name [A-Za-z0-9_.-]{1,64}
 * @param policy the policy of a new room, NULL for the default; ignored where the room exists already (use
 *        waitq_room_configure() to change it)
 * @param out receives the room
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID (which field, in the text), #WAITQ_E_NOMEM, #WAITQ_E_CLOSED, #WAITQ_E_FORKED,
 *         #WAITQ_E_VERSION, or what the store answers
 * @ownership the caller closes the room; opening one name twice gives two handles on one room
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_room_open(waitq_t *context, const char *name, const waitq_policy *policy, waitq_room_t **out,
                              waitq_error *error);

/** @brief Gives a handle back. The room itself lives on in the store: its line, its sessions, its policy.
 * @param room NULL is ignored
 * @ownership ends the caller's
 * @threadsafe not against other calls on the same handle
 * @blocking a store on a network may flush
 * @since 1.0 */
WAITQ_API void waitq_room_close(waitq_room_t *room);

/** @brief Changes the policy of a live room, for all who share it.
 *
 * Whoever waits keeps the place. A lower max_active or max_waiting evicts nobody. A longer time limit holds from now
 * on, a shorter one within an eighth of it; deadlines already given are kept, as are the moments at which running
 * sessions end (where a limit is changed more often than nine times within itself, some get later). Planned changes of
 * rate stay planned.
 * @param room the room
 * @param policy the whole new policy; opens_at_ms counts only while the room is SCHEDULED
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID (which field, in the text), #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION, or
 *         what the store answers
 * @ownership copies
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_room_configure(waitq_room_t *room, const waitq_policy *policy, waitq_error *error);

/** @brief Reads the policy in force, the rate in force among it.
 * @param room the room
 * @param policy filled in; its size is set by the caller
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION
 * @ownership copies
 * @threadsafe yes
 * @blocking waits for a short lock; never for a network
 * @since 1.0 */
WAITQ_API int waitq_room_policy(waitq_room_t *room, waitq_policy *policy, waitq_error *error);

/** @brief Sets the rate now. Tokens already in the bucket stay in it.
 * @param room the room
 * @param rate_per_s admissions per second, 0 to 1e9
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, or what the store answers
 * @ownership nothing is kept
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_room_set_rate(waitq_room_t *room, double rate_per_s, waitq_error *error);

/** How many changes of rate can be planned ahead. */
#define WAITQ_RATE_PLANS_MAX 8

/** @brief Plans a change of rate. Estimates know the plan from now on.
 * @param room the room
 * @param rate_per_s admissions per second, 0 to 1e9
 * @param at_ms Unix time in ms; a time that has passed sets the rate now; a second plan for one time replaces the first
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_EXHAUSTED (#WAITQ_RATE_PLANS_MAX are planned), #WAITQ_E_CLOSED,
 *         #WAITQ_E_FORKED, or what the store answers
 * @ownership nothing is kept
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_room_set_rate_at(waitq_room_t *room, double rate_per_s, int64_t at_ms, waitq_error *error);

/** @brief Moves the room to another phase.
 * @param room the room
 * @param phase #WAITQ_PHASE_OPEN, #WAITQ_PHASE_PAUSED, #WAITQ_PHASE_DRAINING or #WAITQ_PHASE_CLOSED; a room becomes
 *        SCHEDULED only by its policy when it is made
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, or what the store answers
 * @ownership nothing is kept
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_room_set_phase(waitq_room_t *room, uint32_t phase, waitq_error *error);

/** @brief Pauses the room until a moment, at which it goes on by itself. Estimates know the end from now on.
 *
 * Another phase that is set meanwhile ends the pause, and the plan for its end.
 * @param room the room
 * @param until_ms Unix time in ms; a time that has passed opens the room now
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, or what the store answers
 * @ownership nothing is kept
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_room_pause_until(waitq_room_t *room, int64_t until_ms, waitq_error *error);

/** @brief Starts a new epoch: the line is empty, and every ticket and pass given so far is STALE.
 *
 * Sessions that are running at the resource are no longer counted. The policy, the phase and the bucket stay.
 * @param room the room
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_EXHAUSTED, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, or what the store answers
 * @ownership nothing is kept
 * @threadsafe yes
 * @blocking a store on a network may
 * @since 1.0 */
WAITQ_API int waitq_room_reset(waitq_room_t *room, waitq_error *error);

/** What goes on in a room. issued = waiting + ready + entered + left + expired, always. */
typedef struct waitq_stats {
  size_t size;           /**< sizeof(waitq_stats), set by the caller */
  uint64_t epoch;        /**< the current epoch */
  uint64_t issued;       /**< tickets issued in this epoch; also the next sequence number */
  uint64_t waiting;      /**< tickets waiting */
  uint64_t ready;        /**< turns given and not claimed yet */
  uint64_t entered;      /**< tickets that entered, ended sessions included */
  uint64_t left;         /**< tickets whose visitors left while waiting or ready */
  uint64_t expired;      /**< tickets that fell silent or missed their turn */
  uint64_t active;       /**< sessions running */
  uint64_t head;         /**< every ticket with a number below has had its turn */
  double rate_per_s;     /**< the rate in force */
  double tokens;         /**< tokens in the bucket */
  int64_t now_ms;        /**< the room's time, Unix ms */
  int64_t age_ms;        /**< how old this view of the store is; 0 on the memory store */
  uint64_t memory_bytes; /**< memory that this process holds for the room, its share of the store included */
  uint32_t phase;        /**< one of enum waitq_phase */
  uint32_t reserved;     /**< zero */
  int64_t goes_on_at_ms; /**< PAUSED, SCHEDULED: Unix time in ms at which admissions go on; 0: not known */
  uint64_t eta_scored;   /**< how many estimates were compared with what came; 0: the figures below mean nothing */
  double eta_acc;        /**< mean of max(0, 1 - |estimate - truth| / max(truth, 1 s)), 0 to 1; of late, as all below */
  double eta_hit;        /**< share of estimates within 10 %, or 5 s, of the truth, 0 to 1 */
  double eta_bias;       /**< mean of (estimate - truth) / max(truth, 1 s): above 0, estimates were too long */
  double eta_cov90;      /**< share of intervals, eta_low_ms to eta_high_ms, that held the truth, 0 to 1 */
  double eta_width;      /**< mean width of those intervals, as a part of the truth */
} waitq_stats;

/** Empty #waitq_stats. */
#define WAITQ_STATS_INIT \
  { sizeof(waitq_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0 }

/** @brief Prepares statistics, for languages that cannot use #WAITQ_STATS_INIT.
 * @param stats what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_stats_init(waitq_stats *stats, size_t size);

/** @brief Does what is due, and reads the counts.
 * @param room the room
 * @param stats filled in; its size is set by the caller
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION, or what the store answers
 * @ownership copies
 * @threadsafe yes
 * @blocking waits for a short lock, and for the store where something is due
 * @since 1.0 */
WAITQ_API int waitq_room_stats(waitq_room_t *room, waitq_stats *stats, waitq_error *error);

WAITQ_END_DECLS

/** @} */
#endif
