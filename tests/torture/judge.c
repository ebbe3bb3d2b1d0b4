/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "judge.h"

#include <stdio.h>

#include "../support/child.h"
#include "crew.h"

void judge_rules(const struct torture_options *options, struct rules *rules) {
  const waitq_policy *policy = &options->policy;
  int is_memory = torture_is_in_memory(options);
  *rules = (struct rules){.rate_per_s = policy->rate_per_s, .burst = policy->burst, .max_active = policy->max_active};
  /* A session lives up to an eighth and a second longer, and a turn that was about to be claimed up to an eighth. */
  rules->session_us = (policy->session_ttl_ms + policy->claim_ttl_ms) * 1125 + 1000000;
  rules->claim_us = policy->claim_ttl_ms * 1000;
  /* The deadline of a heartbeat counts from the call; what is left is the time of the calls themselves. */
  rules->on_time_us = policy->heartbeat_ttl_ms * (is_memory ? 990 : 900);
  rules->slack_us = is_memory ? 2000 : 20000;
  /* What the library promises, and seconds for a machine that has other things to do. */
  rules->poll_us = 2000000;
  rules->call_us = 5000000;
  rules->unflushed_us = policy->heartbeat_ttl_ms * 1000 / 4;
}

static void write_history(const struct history *history, const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    child_fail("cannot write %s", path);
  }
  history_write(history, file);
  if (fclose(file) != 0) {
    child_fail("cannot write %s", path);
  }
}

int judge(const struct history *history, const struct rules *rules, const char *write_to) {
  struct verdict verdict;
  check_history(history, rules, &verdict);
  verdict_print(&verdict, stdout);
  int is_good = verdict_is_good(&verdict);
  if (verdict.entries == 0) {
    printf("BROKEN  nobody entered: this proves nothing\n");
    is_good = 0;
  }
  const char *path = write_to != NULL ? write_to : "torture.history";
  if (write_to != NULL || !is_good) {
    write_history(history, path);
  }
  if (!is_good) {
    printf("history: %s\n", path);
  }
  return is_good ? 0 : 1;
}
