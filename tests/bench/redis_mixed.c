/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "redis_mixed.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <waitq/waitq.h>

#include "block.h"
#include "calls.h"
#include "machine.h"
#include "nodes.h"
#include "support/servers.h"
#include "watch.h"

#define PROCESSES 2
#define JOINS_PER_S 30000.0
#define POLLS_PER_S 150000.0
#define RATE_PER_S 500.0
#define BURST 500

#define UNDER_WAY_MAX 16384
#define COLLECTED_AT_ONCE 64
#define POLLS_PER_LOOK 256
#define TICK_MS 1
#define LAST_ANSWERS_NS INT64_C(5000000000)

/* Own counts of a process. */
enum count { JOINS, POLLS, ENTERS, FAILURES };

struct entry {
  int64_t submitted_ns;
  int64_t answered_ns;
};

/* Entries of each process, in memory that this one sees as well. */
struct entries {
  size_t counts[PROCESSES];
  size_t most;
  struct entry all[];
};

struct plan {
  const char *uri;
  int64_t lasts_ns;
  struct entries *entries;
};

/* A ticket of this process; its visitor is the place in the list. */
struct ticket {
  char text[WAITQ_TICKET_SIZE];
  int is_gone; /* it has entered, is about to, or has missed its turn */
};

/* A call that is under way. */
struct call {
  int is_enter;
  size_t ticket;
  int64_t due_ns;
  int64_t submitted_ns;
  waitq_ticket answer;
  waitq_status status;
  waitq_pass pass;
};

struct place {
  const struct plan *plan;
  struct bench_node *node;
  waitq_t *context;
  waitq_room_t *room;
  struct pollfd ready;
  struct ticket *tickets;
  size_t ticket_count;
  size_t ticket_most;
  size_t first; /* all before are gone */
  size_t at;    /* who is polled next */
  struct call *calls;
  uint32_t *free_calls;
  size_t free_count;
  uint64_t joins_begun;
  uint64_t polls_done;
};

static void check(int code, const char *what, const waitq_error *error) {
  if (code != WAITQ_OK) {
    bench_die("%s: %s", what, error != NULL ? error->text : waitq_error_text(code));
  }
}

static struct place *place_new(struct bench_node *node, const struct plan *plan) {
  struct place *place = bench_alloc(sizeof *place);
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = RATE_PER_S;
  policy.burst = BURST;
  place->plan = plan;
  place->node = node;
  place->ready.events = POLLIN;
  place->ticket_most = (size_t)(JOINS_PER_S / PROCESSES * ((double)plan->lasts_ns / 1e9) * 1.1) + UNDER_WAY_MAX;
  place->tickets = bench_alloc(place->ticket_most * sizeof *place->tickets);
  place->calls = bench_alloc(UNDER_WAY_MAX * sizeof *place->calls);
  place->free_calls = bench_alloc(UNDER_WAY_MAX * sizeof *place->free_calls);
  for (uint32_t i = 0; i < UNDER_WAY_MAX; i++) {
    place->free_calls[place->free_count++] = i;
    waitq_ticket_init(&place->calls[i].answer, sizeof place->calls[i].answer);
    waitq_status_init(&place->calls[i].status, sizeof place->calls[i].status);
    waitq_pass_init(&place->calls[i].pass, sizeof place->calls[i].pass);
  }
  check(waitq_open(plan->uri, NULL, &place->context, &error), "open", &error);
  check(waitq_room_open(place->context, "opening", &policy, &place->room, &error), "room", &error);
  check(waitq_completion_fd(place->context, &place->ready.fd, &error), "completions", &error);
  return place;
}

static void place_free(struct place *place) {
  waitq_room_close(place->room);
  waitq_close(place->context);
  free(place->tickets);
  free(place->calls);
  free(place->free_calls);
  free(place);
}

static void join(struct place *place, int64_t due_ns) {
  uint32_t tag = place->free_calls[--place->free_count];
  struct call *call = &place->calls[tag];
  char id[BENCH_ID_LENGTH];
  waitq_error error = WAITQ_ERROR_INIT;
  bench_visitor_id(((uint64_t)place->node->index << 40) + place->joins_begun++, id);
  call->is_enter = 0;
  call->due_ns = due_ns;
  check(waitq_submit_join(place->room, id, sizeof id, NULL, &call->answer, &call->status, tag, &error), "join", &error);
}

static void enter(struct place *place, size_t ticket) {
  uint32_t tag = place->free_calls[--place->free_count];
  struct call *call = &place->calls[tag];
  waitq_error error = WAITQ_ERROR_INIT;
  call->is_enter = 1;
  call->ticket = ticket;
  call->due_ns = call->submitted_ns = bench_now_ns();
  check(waitq_submit_enter(place->room, place->tickets[ticket].text, NULL, &call->pass, tag, &error), "enter", &error);
}

