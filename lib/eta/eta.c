/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* The estimator alone, as hosts with a line of their own use it. */

#include <waitq/eta.h>

#include <math.h>
#include <string.h>
#include <waitq/queue.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/sized.h"
#include "core/state.h"
#include "eta/forecast.h"
#include "eta/observer.h"
#include "eta/reference.h"
#include "eta/table.h"

/* Times beyond these, some thousand years either way, are taken for mistakes. */
#define TIME_MOST_MS (INT64_MAX / 40000)

struct waitq_eta {
  waitq_allocator allocator;
  waitq_eta_options options;
  int64_t now_us;
  int64_t rate_changed_us;
  uint32_t plan_count;
  struct waitq__line_plan plans[WAITQ_RATE_PLANS_MAX];
  uint64_t random;
  struct waitq__observer observer;
  struct waitq__reference reference;
  struct waitq__forecast forecast;
  _Atomic uint64_t table[WAITQ__TABLE_WORDS];
};

_Static_assert(WAITQ_RATE_PLANS_MAX == WAITQ__LINE_PLANS, "a line has as many plans as a room");

void waitq_eta_options_init(waitq_eta_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_eta_options)WAITQ_ETA_OPTIONS_INIT, sizeof(waitq_eta_options));
}

void waitq_eta_sample_init(waitq_eta_sample *sample, size_t size) {
  waitq__sized_init(sample, size, &(waitq_eta_sample)WAITQ_ETA_SAMPLE_INIT, sizeof(waitq_eta_sample));
}

void waitq_estimate_init(waitq_estimate *estimate, size_t size) {
  waitq__sized_init(estimate, size, &(waitq_estimate)WAITQ_ESTIMATE_INIT, sizeof(waitq_estimate));
}

void waitq_eta_accuracy_init(waitq_eta_accuracy *accuracy, size_t size) {
  waitq__sized_init(accuracy, size, &(waitq_eta_accuracy)WAITQ_ETA_ACCURACY_INIT, sizeof(waitq_eta_accuracy));
}

static int read_options(const waitq_eta_options *theirs, waitq_eta_options *options, waitq_error *error) {
  int code = theirs == NULL ? WAITQ_OK : waitq__sized_read(options, sizeof *options, theirs, "options", error);
  if (code == WAITQ_OK) {
    code = waitq__rate_check(options->rate_per_s, error);
  }
  for (unsigned hour = 0; code == WAITQ_OK && hour < 24; hour++) {
    code = waitq__hour_weight_check(options->hour_weights[hour], error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  if (options->burst < 1 || options->burst > WAITQ__BURST_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "burst is %llu: it must be from 1 to %llu",
                       (unsigned long long)options->burst, (unsigned long long)WAITQ__BURST_MAX);
  }
  if (options->session_ttl_ms < 0 || options->session_ttl_ms > TIME_MOST_MS) {
    return waitq__fail(error, WAITQ_E_INVALID, "session_ttl_ms is %lld", (long long)options->session_ttl_ms);
  }
  if (options->model != WAITQ_ETA_DEFAULT && options->model != WAITQ_ETA_REFERENCE) {
    return waitq__fail(error, WAITQ_E_INVALID, "model is %u, which is no model", options->model);
  }
  return options->reserved == 0 ? WAITQ_OK : waitq__fail(error, WAITQ_E_VERSION, "options->reserved is not zero");
}

static void set_weights(struct waitq_eta *eta) {
  for (unsigned hour = 0; hour < 24; hour++) {
    double weight = eta->options.hour_weights[hour];
    eta->reference.hour_weight[hour] = weight > 0.0 ? weight : 1.0;
  }
}

int waitq_eta_open(const waitq_eta_options *options, waitq_eta_t **out, waitq_error *error) {
  waitq_eta_options known = WAITQ_ETA_OPTIONS_INIT;
  if (out == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "out is NULL");
  }
  int code = read_options(options, &known, error);
  if (code != WAITQ_OK) {
    return code;
  }
  const waitq_allocator *allocator = known.allocator == NULL ? &waitq__default_allocator : known.allocator;
  struct waitq_eta *eta = waitq__alloc_zeroed(allocator, sizeof *eta);
  if (eta == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for an estimator");
  }
  eta->allocator = *allocator;
  eta->options = known;
  eta->rate_changed_us = INT64_MIN / 2;
  waitq__observer_init(&eta->observer);
  waitq__reference_init(&eta->reference, 0);
  set_weights(eta);
  *out = eta;
  return WAITQ_OK;
}

