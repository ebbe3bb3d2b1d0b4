/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/store_time.h"

#include "room/shared.h"

/* How fast the distance between the clocks may change: a tenth of the time that passes. */
#define SLEW 10

/* A jump that is worth a line in the log. */
#define JUMP_US 1000000

/* A silence of the store after which this context may have missed what others did for long. */
#define GAP_US 2000000

int64_t waitq__room_now(const waitq_room_t *room) {
  int64_t now_us = waitq__now(room->context);
  return room->shared == NULL ? now_us : now_us + atomic_load_explicit(&room->shared->offset_us, memory_order_relaxed);
}

void waitq__store_told(waitq_room_t *room, int64_t asked_us) {
  atomic_store_explicit(&room->shared->heard_us, asked_us, memory_order_relaxed);
  room->shared->told_us = room->shared->exchanged_us;
}

int64_t waitq__room_age_ms(const waitq_room_t *room, int64_t now_us) {
  if (room->shared == NULL) {
    return 0;
  }
  int64_t heard_us = atomic_load_explicit(&room->shared->heard_us, memory_order_relaxed);
  return now_us > heard_us ? (now_us - heard_us) / 1000 : 0;
}

struct waitq__store_moment waitq__store_moment_begin(const waitq_room_t *room) {
  return (struct waitq__store_moment){waitq__now(room->context), waitq__monotonic_us()};
}

/* A slow exchange is half forgotten after some forty that were not. */
#define FORGET 64

static int64_t clamp(int64_t value, int64_t most) {
  return value > most ? most : value < -most ? -most : value;
}

/* The store's time was read somewhere between begin and end: what lies within that is no difference. */
static void follow(waitq_room_t *room, const struct waitq__store_moment *begin, int64_t end_us, int64_t store_us) {
  struct waitq__shared *shared = room->shared;
  int64_t half_us = (end_us - begin->context_us) / 2;
  int64_t measured_us = store_us - (begin->context_us + half_us);
  int64_t offset_us = atomic_load_explicit(&shared->offset_us, memory_order_relaxed);
  if (!shared->has_offset) {
    shared->has_offset = 1;
    shared->offset_set_us = begin->monotonic_us;
    atomic_store_explicit(&shared->offset_us, measured_us, memory_order_relaxed);
    return;
  }
  int64_t away_us = measured_us - offset_us;
  if (away_us >= -half_us && away_us <= half_us) {
    shared->is_away = 0;
    shared->offset_set_us = begin->monotonic_us;
    return;
  }
  int is_away = away_us > JUMP_US + half_us || away_us < -JUMP_US - half_us;
  if (is_away && !shared->is_away) {
    waitq__log(&room->context->log, WAITQ_LOG_WARNING,
               "room %s: the store's clock is %lld ms away: it is followed slowly", room->named.name,
               (long long)(away_us / 1000));
  }
  shared->is_away = is_away;
  int64_t passed_us = begin->monotonic_us - shared->offset_set_us;
  shared->offset_set_us = begin->monotonic_us;
  atomic_store_explicit(&shared->offset_us, offset_us + clamp(away_us, passed_us / SLEW), memory_order_relaxed);
}

void waitq__store_moment_end(waitq_room_t *room, const struct waitq__store_moment *begin, int code, int64_t store_us) {
  struct waitq__shared *shared = room->shared;
  int is_cut_off = code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT;
  int was_cut_off = atomic_exchange_explicit(&shared->is_cut_off, is_cut_off, memory_order_relaxed);
  if (is_cut_off && !was_cut_off) {
    waitq__log(&room->context->log, WAITQ_LOG_ERROR, "room %s: the store cannot be reached", room->named.name);
  }
  if (code != WAITQ_OK) {
    return;
  }
  if (was_cut_off) {
    waitq__log(&room->context->log, WAITQ_LOG_INFO, "room %s: the store is back", room->named.name);
  }
  if (store_us > 0 && room->context->clock == waitq__clock_now) {
    follow(room, begin, waitq__now(room->context), store_us);
  }
  shared->asked_us = begin->context_us + atomic_load_explicit(&shared->offset_us, memory_order_relaxed);
  int64_t took_us = waitq__monotonic_us() - begin->monotonic_us;
  shared->slowest_us -= shared->slowest_us / FORGET;
  shared->slowest_us = took_us > shared->slowest_us ? took_us : shared->slowest_us;
  if (begin->monotonic_us - shared->exchanged_us > GAP_US) {
    shared->joined_since_us = begin->monotonic_us;
  }
  shared->exchanged_us = begin->monotonic_us;
}