/* A join that has failed is not made up for; who could not enter tries again at the next poll. */
static void take_failure(struct place *place, const struct call *call, int code) {
  if (place->node->result->counts[FAILURES]++ == 0) {
    bench_complain("redis_mixed: %s: %s", call->is_enter ? "enter" : "join", waitq_error_text(code));
  }
  if (call->is_enter) {
    place->tickets[call->ticket].is_gone = 0;
    place->first = call->ticket < place->first ? call->ticket : place->first;
  }
}

static void take_enter(struct place *place, const struct call *call, int64_t now_ns) {
  struct entries *entries = place->plan->entries;
  struct bench_node_result *result = place->node->result;
  if (call->pass.state == WAITQ_STATE_READY) {
    place->tickets[call->ticket].is_gone = 0; /* not at this instant: the next poll tries again */
    place->first = call->ticket < place->first ? call->ticket : place->first;
    return;
  }
  result->counts[ENTERS]++;
  if (call->pass.state != WAITQ_STATE_ENTERED) {
    return;
  }
  size_t index = entries->counts[place->node->index]++;
  if (index == entries->most) {
    bench_die("more than %zu have entered", entries->most);
  }
  entries->all[place->node->index * entries->most + index] = (struct entry){call->submitted_ns, now_ns};
  result->good++;
}

static void take_join(struct place *place, const struct call *call) {
  struct bench_node_result *result = place->node->result;
  result->good += call->status.state == WAITQ_STATE_WAITING || call->status.state == WAITQ_STATE_READY;
  result->counts[JOINS]++;
  memcpy(place->tickets[place->ticket_count++].text, call->answer.text, WAITQ_TICKET_SIZE);
}

static void collect(struct place *place) {
  waitq_completion done[COLLECTED_AT_ONCE] = {WAITQ_COMPLETION_INIT};
  size_t count;
  do {
    check(waitq_complete(place->context, done, COLLECTED_AT_ONCE, &count, NULL), "completions", NULL);
    int64_t now_ns = bench_now_ns();
    for (size_t i = 0; i < count; i++) {
      const struct call *call = &place->calls[done[i].tag];
      if (done[i].code != WAITQ_OK) {
        take_failure(place, call, done[i].code);
      } else if (call->is_enter) {
        take_enter(place, call, now_ns);
      } else {
        take_join(place, call);
      }
      bench_histogram_add(&place->node->result->latency, now_ns - call->due_ns);
      place->free_calls[place->free_count++] = (uint32_t)done[i].tag;
    }
  } while (count == COLLECTED_AT_ONCE);
}

static void poll_one(struct place *place) {
  struct bench_node_result *result = place->node->result;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  while (place->first < place->ticket_count && place->tickets[place->first].is_gone) {
    place->first++;
  }
  if (place->first == place->ticket_count) {
    return;
  }
  place->at = place->at < place->first || place->at >= place->ticket_count ? place->first : place->at;
  struct ticket *ticket = &place->tickets[place->at];
  if (!ticket->is_gone) {
    check(waitq_poll(place->room, ticket->text, &status, &error), "poll", &error);
    bench_histogram_add(&result->age, status.age_ms * 1000);
    if (status.state == WAITQ_STATE_READY && place->free_count > 0) {
      ticket->is_gone = 1;
      enter(place, place->at);
    } else if (status.state != WAITQ_STATE_WAITING && status.state != WAITQ_STATE_READY) {
      ticket->is_gone = 1;
    }
    result->counts[POLLS]++;
  }
  place->at++;
}

/* Does all that has become due, but some hundred polls at most. */
static void do_due(struct place *place, int64_t now_ns) {
  static const double join_ns = 1e9 * PROCESSES / JOINS_PER_S;
  static const double poll_ns = 1e9 * PROCESSES / POLLS_PER_S;
  int64_t start_ns = place->node->result->start_ns;
  double elapsed_ns = (double)(now_ns - start_ns);
  while (place->free_count > 0 && (double)place->joins_begun * join_ns < elapsed_ns) {
    join(place, start_ns + (int64_t)((double)place->joins_begun * join_ns));
  }
  for (unsigned i = 0; i < POLLS_PER_LOOK && (double)place->polls_done * poll_ns < elapsed_ns; i++) {
    poll_one(place);
    place->polls_done++;
  }
}

static void await_answers(struct place *place, int64_t until_ns) {
  while (place->free_count < UNDER_WAY_MAX) {
    if (bench_now_ns() > until_ns) {
      bench_die("%zu calls are not answered", UNDER_WAY_MAX - place->free_count);
    }
    poll(&place->ready, 1, TICK_MS);
    collect(place);
  }
}

static void node_main(struct bench_node *node, void *user) {
  const struct plan *plan = user;
  struct place *place = place_new(node, plan);
  static const double poll_ns = 1e9 * PROCESSES / POLLS_PER_S;
  bench_node_begin(node);
  int64_t until_ns = node->result->start_ns + plan->lasts_ns;
  for (int64_t now_ns = bench_now_ns(); now_ns < until_ns; now_ns = bench_now_ns()) {
    do_due(place, now_ns);
    int is_behind = (double)place->polls_done * poll_ns < (double)(now_ns - node->result->start_ns);
    poll(&place->ready, 1, is_behind ? 0 : TICK_MS);
    collect(place);
  }
  node->result->ops = node->result->counts[JOINS] + node->result->counts[ENTERS];
  bench_node_end(node);
  await_answers(place, bench_now_ns() + LAST_ANSWERS_NS);
  place_free(place);
}

