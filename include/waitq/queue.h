/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_QUEUE_H
#define WAITQ_QUEUE_H

/** @file queue.h
 * @brief The line: join, poll, enter, leave, and the session after it: renew, exit.
 * @defgroup waitq_queue Queue
 *
 * A visitor's life: join, poll ... until READY, enter, (renew), exit; or leave while waiting.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/error.h>
#include <waitq/export.h>
#include <waitq/pass.h>
#include <waitq/room.h>

WAITQ_BEGIN_DECLS

/** The longest visitor id, in bytes. */
#define WAITQ_VISITOR_MAX 1024

/** The size of a ticket's text, its NUL included. */
#define WAITQ_TICKET_SIZE 64

/** What has become of a ticket. */
enum waitq_state {
  WAITQ_STATE_NONE = 0,    /**< no ticket: the room did not take the visitor; the reason says why */
  WAITQ_STATE_WAITING = 1, /**< in line */
  WAITQ_STATE_READY = 2,   /**< its turn has come: enter before enter_by_ms */
  WAITQ_STATE_ENTERED = 3, /**< it entered */
  WAITQ_STATE_LEFT = 4,    /**< it left the line */
  WAITQ_STATE_EXPIRED = 5, /**< it fell silent or missed its turn; also any ticket so old that the room forgot it */
  WAITQ_STATE_STALE = 6    /**< it is of another epoch: join again */
};

/** Why an answer is as it is: what binds the line, or why it stands still, or why a visitor was not taken. */
enum waitq_reason {
  WAITQ_REASON_NONE = 0,         /**< nothing to say */
  WAITQ_REASON_BUCKET = 1,       /**< the rate binds */
  WAITQ_REASON_SLOTS = 2,        /**< max_active binds: a session must end before the next turn */
  WAITQ_REASON_NO_SAMPLES = 3,   /**< nothing is known yet of how fast the line moves; the estimate is a fallback */
  WAITQ_REASON_RATE_CHANGED = 4, /**< the rate was changed a moment ago */
  WAITQ_REASON_PAUSED = 5,       /**< the room is paused */
  /** Nothing moves. Either the store cannot be reached (age_ms says for how long): this is what was known last; where a join or an
   * entry says so, it may have had its effect all the same, and asking again has no second one. Or no turn was given for
   * far longer than rate and slots explain. */
  WAITQ_REASON_STALLED = 6,
  WAITQ_REASON_SCHEDULED = 7,  /**< the room opens later */
  WAITQ_REASON_DRAINING = 8,   /**< the room takes nobody any more, and lets in those who wait */
  WAITQ_REASON_CLOSED = 9,     /**< the room is closed */
  WAITQ_REASON_FULL = 10,      /**< as many wait as may */
  WAITQ_REASON_PACING = 11,    /**< the turn stands, but others enter at this instant: ask again in retry_after_ms */
  WAITQ_REASON_RATE_ZERO = 12, /**< the rate is zero */
  WAITQ_REASON_RESTORED =
      13 /**< a shared store lost something a moment ago: places are put back, and positions may rise once */
};

/** A time that is not known: no estimate can be given, and the reason says why. */
#define WAITQ_UNKNOWN_MS INT64_C(-1)

/** A place in line, as signed text that the visitor's client carries. */
typedef struct waitq_ticket {
  size_t size;                  /**< sizeof(waitq_ticket), set by the caller */
  char text[WAITQ_TICKET_SIZE]; /**< URL-safe characters, NUL-terminated; empty where there is no ticket */
} waitq_ticket;

/** An empty #waitq_ticket. */
#define WAITQ_TICKET_INIT   \
  {                         \
    sizeof(waitq_ticket), { \
      0                     \
    }                       \
  }

/** Where a ticket stands. */
typedef struct waitq_status {
  size_t size;         /**< sizeof(waitq_status), set by the caller */
  uint32_t state;      /**< one of enum waitq_state */
  uint32_t reason;     /**< one of enum waitq_reason */
  uint64_t position;   /**< 1 + those waiting ahead; 0 unless WAITING. Never rises */
  uint64_t ahead;      /**< how many wait ahead */
  uint64_t behind;     /**< how many wait behind */
  int64_t eta_ms;      /**< median estimate of the wait from now on; 0 unless WAITING; #WAITQ_UNKNOWN_MS */
  int64_t eta_low_ms;  /**< the turn comes earlier than this once in twenty times */
  int64_t eta_high_ms; /**< the turn comes later than this once in twenty times; #WAITQ_UNKNOWN_MS where eta_ms is */
  double confidence;   /**< 0 to 1: how likely the turn comes within 10 %, or 5 s, of eta_ms */
  int64_t waited_ms;   /**< since the ticket was issued */
  int64_t enter_by_ms; /**< Unix time in ms until which a turn can be claimed; 0 unless READY */
  int64_t
      next_poll_ms;  /**< when to poll next, ms from now, spread so that crowds do not poll in step; 0: never again */
  int64_t age_ms;    /**< how old the view of the store is that this answer comes from; 0 on the memory store */
  uint32_t phase;    /**< of the room: one of enum waitq_phase */
  uint32_t reserved; /**< zero */
} waitq_status;

