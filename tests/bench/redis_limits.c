/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "redis_limits.h"

#include <waitq/waitq.h>

#include "calls.h"
#include "machine.h"
#include "nodes.h"
#include "support/servers.h"
#include "watch.h"

#define LEASED_PROCESSES 2
#define TRIES_BETWEEN_LOOKS 64
#define WARM_UP_NS 50000000

struct plan {
  const struct bench_options *options;
  const char *uri;
  uint32_t mode;
};

static const struct {
  int is_submitted;
  unsigned callers;
} steps[] = {{0, 1}, {0, 8}, {0, 64}, {1, 1}, {1, 8}, {1, 64}, {1, 512}};

#define STEPS (sizeof steps / sizeof *steps)

static void check(int code, const waitq_error *error) {
  if (code != WAITQ_OK) {
    bench_die("limiter: %s", error->text);
  }
}

/* Until the time is over; the clock is read once in 64 tries, and the latency is that of one of these. */
static void try_on(waitq_limiter_t *limiter, int64_t lasts_ns, struct bench_node_result *result) {
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  int64_t start_ns = bench_now_ns();
  int64_t until_ns = start_ns + lasts_ns;
  while (start_ns < until_ns) {
    for (unsigned i = 0; i < TRIES_BETWEEN_LOOKS; i++) {
      check(waitq_limiter_try(limiter, 1, &decision, &error), &error);
      result->good += decision.admitted;
      if (i == 0) {
        bench_histogram_add(&result->latency, bench_now_ns() - start_ns);
      }
    }
    result->ops += TRIES_BETWEEN_LOOKS;
    start_ns = bench_now_ns();
  }
}

static void run_exact(struct bench_node *node, waitq_t *context, waitq_limiter_t *limiter, int64_t lasts_ns) {
  struct bench_calls calls = {
      .call = BENCH_CALL_TRY, .context = context, .limiter = limiter, .most = SIZE_MAX, .lasts_ns = lasts_ns};
  for (size_t s = 0; s < STEPS; s++) {
    bench_node_begin(node);
    if (steps[s].is_submitted) {
      bench_calls_submit(&calls, steps[s].callers, node->result);
    } else {
      bench_calls_block(&calls, steps[s].callers, node->result);
    }
    bench_node_end(node);
  }
}

/* Blocks follow the demand, so they are small at first. */
static void run_leased(struct bench_node *node, waitq_limiter_t *limiter, int64_t lasts_ns) {
  static struct bench_node_result unmeasured;
  try_on(limiter, WARM_UP_NS, &unmeasured);
  bench_node_begin(node);
  try_on(limiter, lasts_ns, node->result);
  bench_node_end(node);
}

static void node_main(struct bench_node *node, void *user) {
  const struct plan *plan = user;
  waitq_t *context;
  waitq_limiter_t *limiter;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_limit limit = WAITQ_LIMIT_INIT;
  limit.rate_per_s = 1e9;
  limit.burst = 1000000000;
  limit.mode = plan->mode;
  check(waitq_open(plan->uri, NULL, &context, &error), &error);
  check(waitq_limiter_open(context, "bench", &limit, &limiter, &error), &error);
  if (plan->mode == WAITQ_LIMIT_EXACT) {
    run_exact(node, context, limiter, plan->options->redis_ns);
  } else {
    run_leased(node, limiter, plan->options->redis_ns);
  }
  waitq_limiter_close(limiter);
  waitq_close(context);
}

static void measure(struct server *server, struct bench_nodes *nodes, struct bench_redis_key *key,
                    struct bench_redis_report *report) {
  struct bench_redis_sample sample = bench_redis_sample_empty();
  bench_nodes_await(nodes);
  struct bench_look before = bench_look_at(server);
  bench_nodes_go(nodes);
  const struct bench_node_result *result = bench_nodes_finish(nodes);
  struct bench_look after = bench_look_at(server);
  double ops = (double)result->ops;
  bench_nodes_release(nodes);
  if ((double)result->good < 0.99 * ops) {
    bench_complain("%s, %s, %u callers: of %.0f tries %.0f were admitted", key->bench, key->mode, key->callers, ops,
                   (double)result->good);
    return;
  }
  key->threads = result->threads;
  sample.values[BENCH_REDIS_NS] = (double)result->busy_ns / ops;
  sample.values[BENCH_REDIS_OPS] = ops * 1e9 / (double)(result->end_ns - result->start_ns);
  sample.values[BENCH_REDIS_CPU_US] = bench_look_cpu_us(&before, &after) / ops;
  sample.values[BENCH_REDIS_COMMANDS] = bench_look_commands(&before, &after) / bench_look_seconds(&before, &after);
  sample.values[BENCH_REDIS_P50_US] = bench_histogram_quantile(&result->latency, 0.5) / 1e3;
  sample.values[BENCH_REDIS_P99_US] = bench_histogram_quantile(&result->latency, 0.99) / 1e3;
  bench_redis_report_add(report, key, &sample);
}

static void run_mode(const struct bench_options *options, uint32_t mode, const char *name,
                     struct bench_redis_report *report) {
  unsigned processes = mode == WAITQ_LIMIT_EXACT ? 1 : LEASED_PROCESSES;
  struct server *server = server_start(NULL);
  struct plan plan = {options, server_uri(server), mode};
  struct bench_nodes *nodes = bench_nodes_start(processes, node_main, &plan);
  struct bench_redis_key key = {name, BENCH_BLOCKING, 0, processes, processes, processes, 0};
  if (mode == WAITQ_LIMIT_LEASED) {
    measure(server, nodes, &key, report);
  }
  for (size_t s = 0; s < STEPS && mode == WAITQ_LIMIT_EXACT; s++) {
    key.mode = steps[s].is_submitted ? BENCH_SUBMITTED : BENCH_BLOCKING;
    key.callers = steps[s].callers;
    measure(server, nodes, &key, report);
  }
  bench_nodes_end(nodes);
  server_stop(server);
}

void bench_redis_limits_run(const struct bench_options *options, struct bench_redis_report *report) {
  if (bench_listed(options->only, "redis_limiter_exact")) {
    run_mode(options, WAITQ_LIMIT_EXACT, "redis_limiter_exact", report);
  }
  if (bench_listed(options->only, "redis_limiter_leased")) {
    run_mode(options, WAITQ_LIMIT_LEASED, "redis_limiter_leased", report);
  }
}
