/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "history.h"

#include <stdlib.h>

int history_init(struct history *history, uint32_t visitors, uint32_t samples, uint32_t sample_stride) {
  *history = (struct history){.sample_capacity = samples, .sample_stride = sample_stride};
  history->visits = calloc(visitors, sizeof *history->visits);
  history->samples = calloc(samples, sizeof *history->samples);
  if (history->visits == NULL || history->samples == NULL) {
    history_free(history);
    return -1;
  }
  return 0;
}

void history_free(struct history *history) {
  free(history->visits);
  free(history->samples);
  *history = (struct history){0};
}

void history_waited(struct history *history, uint32_t visitor, int64_t at_ns) {
  struct visit *visit = &history->visits[visitor];
  visit->waited_begin_ns = at_ns > visit->waited_begin_ns ? at_ns : visit->waited_begin_ns;
}

static int32_t narrow(int64_t ms) {
  return ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
}

void history_sample(struct history *history, uint32_t visitor, int64_t at_ns, const waitq_status *status) {
  if (visitor % history->sample_stride != 0) {
    return;
  }
  if (history->sample_count == history->sample_capacity) {
    history->samples_lost++;
    return;
  }
  history->samples[history->sample_count++] = (struct eta_sample){.at_ns = at_ns,
                                                                  .visitor = visitor,
                                                                  .eta_ms = narrow(status->eta_ms),
                                                                  .low_ms = narrow(status->eta_low_ms),
                                                                  .high_ms = narrow(status->eta_high_ms)};
}
