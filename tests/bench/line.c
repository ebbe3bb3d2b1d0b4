/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "line.h"

#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "machine.h"

/* A sample whose operations did not end as they should measures something else. Some tickets get their turn while they
 * are polled, so not all need to. */
#define GOOD_ENOUGH 0.9

struct cell {
  char text[WAITQ_TICKET_SIZE];
};

struct bench_line {
  const struct bench_design *design;
  void *state;
  size_t waiting;
  struct cell *texts; /* by slot, which is also the visitor's number */
  uint32_t *order;    /* the slots, shuffled */
  size_t at[BENCH_THREADS_MAX];
  uint64_t next_visitor; /* the next that the line has not seen */
  unsigned threads;      /* of the sample that is running */
  size_t block_size;     /* and its operations in a block */
};

static void shuffle(uint32_t *order, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t other = (size_t)(bench_mix(i) % (i + 1));
    order[i] = order[other];
    order[other] = (uint32_t)i;
  }
}

static void keep_texts(struct bench_line *line, const struct bench_block *block) {
  for (size_t i = 0; i < block->count; i++) {
    memcpy(line->texts[block->slots[i]].text, block->tickets[i].text, WAITQ_TICKET_SIZE);
  }
}

static int64_t join_all(struct bench_line *line) {
  struct bench_block *block = bench_block_new();
  int64_t busy_ns = 0;
  size_t good = 0;
  for (size_t first = 0; first < line->waiting; first += block->count) {
    size_t left = line->waiting - first;
    block->count = left < BENCH_BLOCK ? left : BENCH_BLOCK;
    block->good = 0;
    for (size_t i = 0; i < block->count; i++) {
      block->slots[i] = (uint32_t)(first + i);
      bench_block_visitor(block, i, first + i);
    }
    int64_t start_ns = bench_now_ns();
    line->design->join(line->state, block);
    busy_ns += bench_now_ns() - start_ns;
    good += block->good;
    keep_texts(line, block);
  }
  if ((double)good < GOOD_ENOUGH * (double)line->waiting) {
    bench_die("%s: of %zu joins %zu went well", line->design->prefix, line->waiting, good);
  }
  free(block);
  return busy_ns;
}

struct bench_line *bench_line_fill(const struct bench_design *design, size_t waiting, int measure_memory,
                                   struct bench_report *report) {
  struct bench_line *line = bench_alloc(sizeof *line);
  line->design = design;
  line->waiting = waiting;
  line->next_visitor = waiting;
  line->texts = bench_alloc(waiting * sizeof *line->texts);
  line->order = bench_alloc(waiting * sizeof *line->order);
  shuffle(line->order, waiting);
  struct bench_memory before = bench_memory_now();
  line->state = design->open(waiting);
  double ns = (double)join_all(line) / (double)waiting;
  bench_report_add(report, design->prefix, "fill", waiting, 1, ns, 1e9 / ns);
  if (measure_memory) {
    struct bench_memory after = bench_memory_now();
    size_t reported = design->reported_bytes != NULL ? design->reported_bytes(line->state) : 0;
    bench_report_memory(report, design->prefix, waiting, (double)(after.heap - before.heap) / (double)waiting,
                        (double)(after.resident - before.resident) / (double)waiting,
                        (double)reported / (double)waiting);
  }
  return line;
}

void bench_line_free(struct bench_line *line) {
  line->design->close(line->state);
  free(line->texts);
  free(line->order);
  free(line);
}

/* The next visits of that thread, in its own share of the shuffled order. */
static void prepare_visits(void *user, struct bench_block *block, unsigned thread) {
  struct bench_line *line = user;
  size_t share = line->waiting / line->threads;
  block->count = line->block_size;
  for (size_t i = 0; i < block->count; i++) {
    line->at[thread] = (line->at[thread] + 1) % share;
    uint32_t slot = line->order[thread * share + line->at[thread]];
    block->slots[i] = slot;
    bench_block_visitor(block, i, slot);
    memcpy(block->tickets[i].text, line->texts[slot].text, WAITQ_TICKET_SIZE);
  }
}

static void prepare_newcomers(void *user, struct bench_block *block, unsigned thread) {
  struct bench_line *line = user;
  (void)thread;
  block->count = line->block_size;
  for (size_t i = 0; i < block->count; i++) {
    bench_block_visitor(block, i, line->next_visitor++);
  }
}

static void prepare_turns(void *user, struct bench_block *block, unsigned thread) {
  struct bench_line *line = user;
  block->count = line->block_size;
  line->design->ready(line->state, block, thread * line->block_size);
}

/* One turn for all threads, however many wait for its end. */
static void prepare_turn(void *user, struct bench_block *block, unsigned thread) {
  struct bench_line *line = user;
  block->count = 1;
  if (thread == 0 && line->design->age != NULL) {
    line->design->age(line->state);
  }
}

