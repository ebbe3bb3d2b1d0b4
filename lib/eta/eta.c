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
