/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "adaptation.h"
#include "gateway.h"
#include "loop.h"

#define SPARE 4096 /* figures grow from one time to the next */
#define ATTEMPTS 16
#define OWN_MAX 32768
#define OWN_OF_A_ROOM_MAX 2048

struct own {
  char *at;
  size_t capacity, length;
};

static void append(struct own *own, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct own *own, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int written = vsnprintf(own->at + own->length, own->capacity - own->length, format, arguments);
  va_end(arguments);
  if (written > 0 && own->length + (size_t)written < own->capacity) {
    own->length += (size_t)written;
  }
}

static uint64_t read_counter(const _Atomic uint64_t *counter) {
  return atomic_load_explicit(counter, memory_order_relaxed);
}

static void append_family(struct own *own, const char *name, const char *type, const char *help) {
  append(own, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_requests(struct own *own, const struct gateway *gateway) {
  static const char *const classes[CLASSES] = {"2xx", "3xx", "4xx", "5xx"};
  append_family(own, "waitq_gateway_requests_total", "counter", "Requests answered, by call and class of status.");
  for (int route = 0; route < ROUTES; route++) {
    for (int class = 0; class < CLASSES; class ++) {
      uint64_t sum = 0;
      for (unsigned i = 0; i < gateway->loop_count; i++) {
        sum += read_counter(&gateway->loops[i].tally.routes[route].replies[class]);
      }
      append(own, "waitq_gateway_requests_total{call=\"%s\",status=\"%s\"} %llu\n", tally_route_names[route],
             classes[class], (unsigned long long)sum);
    }
  }
}

static void append_durations_of(struct own *own, const struct gateway *gateway, int route) {
  static const char name[] = "waitq_gateway_request_seconds";
  uint64_t below = 0;
  uint64_t sum_ns = 0;
  for (int bucket = 0; bucket <= TALLY_BOUNDS; bucket++) {
    char bound[24] = "+Inf";
    for (unsigned i = 0; i < gateway->loop_count; i++) {
      below += read_counter(&gateway->loops[i].tally.routes[route].buckets[bucket]);
    }
    if (bucket < TALLY_BOUNDS) {
      snprintf(bound, sizeof bound, "%g", (double)tally_bounds_ns[bucket] / 1e9);
    }
    append(own, "%s_bucket{call=\"%s\",le=\"%s\"} %llu\n", name, tally_route_names[route], bound,
           (unsigned long long)below);
  }
  for (unsigned i = 0; i < gateway->loop_count; i++) {
    sum_ns += read_counter(&gateway->loops[i].tally.routes[route].sum_ns);
  }
  append(own, "%s_sum{call=\"%s\"} %.6f\n%s_count{call=\"%s\"} %llu\n", name, tally_route_names[route],
         (double)sum_ns / 1e9, name, tally_route_names[route], (unsigned long long)below);
}

static void append_durations(struct own *own, const struct gateway *gateway) {
  append_family(own, "waitq_gateway_request_seconds", "histogram",
                "From a request being read to its reply being handed to the kernel.");
  for (int route = 0; route < ROUTES; route++) {
    append_durations_of(own, gateway, route);
  }
}

static void append_counter(struct own *own, const struct gateway *gateway, const char *name, const char *help,
                           size_t offset) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < gateway->loop_count; i++) {
    sum += read_counter((const _Atomic uint64_t *)(const void *)((const char *)&gateway->loops[i].tally + offset));
  }
  append_family(own, name, "counter", help);
  append(own, "%s %llu\n", name, (unsigned long long)sum);
}

static void append_gauge(struct own *own, const char *name, const char *help, uint64_t value) {
  append_family(own, name, "gauge", help);
  append(own, "%s %llu\n", name, (unsigned long long)value);
}

/* A family with a line for each room whose rate is adapted. */
static void append_adapted(struct own *own, struct gateway *gateway, const char *name, const char *type,
                           const char *help,
                           void (*append_room)(struct own *own, const char *name, const char *room,
                                               const struct adaptation_health *health)) {
  struct adaptation_health health;
  append_family(own, name, type, help);
  for (size_t i = 0; i < gateway->rooms.slot_count; i++) {
    const struct room *room = rooms_at(&gateway->rooms, i);
    if (room != NULL && adaptation_health(gateway, room, &health)) {
      append_room(own, name, room->name, &health);
    }
  }
}

static void append_state(struct own *own, const char *name, const char *room, const struct adaptation_health *health) {
  for (int state = ADAPT_UNHEARD; state <= (int)ADAPT_PROBING; state++) {
    append(own, "%s{room=\"%s\",state=\"%s\"} %d\n", name, room, adapt_state_name((enum adapt_state)state),
           (int)health->state == state);
  }
}

static void append_sources(struct own *own, const char *name, const char *room,
                           const struct adaptation_health *health) {
  append(own, "%s{room=\"%s\"} %zu\n", name, room, health->sources);
}

static void append_bad_ratio(struct own *own, const char *name, const char *room,
                             const struct adaptation_health *health) {
  append(own, "%s{room=\"%s\"} %.6f\n", name, room, health->bad_ratio);
}

static void append_p95(struct own *own, const char *name, const char *room, const struct adaptation_health *health) {
  append(own, "%s{room=\"%s\"} %.6f\n", name, room, health->p95_ms / 1e3);
}

static void append_bounds(struct own *own, const char *name, const char *room, const struct adaptation_health *health) {
  append(own, "%s{room=\"%s\",bound=\"min\"} %.9g\n%s{room=\"%s\",bound=\"max\"} %.9g\n", name, room,
         health->min_rate_per_s, name, room, health->max_rate_per_s);
}

