/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta_bench.h"

#include <waitq/waitq.h>

#include "crew.h"
#include "machine.h"

#define T0_MS INT64_C(1700000000000)
#define WAITING 300000
#define SLOTS 5000
#define LEARNT_S 600

/* So many seconds are folded between two reads of the clock. */
#define FOLDS_A_BLOCK 64

struct subject {
  waitq_eta_t *eta;
  waitq_eta_sample sample;
  int64_t now_ms;
  waitq_t *context;
  waitq_room_t *room;
};

/* One second: 20 sessions end and 20 turns are given, 50 visitors leave and 70 come. */
static int pass_second(struct subject *subject) {
  waitq_eta_sample *sample = &subject->sample;
  subject->now_ms += 1000;
  for (uint64_t i = 0; i < 20; i++) {
    waitq_eta_ended(subject->eta, (int64_t)(20 + bench_mix(sample->ended + i) % 400) * 1000, NULL);
  }
  sample->ended += 20;
  sample->admitted += 20;
  sample->left += 50;
  sample->joined += 70;
  return waitq_eta_observe(subject->eta, subject->now_ms, sample, NULL);
}

static void open_estimator(struct subject *subject) {
  waitq_eta_options options = WAITQ_ETA_OPTIONS_INIT;
  options.rate_per_s = 500;
  options.max_active = SLOTS;
  if (waitq_eta_open(&options, &subject->eta, NULL) != WAITQ_OK) {
    bench_die("cannot open an estimator");
  }
  subject->sample = (waitq_eta_sample)WAITQ_ETA_SAMPLE_INIT;
  subject->sample.joined = subject->sample.waiting = WAITING;
  subject->sample.active = SLOTS;
  subject->now_ms = T0_MS;
  for (unsigned second = 0; second < LEARNT_S; second++) {
    if (pass_second(subject) != WAITQ_OK) {
      bench_die("the estimator refuses a sample");
    }
  }
}

static void prepare_estimates(void *user, struct bench_block *block, unsigned thread) {
  (void)user;
  block->count = BENCH_BLOCK;
  for (size_t i = 0; i < block->count; i++) {
    block->slots[i] = 1 + (uint32_t)(bench_mix(i + thread * UINT64_C(1000000)) % WAITING);
  }
}

static void run_estimates(void *user, struct bench_block *block) {
  const struct subject *subject = user;
  waitq_estimate estimate = WAITQ_ESTIMATE_INIT;
  for (size_t i = 0; i < block->count; i++) {
    int code = waitq_eta_estimate(subject->eta, subject->now_ms, block->slots[i], &estimate, NULL);
    block->good += code == WAITQ_OK && estimate.eta_ms >= 0;
  }
}

static void prepare_folds(void *user, struct bench_block *block, unsigned thread) {
  (void)user;
  (void)thread;
  block->count = FOLDS_A_BLOCK;
}

static void run_folds(void *user, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    block->good += pass_second(user) == WAITQ_OK;
  }
}

static int64_t read_clock(void *user) {
  return ((const struct subject *)user)->now_ms * 1000;
}

static void open_room(struct subject *subject) {
  waitq_options options = WAITQ_OPTIONS_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  options.clock = read_clock;
  options.clock_user = subject;
  policy.rate_per_s = 500;
  policy.max_active = SLOTS;
  policy.claim_ttl_ms = 86400000;
  policy.heartbeat_ttl_ms = 86400000;
  if (waitq_open("memory:", &options, &subject->context, NULL) != WAITQ_OK ||
      waitq_room_open(subject->context, "eta", &policy, &subject->room, NULL) != WAITQ_OK) {
    bench_die("cannot open a room");
  }
  for (unsigned i = 0; i < WAITING + SLOTS; i++) {
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    subject->now_ms += i % 500 == 0 ? 1000 : 0;
    if (waitq_join(subject->room, NULL, 0, NULL, &ticket, NULL, NULL) != WAITQ_OK) {
      bench_die("cannot join");
    }
    if (i > SLOTS && i % 10 == 0) {
      waitq_leave(subject->room, ticket.text, NULL, NULL);
    }
  }
}

static void run_room(void *user, struct bench_block *block) {
  struct subject *subject = user;
  waitq_stats stats = WAITQ_STATS_INIT;
  for (size_t i = 0; i < block->count; i++) {
    subject->now_ms += 1000;
    block->good += waitq_room_stats(subject->room, &stats, NULL) == WAITQ_OK && stats.active + stats.ready == SLOTS;
  }
}

static void run_one(const char *name, struct subject *subject,
                    void (*prepare)(void *user, struct bench_block *block, unsigned thread),
                    void (*run)(void *user, struct bench_block *block), unsigned threads,
                    const struct bench_options *options, struct bench_report *report) {
  struct bench_job job = {subject, prepare, run, NULL, options->sample_ns, SIZE_MAX};
  struct bench_sample sample = bench_crew_run(&job, threads);
  if (sample.good < 0.99) {
    bench_die("%s: only %.1f %% ended as they should", name, sample.good * 100);
  }
  bench_report_add(report, "", name, 0, threads, sample.ns_per_op, sample.ops_per_s);
}

void bench_eta_run(const struct bench_options *options, struct bench_report *report) {
  struct subject subject = {.now_ms = T0_MS};
  if (bench_listed(options->only, "eta_estimate") || bench_listed(options->only, "eta_fold")) {
    open_estimator(&subject);
    run_one("eta_estimate", &subject, prepare_estimates, run_estimates, 1, options, report);
    run_one("eta_fold", &subject, prepare_folds, run_folds, 1, options, report);
    waitq_eta_close(subject.eta);
  }
  if (bench_listed(options->only, "eta_room_fold")) {
    open_room(&subject);
    run_one("eta_room_fold", &subject, prepare_folds, run_room, 1, options, report);
    waitq_room_close(subject.room);
    waitq_close(subject.context);
  }
}