void waitq_eta_close(waitq_eta_t *eta) {
  if (eta != NULL) {
    waitq_allocator allocator = eta->allocator;
    waitq__free(&allocator, eta);
  }
}

static int check(const waitq_eta_t *eta, waitq_error *error) {
  return eta == NULL ? waitq__fail(error, WAITQ_E_INVALID, "eta is NULL") : WAITQ_OK;
}

static int check_time(const char *name, int64_t time_ms, waitq_error *error) {
  if (time_ms < 0 || time_ms > TIME_MOST_MS) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is %lld: it must be a time in ms", name, (long long)time_ms);
  }
  return WAITQ_OK;
}

static void set_rate(struct waitq_eta *eta, double rate_per_s, int64_t at_us) {
  if (rate_per_s < eta->options.rate_per_s || rate_per_s > eta->options.rate_per_s) {
    eta->rate_changed_us = at_us;
  }
  eta->options.rate_per_s = rate_per_s;
}

/* Time goes on: plans come into force. */
static void move_to(struct waitq_eta *eta, int64_t now_us) {
  eta->now_us = now_us > eta->now_us ? now_us : eta->now_us;
  while (eta->plan_count > 0 && eta->plans[0].at_us <= eta->now_us) {
    set_rate(eta, eta->plans[0].rate_per_s, eta->plans[0].at_us);
    eta->plan_count--;
    memmove(&eta->plans[0], &eta->plans[1], eta->plan_count * sizeof eta->plans[0]);
  }
}

static struct waitq__line line_of(const struct waitq_eta *eta) {
  const waitq_eta_sample *sample = &eta->observer.latest;
  int moves = sample->phase == WAITQ_PHASE_OPEN || sample->phase == WAITQ_PHASE_DRAINING;
  int64_t goes_on_us = sample->goes_on_at_ms > 0 && sample->phase != WAITQ_PHASE_CLOSED ? sample->goes_on_at_ms * 1000
                                                                                        : WAITQ__LINE_NEVER;
  struct waitq__line line = {
      .now_us = eta->now_us,
      .goes_on_us = moves ? eta->now_us : goes_on_us,
      .rate_changed_us = eta->rate_changed_us,
      .longest_session_us = eta->options.session_ttl_ms * 1000,
      .rate_per_s = eta->options.rate_per_s,
      .tokens = sample->tokens,
      .burst = (double)eta->options.burst,
      .waiting = (double)sample->waiting,
      .occupied = (double)sample->active,
      .max_active = (double)eta->options.max_active,
      .phase = sample->phase,
      .plan_count = eta->plan_count,
  };
  memcpy(line.plans, eta->plans, sizeof line.plans);
  return line;
}

static void draw_default(struct waitq_eta *eta, const struct waitq__line *line) {
  struct waitq__outlook outlook;
  struct waitq__curve curve;
  struct waitq__table table;
  const struct waitq__history *history = &eta->observer.history;
  waitq__history_read(history, line, &outlook);
  outlook.prospect.claim_s = INFINITY;
  waitq__observer_tell(&eta->observer, line->now_us, &outlook.prospect);
  if (waitq__forecast_is_line(&outlook.prospect)) {
    waitq__forecast_line(&eta->forecast, &outlook.prospect, &history->calibration);
    return;
  }
  waitq__curve_draw(&outlook.prospect, &curve);
  waitq__table_make(&table, &curve, &history->calibration);
  for (unsigned i = 0; i < WAITQ__TABLE_WORDS; i++) {
    atomic_store_explicit(&eta->table[i], table.words[i], memory_order_relaxed);
  }
  eta->forecast.kind = curve.count > 0 ? WAITQ__FORECAST_TABLE : WAITQ__FORECAST_NONE;
}