static void run_join(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->join(line->state, block);
}

static void run_join_many(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->join_many(line->state, block);
}

static void run_poll(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->poll(line->state, block);
}

static void run_poll_many(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->poll_many(line->state, block);
}

static void run_leave(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->leave(line->state, block);
}

static void run_enter(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->enter(line->state, block);
}

static void run_turn(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->turn(line->state, block);
}

static void run_turn_poll(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->turn_poll(line->state, block);
}

static void finish_rejoin(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->join(line->state, block);
  keep_texts(line, block);
}

static void finish_refill(void *user, struct bench_block *block) {
  struct bench_line *line = user;
  line->design->refill(line->state, block);
}

/* A benchmark: what it does, and how much of it leaves the line as large as it was. */
struct kind {
  const char *name;
  void (*prepare)(void *user, struct bench_block *block, unsigned thread);
  void (*run)(void *user, struct bench_block *block);
  void (*finish)(void *user, struct bench_block *block);
  size_t share;       /* at most one in so many of those waiting is changed in a sample; 0: nothing is changed */
  size_t most_blocks; /* in a sample; 0: as many as there is time for */
};

static const struct kind poll_kind = {"poll", prepare_visits, run_poll, NULL, 0, 0};
static const struct kind poll_many_kind = {"poll_many", prepare_visits, run_poll_many, NULL, 0, 0};
static const struct kind leave_kind = {"leave", prepare_visits, run_leave, finish_rejoin, 4, 16};
static const struct kind join_kind = {"join", prepare_newcomers, run_join, run_leave, 4, 16};
static const struct kind join_many_kind = {"join_many", prepare_newcomers, run_join_many, run_leave, 4, 16};
static const struct kind enter_kind = {"enter", prepare_turns, run_enter, finish_refill, 4, 16};
static const struct kind turn_kind = {"turn", prepare_turn, run_turn, NULL, 0, 1};
static const struct kind turn_poll_kind = {"turn_longest_poll", prepare_turn, run_turn_poll, NULL, 0, 1};

/* Limits a sample to the share of the line that it may change. */
static size_t limit_blocks(struct bench_line *line, const struct kind *kind, unsigned threads) {
  size_t each = line->waiting / threads / (kind->share != 0 ? kind->share : 1);
  size_t blocks = kind->most_blocks != 0 ? kind->most_blocks : SIZE_MAX;
  line->threads = threads;
  line->block_size = each < BENCH_BLOCK ? each : BENCH_BLOCK;
  if (kind->share != 0 && each / BENCH_BLOCK < blocks) {
    blocks = each < BENCH_BLOCK ? 1 : each / BENCH_BLOCK;
  }
  return blocks;
}

static void run_kind(struct bench_line *line, const struct kind *kind, const struct bench_options *options,
                     struct bench_report *report) {
  if (!bench_listed(options->only, kind->name)) {
    return;
  }
  for (unsigned threads = 1; threads <= options->threads_max; threads++) {
    struct bench_job job = {line,         kind->prepare,      kind->run,
                            kind->finish, options->sample_ns, limit_blocks(line, kind, threads)};
    struct bench_sample sample = bench_crew_run(&job, threads);
    if (sample.good < GOOD_ENOUGH) {
      bench_die("%s%s, %zu waiting: only %.1f %% of the operations went well", line->design->prefix, kind->name,
                line->waiting, sample.good * 100);
    }
    if (kind == &turn_poll_kind) {
      bench_report_add(report, line->design->prefix, kind->name, line->waiting, threads, sample.longest_ns,
                       1e9 / sample.longest_ns);
    } else {
      bench_report_add(report, line->design->prefix, kind->name, line->waiting, threads, sample.ns_per_op,
                       sample.ops_per_s);
    }
  }
}

void bench_line_run(struct bench_line *line, const struct bench_options *options, struct bench_report *report) {
  const struct bench_design *design = line->design;
  if (design->poll != NULL) {
    run_kind(line, &poll_kind, options, report);
  }
  if (design->poll_many != NULL) {
    run_kind(line, &poll_many_kind, options, report);
  }
  if (design->enter != NULL) {
    run_kind(line, &enter_kind, options, report);
  }
  if (design->turn != NULL) {
    run_kind(line, &turn_kind, options, report);
  }
  if (design->turn_poll != NULL) {
    run_kind(line, &turn_poll_kind, options, report);
  }
  if (design->leave != NULL) {
    run_kind(line, &leave_kind, options, report);
    run_kind(line, &join_kind, options, report);
  }
  if (design->join_many != NULL) {
    run_kind(line, &join_many_kind, options, report);
  }
}
