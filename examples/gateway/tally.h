/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_TALLY_H
#define GATEWAY_TALLY_H

/* What a loop counts of its requests. Only the loop writes; whoever makes the metrics reads. */

#include <stdatomic.h>
#include <stdint.h>

enum route {
  ROUTE_JOIN,
  ROUTE_STATUS,
  ROUTE_ENTER,
  ROUTE_LEAVE,
  ROUTE_SESSION,
  ROUTE_EVENTS,
  ROUTE_ADMIN,
  ROUTE_HEALTH,
  ROUTE_METRICS,
  ROUTE_PAGE,
  ROUTE_OTHER,
  ROUTES,
};

enum tally_class { CLASS_2XX, CLASS_3XX, CLASS_4XX, CLASS_5XX, CLASSES };

/* Upper bounds of the histogram, in ns; one more bucket holds what is above. */
#define TALLY_BOUNDS 10

struct tally_route {
  _Atomic uint64_t replies[CLASSES];
  _Atomic uint64_t buckets[TALLY_BOUNDS + 1];
  _Atomic uint64_t sum_ns;
};

struct tally {
  struct tally_route routes[ROUTES];
  _Atomic uint64_t joins_refused;       /* by the limit of an address */
  _Atomic uint64_t connections_refused; /* by the limit of connections */
  _Atomic uint64_t streams_refused;
  _Atomic uint64_t events_sent;
  _Atomic uint64_t enters_held;
};

extern const char *const tally_route_names[ROUTES];
extern const uint64_t tally_bounds_ns[TALLY_BOUNDS];

static inline void tally_add(_Atomic uint64_t *counter, uint64_t more) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more, memory_order_relaxed);
}

/* Counts a reply. */
void tally_reply(struct tally *tally, enum route route, int status, uint64_t took_ns);

#endif
