/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_BENCH_WATCH_H
#define WAITQ_BENCH_WATCH_H

/* What a Redis server says of itself (INFO), before and after what is measured.
 *
 * Its processor time is that of all its threads. Memory is what it has allocated, without the buffers of
 * connections. The commands that it counts include those that scripts call; the looks themselves are taken off. */

#include <stdint.h>

#include "support/servers.h"

struct bench_look {
  int64_t now_ns;
  double cpu_us;
  double commands;
  double bytes;
};

struct bench_look bench_look_at(struct server *server);

/* What lies between two looks. */
double bench_look_seconds(const struct bench_look *before, const struct bench_look *after);
double bench_look_cpu_us(const struct bench_look *before, const struct bench_look *after);
double bench_look_commands(const struct bench_look *before, const struct bench_look *after);
double bench_look_bytes(const struct bench_look *before, const struct bench_look *after);

#endif
