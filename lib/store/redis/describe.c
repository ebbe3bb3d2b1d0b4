/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/state.h"

static const char *phase_name(uint32_t phase) {
  static const char *const names[] = {"", "scheduled", "open", "paused", "draining", "closed"};
  return phase < sizeof names / sizeof names[0] ? names[phase] : "";
}

static void add(struct waitq__arguments *arguments, const char *name, const char *value) {
  waitq__arguments_add(arguments, name, strlen(name));
  waitq__arguments_begin(arguments);
  waitq__arguments_put(arguments, value, strlen(value));
}

uint32_t waitq__describe(struct waitq__arguments *arguments, const void *state, size_t size) {
  struct waitq__state read;
  if (waitq__state_read(&read, state, size, NULL) != WAITQ_OK) {
    return 0;
  }
  const struct {
    const char *name;
    uint64_t value;
  } numbers[] = {
      {"head", read.head},
      {"floor", read.floor},
      {"ready", read.ready},
      {"burst", read.burst},
      {"max_active", read.max_active},
      {"max_waiting", read.max_waiting},
      {"heartbeat_ttl_ms", (uint64_t)read.heartbeat.ttl_us / 1000},
      {"now_ms", (uint64_t)read.now_us / 1000},
  };
  enum { COUNT = sizeof numbers / sizeof numbers[0] };
  char text[32];
  for (unsigned i = 0; i < COUNT; i++) {
    snprintf(text, sizeof text, "%" PRIu64, numbers[i].value);
    add(arguments, numbers[i].name, text);
  }
  snprintf(text, sizeof text, "%.12g", read.rate_per_s);
  char *comma = strchr(text, ','); /* the host's locale */
  if (comma != NULL) {
    *comma = '.';
  }
  add(arguments, "rate_per_s", text);
  add(arguments, "phase", phase_name(read.phase));
  return COUNT + 2;
}
