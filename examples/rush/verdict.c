/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "verdict.h"

#include <stdlib.h>

#include "turns.h"

static void add_crowd(struct verdict *verdict, const struct crowd *crowd) {
  const struct crowd_counters *counters = &crowd->counters;
  verdict->joined += crowd_count(&counters->joined);
  verdict->polls += crowd_count(&counters->polls);
  verdict->admitted += crowd_count(&counters->admitted);
  verdict->left += crowd_count(&counters->left);
  verdict->lost += crowd_count(&counters->lost);
  verdict->refused += crowd_count(&counters->refused);
  verdict->paced += crowd_count(&counters->paced);
  verdict->held += crowd_count(&counters->held);
  verdict->retried += crowd_count(&counters->retried);
  verdict->failed += crowd_count(&counters->failed);
  for (uint32_t i = 0; i < crowd->arrived; i++) {
    const uint8_t stage = crowd->visitors[i].stage;
    verdict->waiting += stage == STAGE_WAITING || stage == STAGE_READY;
  }
  verdict->order_violations += crowd->history.position_rises + crowd->history.turns_revoked;
  verdict->restored_rises += crowd->history.restored_rises;
  verdict->samples_lost += crowd->history.samples_lost;
  histogram_merge(&verdict->join_time, &crowd->join_time);
  histogram_merge(&verdict->poll_time, &crowd->poll_time);
  histogram_merge(&verdict->enter_time, &crowd->enter_time);
  verdict->library_s += histogram_sum_s(&crowd->join_time) + histogram_sum_s(&crowd->poll_time) +
                        histogram_sum_s(&crowd->enter_time) + histogram_sum_s(&crowd->leave_time) +
                        histogram_sum_s(&crowd->exit_time);
}

static int judge(struct verdict *verdict, const struct run *run, const struct history **histories) {
  struct turns turns;
  const struct limit limit = {run->policy.rate_per_s, (double)run->policy.burst, run->gained_ns};
  if (limit_check(histories, run->worker_count, &limit, verdict->windows) != 0 ||
      turns_init(&turns, histories, run->worker_count) != 0) {
    return -1;
  }
  for (uint32_t w = 0; w < run->worker_count; w++) {
    verdict->order_violations += turns_overtaken(&turns, histories[w]);
    estimates_add(&verdict->estimates, &turns, histories[w]);
  }
  for (size_t w = 0; w < LIMIT_WINDOWS; w++) {
    verdict->over_limit += verdict->windows[w].violations;
  }
  estimates_finish(&verdict->estimates);
  turns_free(&turns);
  return 0;
}

int verdict_reach(struct verdict *verdict, const struct run *run) {
  *verdict = (struct verdict){.cpu_s = run->cpu_s, .real_s = run->real_s};
  const struct history **histories = calloc(run->worker_count, sizeof *histories);
  if (histories == NULL) {
    return -1;
  }
  for (uint32_t w = 0; w < run->worker_count; w++) {
    histories[w] = &run->workers[w].crowd.history;
    add_crowd(verdict, &run->workers[w].crowd);
  }
  int result = judge(verdict, run, histories);
  free(histories);
  return result;
}

bool verdict_is_kept(const struct verdict *verdict) {
  return verdict->over_limit == 0 && verdict->order_violations == 0;
}
