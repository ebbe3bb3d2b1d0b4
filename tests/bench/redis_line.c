/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "redis_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <waitq/waitq.h>

#include "block.h"
#include "calls.h"
#include "machine.h"
#include "nodes.h"
#include "support/servers.h"
#include "watch.h"

#define STEPS_MAX 32
#define MOST_CALLERS 512
#define DAY_MS INT64_C(86400000)

/* Joins of one step: as many as wait, and not less than this. */
#define JOINS_MIN 30000
#define TURNS_PER_STEP 30000
#define TURNS_WAIT_S 10

/* Polls last longer than other steps: what they cause in the background comes a few times a second. */
#define POLL_STEPS 5

/* One poll in so many is timed by itself. */
#define POLLS_PER_TIMED 64

enum kind { FILL, POLL, ENTER, JOIN, LEAVE };

struct step {
  enum kind kind;
  int is_submitted;
  unsigned callers; /* in all processes */
};

struct plan {
  const struct bench_options *options;
  const char *uri;
  size_t waiting;
  unsigned processes;
  int fsync_always;
  size_t turns;
  size_t joins; /* most in a step, in all processes */
  size_t step_count;
  struct step steps[STEPS_MAX];
};

/* A process, as long as it lives. */
struct place {
  const struct plan *plan;
  struct bench_node *node;
  waitq_t *context;
  waitq_room_t *room;
  size_t share;              /* how many this process has filled in */
  struct bench_text *filled; /* their tickets */
  struct bench_text *ready;  /* copies of those whose turn has come and that have not entered */
  struct bench_text *waits;  /* copies of the others */
  size_t ready_count;
  size_t wait_count;
  struct bench_text *newcomers; /* of the last step of joins */
  size_t newcomer_count;
  uint64_t next_visitor;
};

static const char *const names[] = {"redis_fill", "redis_poll", "redis_enter", "redis_join", "redis_leave"};

static void check(int code, const char *what, const waitq_error *error) {
  if (code != WAITQ_OK) {
    bench_die("%s: %s", what, error->text);
  }
}

static void open_room(struct place *place) {
  const struct plan *plan = place->plan;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 0.001;
  policy.burst = plan->turns > 0 ? plan->turns : 1;
  policy.claim_ttl_ms = DAY_MS;
  policy.heartbeat_ttl_ms = DAY_MS;
  check(waitq_open(plan->uri, NULL, &place->context, &error), "open", &error);
  check(waitq_room_open(place->context, "bench", &policy, &place->room, &error), "room", &error);
}

static struct place *place_new(struct bench_node *node, const struct plan *plan) {
  struct place *place = bench_alloc(sizeof *place);
  place->plan = plan;
  place->node = node;
  place->share = (plan->waiting + plan->turns) / plan->processes;
  place->filled = bench_alloc(place->share * sizeof *place->filled);
  place->ready = bench_alloc((plan->turns + 1) * sizeof *place->ready);
  place->waits = bench_alloc(place->share * sizeof *place->waits);
  place->newcomers = bench_alloc((plan->joins / plan->processes + 1) * sizeof *place->newcomers);
  place->next_visitor = (uint64_t)node->index << 40;
  open_room(place);
  return place;
}

static void place_free(struct place *place) {
  waitq_room_close(place->room);
  waitq_close(place->context);
  free(place->filled);
  free(place->ready);
  free(place->waits);
  free(place->newcomers);
  free(place);
}

/* Sorts tickets into those whose turn has come, and the others. */
static void sort_out(struct place *place) {
  place->ready_count = 0;
  place->wait_count = 0;
  for (size_t i = 0; i < place->share; i++) {
    waitq_status status = WAITQ_STATUS_INIT;
    waitq_error error = WAITQ_ERROR_INIT;
    check(waitq_poll(place->room, place->filled[i].text, &status, &error), "poll", &error);
    if (status.state == WAITQ_STATE_READY && place->ready_count < place->plan->turns) {
      place->ready[place->ready_count++] = place->filled[i];
    } else if (status.state == WAITQ_STATE_WAITING) {
      place->waits[place->wait_count++] = place->filled[i];
    }
  }
}

static void fill(struct place *place, const struct step *step) {
  const struct plan *plan = place->plan;
  struct bench_calls calls = {.call = BENCH_CALL_JOIN,
                              .context = place->context,
                              .room = place->room,
                              .texts = place->filled,
                              .visitor = place->next_visitor,
                              .most = place->share,
                              .lasts_ns = INT64_MAX / 2};
  place->next_visitor += bench_calls_submit(&calls, step->callers / plan->processes, place->node->result);
}

