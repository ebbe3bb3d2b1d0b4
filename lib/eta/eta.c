/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* The estimator alone, as hosts with a line of their own use it. */

#include <waitq/eta.h>
#include <waitq/queue.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/sized.h"
#include "core/state.h"

struct waitq_eta {
  waitq_allocator allocator;
  waitq_eta_options options;
  waitq_eta_sample sample;
  int64_t now_ms;
};

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
  return code == WAITQ_OK ? waitq__rate_check(options->rate_per_s, error) : code;
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

int waitq_eta_configure(waitq_eta_t *eta, int64_t now_ms, const waitq_eta_options *options, waitq_error *error) {
  waitq_eta_options known = WAITQ_ETA_OPTIONS_INIT;
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = read_options(options, &known, error);
  }
  if (code == WAITQ_OK) {
    eta->options = known;
    eta->now_ms = now_ms > eta->now_ms ? now_ms : eta->now_ms;
  }
  return code;
}

int waitq_eta_set_rate_at(waitq_eta_t *eta, double rate_per_s, int64_t at_ms, waitq_error *error) {
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = waitq__rate_check(rate_per_s, error);
  }
  if (code == WAITQ_OK && at_ms <= eta->now_ms) {
    eta->options.rate_per_s = rate_per_s;
  }
  return code;
}

int waitq_eta_left(waitq_eta_t *eta, uint64_t position, waitq_error *error) {
  (void)position;
  return check(eta, error);
}

int waitq_eta_ended(waitq_eta_t *eta, int64_t age_ms, waitq_error *error) {
  (void)age_ms;
  return check(eta, error);
}

int waitq_eta_observe(waitq_eta_t *eta, int64_t now_ms, const waitq_eta_sample *sample, waitq_error *error) {
  waitq_eta_sample known = WAITQ_ETA_SAMPLE_INIT;
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_read(&known, sizeof known, sample, "sample", error);
  }
  if (code == WAITQ_OK) {
    eta->sample = known;
    eta->now_ms = now_ms > eta->now_ms ? now_ms : eta->now_ms;
  }
  return code;
}

int waitq_eta_estimate(const waitq_eta_t *eta, int64_t now_ms, uint64_t position, waitq_estimate *estimate,
                       waitq_error *error) {
  waitq_estimate known = WAITQ_ESTIMATE_INIT;
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(estimate, "estimate", error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  double since_ms = now_ms > eta->now_ms ? (double)(now_ms - eta->now_ms) : 0.0;
  known.reason = WAITQ_REASON_RATE_ZERO;
  known.eta_ms = known.eta_low_ms = known.eta_high_ms = WAITQ_UNKNOWN_MS;
  if (eta->options.rate_per_s > 0.0) {
    double wait_ms = ((double)position - eta->sample.tokens) / eta->options.rate_per_s * 1e3 - since_ms;
    known.reason = WAITQ_REASON_BUCKET;
    known.eta_ms = wait_ms > 0.0 ? (int64_t)wait_ms : 0;
    known.eta_low_ms = known.eta_ms;
    known.eta_high_ms = known.eta_ms + 1000;
  }
  waitq__sized_write(estimate, &known, sizeof known);
  return WAITQ_OK;
}

int waitq_eta_measured(const waitq_eta_t *eta, waitq_eta_accuracy *accuracy, waitq_error *error) {
  const waitq_eta_accuracy none = WAITQ_ETA_ACCURACY_INIT;
  int code = check(eta, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(accuracy, "accuracy", error);
  }
  if (code == WAITQ_OK) {
    waitq__sized_write(accuracy, &none, sizeof none);
  }
  return code;
}