/** An empty #waitq_status. */
#define WAITQ_STATUS_INIT \
  { sizeof(waitq_status), 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0, 0, 0, 0, 0, 0 }

/** A visitor's id: any bytes, stored only as a keyed hash. */
typedef struct waitq_visitor {
  const void *id; /**< the bytes; NULL for an anonymous visitor, who gets a new ticket at every join */
  size_t length;  /**< how many, 1 to #WAITQ_VISITOR_MAX; 0 for an anonymous visitor */
} waitq_visitor;

/** Options of a join. There is none yet besides the defaults. */
typedef struct waitq_join_options {
  size_t size;       /**< sizeof(waitq_join_options) */
  uint64_t reserved; /**< zero */
} waitq_join_options;

/** Default join options. */
#define WAITQ_JOIN_OPTIONS_INIT \
  { sizeof(waitq_join_options), 0 }

/** Options of an entry. */
typedef struct waitq_enter_options {
  size_t size;                  /**< sizeof(waitq_enter_options) */
  const waitq_binding *binding; /**< what the pass is to be bound to; NULL: nothing */
} waitq_enter_options;

/** Default entry options. */
#define WAITQ_ENTER_OPTIONS_INIT \
  { sizeof(waitq_enter_options), NULL }

/** @brief Prepares a ticket, for languages that cannot use #WAITQ_TICKET_INIT.
 * @param ticket what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_ticket_init(waitq_ticket *ticket, size_t size);

/** @brief Prepares a status, for languages that cannot use #WAITQ_STATUS_INIT.
 * @param status what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_status_init(waitq_status *status, size_t size);

/** @brief Prepares join options, for languages that cannot use #WAITQ_JOIN_OPTIONS_INIT.
 * @param options what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_join_options_init(waitq_join_options *options, size_t size);

/** @brief Prepares entry options, for languages that cannot use #WAITQ_ENTER_OPTIONS_INIT.
 * @param options what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_enter_options_init(waitq_enter_options *options, size_t size);

/** @brief The name of a state in lower case, such as "waiting".
 * @param state any number
 * @return static text; "unknown" for a number that is no state
 * @ownership the library's; never freed
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API const char *waitq_state_name(uint32_t state);

/** @brief What a reason means, in a few words.
 * @param reason any number
 * @return static text; "unknown reason" for a number that is no reason
 * @ownership the library's; never freed
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API const char *waitq_reason_text(uint32_t reason);

/** @brief Takes a place in line, or gives back the place that the visitor has already.
 *
 * A visitor who has a live ticket in this room (waiting, ready, or entered with the session running) gets that
 * ticket again; otherwise a new one at the end. In a room that is not congested the answer is READY at once. While a
 * shared store cannot be reached, the policy's on_store_loss decides: HOLD and LOCAL give no ticket, and the reason
 * STALLED; OPEN gives one that is good for an entry until the store is back.
 * @param room the room
 * @param visitor id of the visitor, any bytes; NULL for an anonymous one
 * @param length how many bytes, 1 to #WAITQ_VISITOR_MAX; 0 with NULL
 * @param options NULL for defaults
 * @param ticket filled in; its text is empty where status->state is NONE
 * @param status filled in: the first answer, as waitq_poll() would give it; may be NULL
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_NOMEM, #WAITQ_E_EXHAUSTED, #WAITQ_E_CLOSED, #WAITQ_E_FORKED,
 *         #WAITQ_E_VERSION, or what the store answers
 * @ownership copies
 * @threadsafe yes
 * @blocking waits for a short lock, and for the store; "memory:" never blocks
 * @since 1.0 */
WAITQ_API int waitq_join(waitq_room_t *room, const void *visitor, size_t length, const waitq_join_options *options,
                         waitq_ticket *ticket, waitq_status *status, waitq_error *error);

/** @brief Takes places for many visitors, in their order: the same as as many single joins, with one clock read.
 *
 * On a shared store they go there together; there a visitor whose earlier ticket gives way may come after others.
 * @param room the room
 * @param visitors count visitors; an id that stands twice gets one ticket twice
 * @param count how many; 0 is allowed
 * @param options NULL for defaults; they hold for all
 * @param tickets count tickets, filled in; the size of the first counts for all
 * @param statuses count statuses, filled in; the size of the first counts for all; may be NULL
 * @param codes count codes, filled in: what waitq_join() would have returned for each; may be NULL
 * @param error detail of the first failure; may be NULL
 * @return #WAITQ_OK when all went well, otherwise the first code that is not; the others were still tried
 * @ownership copies
 * @threadsafe yes
 * @blocking as waitq_join()
 * @since 1.0 */
WAITQ_API int waitq_join_many(waitq_room_t *room, const waitq_visitor *visitors, size_t count,
                              const waitq_join_options *options, waitq_ticket *tickets, waitq_status *statuses,
                              int32_t *codes, waitq_error *error);