/* Where one process has joined all, it waits until all turns have come. */
static void await_turns(struct place *place) {
  const struct plan *plan = place->plan;
  int64_t until_ns = bench_now_ns() + TURNS_WAIT_S * INT64_C(1000000000);
  sort_out(place);
  while (plan->processes == 1 && place->ready_count < plan->turns) {
    struct timespec time = {0, 20000000};
    if (bench_now_ns() > until_ns) {
      bench_die("of %zu turns %zu came", plan->turns, place->ready_count);
    }
    nanosleep(&time, NULL);
    sort_out(place);
  }
}

static void poll_block(struct place *place, const struct bench_block *block) {
  struct bench_node_result *result = place->node->result;
  waitq_status status = WAITQ_STATUS_INIT;
  for (size_t i = 0; i < block->count; i++) {
    int is_timed = i % POLLS_PER_TIMED == 0;
    int64_t start_ns = is_timed ? bench_now_ns() : 0;
    int code = waitq_poll(place->room, block->tickets[i].text, &status, NULL);
    if (is_timed) {
      bench_histogram_add(&result->latency, bench_now_ns() - start_ns);
      bench_histogram_add(&result->age, status.age_ms * 1000);
    }
    result->good += code == WAITQ_OK && status.state == WAITQ_STATE_WAITING;
  }
  result->ops += block->count;
}

static void poll_random(struct place *place) {
  static struct bench_block *block;
  struct bench_node_result *result = place->node->result;
  uint64_t number = (uint64_t)place->node->index << 40;
  block = block != NULL ? block : bench_block_new();
  block->count = BENCH_BLOCK;
  while (bench_now_ns() - result->start_ns < POLL_STEPS * place->plan->options->redis_ns) {
    for (size_t i = 0; i < block->count; i++) {
      const struct bench_text *text = &place->waits[bench_mix(number++) % place->wait_count];
      memcpy(block->tickets[i].text, text->text, WAITQ_TICKET_SIZE);
    }
    int64_t start_ns = bench_now_ns();
    poll_block(place, block);
    result->busy_ns += bench_now_ns() - start_ns;
  }
}

/* Joins, leaves, entries. */
static void call(struct place *place, const struct step *step) {
  const struct plan *plan = place->plan;
  unsigned callers = step->callers / plan->processes;
  struct bench_calls calls = {
      .context = place->context, .room = place->room, .texts = place->newcomers, .lasts_ns = plan->options->redis_ns};
  if (step->kind == JOIN) {
    calls.call = BENCH_CALL_JOIN;
    calls.visitor = place->next_visitor;
    calls.most = plan->joins / plan->processes;
  } else if (step->kind == LEAVE) {
    calls.call = BENCH_CALL_LEAVE;
    calls.most = place->newcomer_count;
    calls.lasts_ns = INT64_MAX / 2;
  } else {
    calls.call = BENCH_CALL_ENTER;
    calls.texts = place->ready;
    calls.most = place->ready_count < TURNS_PER_STEP ? place->ready_count : TURNS_PER_STEP;
  }
  size_t done = step->is_submitted ? bench_calls_submit(&calls, callers, place->node->result)
                                   : bench_calls_block(&calls, callers, place->node->result);
  if (step->kind == JOIN) {
    place->newcomer_count = done;
    place->next_visitor += done;
  } else if (step->kind == ENTER) {
    place->ready_count -= done;
    memmove(place->ready, place->ready + done, place->ready_count * sizeof *place->ready);
  }
}

static void node_main(struct bench_node *node, void *user) {
  const struct plan *plan = user;
  struct place *place = place_new(node, plan);
  for (size_t s = 0; s < plan->step_count; s++) {
    const struct step *step = &plan->steps[s];
    bench_node_begin(node);
    if (step->kind == FILL) {
      fill(place, step);
    } else if (step->kind == POLL) {
      poll_random(place);
    } else {
      call(place, step);
    }
    bench_node_end(node);
    if (step->kind == FILL) {
      await_turns(place);
    }
  }
  place_free(place);
}

static void add_step(struct plan *plan, enum kind kind, int is_submitted, unsigned callers) {
  if (kind == FILL || bench_listed(plan->options->only, names[kind]) ||
      (kind == JOIN && bench_listed(plan->options->only, names[LEAVE]))) {
    plan->steps[plan->step_count++] = (struct step){kind, is_submitted, callers};
  }
}

static void add_callers(struct plan *plan, enum kind kind) {
  static const unsigned blocking[] = {1, 8, 64};
  static const unsigned submitted[] = {1, 8, 64, MOST_CALLERS};
  for (size_t i = 0; i < sizeof blocking / sizeof *blocking; i++) {
    add_step(plan, kind, 0, blocking[i]);
    if (kind == JOIN) {
      add_step(plan, LEAVE, 0, blocking[i]);
    }
  }
  for (size_t i = 0; i < sizeof submitted / sizeof *submitted; i++) {
    add_step(plan, kind, 1, submitted[i]);
    if (kind == JOIN) {
      add_step(plan, LEAVE, 1, submitted[i]);
    }
  }
}

