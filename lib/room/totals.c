/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/totals.h"

void waitq__totals_take(struct waitq__totals *totals, const waitq_stats *stats, uint64_t turns) {
  if (totals->epoch != stats->epoch) {
    for (int i = 0; i < WAITQ__TOTALS; i++) {
      totals->past[i] += totals->last[i];
    }
    totals->epoch = stats->epoch;
    totals->turns_before = turns - stats->entered - stats->ready;
  }
  const uint64_t counts[WAITQ__TOTALS] = {
      [WAITQ__TOTAL_JOINED] = stats->issued,   [WAITQ__TOTAL_ADMITTED] = turns - totals->turns_before,
      [WAITQ__TOTAL_ENTERED] = stats->entered, [WAITQ__TOTAL_LEFT] = stats->left,
      [WAITQ__TOTAL_EXPIRED] = stats->expired, [WAITQ__TOTAL_SCORED] = stats->eta_scored,
  };
  for (int i = 0; i < WAITQ__TOTALS; i++) {
    uint64_t total = totals->past[i] + counts[i];
    totals->last[i] = counts[i];
    totals->told[i] = total > totals->told[i] ? total : totals->told[i];
  }
}
