/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "tally.h"

const char *const tally_route_names[ROUTES] = {"join",  "status", "enter",   "leave", "session", "events",
                                               "admin", "health", "metrics", "page",  "other"};

const uint64_t tally_bounds_ns[TALLY_BOUNDS] = {250000,   500000,   1000000,  2500000,   5000000,
                                                10000000, 15000000, 50000000, 250000000, 1000000000};

void tally_reply(struct tally *tally, enum route route, int status, uint64_t took_ns) {
  struct tally_route *of = &tally->routes[route];
  const int hundred = status / 100;
  unsigned bucket = 0;
  while (bucket < TALLY_BOUNDS && took_ns > tally_bounds_ns[bucket]) {
    bucket++;
  }
  tally_add(&of->replies[hundred <= 2 ? CLASS_2XX : hundred >= 5 ? CLASS_5XX : (enum tally_class)(hundred - 2)], 1);
  tally_add(&of->buckets[bucket], 1);
  tally_add(&of->sum_ns, took_ns);
}
