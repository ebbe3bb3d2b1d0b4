/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#define _POSIX_C_SOURCE 200809L

#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "realtime.h"
#include "replay.h"

/* Near the head polls come so fast that a turn is noticed soon; far from it nobody is called twice within a second. */
#define SHORTEST_POLL_MS 250
#define SHORTEST_CALL_NS NS_PER_S

/* Visitors far from the head are called by the worker, the others poll by themselves. */
#define OWN_PACE_NS (3 * NS_PER_S)

/* In a trace nobody is called; losing patience takes up to ten minutes. */
#define TRACE_LEAVE_WITHIN_NS (600 * NS_PER_S)

/* Longest waits on the wheels: eight seconds and two minutes. */
#define REAL_TIME_WHEEL_SLOTS 8192
#define TRACE_WHEEL_SLOTS 131072

#define SAMPLED_VISITORS 60000
#define SAMPLES (1U << 22)
#define MOST_SESSIONS 65536

static bool is_trace(const struct run *run) {
  return run->options->trace != NULL;
}

static int open_room(struct run *run, char *message, size_t size) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_options options = WAITQ_OPTIONS_INIT;
  if (is_trace(run)) {
    options.clock = virtual_clock_us;
    options.clock_user = &run->clock;
  }
  run->policy = (waitq_policy)WAITQ_POLICY_INIT;
  run->policy.rate_per_s = run->options->rate;
  run->policy.burst = (uint64_t)run->options->burst;
  run->policy.min_poll_ms = SHORTEST_POLL_MS;
  /* A name of its own, for in a store that outlives the run an older room would keep its line and its policy. */
  snprintf(run->room_name, sizeof run->room_name, "rush-%ld-%" PRId64, (long)getpid(), clock_now_ns());
  run->has_shared_store = strcmp(run->options->store, "memory:") != 0;
  if (waitq_open(run->options->store, &options, &run->context, &error) != WAITQ_OK ||
      waitq_room_open(run->context, run->room_name, &run->policy, &run->room, &error) != WAITQ_OK) {
    snprintf(message, size, "%s: %s", run->options->store, error.text);
    return -1;
  }
  return 0;
}

static uint32_t visitors_of_all(const struct run *run) {
  if (!is_trace(run)) {
    return (uint32_t)run->options->visitors;
  }
  const double visitors = replay_visitors(&run->trace, run->options->peak);
  return visitors < 1e9 ? (uint32_t)visitors : (uint32_t)1e9;
}

static struct crowd_plan plan_for(struct run *run, uint32_t worker) {
  const struct options *options = run->options;
  const uint32_t all = visitors_of_all(run);
  const uint32_t workers = run->worker_count;
  const double inside = (options->rate * 4 + options->burst + 64) / workers;
  return (struct crowd_plan){
      .room = run->room,
      .context = run->has_shared_store || options->submit ? run->context : NULL,
      .has_shared_store = run->has_shared_store,
      .clock = is_trace(run) ? &run->clock : NULL,
      .watch = worker == 0 ? &run->watch : NULL,
      .capacity = all / workers + (worker < all % workers),
      .first_id = worker,
      .id_step = workers,
      .leave_share = options->leave_percent / 100,
      .leave_within_ns = is_trace(run) ? TRACE_LEAVE_WITHIN_NS : run->end_ns - run->start_ns,
      .own_pace_ns = is_trace(run) ? INT64_MAX : OWN_PACE_NS,
      .wheel_slots = is_trace(run) ? TRACE_WHEEL_SLOTS : REAL_TIME_WHEEL_SLOTS,
      .sessions = inside < MOST_SESSIONS ? (uint32_t)inside : MOST_SESSIONS,
      .samples = SAMPLES / workers,
      .sample_stride = all / SAMPLED_VISITORS + 1,
      .start_ns = run->start_ns,
      .seed = (uint64_t)options->seed + (uint64_t)worker * UINT64_C(0x9e3779b97f4a7c15),
  };
}

static int open_crowds(struct run *run, char *message, size_t size) {
  snprintf(message, size, "not enough memory for %" PRIu32 " visitors", visitors_of_all(run));
  run->workers = calloc(run->worker_count, sizeof *run->workers);
  if (run->workers == NULL) {
    return -1;
  }
  for (uint32_t w = 0; w < run->worker_count; w++) {
    const struct crowd_plan plan = plan_for(run, w);
    run->workers[w].run = run;
    if (crowd_init(&run->workers[w].crowd, &plan) != 0) {
      return -1;
    }
  }
  return 0;
}

