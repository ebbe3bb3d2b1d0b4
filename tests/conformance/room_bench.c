/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room_bench.h"

#include <stdlib.h>

const struct subject *room_subject;

int room_setup(void **state) {
  *state = world_open(room_subject);
  return 0;
}

int room_teardown(void **state) {
  world_close(*state);
  return 0;
}

waitq_policy room_policy(double rate_per_s, uint64_t burst) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = rate_per_s;
  policy.burst = burst;
  return policy;
}

struct guest *crowd_join(waitq_room_t *room, unsigned count) {
  struct guest *guests = calloc(count, sizeof *guests);
  assert_non_null(guests);
  for (unsigned i = 0; i < count; i++) {
    guest_join_numbered(room, "v", i, &guests[i]);
  }
  return guests;
}

unsigned crowd_count(waitq_room_t *room, struct guest *guests, unsigned count, uint32_t state) {
  unsigned found = 0;
  for (unsigned i = 0; i < count; i++) {
    found += guest_poll(room, &guests[i]) == state;
  }
  return found;
}
