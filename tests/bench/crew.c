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

struct crew {
  const struct bench_job *job;
  unsigned threads;
  atomic_uint arrived;
  atomic_uint round;
  int over;
  struct bench_block *blocks[BENCH_THREADS_MAX];

  size_t done_blocks;
  int64_t busy_ns;    /* time of all threads */
  int64_t elapsed_ns; /* from the first start to the last end, summed over the blocks */
  int64_t longest_ns;
  size_t ops;
  size_t good;
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

static void count(struct crew *crew) {
  int64_t first = INT64_MAX;
  int64_t last = 0;
  for (unsigned t = 0; t < crew->threads; t++) {
    const struct bench_block *block = crew->blocks[t];
    first = block->start_ns < first ? block->start_ns : first;
    last = block->end_ns > last ? block->end_ns : last;
    crew->busy_ns += block->end_ns - block->start_ns;
    crew->longest_ns = block->longest_ns > crew->longest_ns ? block->longest_ns : crew->longest_ns;
    crew->ops += block->count;
    crew->good += block->good;
  }
  crew->elapsed_ns += last - first;
  crew->done_blocks++;
  crew->over = crew->elapsed_ns >= crew->job->enough_ns || crew->done_blocks >= crew->job->most_blocks;
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
    meet(crew);
    block->start_ns = bench_now_ns();
    job->run(job->user, block);
    block->end_ns = bench_now_ns();
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
    blocks[t]->longest_ns = 0;
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
  return (struct bench_sample){
      .ns_per_op = (double)crew.busy_ns / (double)crew.ops,
      .ops_per_s = (double)crew.ops * 1e9 / (double)crew.elapsed_ns,
      .longest_ns = (double)crew.longest_ns,
      .good = (double)crew.good / (double)crew.ops,
  };
}