static void append_changes(struct own *own, const char *name, const char *room,
                           const struct adaptation_health *health) {
  append(own, "%s{room=\"%s\",direction=\"up\"} %llu\n%s{room=\"%s\",direction=\"down\"} %llu\n", name, room,
         (unsigned long long)health->raised, name, room, (unsigned long long)health->lowered);
}

static void append_trips(struct own *own, const char *name, const char *room, const struct adaptation_health *health) {
  append(own, "%s{room=\"%s\"} %llu\n", name, room, (unsigned long long)health->tripped);
}

static void append_adaptation(struct own *own, struct gateway *gateway) {
  append_adapted(own, gateway, "waitq_gateway_adapt_state", "gauge",
                 "1 for the state of the breaker before the backend.", append_state);
  append_adapted(own, gateway, "waitq_gateway_adapt_sources", "gauge", "Backends that have reported of late.",
                 append_sources);
  append_adapted(own, gateway, "waitq_gateway_adapt_bad_ratio", "gauge",
                 "Share of requests that failed or were shed, when the rate was thought of last.", append_bad_ratio);
  append_adapted(own, gateway, "waitq_gateway_adapt_p95_seconds", "gauge", "Latency of the backends then.", append_p95);
  append_adapted(own, gateway, "waitq_gateway_adapt_bound_per_second", "gauge", "Between what the rate is kept.",
                 append_bounds);
  append_adapted(own, gateway, "waitq_gateway_adapt_changes_total", "counter", "Changes of the rate by this gateway.",
                 append_changes);
  append_adapted(own, gateway, "waitq_gateway_adapt_trips_total", "counter", "Times that the breaker has opened.",
                 append_trips);
}

/* How many rooms at most are adapted: a little room for each. */
static size_t own_max(const struct gateway *gateway) {
  size_t adapted = 0;
  for (size_t i = 0; i < gateway->rooms.slot_count; i++) {
    const struct room *room = rooms_at(&gateway->rooms, i);
    adapted += room != NULL && room->adapt != NULL;
  }
  return OWN_MAX + (adapted + 1) * OWN_OF_A_ROOM_MAX;
}

static void append_state_of_gateway(struct own *own, const struct gateway *gateway) {
  const struct options *options = gateway->options;
  append_gauge(own, "waitq_gateway_connections", "Connections open.", gateway->connections);
  append_gauge(own, "waitq_gateway_connections_limit", "How many there may be.", (uint64_t)options->max_connections);
  append_gauge(own, "waitq_gateway_streams", "Event streams open.", gateway->streams);
  append_gauge(own, "waitq_gateway_streams_limit", "How many there may be.", (uint64_t)options->max_streams);
  append_gauge(own, "waitq_gateway_enters_held", "Calls to enter that are held.", gateway->held);
  append_gauge(own, "waitq_gateway_enters_held_limit", "How many there may be at once.", (uint64_t)options->max_held);
  append_gauge(own, "waitq_gateway_events", "Events that this gateway serves.", gateway->rooms.count);
  append_gauge(own, "waitq_gateway_events_limit", "How many it may.", gateway->rooms.capacity);
  append_gauge(own, "waitq_gateway_draining", "1 after SIGTERM.", gateway->is_draining);
}

static void append_own(struct own *own, struct gateway *gateway) {
  append_family(own, "waitq_build_info", "gauge", "The version that runs.");
  append(own, "waitq_build_info{version=\"%s\"} 1\n", waitq_version_string());
  append_requests(own, gateway);
  append_durations(own, gateway);
  append_counter(own, gateway, "waitq_gateway_joins_refused_total", "Joins above the limit of an address.",
                 offsetof(struct tally, joins_refused));
  append_counter(own, gateway, "waitq_gateway_connections_refused_total", "Connections above the limit.",
                 offsetof(struct tally, connections_refused));
  append_counter(own, gateway, "waitq_gateway_streams_refused_total", "Event streams above the limit.",
                 offsetof(struct tally, streams_refused));
  append_counter(own, gateway, "waitq_gateway_events_sent_total", "Server-sent events.",
                 offsetof(struct tally, events_sent));
  append_counter(own, gateway, "waitq_gateway_enters_held_total", "Calls to enter that were held until their instant.",
                 offsetof(struct tally, enters_held));
  append_state_of_gateway(own, gateway);
  append_adaptation(own, gateway);
}

/* The library tells how much it needs by writing all of it, so the last size is tried first. While a gateway begins, rooms are
 * opened by hundreds between two attempts. */
int metrics_of_rooms(waitq_t *context, size_t spare, size_t *hint, struct metrics_text *out) {
  size_t needed = *hint;
  int code = WAITQ_E_INVALID;
  *out = (struct metrics_text){.bytes = NULL};
  for (int attempt = 0; code == WAITQ_E_INVALID && attempt < ATTEMPTS; attempt++) {
    const size_t capacity = needed + SPARE + (attempt == 0 ? 0 : needed / 2);
    free(out->bytes);
    out->bytes = malloc(capacity + spare);
    code = out->bytes == NULL ? WAITQ_E_NOMEM : waitq_metrics(context, out->bytes, capacity, &needed, NULL);
  }
  if (code != WAITQ_OK) {
    free(out->bytes);
    out->bytes = NULL;
    return code;
  }
  *hint = needed;
  out->length = needed - 1;
  return WAITQ_OK;
}

int metrics_write(struct gateway *gateway, size_t *hint, struct metrics_text *out) {
  const size_t more = own_max(gateway);
  const int code = metrics_of_rooms(gateway->context, more, hint, out);
  if (code == WAITQ_OK) {
    struct own own = {.at = out->bytes, .capacity = out->length + more, .length = out->length};
    append_own(&own, gateway);
    out->length = own.length;
  }
  return code;
}
