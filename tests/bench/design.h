/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_DESIGN_H
#define WAITQ_BENCH_DESIGN_H

/* A way to build a line: the library, or what one would write without it. All are measured by the same driver.
 *
 * An operation runs over a whole block, so that the driver's indirect call is paid once in 4,096, and counts in
 * block->good what ended as it should. A design that does not offer an operation leaves its pointer NULL. Operations
 * that are timed (join, poll, leave, enter, turn ...) may run in two threads at once, each with its own block. */

#include <stddef.h>

#include "block.h"

struct bench_design {
  const char *prefix;            /* before the names of its benchmarks */
  void *(*open)(size_t waiting); /* an empty line that will hold about this many */
  void (*close)(void *line);

  void (*join)(void *line, struct bench_block *block); /* visitors in, tickets out */
  void (*poll)(void *line, struct bench_block *block);
  void (*leave)(void *line, struct bench_block *block);
  void (*join_many)(void *line, struct bench_block *block);
  void (*poll_many)(void *line, struct bench_block *block);

  /* Not timed: gives block->count in line their turn, from the skip-th on, and puts their tickets into the block. */
  void (*ready)(void *line, struct bench_block *block, size_t skip);
  void (*enter)(void *line, struct bench_block *block);
  /* Not timed: as many join as have entered. */
  void (*refill)(void *line, struct bench_block *block);

  /* Not timed: lets time pass until the work of finding silent visitors is due, everybody having been heard of. */
  void (*age)(void *line);
  void (*turn)(void *line, struct bench_block *block);      /* all of that work, as one operation */
  void (*turn_poll)(void *line, struct bench_block *block); /* instead: polls, each timed, that find the work due */

  size_t (*reported_bytes)(void *line); /* what the design says that it uses */
};

#endif
