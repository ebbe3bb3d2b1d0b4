/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "watch.h"

#include <time.h>

#include "adaptation.h"
#include "gateway.h"
#include "turns.h"

/* False where the store did not answer: then the others would not get an answer either. */
static bool look(struct gateway *gateway, struct room *room) {
  waitq_stats stats = WAITQ_STATS_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  const int code = waitq_room_stats(room->handle, &stats, &error);
  if (code != WAITQ_OK) {
    return code != WAITQ_E_STORE && code != WAITQ_E_TIMEOUT;
  }
  atomic_store_explicit(&room->heard_at_ms, gateway_now_ms() - stats.age_ms, memory_order_relaxed);
  atomic_store_explicit(&room->goes_on_at_ms, stats.goes_on_at_ms, memory_order_relaxed);
  if (waitq_room_policy(room->handle, &policy, NULL) == WAITQ_OK) {
    atomic_store_explicit(&room->heartbeat_ttl_ms, policy.heartbeat_ttl_ms, memory_order_relaxed);
  }
  pthread_mutex_lock(&gateway->rooms.lock);
  room->stats = stats;
  room->has_stats = true;
  pthread_mutex_unlock(&gateway->rooms.lock);
  adaptation_look(gateway, room, &stats);
  return true;
}

static void look_at_all(struct gateway *gateway) {
  for (size_t i = 0; i < gateway->rooms.slot_count; i++) {
    struct room *room = rooms_at(&gateway->rooms, i);
    if (room != NULL && !look(gateway, room)) {
      return;
    }
  }
}

static void *work(void *user) {
  struct watch *watch = user;
  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  pthread_mutex_lock(&watch->lock);
  while (!watch->is_stopping) {
    pthread_mutex_unlock(&watch->lock);
    look_at_all(watch->gateway);
    turns_read(watch->gateway);
    pthread_mutex_lock(&watch->lock);
    clock_gettime(CLOCK_MONOTONIC, &due);
    due.tv_sec++;
    while (!watch->is_stopping && pthread_cond_timedwait(&watch->changed, &watch->lock, &due) == 0) {
    }
  }
  pthread_mutex_unlock(&watch->lock);
  return NULL;
}

bool watch_start(struct watch *watch, struct gateway *gateway) {
  pthread_condattr_t monotonic;
  watch->gateway = gateway; /* the rest is zero, but for what loops have asked for already */
  pthread_mutex_init(&watch->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&watch->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  watch->is_running = pthread_create(&watch->thread, NULL, work, watch) == 0;
  return watch->is_running;
}

void watch_stop(struct watch *watch) {
  if (!watch->is_running) {
    return;
  }
  pthread_mutex_lock(&watch->lock);
  watch->is_stopping = true;
  pthread_cond_signal(&watch->changed);
  pthread_mutex_unlock(&watch->lock);
  pthread_join(watch->thread, NULL);
  pthread_cond_destroy(&watch->changed);
  pthread_mutex_destroy(&watch->lock);
  watch->is_running = false;
}
