/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "reference.h"
#include "support/servers.h"
#include "swarm.h"
#include "watch.h"

/* Visitors of joins and entries have numbers far from those who wait. */
#define NEWCOMERS (UINT64_C(1) << 32)

static const unsigned depths[] = {1, 8, 64, 512};

#define DEPTHS (sizeof depths / sizeof *depths)

static void add(struct bench_redis_report *report, const struct bench_redis_key *key,
                const struct bench_swarm_result *result, const struct bench_look *before,
                const struct bench_look *after, double bytes_per_ticket) {
  struct bench_redis_sample sample = bench_redis_sample_empty();
  double ops = (double)result->ops;
  double seconds = (double)(result->end_ns - result->start_ns) / 1e9;
  if ((double)result->good < 0.99 * ops || result->ops == 0) {
    bench_die("%s: of %.0f operations %.0f went well", key->bench, ops, (double)result->good);
  }
  sample.values[BENCH_REDIS_NS] = seconds * 1e9 / ops;
  sample.values[BENCH_REDIS_OPS] = ops / seconds;
  sample.values[BENCH_REDIS_CPU_US] = bench_look_cpu_us(before, after) / ops;
  sample.values[BENCH_REDIS_COMMANDS] = bench_look_commands(before, after) / bench_look_seconds(before, after);
  sample.values[BENCH_REDIS_BYTES] = bytes_per_ticket;
  sample.values[BENCH_REDIS_P50_US] = bench_histogram_quantile(&result->latency, 0.5) / 1e3;
  sample.values[BENCH_REDIS_P99_US] = bench_histogram_quantile(&result->latency, 0.99) / 1e3;
  bench_redis_report_add(report, key, &sample);
}

static void ping(redisContext *connection, unsigned depth, int64_t lasts_ns, struct bench_swarm_result *result) {
  memset(result, 0, sizeof *result);
  result->start_ns = bench_now_ns();
  int64_t now_ns = result->start_ns;
  while (now_ns < result->start_ns + lasts_ns) {
    int64_t start_ns = now_ns;
    for (unsigned i = 0; i < depth; i++) {
      redisAppendCommand(connection, "PING");
    }
    for (unsigned i = 0; i < depth; i++) {
      void *reply = NULL;
      if (redisGetReply(connection, &reply) != REDIS_OK) {
        bench_die("Redis does not answer: %s", connection->errstr);
      }
      result->good += ((redisReply *)reply)->type == REDIS_REPLY_STATUS;
      freeReplyObject(reply);
    }
    now_ns = bench_now_ns();
    result->ops += depth;
    bench_histogram_add(&result->latency, now_ns - start_ns);
  }
  result->end_ns = now_ns;
}

void bench_baseline_ping(const struct bench_options *options, struct bench_redis_report *report) {
  static struct bench_swarm_result result;
  if (!bench_listed(options->only, "redis_ping")) {
    return;
  }
  struct server *server = server_start(NULL);
  redisContext *connection = bench_connect(server_port(server));
  for (size_t d = 0; d < DEPTHS; d++) {
    struct bench_redis_key key = {"redis_ping", BENCH_PIPELINED, 0, depths[d], 1, 1, 0};
    struct bench_look before = bench_look_at(server);
    ping(connection, depths[d], options->redis_ns, &result);
    struct bench_look after = bench_look_at(server);
    add(report, &key, &result, &before, &after, (double)NAN);
  }
  redisFree(connection);
  server_stop(server);
}

/* A server with the line of the reference in it. */
struct stand {
  struct server *server;
  struct bench_reference *reference;
  size_t waiting;
  int fsync_always;
  double bytes_per_ticket;
};

static struct stand set_up(size_t waiting, int fsync_always) {
  struct server_options settings = {.flags = fsync_always ? SERVER_AOF : 0};
  struct stand stand = {server_start(&settings), NULL, waiting, fsync_always, 0};
  stand.reference = bench_reference_new(server_port(stand.server));
  struct bench_look before = bench_look_at(stand.server);
  bench_reference_fill(stand.reference, waiting);
  struct bench_look after = bench_look_at(stand.server);
  stand.bytes_per_ticket = bench_look_bytes(&before, &after) / (double)waiting;
  return stand;
}

static void tear_down(struct stand *stand) {
  bench_reference_free(stand->reference);
  server_stop(stand->server);
}

/* Returns how many operations there were. */
static uint64_t run_callers(const struct stand *stand, const char *name, const struct bench_sequence *sequence,
                            unsigned callers, uint64_t first, uint64_t most, const struct bench_options *options,
                            struct bench_redis_report *report) {
  static struct bench_swarm_result result;
  struct bench_redis_key key = {name, BENCH_CONNECTED, stand->waiting, callers, 1, 1, stand->fsync_always};
  struct bench_swarm *swarm = bench_swarm_connect(server_port(stand->server), callers);
  struct bench_look before = bench_look_at(stand->server);
  bench_swarm_run(swarm, sequence, first, most, options->redis_ns, &result);
  struct bench_look after = bench_look_at(stand->server);
  add(report, &key, &result, &before, &after, stand->bytes_per_ticket);
  bench_swarm_close(swarm);
  return result.ops;
}

static void run_all_callers(const struct stand *stand, const char *name, struct bench_sequence sequence, uint64_t first,
                            uint64_t most, const struct bench_options *options, struct bench_redis_report *report) {
  uint64_t done = 0;
  if (!bench_listed(options->only, name)) {
    return;
  }
  for (size_t d = 0; d < DEPTHS; d++) {
    uint64_t share = (most - done) / (DEPTHS - d);
    done += run_callers(stand, name, &sequence, depths[d], first + done, share, options, report);
  }
}

void bench_baseline_reference(const struct bench_options *options, size_t waiting, struct bench_redis_report *report) {
  if (!bench_listed(options->only, "reference_join") && !bench_listed(options->only, "reference_status") &&
      !bench_listed(options->only, "reference_enter") && !bench_listed(options->only, "reference_bucket")) {
    return;
  }
  struct stand stand = set_up(waiting, 0);
  struct bench_reference *reference = stand.reference;
  run_all_callers(&stand, "reference_status", bench_reference_status(reference, waiting), 0, UINT64_MAX, options,
                  report);
  run_all_callers(&stand, "reference_join", bench_reference_join(reference), NEWCOMERS, UINT64_MAX - NEWCOMERS, options,
                  report);
  run_all_callers(&stand, "reference_enter", bench_reference_enter(reference), 0, waiting, options, report);
  if (waiting == options->redis_sizes[0]) {
    stand.waiting = 0;
    stand.bytes_per_ticket = (double)NAN;
    run_all_callers(&stand, "reference_bucket", bench_reference_bucket(reference), 0, UINT64_MAX, options, report);
  }
  tear_down(&stand);
}

void bench_baseline_durable(const struct bench_options *options, struct bench_redis_report *report) {
  if (!bench_listed(options->only, "reference_join")) {
    return;
  }
  struct stand stand = set_up(options->redis_sizes[0], 1);
  struct bench_sequence sequence = bench_reference_join(stand.reference);
  run_callers(&stand, "reference_join", &sequence, 512, NEWCOMERS, UINT64_MAX - NEWCOMERS, options, report);
  tear_down(&stand);
}
