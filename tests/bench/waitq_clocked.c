/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "waitq_clocked.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <waitq/waitq.h>

#include "crew.h"
#include "machine.h"

#define START_US INT64_C(1700000000000000)
#define GENERATIONS 8
#define SINGLE_POLLS 2048
#define TURNS_PER_S 1e6

struct cell {
  char text[WAITQ_TICKET_SIZE];
};

struct waitq_clocked {
  _Atomic int64_t now_us;
  waitq_t *context;
  waitq_room_t *room;
  waitq_policy policy;
  size_t waiting;
  uint64_t front;     /* the first visitor who waits; visitors are numbered as they join */
  uint64_t next;      /* the next visitor to join */
  struct cell *texts; /* of visitor v in place v % waiting */
  uint64_t turns;
};

static int64_t tell_time(void *user) {
  struct waitq_clocked *line = user;
  return atomic_load_explicit(&line->now_us, memory_order_relaxed);
}

static void check(int code, const char *what) {
  if (code != WAITQ_OK) {
    bench_die("%s: %s", what, waitq_error_text(code));
  }
}

static waitq_stats do_what_is_due(struct waitq_clocked *line) {
  waitq_stats stats = WAITQ_STATS_INIT;
  check(waitq_room_stats(line->room, &stats, NULL), "statistics");
  return stats;
}

static void join_next(struct waitq_clocked *line, struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++, line->next++) {
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    bench_block_visitor(block, i, line->next);
    check(waitq_join(line->room, block->ids[i], BENCH_ID_LENGTH, NULL, &ticket, NULL, NULL), "join");
    memcpy(line->texts[line->next % line->waiting].text, ticket.text, WAITQ_TICKET_SIZE);
  }
}

static void fill(struct waitq_clocked *line, struct bench_block *block) {
  while (line->next < line->waiting) {
    size_t left = line->waiting - (size_t)line->next;
    block->count = left < BENCH_BLOCK ? left : BENCH_BLOCK;
    join_next(line, block);
  }
}

static void set_rate(struct waitq_clocked *line, double rate_per_s) {
  if (line->policy.rate_per_s != rate_per_s) {
    line->policy.rate_per_s = rate_per_s;
    check(waitq_room_set_rate(line->room, rate_per_s, NULL), "rate");
  }
}

static void poll_all(struct waitq_clocked *line) {
  waitq_status status = WAITQ_STATUS_INIT;
  for (uint64_t visitor = line->front; visitor < line->next; visitor++) {
    check(waitq_poll(line->room, line->texts[visitor % line->waiting].text, &status, NULL), "poll");
  }
}

/* Leaves nothing to be done but what the next generation brings. */
static void step_generation(struct waitq_clocked *line) {
  do_what_is_due(line);
  atomic_fetch_add(&line->now_us, line->policy.heartbeat_ttl_ms * 1000 / GENERATIONS);
  line->turns++;
}

void waitq_clocked_age(struct waitq_clocked *line) {
  set_rate(line, 0);
  do_what_is_due(line);
  poll_all(line);
  step_generation(line);
}

/* A line in which a generation expires with each step. */
static void grow_old(struct waitq_clocked *line) {
  for (unsigned i = 0; i < 2 * GENERATIONS; i++) {
    if (i == GENERATIONS / 2 || i == GENERATIONS) {
      poll_all(line);
    }
    step_generation(line);
  }
}

void waitq_clocked_close(struct waitq_clocked *line) {
  if (line != NULL) {
    waitq_room_close(line->room);
    waitq_close(line->context);
    free(line->texts);
    free(line);
  }
}

void waitq_clocked_ready(struct waitq_clocked *line, struct bench_block *block, size_t skip) {
  set_rate(line, TURNS_PER_S);
  atomic_fetch_add(&line->now_us, (int64_t)block->count);
  waitq_stats stats = do_what_is_due(line);
  if (stats.ready < skip + block->count) {
    bench_die("%llu of %zu turns came", (unsigned long long)stats.ready, skip + block->count);
  }
  for (size_t i = 0; i < block->count; i++) {
    size_t place = (size_t)((line->front + skip + i) % line->waiting);
    memcpy(block->tickets[i].text, line->texts[place].text, WAITQ_TICKET_SIZE);
  }
}

void waitq_clocked_enter(struct waitq_clocked *line, struct bench_block *block) {
  waitq_pass pass = WAITQ_PASS_INIT;
  for (size_t i = 0; i < block->count; i++) {
    int code = waitq_enter(line->room, block->tickets[i].text, NULL, &pass, NULL);
    block->good += code == WAITQ_OK && pass.state == WAITQ_STATE_ENTERED;
  }
}

void waitq_clocked_refill(struct waitq_clocked *line, struct bench_block *block) {
  line->front += block->count;
  join_next(line, block);
}

/* A bucket begins full: its one token gave the first in line a turn. */
static void enter_first(struct waitq_clocked *line, struct bench_block *block) {
  block->count = 1;
  block->good = 0;
  memcpy(block->tickets[0].text, line->texts[0].text, WAITQ_TICKET_SIZE);
  set_rate(line, TURNS_PER_S);
  waitq_clocked_enter(line, block);
  if (block->good != 1) {
    bench_die("the first in line had no turn");
  }
  waitq_clocked_refill(line, block);
  set_rate(line, 0);
}

struct waitq_clocked *waitq_clocked_open(size_t waiting) {
  struct waitq_clocked *line = bench_alloc(sizeof *line);
  waitq_options options = WAITQ_OPTIONS_INIT;
  options.clock = tell_time;
  options.clock_user = line;
  atomic_init(&line->now_us, START_US);
  line->waiting = waiting;
  line->texts = bench_alloc(waiting * sizeof *line->texts);
  line->policy = (waitq_policy)WAITQ_POLICY_INIT;
  line->policy.rate_per_s = 0;
  line->policy.burst = 1;
  check(waitq_open("memory:", &options, &line->context, NULL), "open");
  check(waitq_room_open(line->context, "clocked", &line->policy, &line->room, NULL), "room");
  struct bench_block *block = bench_block_new();
  fill(line, block);
  line->policy.burst = (uint64_t)BENCH_BLOCK * BENCH_THREADS_MAX;
  check(waitq_room_configure(line->room, &line->policy, NULL), "configure");
  enter_first(line, block);
  free(block);
  grow_old(line);
  return line;
}

void waitq_clocked_turn(struct waitq_clocked *line, struct bench_block *block) {
  waitq_stats stats = do_what_is_due(line);
  block->good += stats.waiting + stats.ready >= line->waiting - line->waiting / 100;
}

void waitq_clocked_turn_poll(struct waitq_clocked *line, struct bench_block *block) {
  char text[WAITQ_TICKET_SIZE];
  waitq_status status = WAITQ_STATUS_INIT;
  for (uint64_t i = 0; i < SINGLE_POLLS; i++) {
    size_t place = (size_t)(bench_mix(i + line->turns) % line->waiting);
    memcpy(text, line->texts[place].text, sizeof text);
    int64_t start_ns = bench_now_ns();
    int code = waitq_poll(line->room, text, &status, NULL);
    int64_t took_ns = bench_now_ns() - start_ns;
    check(code, "poll");
    block->longest_ns = took_ns > block->longest_ns ? took_ns : block->longest_ns;
  }
  block->good++;
}