static int by_answer(const void *a, const void *b) {
  const struct entry *left = a;
  const struct entry *right = b;
  return (left->answered_ns > right->answered_ns) - (left->answered_ns < right->answered_ns);
}

/* By how many admissions the limit was passed, in the worst interval. */
static double over_limit(struct entries *entries) {
  size_t count = entries->counts[0];
  double worst = 0;
  for (unsigned p = 1; p < PROCESSES; p++) {
    memmove(&entries->all[count], &entries->all[p * entries->most], entries->counts[p] * sizeof *entries->all);
    count += entries->counts[p];
  }
  qsort(entries->all, count, sizeof *entries->all, by_answer);
  for (size_t from = 0; from < count; from++) {
    int64_t a_ns = entries->all[from].submitted_ns;
    double between = 0;
    for (size_t to = 0; to < count; to++) {
      if (entries->all[to].submitted_ns >= a_ns) {
        double allowed = BURST + RATE_PER_S * (double)(entries->all[to].answered_ns - a_ns) / 1e9;
        between++;
        worst = between - allowed > worst ? between - allowed : worst;
      }
    }
  }
  return worst;
}

static struct entries *entries_new(int64_t lasts_ns) {
  size_t most = (size_t)(BURST + RATE_PER_S * (double)lasts_ns / 1e9) * 2;
  size_t bytes = sizeof(struct entries) + most * PROCESSES * sizeof(struct entry);
  struct entries *entries = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (entries == MAP_FAILED) {
    bench_die("no memory for %zu bytes", bytes);
  }
  entries->most = most;
  return entries;
}

static void add(const struct bench_node_result *result, struct entries *entries, const struct bench_look *before,
                const struct bench_look *after, struct bench_redis_report *report) {
  struct bench_redis_key key = {"redis_mixed", BENCH_SUBMITTED, 0, 0, PROCESSES, PROCESSES, 0};
  struct bench_redis_sample sample = bench_redis_sample_empty();
  double seconds = (double)(result->end_ns - result->start_ns) / 1e9;
  double writes = (double)result->ops;
  if (result->ops == 0 || result->good < result->ops || result->counts[FAILURES] > 0) {
    bench_complain("redis_mixed: of %.0f joins and entries that were answered %.0f went well; %.0f more failed", writes,
                   (double)result->good, (double)result->counts[FAILURES]);
  }
  double all = writes + (double)result->counts[POLLS];
  sample.values[BENCH_REDIS_OPS] = all / seconds;
  sample.values[BENCH_REDIS_JOINS] = (double)result->counts[JOINS] / seconds;
  sample.values[BENCH_REDIS_POLLS] = (double)result->counts[POLLS] / seconds;
  sample.values[BENCH_REDIS_ENTERS] = (double)result->counts[ENTERS] / seconds;
  sample.values[BENCH_REDIS_OVER_LIMIT] = over_limit(entries);
  sample.values[BENCH_REDIS_CPU_US] = bench_look_cpu_us(before, after) / all;
  sample.values[BENCH_REDIS_CPU_SHARE] = bench_look_cpu_us(before, after) / 1e6 / bench_look_seconds(before, after);
  sample.values[BENCH_REDIS_COMMANDS] = bench_look_commands(before, after) / bench_look_seconds(before, after);
  sample.values[BENCH_REDIS_P50_US] = bench_histogram_quantile(&result->latency, 0.5) / 1e3;
  sample.values[BENCH_REDIS_P99_US] = bench_histogram_quantile(&result->latency, 0.99) / 1e3;
  sample.values[BENCH_REDIS_AGE_P99_MS] = bench_histogram_quantile(&result->age, 0.99) / 1e3;
  sample.values[BENCH_REDIS_BYTES] =
      result->counts[JOINS] > 0 ? bench_look_bytes(before, after) / (double)result->counts[JOINS] : 0;
  bench_redis_report_add(report, &key, &sample);
}

void bench_redis_mixed_run(const struct bench_options *options, struct bench_redis_report *report) {
  static struct bench_node_result result;
  if (!bench_listed(options->only, "redis_mixed")) {
    return;
  }
  struct server *server = server_start(NULL);
  struct plan plan = {server_uri(server), options->mixed_ns, entries_new(options->mixed_ns)};
  struct bench_nodes *nodes = bench_nodes_start(PROCESSES, node_main, &plan);
  bench_nodes_await(nodes);
  struct bench_look before = bench_look_at(server);
  bench_nodes_go(nodes);
  result = *bench_nodes_finish(nodes);
  struct bench_look after = bench_look_at(server);
  bench_nodes_release(nodes);
  bench_nodes_end(nodes);
  add(&result, plan.entries, &before, &after, report);
  munmap(plan.entries, sizeof *plan.entries + plan.entries->most * PROCESSES * sizeof(struct entry));
  server_stop(server);
}
