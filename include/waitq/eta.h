/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_H
#define WAITQ_ETA_H

/** @file eta.h
 * @brief The estimate of the wait alone, for hosts with a line of their own. Rooms have it built in.
 * @defgroup waitq_eta Estimate of the wait
 *
 * The host tells once a second what its line did, in counters that only rise and gauges, and asks for the wait of any
 * position in it. Nothing here reads a clock: time is a parameter, in milliseconds from any fixed moment on.
 *
 *     waitq_eta_options options = WAITQ_ETA_OPTIONS_INIT;
 *     waitq_eta_sample sample = WAITQ_ETA_SAMPLE_INIT;
 *     waitq_estimate estimate = WAITQ_ESTIMATE_INIT;
 *     waitq_eta_t *eta;
 *     options.rate_per_s = 500;
 *     waitq_eta_open(&options, &eta, NULL);
 *     sample.waiting = 10000;
 *     waitq_eta_observe(eta, now_ms, &sample, NULL);
 *     waitq_eta_estimate(eta, now_ms, 5000, &estimate, NULL);   10 s
 *
 * An estimator belongs to one thread at a time; it takes no lock. After waitq_eta_open() nothing is allocated.
 * @{ */

#include <stddef.h>
#include <stdint.h>

#include <waitq/context.h>
#include <waitq/error.h>
#include <waitq/export.h>
#include <waitq/room.h>

WAITQ_BEGIN_DECLS

/** An estimator. Opaque. */
typedef struct waitq_eta waitq_eta_t;

/** What is known of a line in advance. */
typedef struct waitq_eta_options {
  size_t size;                      /**< sizeof(waitq_eta_options) */
  double rate_per_s;                /**< admissions per second that are allowed, 0 to 1e9. Default 10 */
  uint64_t burst;                   /**< most admissions at one instant, 1 to 1e9. Default 10 */
  uint64_t max_active;              /**< most sessions at once; 0: no limit. Default 0 */
  int64_t session_ttl_ms;           /**< how long a session lasts at most; 0: any time. Default 600,000 */
  double hour_weights[24];          /**< REFERENCE: by hour of the day, as in #waitq_policy */
  const waitq_allocator *allocator; /**< default: malloc, realloc, free; it is copied */
  uint32_t model;                   /**< one of enum waitq_eta_model. Default DEFAULT */
  uint32_t reserved;                /**< zero */
} waitq_eta_options;

/** Default options of an estimator. */
#define WAITQ_ETA_OPTIONS_INIT \
  { sizeof(waitq_eta_options), 10.0, 10, 0, 600000, {0}, NULL, WAITQ_ETA_DEFAULT, 0 }

/** @brief Fills in the default options, for languages that cannot use #WAITQ_ETA_OPTIONS_INIT.
 * @param options what to fill in; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_eta_options_init(waitq_eta_options *options, size_t size);

/** What a line did up to a moment. The counters only rise; one that falls is a new beginning. */
typedef struct waitq_eta_sample {
  size_t size;           /**< sizeof(waitq_eta_sample) */
  uint64_t admitted;     /**< counter: turns given */
  uint64_t joined;       /**< counter: visitors who joined the line */
  uint64_t left;         /**< counter: visitors who left it before their turn; waitq_eta_left() tells from where */
  uint64_t ended;        /**< counter: sessions that ended; waitq_eta_ended() tells how old they were */
  uint64_t waiting;      /**< gauge: visitors in line */
  uint64_t active;       /**< gauge: sessions running, with turns given and not used yet */
  double tokens;         /**< gauge: admissions possible at this instant, as far as the rate is concerned */
  int64_t goes_on_at_ms; /**< SCHEDULED, PAUSED: when admissions go on; 0: not known */
  uint32_t phase;        /**< one of enum waitq_phase. Default OPEN */
  uint32_t reserved;     /**< zero */
} waitq_eta_sample;

/** An empty #waitq_eta_sample of an open line. */
#define WAITQ_ETA_SAMPLE_INIT \
  { sizeof(waitq_eta_sample), 0, 0, 0, 0, 0, 0, 0.0, 0, WAITQ_PHASE_OPEN, 0 }

/** @brief Prepares a sample, for languages that cannot use #WAITQ_ETA_SAMPLE_INIT.
 * @param sample what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_eta_sample_init(waitq_eta_sample *sample, size_t size);

/** The wait of one position. */
typedef struct waitq_estimate {
  size_t size;         /**< sizeof(waitq_estimate), set by the caller */
  int64_t eta_ms;      /**< median of the wait from now on; #WAITQ_UNKNOWN_MS where none can be given */
  int64_t eta_low_ms;  /**< the turn comes earlier than this once in twenty times; #WAITQ_UNKNOWN_MS where eta_ms is */
  int64_t eta_high_ms; /**< the turn comes later than this once in twenty times; #WAITQ_UNKNOWN_MS where eta_ms is */
  double confidence;   /**< 0 to 1: how likely the turn comes within 10 %, or 5 s, of eta_ms */
  uint32_t reason;     /**< one of enum waitq_reason: what binds the line */
  uint32_t reserved;   /**< zero */
} waitq_estimate;

/** An empty #waitq_estimate. */
#define WAITQ_ESTIMATE_INIT \
  { sizeof(waitq_estimate), 0, 0, 0, 0.0, 0, 0 }

