/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "watch.h"

#include "clock.h"

void watch_init(struct watch *watch, int64_t shortest_ms, int64_t pause_ns) {
  *watch = (struct watch){
      .now = {.visitor = WATCH_NOBODY}, .current = WATCH_NOBODY, .shortest_ms = shortest_ms, .pause_ns = pause_ns};
  pthread_mutex_init(&watch->lock, NULL);
}

void watch_free(struct watch *watch) {
  pthread_mutex_destroy(&watch->lock);
}

/* Somebody whose wait is worth watching, and ends before the run does. */
static bool is_worth_watching(const struct watch *watch, int64_t now_ns, const waitq_status *status) {
  const int64_t left_ms = (watch->ends_ns - now_ns) / NS_PER_MS;
  const int64_t shortest_ms = watch->shortest_ms < left_ms / 3 ? watch->shortest_ms : left_ms / 3;
  return now_ns >= watch->pause_until_ns && status->eta_ms >= shortest_ms && status->eta_high_ms < left_ms;
}

void watch_waiting(struct watch *watch, uint32_t visitor, int64_t now_ns, const waitq_status *status) {
  const bool begins = watch->current == WATCH_NOBODY && is_worth_watching(watch, now_ns, status);
  if (visitor != watch->current && !begins) {
    return;
  }
  pthread_mutex_lock(&watch->lock);
  if (begins) {
    watch->current = visitor;
    watch->now = (struct watched){.visitor = visitor, .first_at_ns = now_ns, .first_eta_ms = status->eta_ms};
  }
  watch->now.position = status->position;
  watch->now.eta_ms = status->eta_ms;
  watch->now.low_ms = status->eta_low_ms;
  watch->now.high_ms = status->eta_high_ms;
  pthread_mutex_unlock(&watch->lock);
}

void watch_finished(struct watch *watch, uint32_t visitor, int64_t now_ns, bool entered) {
  if (visitor != watch->current) {
    return;
  }
  pthread_mutex_lock(&watch->lock);
  watch->current = WATCH_NOBODY;
  watch->pause_until_ns = now_ns + watch->pause_ns;
  watch->now.entered = entered;
  watch->now.gone = !entered;
  watch->now.turn_ns = now_ns;
  pthread_mutex_unlock(&watch->lock);
}

struct watched watch_read(struct watch *watch) {
  pthread_mutex_lock(&watch->lock);
  struct watched copy = watch->now;
  pthread_mutex_unlock(&watch->lock);
  return copy;
}