/** @brief Tells where a ticket stands. A poll is the visitor's heartbeat.
 * @param room the room
 * @param ticket text of the ticket, NUL-terminated
 * @param status filled in
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_MALFORMED, #WAITQ_E_FORGED (altered, of another room, or of another key),
 *         #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION
 * @ownership copies
 * @threadsafe yes
 * @blocking never; allocates nothing, except to read a room anew that somebody else has changed in a store which calls itself
 *           #WAITQ_STORE_IN_PROCESS
 * @since 1.0 */
WAITQ_API int waitq_poll(waitq_room_t *room, const char *ticket, waitq_status *status, waitq_error *error);

/** @brief Polls many tickets with one clock read.
 * @param room the room
 * @param tickets count tickets
 * @param count how many; 0 is allowed
 * @param statuses count statuses, filled in; the size of the first counts for all
 * @param codes count codes, filled in: what waitq_poll() would have returned for each; may be NULL
 * @param error detail of the first failure; may be NULL
 * @return #WAITQ_OK when all went well, otherwise the first code that is not; the others were still answered
 * @ownership copies
 * @threadsafe yes
 * @blocking never; allocates nothing, except to read a room anew that somebody else has changed in a store which calls itself
 *           #WAITQ_STORE_IN_PROCESS
 * @since 1.0 */
WAITQ_API int waitq_poll_many(waitq_room_t *room, const waitq_ticket *tickets, size_t count, waitq_status *statuses,
                              int32_t *codes, waitq_error *error);

/** @brief Uses a turn: gives the pass to show to the protected resource.
 *
 * pass->state says how it went: ENTERED with the pass in pass->text; READY with the reason PACING, PAUSED,
 * CLOSED or RATE_ZERO, and retry_after_ms (a turn is kept while it is refused for one of these, within its claim deadline); the state
 * last known with the reason STALLED and retry_after_ms while a shared store cannot be reached and the policy's on_store_loss does not
 * let the visitor in; any other state, with an empty text, when there is no turn to use. A repeated call on an entered ticket gives the same pass
 * again, as long as the session runs.
 * @param room the room
 * @param ticket text of the ticket, NUL-terminated
 * @param options NULL for defaults
 * @param pass filled in
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_MALFORMED, #WAITQ_E_FORGED, #WAITQ_E_CLOSED, #WAITQ_E_FORKED,
 *         #WAITQ_E_VERSION, #WAITQ_E_NOMEM, or what the store answers
 * @ownership copies
 * @threadsafe yes
 * @blocking waits for a short lock, and for the store; "memory:" never blocks
 * @since 1.0 */
WAITQ_API int waitq_enter(waitq_room_t *room, const char *ticket, const waitq_enter_options *options, waitq_pass *pass,
                          waitq_error *error);

/** @brief Leaves the line. A visitor whose turn had come gives the token back.
 *
 * Leaving twice is leaving once. A ticket that has entered is not affected: its session ends with waitq_exit().
 * @param room the room
 * @param ticket text of the ticket, NUL-terminated
 * @param status filled in with the state after the call; may be NULL
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_MALFORMED, #WAITQ_E_FORGED, #WAITQ_E_CLOSED, #WAITQ_E_FORKED,
 *         #WAITQ_E_VERSION, or what the store answers
 * @ownership copies
 * @threadsafe yes
 * @blocking waits for a short lock, and for the store; "memory:" never blocks
 * @since 1.0 */
WAITQ_API int waitq_leave(waitq_room_t *room, const char *ticket, waitq_status *status, waitq_error *error);

/** @brief Lets a session run on: gives a pass with the same id and binding and a later expiry.
 * @param room the room
 * @param pass_text text of a pass that is still valid, NUL-terminated
 * @param pass filled in; state ENTERED with the new text, EXPIRED when the session has ended, STALE after a reset
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_MALFORMED, #WAITQ_E_FORGED, #WAITQ_E_KEY, #WAITQ_E_AUDIENCE,
 *         #WAITQ_E_EXPIRED, #WAITQ_E_EARLY, #WAITQ_E_CLOSED, #WAITQ_E_FORKED, #WAITQ_E_VERSION, or what the store answers
 * @ownership copies
 * @threadsafe yes
 * @blocking waits for a short lock, and for the store; "memory:" never blocks
 * @since 1.0 */
WAITQ_API int waitq_renew(waitq_room_t *room, const char *pass_text, waitq_pass *pass, waitq_error *error);

/** @brief Ends a session, so that its slot serves the next in line. Ending it twice is ending it once.
 *
 * The pass itself stays verifiable until it expires: whoever needs it dead at once keeps a list of ended pass ids.
 * @param room the room
 * @param pass_text text of a pass of this room, expired or not, NUL-terminated
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_MALFORMED, #WAITQ_E_FORGED, #WAITQ_E_KEY, #WAITQ_E_AUDIENCE,
 *         #WAITQ_E_CLOSED, #WAITQ_E_FORKED, or what the store answers
 * @ownership nothing is kept
 * @threadsafe yes
 * @blocking waits for a short lock, and for the store; "memory:" never blocks
 * @since 1.0 */
WAITQ_API int waitq_exit(waitq_room_t *room, const char *pass_text, waitq_error *error);

WAITQ_END_DECLS

/** @} */
#endif
