/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "admin_stats.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adaptation.h"
#include "gateway.h"
#include "loop.h"
#include "reply.h"
#include "turns.h"

/* By what name this process goes: what a gateway counts by itself is compared only with its own. */
static const char *name_of_process(char *out, size_t capacity) {
  char host[65] = "";
  gethostname(host, sizeof host - 1);
  snprintf(out, capacity, "%s/%ld", host, (long)getpid());
  return out;
}

/* How old what is told of the store is. The figures stay as they are while the store is silent, and so does the age among them. */
static int64_t age_of(const struct gateway *gateway, const struct room *room) {
  const int64_t heard_at_ms = atomic_load_explicit(&room->heard_at_ms, memory_order_relaxed);
  const int64_t age_ms = gateway_now_ms() - heard_at_ms;
  return gateway->is_shared && age_ms > 0 ? age_ms : 0;
}

static json_t *describe_limits(const struct room *room) {
  waitq_policy policy = WAITQ_POLICY_INIT;
  if (waitq_room_policy(room->handle, &policy, NULL) != WAITQ_OK) {
    return json_object();
  }
  return json_pack("{s:I, s:I, s:I}", "burst", (json_int_t)policy.burst, "max_active", (json_int_t)policy.max_active,
                   "max_waiting", (json_int_t)policy.max_waiting);
}

/* What backends report, where the rate follows it; null otherwise. */
static json_t *describe_health(const struct room *room) {
  struct adaptation_health health;
  if (!adaptation_health(room->gateway, room, &health)) {
    return json_null();
  }
  return json_pack("{s:s, s:I, s:f, s:f, s:f, s:f, s:I, s:I, s:I}", "state", adapt_state_name(health.state), "sources",
                   (json_int_t)health.sources, "bad_ratio", health.bad_ratio, "p95_ms", health.p95_ms, "min_rate_per_s",
                   health.min_rate_per_s, "max_rate_per_s", health.max_rate_per_s, "raised", (json_int_t)health.raised,
                   "lowered", (json_int_t)health.lowered, "tripped", (json_int_t)health.tripped);
}

static json_t *describe(const struct room *room, const waitq_stats *stats) {
  json_t *object = json_pack(
      "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I}", "event_id", room->name,
      "phase", reply_phase_name(stats->phase), "epoch", (json_int_t)stats->epoch, "issued", (json_int_t)stats->issued,
      "waiting", (json_int_t)stats->waiting, "ready", (json_int_t)stats->ready, "entered", (json_int_t)stats->entered,
      "left", (json_int_t)stats->left, "expired", (json_int_t)stats->expired, "active", (json_int_t)stats->active,
      "rate_per_s", stats->rate_per_s, "tokens", stats->tokens, "now_ms", (json_int_t)stats->now_ms, "age_ms",
      (json_int_t)age_of(room->gateway, room), "memory_bytes", (json_int_t)stats->memory_bytes, "goes_on_at_ms",
      (json_int_t)stats->goes_on_at_ms);
  json_t *eta = json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "scored", (json_int_t)stats->eta_scored, "accuracy",
                          stats->eta_acc, "hit", stats->eta_hit, "bias", stats->eta_bias, "coverage", stats->eta_cov90,
                          "width", stats->eta_width);
  json_object_set_new(object, "eta", eta);
  json_object_set_new(object, "limits", describe_limits(room));
  json_object_set_new(object, "health", describe_health(room));
  return object;
}

/* Turns that nobody has asked for in a while were counted long ago. */
#define TURNS_KEPT_MS 3000

/* A copy of the latest figures of a room; false where there are none yet. turns is null where they are not known. */
static bool copy(struct rooms *rooms, const struct room *room, waitq_stats *stats, json_t **turns) {
  pthread_mutex_lock(&rooms->lock);
  *stats = room->stats;
  const bool has_stats = room->has_stats;
  const bool has_turns = gateway_now_ms() - room->turns_at_ms < TURNS_KEPT_MS;
  const uint64_t count = room->turns;
  pthread_mutex_unlock(&rooms->lock);
  *turns = has_stats && has_turns ? json_integer((json_int_t)count) : json_null();
  return has_stats;
}

static void reply_object(struct visit *visit, int status, json_t *object) {
  char *text = json_dumps(object, JSON_COMPACT);
  if (text != NULL) {
    reply_json(visit, status, text, strlen(text));
  } else {
    reply_failure(visit, WAITQ_E_NOMEM);
  }
  free(text);
  json_decref(object);
}

static json_t *describe_all(struct gateway *gateway, const char *only) {
  waitq_stats stats;
  json_t *turns;
  json_t *events = json_array();
  for (size_t i = 0; i < gateway->rooms.slot_count; i++) {
    const struct room *room = rooms_at(&gateway->rooms, i);
    if (room != NULL && (only == NULL || strcmp(room->name, only) == 0) &&
        copy(&gateway->rooms, room, &stats, &turns)) {
      json_t *event = describe(room, &stats);
      json_object_set_new(event, "turns", turns);
      json_array_append_new(events, event);
    }
  }
  return events;
}

void admin_stats_reply(struct visit *visit) {
  struct gateway *gateway = visit->loop->gateway;
  char event[WAITQ_ROOM_NAME_MAX + 1] = "";
  char process[96];
  const bool is_one = request_parameter(visit_query(visit), "event_id", event, sizeof event);
  turns_want(gateway);
  json_t *events = describe_all(gateway, is_one ? event : NULL);
  reply_object(visit, 200,
               json_pack("{s:s, s:b, s:I, s:I, s:I, s:o}", "gateway", name_of_process(process, sizeof process),
                         "draining", (int)gateway->is_draining, "now_ms", (json_int_t)gateway_now_ms(), "connections",
                         (json_int_t)gateway->connections, "streams", (json_int_t)gateway->streams, "events", events));
}

void admin_health_reply(struct visit *visit) {
  enum { STALE_MS = 5000 };
  struct gateway *gateway = visit->loop->gateway;
  const int64_t now_ms = gateway_now_ms();
  int64_t oldest_ms = 0;
  size_t open = 0;
  for (size_t i = 0; i < gateway->rooms.slot_count; i++) {
    const struct room *room = rooms_at(&gateway->rooms, i);
    if (room == NULL) {
      continue;
    }
    const int64_t age_ms = now_ms - atomic_load_explicit(&room->heard_at_ms, memory_order_relaxed);
    open++;
    oldest_ms = gateway->is_shared && age_ms > oldest_ms ? age_ms : oldest_ms;
  }
  const bool is_well = oldest_ms < STALE_MS;
  reply_format(visit, is_well ? 200 : 503,
               "{\"status\":\"%s\",\"store\":{\"status\":\"%s\",\"age_ms\":%lld},\"events\":%zu,\"draining\":%s}",
               is_well ? "ok" : "degraded", is_well ? "ok" : "unreachable", (long long)oldest_ms, open,
               gateway->is_draining ? "true" : "false");
}
