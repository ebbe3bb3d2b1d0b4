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
#include "machine.h"

#define CALLS 500000
#define LOADS 100000
#define LINES (256u * 1024 * 1024 / 64)

struct line {
  uint32_t next;
  char rest[60];
};

struct bench_floors {
  struct line *lines;
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

static void add(struct bench_report *report, const char *name, int64_t start_ns, size_t operations) {
  double ns = (double)(bench_now_ns() - start_ns) / (double)operations;
  bench_report_add(report, "", name, 0, 1, ns, 1e9 / ns);
}

static void run_clock(struct bench_report *report) {
  struct timespec now;
  int64_t start = bench_now_ns();
  for (size_t i = 0; i < CALLS; i++) {
    clock_gettime(CLOCK_MONOTONIC, &now);
  }
  add(report, "clock", start, CALLS);
}

static void run_siphash(struct bench_report *report) {
  unsigned char key[crypto_shorthash_siphashx24_KEYBYTES] = {1};
  unsigned char tag[crypto_shorthash_siphashx24_BYTES];
  unsigned char text[64] = {0};
  int64_t start = bench_now_ns();
  for (size_t i = 0; i < CALLS; i++) {
    crypto_shorthash_siphashx24(tag, text + i % 32, 30, key);
  }
  add(report, "siphash", start, CALLS);
}

static void run_cache_miss(const struct bench_floors *floors, struct bench_report *report) {
  static uint32_t at;
  int64_t start = bench_now_ns();
  for (size_t i = 0; i < LOADS; i++) {
    at = floors->lines[at].next;
  }
  add(report, "cache_miss", start, LOADS);
}

static __attribute__((noinline)) void nothing(void) {
  __asm__ volatile("");
}

static void run_call(struct bench_report *report) {
  int64_t start = bench_now_ns();
  for (size_t i = 0; i < CALLS; i++) {
    nothing();
  }
  add(report, "call", start, CALLS);
}

void bench_floors_run(const struct bench_floors *floors, struct bench_report *report) {
  run_clock(report);
  run_siphash(report);
  run_cache_miss(floors, report);
  run_call(report);
}