static struct plan make_plan(const struct bench_options *options, size_t waiting, unsigned processes, unsigned parts) {
  struct plan plan = {.options = options,
                      .waiting = waiting,
                      .processes = processes,
                      .fsync_always = (parts & BENCH_LINE_DURABLE) != 0,
                      .joins = waiting > JOINS_MIN ? waiting : JOINS_MIN};
  add_step(&plan, FILL, 1, MOST_CALLERS);
  if ((parts & BENCH_LINE_POLL) != 0) {
    add_step(&plan, POLL, 0, processes);
  }
  if ((parts & BENCH_LINE_ENTER) != 0) {
    size_t before = plan.step_count;
    add_callers(&plan, ENTER);
    plan.turns = (plan.step_count - before) * TURNS_PER_STEP;
  }
  if ((parts & BENCH_LINE_CALLERS) != 0) {
    add_callers(&plan, JOIN);
  } else if ((parts & BENCH_LINE_ENTER) == 0) {
    add_step(&plan, JOIN, 1, MOST_CALLERS);
    add_step(&plan, LEAVE, 1, MOST_CALLERS);
  }
  return plan;
}

static void add(const struct plan *plan, const struct step *step, const struct bench_node_result *result,
                const struct bench_look *before, const struct bench_look *after, double bytes_per_ticket,
                struct bench_redis_report *report) {
  struct bench_redis_key key = {.bench = names[step->kind],
                                .mode = step->is_submitted ? BENCH_SUBMITTED : BENCH_BLOCKING,
                                .waiting = plan->waiting,
                                .callers = step->callers,
                                .threads = result->threads,
                                .processes = plan->processes,
                                .fsync_always = plan->fsync_always};
  struct bench_redis_sample sample = bench_redis_sample_empty();
  double ops = (double)result->ops;
  /* A turn or two may still come while tickets are polled. */
  double least = step->kind == POLL ? 0.99 * ops : ops;
  if (result->ops == 0 || (double)result->good < least) {
    bench_complain("%s, %s, %u callers, %u processes: of %.0f operations %.0f went well", key.bench, key.mode,
                   key.callers, key.processes, ops, (double)result->good);
    return;
  }
  double ns = (double)result->busy_ns / ops;
  sample.values[BENCH_REDIS_NS] = ns;
  sample.values[BENCH_REDIS_OPS] =
      step->kind == POLL ? result->threads * 1e9 / ns : ops * 1e9 / (double)(result->end_ns - result->start_ns);
  sample.values[BENCH_REDIS_CPU_US] = bench_look_cpu_us(before, after) / ops;
  sample.values[BENCH_REDIS_COMMANDS] = bench_look_commands(before, after) / bench_look_seconds(before, after);
  sample.values[BENCH_REDIS_BYTES] = bytes_per_ticket;
  sample.values[BENCH_REDIS_P50_US] = bench_histogram_quantile(&result->latency, 0.5) / 1e3;
  sample.values[BENCH_REDIS_P99_US] = bench_histogram_quantile(&result->latency, 0.99) / 1e3;
  if (step->kind == POLL) {
    sample.values[BENCH_REDIS_CPU_SHARE] = bench_look_cpu_us(before, after) / 1e6 / bench_look_seconds(before, after);
    sample.values[BENCH_REDIS_AGE_P99_MS] = bench_histogram_quantile(&result->age, 0.99) / 1e3;
  }
  bench_redis_report_add(report, &key, &sample);
}

void bench_redis_line_run(const struct bench_options *options, size_t waiting, unsigned processes, unsigned parts,
                          struct bench_redis_report *report) {
  struct plan plan = make_plan(options, waiting, processes, parts);
  if (plan.step_count == 1) {
    return;
  }
  struct server_options settings = {.flags = plan.fsync_always ? SERVER_AOF : 0};
  struct server *server = server_start(&settings);
  plan.uri = server_uri(server);
  struct bench_nodes *nodes = bench_nodes_start(processes, node_main, &plan);
  double bytes_per_ticket = (double)NAN;
  for (size_t s = 0; s < plan.step_count; s++) {
    bench_nodes_await(nodes);
    struct bench_look before = bench_look_at(server);
    bench_nodes_go(nodes);
    const struct bench_node_result *result = bench_nodes_finish(nodes);
    struct bench_look after = bench_look_at(server);
    if (plan.steps[s].kind == FILL) {
      if (result->good < result->ops) {
        bench_die("the line could not be filled");
      }
      bytes_per_ticket = bench_look_bytes(&before, &after) / (double)result->ops;
    } else {
      add(&plan, &plan.steps[s], result, &before, &after, bytes_per_ticket, report);
    }
    bench_nodes_release(nodes);
  }
  bench_nodes_end(nodes);
  server_stop(server);
}
