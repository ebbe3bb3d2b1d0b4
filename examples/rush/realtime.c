/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "realtime.h"

#define BATCH_NS NS_PER_MS

/* How much a worker that was held up may catch up on at once, and how many unused polls it may save. */
#define CATCH_UP_NS (20 * NS_PER_MS)

struct pace {
  const struct realtime_plan *plan;
  double join_credit, poll_credit;
  int64_t credited_ns; /* credit was given up to here */
};

/* Credit for joins is never cut: a worker that was held up owes them. */
static void give_credit(struct pace *pace, int64_t now_ns) {
  const double elapsed_s = (double)(now_ns - pace->credited_ns) / 1e9;
  const double most_polls = pace->plan->polls_per_s * (double)CATCH_UP_NS / 1e9;
  pace->credited_ns = now_ns;
  pace->join_credit += elapsed_s * pace->plan->joins_per_s;
  pace->poll_credit += elapsed_s * pace->plan->polls_per_s;
  pace->poll_credit = pace->poll_credit > most_polls ? most_polls : pace->poll_credit;
}

static void let_arrive(struct crowd *crowd, struct pace *pace) {
  const double most = pace->plan->joins_per_s * (double)CATCH_UP_NS / 1e9 + 1;
  const uint64_t batch = (uint64_t)(pace->join_credit < most ? pace->join_credit : most);
  for (uint64_t i = 0; i < batch && crowd_arrive(crowd); i++) {
    pace->join_credit--;
  }
}

void realtime_run(struct crowd *crowd, const struct realtime_plan *plan) {
  struct pace pace = {.plan = plan, .credited_ns = plan->start_ns};
  for (int64_t now_ns = plan->start_ns; now_ns < plan->end_ns && !atomic_load(plan->stop); now_ns = clock_now_ns()) {
    give_credit(&pace, now_ns);
    let_arrive(crowd, &pace);
    const uint64_t polled = crowd_count(&crowd->counters.polls);
    crowd_act_due(crowd, now_ns);
    pace.poll_credit -= (double)(crowd_count(&crowd->counters.polls) - polled);
    while (pace.poll_credit >= 1 && crowd_call_next(crowd, now_ns - plan->shortest_call_ns)) {
      pace.poll_credit--;
    }
    crowd_rest(crowd, now_ns + BATCH_NS);
  }
  crowd_go_home(crowd);
}