/** @brief Prepares an estimate, for languages that cannot use #WAITQ_ESTIMATE_INIT.
 * @param estimate what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_estimate_init(waitq_estimate *estimate, size_t size);

/** How right estimates were: sampled places in line, when their turn came. The latest weigh most. */
typedef struct waitq_eta_accuracy {
  size_t size;     /**< sizeof(waitq_eta_accuracy), set by the caller */
  uint64_t scored; /**< how many estimates were compared with what came; 0: the figures below mean nothing */
  double acc;      /**< mean of max(0, 1 - |estimate - truth| / max(truth, 1 s)), 0 to 1 */
  double hit;      /**< share within 10 %, or 5 s, of the truth, 0 to 1 */
  double bias;     /**< mean of (estimate - truth) / max(truth, 1 s): above 0, estimates were too long */
  double cov90;    /**< share of intervals, eta_low_ms to eta_high_ms, that held the truth, 0 to 1 */
  double width;    /**< mean width of those intervals, as a part of the truth */
} waitq_eta_accuracy;

/** An empty #waitq_eta_accuracy. */
#define WAITQ_ETA_ACCURACY_INIT \
  { sizeof(waitq_eta_accuracy), 0, 0.0, 0.0, 0.0, 0.0, 0.0 }

/** @brief Prepares an accuracy, for languages that cannot use #WAITQ_ETA_ACCURACY_INIT.
 * @param accuracy what to prepare; NULL is ignored
 * @param size the size of the caller's structure in bytes
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_eta_accuracy_init(waitq_eta_accuracy *accuracy, size_t size);

/** @brief Opens an estimator.
 * @param options NULL for defaults
 * @param out receives the estimator
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID (which field, in the text), #WAITQ_E_VERSION, #WAITQ_E_NOMEM
 * @ownership the caller closes it
 * @threadsafe yes
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_eta_open(const waitq_eta_options *options, waitq_eta_t **out, waitq_error *error);

/** @brief Ends an estimator.
 * @param eta NULL is ignored
 * @ownership ends the caller's
 * @threadsafe not against other calls on the same estimator
 * @blocking never
 * @since 1.0 */
WAITQ_API void waitq_eta_close(waitq_eta_t *eta);

/** @brief Puts other options in force: a new rate, a new limit. What was learnt stays, as do plans.
 * @param eta the estimator
 * @param now_ms the time, in ms
 * @param options the whole new options; allocator is not looked at
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID (which field, in the text), #WAITQ_E_VERSION
 * @ownership copies
 * @threadsafe not against other calls on the same estimator
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_eta_configure(waitq_eta_t *eta, int64_t now_ms, const waitq_eta_options *options,
                                  waitq_error *error);

/** @brief Announces a change of rate. A pause is a rate of zero, and a plan for its end.
 * @param eta the estimator
 * @param rate_per_s admissions per second, 0 to 1e9
 * @param at_ms when, in ms; a time not after the latest that was observed changes the rate now; a second plan for one time
 *        replaces the first
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_EXHAUSTED (#WAITQ_RATE_PLANS_MAX are planned)
 * @ownership nothing is kept
 * @threadsafe not against other calls on the same estimator
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_eta_set_rate_at(waitq_eta_t *eta, double rate_per_s, int64_t at_ms, waitq_error *error);

/** @brief Tells from where in line a visitor left. Where a host cannot, the counter in the samples tells how many did.
 * @param eta the estimator
 * @param position of who left, from 1
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID
 * @ownership nothing is kept
 * @threadsafe not against other calls on the same estimator
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_eta_left(waitq_eta_t *eta, uint64_t position, waitq_error *error);

/** @brief Tells how old a session was that ended. Where a host cannot, the counter in the samples tells how many did.
 * @param eta the estimator
 * @param age_ms from the turn to the end, in ms; negative counts as 0
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID
 * @ownership nothing is kept
 * @threadsafe not against other calls on the same estimator
 * @blocking never
 * @since 1.0 */
WAITQ_API int waitq_eta_ended(waitq_eta_t *eta, int64_t age_ms, waitq_error *error);

/** @brief Tells what the line did up to now. About once a second is enough; oftener does no harm.
 *
 * Visitors and sessions that the sample counts and no call told of are taken to have left from anywhere in the line, and to
 * have been as old as others.
 * @param eta the estimator
 * @param now_ms the time, in ms; one before the latest counts as the latest
 * @param sample what the line did
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID (which field, in the text), #WAITQ_E_VERSION
 * @ownership copies
 * @threadsafe not against other calls on the same estimator
 * @blocking never; allocates nothing
 * @since 1.0 */
WAITQ_API int waitq_eta_observe(waitq_eta_t *eta, int64_t now_ms, const waitq_eta_sample *sample, waitq_error *error);

/** @brief Estimates the wait of a position in line.
 * @param eta the estimator
 * @param now_ms the time, in ms; one before the latest that was observed counts as that
 * @param position from 1; 0 has no wait; one beyond the line is the wait of who would stand there
 * @param estimate filled in; its size is set by the caller
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_VERSION
 * @ownership copies
 * @threadsafe against itself, not against other calls on the same estimator
 * @blocking never; allocates nothing
 * @since 1.0 */
WAITQ_API int waitq_eta_estimate(const waitq_eta_t *eta, int64_t now_ms, uint64_t position, waitq_estimate *estimate,
                                 waitq_error *error);

/** @brief Tells how right the estimates were so far.
 * @param eta the estimator
 * @param accuracy filled in; its size is set by the caller
 * @param error detail of a failure; may be NULL
 * @return #WAITQ_OK, #WAITQ_E_INVALID, #WAITQ_E_VERSION
 * @ownership copies
 * @threadsafe against itself and waitq_eta_estimate(), not against other calls on the same estimator
 * @blocking never; allocates nothing
 * @since 1.0 */
WAITQ_API int waitq_eta_measured(const waitq_eta_t *eta, waitq_eta_accuracy *accuracy, waitq_error *error);

WAITQ_END_DECLS

/** @} */
#endif
