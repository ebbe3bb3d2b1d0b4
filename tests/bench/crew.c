/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "machine.h"

/* Spins before it yields: the other thread is usually less than a microsecond away. */
#define SPINS 20000

/* A thread that begins later than the first by more than this part of a block is late. */
#define LATE_SHARE 8

/* More than this, in units of what is enough, is not spent on waiting for quiet. */
#define PATIENCE 4

struct tally {
  int64_t busy_ns;    /* time of all threads */
  int64_t elapsed_ns; /* from the first start to the last end, summed over the blocks */
  int64_t longest_ns;
  size_t blocks;
  size_t ops;
  size_t good;
};

static size_t total_blocks;
static size_t total_left_out;

struct crew {
  const struct bench_job *job;
  unsigned threads;
  atomic_uint arrived;
  atomic_uint round;
  int over;
  struct bench_block *blocks[BENCH_THREADS_MAX];

  struct tally clean;     /* what counts */
  struct tally disturbed; /* and what counts where nothing else is there */
};

struct member {
  struct crew *crew;
  unsigned index;
};

static void meet(struct crew *crew) {
  if (crew->threads == 1) {
    return;
  }
  unsigned round = atomic_load_explicit(&crew->round, memory_order_acquire);
  if (atomic_fetch_add_explicit(&crew->arrived, 1, memory_order_acq_rel) + 1 == crew->threads) {
    atomic_store_explicit(&crew->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&crew->round, round + 1, memory_order_release);
    return;
  }
  for (unsigned spin = 0; atomic_load_explicit(&crew->round, memory_order_acquire) == round; spin++) {
    if (spin >= SPINS) {
      sched_yield();
    }
  }
}

/* Whether a thread lost its processor, or began so late that the others ran without it. */
static int is_disturbed(const struct crew *crew) {
  int64_t first = INT64_MAX;
  int64_t last = 0;
  int64_t shortest = INT64_MAX;
  for (unsigned t = 0; t < crew->threads; t++) {
    const struct bench_block *block = crew->blocks[t];
    int64_t took = block->end_ns - block->start_ns;
    if (block->is_disturbed) {
      return 1;
    }
    first = block->start_ns < first ? block->start_ns : first;
    last = block->start_ns > last ? block->start_ns : last;
    shortest = took < shortest ? took : shortest;
  }
  return last - first > shortest / LATE_SHARE;
}

static void add(struct tally *tally, const struct crew *crew) {
  int64_t first = INT64_MAX;
  int64_t last = 0;
  for (unsigned t = 0; t < crew->threads; t++) {
    const struct bench_block *block = crew->blocks[t];
    first = block->start_ns < first ? block->start_ns : first;
    last = block->end_ns > last ? block->end_ns : last;
    tally->busy_ns += block->end_ns - block->start_ns;
    tally->longest_ns = block->longest_ns > tally->longest_ns ? block->longest_ns : tally->longest_ns;
    tally->ops += block->count;
    tally->good += block->good;
  }
  tally->elapsed_ns += last - first;
  tally->blocks++;
}

static void count(struct crew *crew) {
  const struct bench_job *job = crew->job;
  int disturbed = is_disturbed(crew);
  add(disturbed ? &crew->disturbed : &crew->clean, crew);
  total_blocks++;
  total_left_out += (size_t)disturbed;
  size_t all_blocks = crew->clean.blocks + crew->disturbed.blocks;
  int64_t all_ns = crew->clean.elapsed_ns + crew->disturbed.elapsed_ns;
  crew->over = crew->clean.elapsed_ns >= job->enough_ns || all_ns / PATIENCE >= job->enough_ns ||
               crew->clean.blocks >= job->most_blocks || all_blocks / PATIENCE >= job->most_blocks;
}

static void run_block(const struct bench_job *job, struct bench_block *block) {
  int64_t preemptions = bench_preemptions();
  block->start_ns = bench_now_ns();
  job->run(job->user, block);
  block->end_ns = bench_now_ns();
  block->is_disturbed = bench_preemptions() != preemptions;
}

static void *work(void *argument) {
  struct member *member = argument;
  struct crew *crew = member->crew;
  const struct bench_job *job = crew->job;
  struct bench_block *block = crew->blocks[member->index];
  bench_pin(member->index);
  while (!crew->over) {
    if (member->index == 0) {
      for (unsigned t = 0; t < crew->threads; t++) {
        job->prepare(job->user, crew->blocks[t], t);
      }
    }
    meet(crew);
    bench_block_warm(block);
    block->good = 0;
    block->longest_ns = 0;
    meet(crew);
    run_block(job, block);
    meet(crew);
    if (member->index == 0) {
      count(crew);
      for (unsigned t = 0; t < crew->threads && job->finish != NULL; t++) {
        job->finish(job->user, crew->blocks[t]);
      }
    }
    meet(crew);
  }
  return NULL;
}

struct bench_sample bench_crew_run(const struct bench_job *job, unsigned threads) {
  static struct bench_block *blocks[BENCH_THREADS_MAX];
  struct crew crew = {.job = job, .threads = threads};
  struct member members[BENCH_THREADS_MAX];
  pthread_t others[BENCH_THREADS_MAX];
  for (unsigned t = 0; t < threads; t++) {
    if (blocks[t] == NULL) {
      blocks[t] = bench_block_new();
    }
    blocks[t]->count = BENCH_BLOCK;
    crew.blocks[t] = blocks[t];
    members[t] = (struct member){&crew, t};
  }
  for (unsigned t = 1; t < threads; t++) {
    if (pthread_create(&others[t], NULL, work, &members[t]) != 0) {
      bench_die("cannot start a thread");
    }
  }
  work(&members[0]);
  for (unsigned t = 1; t < threads; t++) {
    pthread_join(others[t], NULL);
  }
  const struct tally *tally = crew.clean.ops > 0 ? &crew.clean : &crew.disturbed;
  return (struct bench_sample){
      .ns_per_op = (double)tally->busy_ns / (double)tally->ops,
      .ops_per_s = (double)tally->ops * 1e9 / (double)tally->elapsed_ns,
      .longest_ns = (double)tally->longest_ns,
      .good = (double)tally->good / (double)tally->ops,
  };
}

void bench_crew_totals(size_t *blocks, size_t *left_out) {
  *blocks = total_blocks;
  *left_out = total_left_out;
}
