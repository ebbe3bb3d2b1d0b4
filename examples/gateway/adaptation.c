/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "adaptation.h"

#include <stdio.h>

#include "gateway.h"
#include "log.h"
#include "visit.h"

/* A view of the store that is older says nothing of what the rate is now, and a rate could not be set either. */
#define VIEW_MAX_MS 2000

static int64_t now_ms(void) {
  return (int64_t)(visit_now_ns() / 1000000);
}

enum adaptation_taken adaptation_take(struct gateway *gateway, struct room *room, const struct adapt_report *report) {
  if (room->adapt == NULL) {
    return ADAPTATION_NONE;
  }
  pthread_mutex_lock(&gateway->rooms.lock);
  const bool is_taken = adapt_take(room->adapt, report, now_ms());
  pthread_mutex_unlock(&gateway->rooms.lock);
  return is_taken ? ADAPTATION_TAKEN : ADAPTATION_TOO_MANY;
}

static void tell(const struct room *room, const struct adapt_order *order, double before, const char *failure) {
  char from[32], to[32];
  snprintf(from, sizeof from, "%.3f", before);
  snprintf(to, sizeof to, "%.3f", order->rate_per_s);
  log_line(failure == NULL ? LOG_INFO : LOG_WARN,
           failure == NULL ? "the rate follows the backend" : "the rate could not follow the backend", "event",
           room->name, "from_per_s", from, "to_per_s", to, "because", adapt_reason_name(order->reason), "pauses",
           order->pauses ? "yes" : "no", failure == NULL ? NULL : "reason", failure, NULL);
}

/* The end of a pause is kept with the room: it goes on also where this gateway does not. */
static void carry_out(struct room *room, const struct adapt_order *order, const waitq_stats *stats) {
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq_room_set_rate(room->handle, order->rate_per_s, &error);
  if (code == WAITQ_OK && order->pauses) {
    code = waitq_room_pause_until(room->handle, stats->now_ms + (int64_t)room->adapt_policy->pause_ms, &error);
  }
  tell(room, order, stats->rate_per_s, code == WAITQ_OK ? NULL : error.text);
}

void adaptation_look(struct gateway *gateway, struct room *room, const waitq_stats *stats) {
  const bool has_view = room->adapt != NULL && stats->age_ms < VIEW_MAX_MS;
  const struct adapt_look look = {
      .now_ms = now_ms(),
      .rate_per_s = stats->rate_per_s,
      .entered = stats->entered,
      .is_flowing = stats->phase == WAITQ_PHASE_OPEN || stats->phase == WAITQ_PHASE_DRAINING,
      .may_pause = stats->phase == WAITQ_PHASE_OPEN};
  struct adapt_order order;
  if (!has_view) {
    return;
  }
  pthread_mutex_lock(&gateway->rooms.lock);
  const bool is_ordered = adapt_decide(room->adapt, room->adapt_policy, &look, &order);
  pthread_mutex_unlock(&gateway->rooms.lock);
  if (is_ordered) {
    carry_out(room, &order, stats);
  }
}

bool adaptation_health(struct gateway *gateway, const struct room *room, struct adaptation_health *out) {
  const struct adapt *adapt = room->adapt;
  if (adapt == NULL) {
    return false;
  }
  pthread_mutex_lock(&gateway->rooms.lock);
  *out = (struct adaptation_health){.state = adapt->state,
                                    .sources = adapt_sources(adapt, room->adapt_policy, now_ms()),
                                    .bad_ratio = adapt->bad_ratio,
                                    .p95_ms = adapt->p95_ms,
                                    .min_rate_per_s = room->adapt_policy->min_rate_per_s,
                                    .max_rate_per_s = room->adapt_policy->max_rate_per_s,
                                    .raised = adapt->raised,
                                    .lowered = adapt->lowered,
                                    .tripped = adapt->tripped};
  pthread_mutex_unlock(&gateway->rooms.lock);
  return true;
}
