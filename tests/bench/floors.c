/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "floors.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "block.h"
#include "crew.h"
#include "machine.h"

#define LINES (256u * 1024 * 1024 / 64)

struct line {
  uint32_t next;
  char rest[60];
};

struct bench_floors {
  struct line *lines;
  uint32_t at;
};

/* One cycle through all lines in random order (Sattolo's shuffle), so that no load is repeated within a run. */
struct bench_floors *bench_floors_new(void) {
  struct bench_floors *floors = bench_alloc(sizeof *floors);
  floors->lines = bench_alloc((size_t)LINES * sizeof *floors->lines);
  for (uint32_t i = 0; i < LINES; i++) {
    floors->lines[i].next = i;
  }
  for (uint32_t i = LINES - 1; i > 0; i--) {
    uint32_t other = (uint32_t)(bench_mix(i) % i);
    uint32_t held = floors->lines[i].next;
    floors->lines[i].next = floors->lines[other].next;
    floors->lines[other].next = held;
  }
  return floors;
}

void bench_floors_free(struct bench_floors *floors) {
  free(floors->lines);
  free(floors);
}

static void prepare(void *user, struct bench_block *block, unsigned thread) {
  (void)user;
  (void)thread;
  block->count = BENCH_BLOCK;
}

static void run_clock(void *user, struct bench_block *block) {
  struct timespec now;
  (void)user;
  for (size_t i = 0; i < block->count; i++) {
    clock_gettime(CLOCK_MONOTONIC, &now);
  }
}

static void run_siphash(void *user, struct bench_block *block) {
  unsigned char key[crypto_shorthash_siphashx24_KEYBYTES] = {1};
  unsigned char tag[crypto_shorthash_siphashx24_BYTES];
  unsigned char text[64] = {0};
  (void)user;
  for (size_t i = 0; i < block->count; i++) {
    crypto_shorthash_siphashx24(tag, text + i % 32, 30, key);
  }
}

static void run_cache_miss(void *user, struct bench_block *block) {
  struct bench_floors *floors = user;
  for (size_t i = 0; i < block->count; i++) {
    floors->at = floors->lines[floors->at].next;
  }
}

static __attribute__((noinline)) void nothing(void) {
  __asm__ volatile("");
}

static void run_call(void *user, struct bench_block *block) {
  (void)user;
  for (size_t i = 0; i < block->count; i++) {
    nothing();
  }
}

void bench_floors_run(struct bench_floors *floors, const struct bench_options *options, struct bench_report *report) {
  static const struct {
    const char *name;
    void (*run)(void *user, struct bench_block *block);
  } kinds[] = {{"clock", run_clock}, {"siphash", run_siphash}, {"cache_miss", run_cache_miss}, {"call", run_call}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    struct bench_job job = {floors, prepare, kinds[k].run, NULL, options->sample_ns, SIZE_MAX};
    struct bench_sample sample = bench_crew_run(&job, 1);
    bench_report_add(report, "", kinds[k].name, 0, 1, sample.ns_per_op, sample.ops_per_s);
  }
}