static void draw(struct waitq_eta *eta) {
  struct waitq__line line = line_of(eta);
  uint32_t reason = waitq__history_reason(&eta->observer.history, &line);
  eta->forecast =
      (struct waitq__forecast){.base_us = eta->now_us, .had_turn = eta->observer.latest.admitted, .reason = reason};
  if (eta->options.model == WAITQ_ETA_DEFAULT) {
    draw_default(eta, &line);
    return;
  }
  struct waitq__reference_rate rate = waitq__reference_rate(&eta->reference, eta->now_us);
  waitq__forecast_reference(&eta->forecast, &rate);
  if (rate.is_fallback && waitq__line_moves(&line)) {
    eta->forecast.reason = WAITQ_REASON_NO_SAMPLES;
  }
}

int waitq_eta_configure(waitq_eta_t *eta, int64_t now_ms, const waitq_eta_options *options, waitq_error *error) {
  waitq_eta_options known = WAITQ_ETA_OPTIONS_INIT;
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = check_time("now_ms", now_ms, error);
  }
  if (code == WAITQ_OK && options == NULL) {
    code = waitq__fail(error, WAITQ_E_INVALID, "options is NULL");
  }
  if (code == WAITQ_OK) {
    code = read_options(options, &known, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  move_to(eta, now_ms * 1000);
  double rate_per_s = known.rate_per_s;
  known.rate_per_s = eta->options.rate_per_s;
  eta->options = known;
  set_rate(eta, rate_per_s, eta->now_us);
  set_weights(eta);
  draw(eta);
  return WAITQ_OK;
}

/* Puts a plan among the others. Returns whether there was a place for it. */
static int add_plan(struct waitq_eta *eta, double rate_per_s, int64_t at_us) {
  uint32_t at = 0;
  while (at < eta->plan_count && eta->plans[at].at_us < at_us) {
    at++;
  }
  if (at == eta->plan_count || eta->plans[at].at_us != at_us) {
    if (eta->plan_count == WAITQ_RATE_PLANS_MAX) {
      return 0;
    }
    memmove(&eta->plans[at + 1], &eta->plans[at], (eta->plan_count - at) * sizeof eta->plans[0]);
    eta->plan_count++;
  }
  eta->plans[at] = (struct waitq__line_plan){at_us, rate_per_s};
  return 1;
}

int waitq_eta_set_rate_at(waitq_eta_t *eta, double rate_per_s, int64_t at_ms, waitq_error *error) {
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = waitq__rate_check(rate_per_s, error);
  }
  if (code == WAITQ_OK) {
    code = check_time("at_ms", at_ms, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  if (at_ms * 1000 <= eta->now_us) {
    set_rate(eta, rate_per_s, eta->now_us);
  } else if (!add_plan(eta, rate_per_s, at_ms * 1000)) {
    return waitq__fail(error, WAITQ_E_EXHAUSTED, "%d changes of rate are planned already", WAITQ_RATE_PLANS_MAX);
  }
  draw(eta);
  return WAITQ_OK;
}

int waitq_eta_left(waitq_eta_t *eta, uint64_t position, waitq_error *error) {
  int code = check(eta, error);
  if (code == WAITQ_OK && position == 0) {
    code = waitq__fail(error, WAITQ_E_INVALID, "position is 0: positions begin at 1");
  }
  if (code == WAITQ_OK) {
    waitq__observer_left(&eta->observer, (double)(position - 1), eta->now_us);
  }
  return code;
}

int waitq_eta_ended(waitq_eta_t *eta, int64_t age_ms, waitq_error *error) {
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    double age_s = age_ms > 0 ? (double)age_ms * 1e-3 : 0.0;
    waitq__ages_end_one(&eta->observer.history.sessions, eta->now_us, age_s);
  }
  return code;
}

static int check_sample(const waitq_eta_sample *sample, waitq_error *error) {
  if (sample->reserved != 0) {
    return waitq__fail(error, WAITQ_E_VERSION, "sample->reserved is not zero");
  }
  if (!(sample->tokens >= 0.0 && sample->tokens <= 1e15)) {
    return waitq__fail(error, WAITQ_E_INVALID, "tokens is %g", sample->tokens);
  }
  if (sample->phase < WAITQ_PHASE_SCHEDULED || sample->phase > WAITQ_PHASE_CLOSED) {
    return waitq__fail(error, WAITQ_E_INVALID, "phase is %u, which is no phase", sample->phase);
  }
  return check_time("goes_on_at_ms", sample->goes_on_at_ms, error);
}

/* Watches one more place in line. */
static void watch(struct waitq_eta *eta) {
  struct waitq__span span;
  int is_fair;
  uint64_t waiting = eta->observer.latest.waiting;
  struct waitq__probe *probe = waitq__calibration_free_probe(&eta->observer.history.calibration, &is_fair);
  if (probe == NULL || waiting == 0) {
    return;
  }
  eta->random += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t ahead = waitq__probe_place(eta->random, waiting, is_fair);
  if (waitq__forecast_find(&eta->forecast, eta->table, (double)(ahead + 1), eta->now_us, &span)) {
    waitq__observer_watch(&eta->observer, probe, ahead, eta->now_us, &span);
  }
}

int waitq_eta_observe(waitq_eta_t *eta, int64_t now_ms, const waitq_eta_sample *sample, waitq_error *error) {
  waitq_eta_sample known = WAITQ_ETA_SAMPLE_INIT;
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = check_time("now_ms", now_ms, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__sized_read(&known, sizeof known, sample, "sample", error);
  }
  if (code == WAITQ_OK) {
    code = check_sample(&known, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  move_to(eta, now_ms * 1000);
  int64_t folded_us = eta->observer.history.folded_us;
  waitq_eta_sample before = eta->observer.latest;
  eta->observer.latest = known;
  struct waitq__line line = line_of(eta);
  eta->observer.latest = before;
  uint64_t turns = waitq__observer_take(&eta->observer, &line, &known);
  waitq__reference_observe(&eta->reference, eta->now_us, turns);
  draw(eta);
  if (eta->observer.history.folded_us != folded_us) {
    watch(eta);
  }
  return WAITQ_OK;
}

static void fill(const waitq_eta_t *eta, int64_t now_us, uint64_t position, waitq_estimate *estimate) {
  struct waitq__span span;
  estimate->reason = eta->forecast.reason;
  if (!eta->observer.has_sample) {
    estimate->reason = WAITQ_REASON_NO_SAMPLES;
  }
  if (position == 0) {
    estimate->confidence = 1.0; /* whose turn has come does not wait */
    return;
  }
  now_us = now_us > eta->now_us ? now_us : eta->now_us;
  if (!eta->observer.has_sample || !waitq__forecast_find(&eta->forecast, eta->table, (double)position, now_us, &span)) {
    estimate->eta_ms = estimate->eta_low_ms = estimate->eta_high_ms = WAITQ_UNKNOWN_MS;
    return;
  }
  estimate->eta_ms = waitq__ms_up(span.eta_us);
  estimate->eta_low_ms = waitq__ms_up(span.low_us);
  estimate->eta_high_ms = waitq__ms_up(span.high_us);
  estimate->confidence = span.confidence;
}

int waitq_eta_estimate(const waitq_eta_t *eta, int64_t now_ms, uint64_t position, waitq_estimate *estimate,
                       waitq_error *error) {
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = check_time("now_ms", now_ms, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__sized_check(estimate, "estimate", error);
  }
  if (code == WAITQ_OK) {
    waitq_estimate known = WAITQ_ESTIMATE_INIT;
    fill(eta, now_ms * 1000, position, &known);
    waitq__sized_write(estimate, &known, sizeof known);
  }
  return code;
}

int waitq_eta_measured(const waitq_eta_t *eta, waitq_eta_accuracy *accuracy, waitq_error *error) {
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(accuracy, "accuracy", error);
  }
  if (code == WAITQ_OK) {
    const struct waitq__calibration *calibration = &eta->observer.history.calibration;
    const waitq_eta_accuracy known = {sizeof known,      calibration->scored, calibration->acc,  calibration->hit,
                                      calibration->bias, calibration->cov90,  calibration->width};
    waitq__sized_write(accuracy, &known, sizeof known);
  }
  return code;
}
