/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "admin_stats.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "loop.h"
#include "reply.h"

static json_t *describe(const struct room *room, const waitq_stats *stats) {
  json_t *object =
      json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I}", "event_id",
                room->name, "phase", reply_phase_name(stats->phase), "epoch", (json_int_t)stats->epoch, "issued",
                (json_int_t)stats->issued, "waiting", (json_int_t)stats->waiting, "ready", (json_int_t)stats->ready,
                "entered", (json_int_t)stats->entered, "left", (json_int_t)stats->left, "expired",
                (json_int_t)stats->expired, "active", (json_int_t)stats->active, "rate_per_s", stats->rate_per_s,
                "tokens", stats->tokens, "now_ms", (json_int_t)stats->now_ms, "age_ms", (json_int_t)stats->age_ms,
                "memory_bytes", (json_int_t)stats->memory_bytes, "goes_on_at_ms", (json_int_t)stats->goes_on_at_ms);
  json_t *eta = json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "scored", (json_int_t)stats->eta_scored, "accuracy",
                          stats->eta_acc, "hit", stats->eta_hit, "bias", stats->eta_bias, "coverage", stats->eta_cov90,
                          "width", stats->eta_width);
  json_object_set_new(object, "eta", eta);
  return object;
}

/* A copy of the latest figures of a room; false where there are none yet. */
static bool copy(struct rooms *rooms, const struct room *room, waitq_stats *stats) {
  pthread_mutex_lock(&rooms->lock);
  *stats = room->stats;
  const bool has_stats = room->has_stats;
  pthread_mutex_unlock(&rooms->lock);
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

void admin_stats_reply(struct visit *visit) {
  struct gateway *gateway = visit->loop->gateway;
  char name[WAITQ_ROOM_NAME_MAX + 1] = "";
  waitq_stats stats;
  const bool is_one = request_parameter(visit_query(visit), "event_id", name, sizeof name);
  json_t *events = json_array();
  for (size_t i = 0; i < gateway->rooms.slot_count; i++) {
    const struct room *room = rooms_at(&gateway->rooms, i);
    if (room != NULL && (!is_one || strcmp(room->name, name) == 0) && copy(&gateway->rooms, room, &stats)) {
      json_array_append_new(events, describe(room, &stats));
    }
  }
  reply_object(visit, 200,
               json_pack("{s:I, s:I, s:I, s:o}", "now_ms", (json_int_t)gateway_now_ms(), "connections",
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
