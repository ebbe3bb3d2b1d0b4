/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "waitq_line.h"

#include <stdlib.h>
#include <waitq/waitq.h>

#include "machine.h"
#include "waitq_clocked.h"

/* How many go into one call of the _many functions. */
#define MANY 256

struct waitq_line {
  waitq_t *context;
  waitq_room_t *room;
  size_t waiting;
  struct waitq_clocked *clocked;
};

static void *line_open(size_t waiting) {
  struct waitq_line *line = bench_alloc(sizeof *line);
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = (double)waiting / 10000;
  policy.burst = 1;
  policy.heartbeat_ttl_ms = 3600000;
  line->waiting = waiting;
  if (waitq_open("memory:", NULL, &line->context, NULL) != WAITQ_OK ||
      waitq_room_open(line->context, "bench", &policy, &line->room, NULL) != WAITQ_OK) {
    bench_die("cannot open a room");
  }
  return line;
}

static void line_close(void *state) {
  struct waitq_line *line = state;
  waitq_clocked_close(line->clocked);
  waitq_room_close(line->room);
  waitq_close(line->context);
  free(line);
}

static void line_join(void *state, struct bench_block *block) {
  struct waitq_line *line = state;
  for (size_t i = 0; i < block->count; i++) {
    waitq_status status = WAITQ_STATUS_INIT;
    int code = waitq_join(line->room, block->visitors[i].id, block->visitors[i].length, NULL, &block->tickets[i],
                          &status, NULL);
    block->good += code == WAITQ_OK && status.state == WAITQ_STATE_WAITING;
  }
}

static void line_poll(void *state, struct bench_block *block) {
  struct waitq_line *line = state;
  waitq_status status = WAITQ_STATUS_INIT;
  for (size_t i = 0; i < block->count; i++) {
    int code = waitq_poll(line->room, block->tickets[i].text, &status, NULL);
    block->good += code == WAITQ_OK && status.state == WAITQ_STATE_WAITING;
  }
}

static void line_leave(void *state, struct bench_block *block) {
  struct waitq_line *line = state;
  for (size_t i = 0; i < block->count; i++) {
    block->good += waitq_leave(line->room, block->tickets[i].text, NULL, NULL) == WAITQ_OK;
  }
}

static void count_waiting(struct bench_block *block, const waitq_status *statuses, size_t count) {
  for (size_t i = 0; i < count; i++) {
    block->good += statuses[i].state == WAITQ_STATE_WAITING;
  }
}

static void line_join_many(void *state, struct bench_block *block) {
  struct waitq_line *line = state;
  waitq_status statuses[MANY] = {WAITQ_STATUS_INIT};
  for (size_t first = 0; first < block->count; first += MANY) {
    size_t count = block->count - first < MANY ? block->count - first : MANY;
    if (waitq_join_many(line->room, &block->visitors[first], count, NULL, &block->tickets[first], statuses, NULL,
                        NULL) == WAITQ_OK) {
      count_waiting(block, statuses, count);
    }
  }
}

static void line_poll_many(void *state, struct bench_block *block) {
  struct waitq_line *line = state;
  waitq_status statuses[MANY] = {WAITQ_STATUS_INIT};
  for (size_t first = 0; first < block->count; first += MANY) {
    size_t count = block->count - first < MANY ? block->count - first : MANY;
    if (waitq_poll_many(line->room, &block->tickets[first], count, statuses, NULL, NULL) == WAITQ_OK) {
      count_waiting(block, statuses, count);
    }
  }
}

static size_t line_reported_bytes(void *state) {
  struct waitq_line *line = state;
  waitq_stats stats = WAITQ_STATS_INIT;
  if (waitq_room_stats(line->room, &stats, NULL) != WAITQ_OK) {
    bench_die("cannot read the statistics");
  }
  return (size_t)stats.memory_bytes;
}

static struct waitq_clocked *clocked_of(struct waitq_line *line) {
  if (line->clocked == NULL) {
    line->clocked = waitq_clocked_open(line->waiting);
  }
  return line->clocked;
}

static void line_ready(void *state, struct bench_block *block, size_t skip) {
  waitq_clocked_ready(clocked_of(state), block, skip);
}

static void line_enter(void *state, struct bench_block *block) {
  waitq_clocked_enter(((struct waitq_line *)state)->clocked, block);
}

static void line_refill(void *state, struct bench_block *block) {
  waitq_clocked_refill(((struct waitq_line *)state)->clocked, block);
}

static void line_age(void *state) {
  waitq_clocked_age(clocked_of(state));
}

static void line_turn(void *state, struct bench_block *block) {
  waitq_clocked_turn(((struct waitq_line *)state)->clocked, block);
}

static void line_turn_poll(void *state, struct bench_block *block) {
  waitq_clocked_turn_poll(((struct waitq_line *)state)->clocked, block);
}

const struct bench_design bench_waitq = {
    .prefix = "",
    .open = line_open,
    .close = line_close,
    .join = line_join,
    .poll = line_poll,
    .leave = line_leave,
    .join_many = line_join_many,
    .poll_many = line_poll_many,
    .ready = line_ready,
    .enter = line_enter,
    .refill = line_refill,
    .age = line_age,
    .turn = line_turn,
    .turn_poll = line_turn_poll,
    .reported_bytes = line_reported_bytes,
};
