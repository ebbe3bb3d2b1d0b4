/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SUBMIT_H
#define WAITQ_SUBMIT_H

/** @file submit.h
 * @brief The same calls without waiting: submit now, collect the answer later.
 * @defgroup waitq_submit Submission
 *
 * For servers built around an event loop. A submitted call is checked at once, and carried out together with all that
 * has gathered meanwhile; the structures that it fills in must stay where they are until its completion has been
 * collected. Text that is handed in (visitor, ticket, pass) is read before the submission returns.
 *
 *     int32_t fd;
 *     waitq_completion_fd(context, &fd, &error);           // once; add it to the loop, for reading
 *     waitq_submit_join(room, id, length, NULL, &ticket, &status, tag, &error);
 *     ...                                                    // when fd is readable:
 *     waitq_completion done[64];
 *     size_t count;
 *     waitq_complete(context, done, 64, &count, &error);     // until count is less than 64
 *
 * Completions of one room come in the order in which the calls took effect, which need not be the order of submission.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/export.h>
#include <waitq/limiter.h>
#include <waitq/queue.h>
#include <waitq/room.h>

WAITQ_BEGIN_DECLS

/** That a submitted call has ended. */
typedef struct waitq_completion {
  size_t size;       /**< sizeof(waitq_completion); in an array, that of the first counts for all */
  uint64_t tag;      /**< what the caller named the call */
  int32_t code;      /**< what the call would have returned */
  int32_t retriable; /**< as in #waitq_error: 1 when the same call may succeed later */
} waitq_completion;

/** An empty #waitq_completion. */
#define WAITQ_COMPLETION_INIT \
  { sizeof(waitq_completion), 0, 0, 0 }

/** @brief Prepares a completion, for languages that cannot use #WAITQ_COMPLETION_INIT.
 * @param completion what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_completion_init(waitq_completion *completion, size_t size);

/** @brief Submits waitq_join().
 * @param room the room; it must stay open until the completion has been collected
 * @param visitor as for waitq_join(); read before this returns
 * @param length as for waitq_join()
 * @param options as for waitq_join()
 * @param ticket filled in by the time of the completion
 * @param status filled in by the time of the completion; may be NULL
 * @param tag handed back in the completion
 * @param error detail of a failure to submit; may be NULL
 * @return #WAITQ_OK: there will be a completion; otherwise what waitq_join() would return for bad input, and there will be none
 * @ownership ticket and status stay the caller's, and must stay where they are until the completion has been collected
 * @threadsafe yes
 * @blocking waits for a short lock; never for a network
 * @since 1.0 */
WAITQ_API int waitq_submit_join(waitq_room_t *room, const void *visitor, size_t length,
                                const waitq_join_options *options, waitq_ticket *ticket, waitq_status *status,
                                uint64_t tag, waitq_error *error);

/** @brief Submits waitq_enter().
 * @param room the room; it must stay open until the completion has been collected
 * @param ticket as for waitq_enter(); read before this returns
 * @param options as for waitq_enter(); read before this returns
 * @param pass filled in by the time of the completion
 * @param tag handed back in the completion
 * @param error detail of a failure to submit; may be NULL
 * @return as waitq_submit_join()
 * @ownership pass stays the caller's, and must stay where it is until the completion has been collected
 * @threadsafe yes
 * @blocking waits for a short lock; never for a network
 * @since 1.0 */
WAITQ_API int waitq_submit_enter(waitq_room_t *room, const char *ticket, const waitq_enter_options *options,
                                 waitq_pass *pass, uint64_t tag, waitq_error *error);

/** @brief Submits waitq_leave().
 * @param room the room; it must stay open until the completion has been collected
 * @param ticket as for waitq_leave(); read before this returns
 * @param status filled in by the time of the completion; may be NULL
 * @param tag handed back in the completion
 * @param error detail of a failure to submit; may be NULL
 * @return as waitq_submit_join()
 * @ownership status stays the caller's, and must stay where it is until the completion has been collected
 * @threadsafe yes
 * @blocking waits for a short lock; never for a network
 * @since 1.0 */
WAITQ_API int waitq_submit_leave(waitq_room_t *room, const char *ticket, waitq_status *status, uint64_t tag,
                                 waitq_error *error);

/** @brief Submits waitq_renew().
 * @param room the room; it must stay open until the completion has been collected
 * @param pass_text as for waitq_renew(); read before this returns
 * @param pass filled in by the time of the completion
 * @param tag handed back in the completion
 * @param error detail of a failure to submit; may be NULL
 * @return as waitq_submit_join()
 * @ownership pass stays the caller's, and must stay where it is until the completion has been collected
 * @threadsafe yes
 * @blocking waits for a short lock; never for a network
 * @since 1.0 */
WAITQ_API int waitq_submit_renew(waitq_room_t *room, const char *pass_text, waitq_pass *pass, uint64_t tag,
                                 waitq_error *error);

/** @brief Submits waitq_exit().
 * @param room the room; it must stay open until the completion has been collected
 * @param pass_text as for waitq_exit(); read before this returns
 * @param tag handed back in the completion
 * @param error detail of a failure to submit; may be NULL
 * @return as waitq_submit_join()
 * @ownership nothing is kept
 * @threadsafe yes
 * @blocking waits for a short lock; never for a network
 * @since 1.0 */
WAITQ_API int waitq_submit_exit(waitq_room_t *room, const char *pass_text, uint64_t tag, waitq_error *error);

/** @brief Submits waitq_limiter_try().
 * @param limiter the limiter; it must stay open until the completion has been collected
 * @param tokens as for waitq_limiter_try()
 * @param decision filled in by the time of the completion
 * @param tag handed back in the completion
 * @param error detail of a failure to submit; may be NULL
 * @return as waitq_submit_join()
 * @ownership decision stays the caller's, and must stay where it is until the completion has been collected
 * @threadsafe yes
 * @blocking waits for a short lock; never for a network
 * @since 1.0 */
WAITQ_API int waitq_submit_try(waitq_limiter_t *limiter, uint32_t tokens, waitq_decision *decision, uint64_t tag,
                               waitq_error *error);

/** @brief A descriptor that is readable while there are completions to collect.
 * @param context the context
 * @param fd receives it; it is for poll, epoll or select alone
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_NOMEM (no descriptor is left), #WAITQ_E_CLOSED, #WAITQ_E_FORKED
 * @ownership the context's: it is closed with the context
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_completion_fd(waitq_t *context, int32_t *fd, waitq_error *error);

/** @brief Collects completions.
 * @param context the context
 * @param completions filled in, capacity of them; the size of the first is set by the caller and counts for all
 * @param capacity how many fit
 * @param count receives how many were filled in; less than capacity when there are no more
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_VERSION, #WAITQ_E_CLOSED, #WAITQ_E_FORKED
 * @ownership copies
 * @threadsafe yes; a completion is handed to one caller
 * @blocking waits for a short lock
 * @since 1.0 */
WAITQ_API int waitq_complete(waitq_t *context, waitq_completion *completions, size_t capacity, size_t *count,
                             waitq_error *error);

WAITQ_END_DECLS

/** @} */
#endif
