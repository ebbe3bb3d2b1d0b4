/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_METRICS_H
#define WAITQ_METRICS_H

/** @file metrics.h
 * @brief The figures of all rooms, as Prometheus reads them.
 * @defgroup waitq_metrics Metrics
 *
 * The text is of the exposition format 0.0.4, to be sent as "text/plain; version=0.0.4". Its families:
 *
 * | family | type | |
 * |---|---|---|
 * | waitq_room_waiting, _ready, _active | gauge | visitors in line, turns not used yet, sessions |
 * | waitq_room_joined_total, _admitted_total, _entered_total, _left_total, _expired_total | counter | tickets, turns,
 * entries, departures, lapses; they go on rising after a reset |
 * | waitq_room_rate_per_second, waitq_room_tokens, waitq_room_burst_tokens | gauge | the rate in force, what the bucket
 * holds, what it can hold |
 * | waitq_room_active_limit | gauge | sessions and turns that there may be at a time; 0 where any number |
 * | waitq_room_phase | gauge | 1 for the phase that is in force, 0 for the others, by the label phase |
 * | waitq_room_epoch | gauge | rises with a reset |
 * | waitq_room_store_age_seconds | gauge | how old what is known of the store is |
 * | waitq_room_store_errors_total | counter | round trips of this process that failed |
 * | waitq_room_memory_bytes | gauge | what this process holds for the room |
 * | waitq_room_eta_scored_total | counter | estimates that were compared with what came |
 * | waitq_room_eta_accuracy_ratio, _hit_ratio, _bias_ratio, _coverage_ratio, _width_ratio | gauge | as in #waitq_stats;
 * absent as long as nothing was scored |
 *
 * All carry the label room.
 * @{ */

#include <stddef.h>

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/export.h>

WAITQ_BEGIN_DECLS

/** @brief Writes the figures of all open rooms of a context.
 *
 * Ask twice: with no buffer for the size, and then with one. Between the two calls figures grow; add some room, or ask again.
 * @param context the context
 * @param buffer receives the text, NUL-terminated; NULL with a capacity of 0
 * @param capacity the size of buffer in bytes
 * @param needed receives how large the buffer has to be, the NUL included
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, also for a capacity of 0; #WAITQ_E_INVALID (also: the buffer is too small; it holds an empty text), #WAITQ_E_NOMEM,
 *         #WAITQ_E_CLOSED, #WAITQ_E_FORKED
 * @ownership copies
 * @threadsafe yes
 * @blocking waits for short locks; never for a network. Of a store on a network, the figures are those known last
 * @since 1.0 */
WAITQ_API int waitq_metrics(waitq_t *context, char *buffer, size_t capacity, size_t *needed, waitq_error *error);

WAITQ_END_DECLS

/** @} */
#endif