static void set_real_time(struct run *run) {
  run->start_ns = clock_now_ns();
  run->end_ns = run->start_ns + (int64_t)(run->options->seconds * 1e9);
}

int run_open(struct run *run, const struct options *options, char *message, size_t size) {
  *run = (struct run){.options = options};
  /* Whoever is watched waits for a third of the run at least, or for a minute of a recorded day. */
  if (is_trace(run)) {
    watch_init(&run->watch, 60000, 600 * NS_PER_S);
    run->worker_count = 1;
    if (trace_read(&run->trace, options->trace, message, size) != 0) {
      return -2;
    }
    run->start_ns = run->trace.start_s * NS_PER_S;
    run->end_ns = run->start_ns + (int64_t)run->trace.minutes * 60 * NS_PER_S;
    virtual_clock_advance(&run->clock, run->start_ns);
  } else {
    watch_init(&run->watch, (int64_t)(options->seconds * 1e3) / 3, 2 * NS_PER_S);
    run->worker_count = (uint32_t)(options->threads < options->visitors ? options->threads : options->visitors);
    set_real_time(run);
  }
  if (open_room(run, message, size) != 0) {
    return -1;
  }
  return open_crowds(run, message, size);
}

void run_close(struct run *run) {
  for (uint32_t w = 0; run->workers != NULL && w < run->worker_count; w++) {
    crowd_free(&run->workers[w].crowd);
  }
  free(run->workers);
  if (run->room != NULL && run->has_shared_store) {
    waitq_room_reset(run->room,
                     NULL); /* leaves the store some hundred bytes rather than a line, until it forgets the room */
  }
  waitq_room_close(run->room);
  waitq_close(run->context);
  watch_free(&run->watch);
  trace_free(&run->trace);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  struct run *run = worker->run;
  if (is_trace(run)) {
    replay_run(&worker->crowd, &run->trace, run->options->peak, &run->stop);
  } else {
    const double workers = run->worker_count;
    const struct realtime_plan plan = {.joins_per_s = run->options->join_rate / workers,
                                       .polls_per_s = run->options->poll_rate / workers,
                                       .start_ns = run->start_ns,
                                       .end_ns = run->end_ns,
                                       .shortest_call_ns = SHORTEST_CALL_NS,
                                       .stop = &run->stop};
    realtime_run(&worker->crowd, &plan);
  }
  atomic_fetch_sub(&run->running, 1);
  return NULL;
}

static void join_workers(struct run *run, uint32_t count) {
  for (uint32_t w = 0; w < count; w++) {
    pthread_join(run->workers[w].thread, NULL);
  }
}

int run_start(struct run *run, char *message, size_t size) {
  if (!is_trace(run)) {
    set_real_time(run);
  }
  run->watch.ends_ns = run->end_ns;
  if (run->has_shared_store && drift_start(&run->drift, run->room) != 0) {
    snprintf(message, size, "no thread to watch the clocks");
    return -1;
  }
  run->real_start_ns = clock_now_ns();
  run->cpu_start_s = clock_cpu_s();
  for (uint32_t w = 0; w < run->worker_count; w++) {
    atomic_fetch_add(&run->running, 1);
    int code = pthread_create(&run->workers[w].thread, NULL, work, &run->workers[w]);
    if (code != 0) {
      snprintf(message, size, "no thread: %s", strerror(code));
      atomic_fetch_sub(&run->running, 1);
      atomic_store(&run->stop, true);
      join_workers(run, w);
      drift_stop(&run->drift);
      return -1;
    }
  }
  return 0;
}

void run_wait(struct run *run) {
  join_workers(run, run->worker_count);
  run->gained_ns = drift_stop(&run->drift);
  run->cpu_s = clock_cpu_s() - run->cpu_start_s;
  run->real_s = (double)(clock_now_ns() - run->real_start_ns) / 1e9;
}

int64_t run_now_ns(const struct run *run) {
  int64_t now_ns = is_trace(run) ? atomic_load_explicit(&run->clock.now_ns, memory_order_relaxed) : clock_now_ns();
  return now_ns < run->end_ns ? now_ns : run->end_ns;
}
