/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* The number behind "name:" at the beginning of a line. */
static double number_of(const char *info, const char *name) {
  size_t length = strlen(name);
  for (const char *line = info; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, name, length) == 0 && line[length] == ':') {
      return strtod(line + length + 1, NULL);
    }
  }
  bench_die("the server does not tell its %s", name);
}

struct bench_look bench_look_at(struct server *server) {
  const char *info = server_ask(server, "INFO");
  return (struct bench_look){
      .now_ns = bench_now_ns(),
      .cpu_us = (number_of(info, "used_cpu_user") + number_of(info, "used_cpu_sys")) * 1e6,
      .commands = number_of(info, "total_commands_processed"),
      .bytes = number_of(info, "used_memory") - number_of(info, "mem_clients_normal"),
  };
}

double bench_look_seconds(const struct bench_look *before, const struct bench_look *after) {
  return (double)(after->now_ns - before->now_ns) / 1e9;
}

double bench_look_cpu_us(const struct bench_look *before, const struct bench_look *after) {
  return after->cpu_us - before->cpu_us;
}

/* The first look is counted after it has been answered. */
double bench_look_commands(const struct bench_look *before, const struct bench_look *after) {
  double commands = after->commands - before->commands - 1;
  return commands > 0 ? commands : 0;
}

double bench_look_bytes(const struct bench_look *before, const struct bench_look *after) {
  return after->bytes - before->bytes;
}
