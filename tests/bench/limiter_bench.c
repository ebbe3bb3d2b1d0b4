/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limiter_bench.h"

#include <waitq/waitq.h>

#include "crew.h"
#include "machine.h"

struct limiter {
  waitq_limiter_t *handle;
  uint32_t expected; /* 1: admitted, 0: denied */
};

static void prepare(void *user, struct bench_block *block, unsigned thread) {
  (void)user;
  (void)thread;
  block->count = BENCH_BLOCK;
}

static void run(void *user, struct bench_block *block) {
  const struct limiter *limiter = user;
  waitq_decision decision = WAITQ_DECISION_INIT;
  for (size_t i = 0; i < block->count; i++) {
    int code = waitq_limiter_try(limiter->handle, 1, &decision, NULL);
    block->good += code == WAITQ_OK && decision.admitted == limiter->expected;
  }
}

static void run_one(waitq_t *context, const char *name, double rate_per_s, uint64_t burst, uint32_t expected,
                    const struct bench_options *options, struct bench_report *report) {
  waitq_limit limit = WAITQ_LIMIT_INIT;
  struct limiter limiter = {NULL, expected};
  limit.rate_per_s = rate_per_s;
  limit.burst = burst;
  if (!bench_listed(options->only, name)) {
    return;
  }
  if (waitq_limiter_open(context, name, &limit, &limiter.handle, NULL) != WAITQ_OK) {
    bench_die("cannot open a limiter");
  }
  for (unsigned threads = 1; threads <= options->threads_max; threads++) {
    struct bench_job job = {&limiter, prepare, run, NULL, options->sample_ns, SIZE_MAX};
    struct bench_sample sample = bench_crew_run(&job, threads);
    if (sample.good < 0.99) {
      bench_die("%s: only %.1f %% of the tries ended as they should", name, sample.good * 100);
    }
    bench_report_add(report, "", name, 0, threads, sample.ns_per_op, sample.ops_per_s);
  }
  waitq_limiter_close(limiter.handle);
}

void bench_limiter_run(const struct bench_options *options, struct bench_report *report) {
  waitq_t *context;
  if (waitq_open("memory:", NULL, &context, NULL) != WAITQ_OK) {
    bench_die("cannot open a context");
  }
  run_one(context, "limiter_try", 1e9, 1000000000, 1, options, report);
  run_one(context, "limiter_denied", 1, 1, 0, options, report);
  waitq_close(context);
}
