/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "conformance.h"

#include <stdio.h>

#include "room_bench.h"
#include "store_bench.h"

typedef int (*group_fn)(void);

static int run(const char *what, const struct subject *subject, const group_fn *groups, size_t count) {
  int failed = 0;
  for (size_t i = 0; i < count; i++) {
    failed += groups[i]();
  }
  printf("%s, %s: %s\n", what, subject->name, failed == 0 ? "conforms" : "DOES NOT CONFORM");
  return failed;
}

int conformance_store(const struct subject *subject) {
  static const group_fn groups[] = {
      conformance_store_head,   conformance_store_rooms,   conformance_store_append, conformance_store_bits,
      conformance_store_commit, conformance_store_history, conformance_store_faults,
  };
  bench_subject = subject;
  return run("the store interface", subject, groups, sizeof groups / sizeof groups[0]);
}

int conformance_room(const struct subject *subject) {
  static const group_fn groups[] = {
      conformance_room_line,     conformance_room_limits,  conformance_room_turns,   conformance_room_passes,
      conformance_room_sessions, conformance_room_silence, conformance_room_phases,  conformance_room_rates,
      conformance_room_policy,   conformance_room_eta,     conformance_room_handles,
  };
  room_subject = subject;
  return run("rooms on the store", subject, groups, sizeof groups / sizeof groups[0]);
}
