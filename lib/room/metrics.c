/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* waitq_metrics(): the figures of all rooms, a family at a time. */

#include <waitq/metrics.h>

#include <string.h>

#include "base/lock.h"
#include "base/mem.h"
#include "context/context.h"
#include "room/metrics_text.h"
#include "room/room.h"
#include "room/stats.h"

enum limit { LIMIT_BURST, LIMIT_ACTIVE, LIMITS };

struct figures {
  waitq_room_t *room;
  uint64_t limits[LIMITS];
  waitq_stats stats;
  uint64_t totals[WAITQ__TOTALS];
  uint64_t store_errors;
};

struct family {
  const char *name;
  const char *help;
  size_t offset; /* in waitq_stats, or a total, or a limit */
  enum { COUNT, VALUE, MILLISECONDS, TOTAL, SCORE, LIMIT } kind;
};

#define STAT(field) offsetof(waitq_stats, field)

static const struct family families[] = {
    {"waitq_room_waiting", "Visitors in line.", STAT(waiting), COUNT},
    {"waitq_room_ready", "Turns given and not used yet.", STAT(ready), COUNT},
    {"waitq_room_active", "Sessions running.", STAT(active), COUNT},
    {"waitq_room_joined_total", "Tickets issued.", WAITQ__TOTAL_JOINED, TOTAL},
    {"waitq_room_admitted_total", "Turns given.", WAITQ__TOTAL_ADMITTED, TOTAL},
    {"waitq_room_entered_total", "Visitors who entered.", WAITQ__TOTAL_ENTERED, TOTAL},
    {"waitq_room_left_total", "Visitors who left before they entered.", WAITQ__TOTAL_LEFT, TOTAL},
    {"waitq_room_expired_total", "Visitors who fell silent or missed their turn.", WAITQ__TOTAL_EXPIRED, TOTAL},
    {"waitq_room_rate_per_second", "The rate in force.", STAT(rate_per_s), VALUE},
    {"waitq_room_burst_tokens", "Tokens that the bucket can hold.", LIMIT_BURST, LIMIT},
    {"waitq_room_tokens", "Tokens in the bucket.", STAT(tokens), VALUE},
    {"waitq_room_active_limit", "Sessions and turns that there may be at a time; 0 where any number.", LIMIT_ACTIVE,
     LIMIT},
    {"waitq_room_epoch", "The epoch of the line.", STAT(epoch), COUNT},
    {"waitq_room_memory_bytes", "Memory of this process for the room.", STAT(memory_bytes), COUNT},
    {"waitq_room_store_age_seconds", "How old what is known of the store is.", STAT(age_ms), MILLISECONDS},
    {"waitq_room_eta_scored_total", "Estimates that were compared with what came.", WAITQ__TOTAL_SCORED, TOTAL},
    {"waitq_room_eta_accuracy_ratio", "How near estimates came to the truth, of late; 1 is right.", STAT(eta_acc),
     SCORE},
    {"waitq_room_eta_hit_ratio", "Share of estimates within 10 % or 5 s, of late.", STAT(eta_hit), SCORE},
    {"waitq_room_eta_bias_ratio", "How much too long estimates were, of late; below 0: too short.", STAT(eta_bias),
     SCORE},
    {"waitq_room_eta_coverage_ratio", "Share of intervals that held the truth, of late; 0.9 is meant.", STAT(eta_cov90),
     SCORE},
    {"waitq_room_eta_width_ratio", "Width of intervals as a part of the wait, of late.", STAT(eta_width), SCORE},
};

static double number_at(const struct figures *figures, size_t offset) {
  double number;
  memcpy(&number, (const char *)&figures->stats + offset, sizeof number);
  return number;
}

/* What is not negative looks the same with a sign and without. */
static uint64_t count_at(const struct figures *figures, size_t offset) {
  uint64_t count;
  memcpy(&count, (const char *)&figures->stats + offset, sizeof count);
  return count;
}

static void write_one(struct waitq__metrics_text *text, const struct family *family, const struct figures *figures) {
  const char *room = figures->room->named.name;
  switch (family->kind) {
    case COUNT:
      waitq__metrics_count(text, family->name, room, NULL, count_at(figures, family->offset));
      return;
    case VALUE:
      waitq__metrics_value(text, family->name, room, NULL, number_at(figures, family->offset));
      return;
    case MILLISECONDS:
      waitq__metrics_value(text, family->name, room, NULL, (double)count_at(figures, family->offset) / 1e3);
      return;
    case TOTAL:
      waitq__metrics_count(text, family->name, room, NULL, figures->totals[family->offset]);
      return;
    case LIMIT:
      waitq__metrics_count(text, family->name, room, NULL, figures->limits[family->offset]);
      return;
    case SCORE:
      if (figures->stats.eta_scored > 0) {
        waitq__metrics_value(text, family->name, room, NULL, number_at(figures, family->offset));
      }
  }
}

static void write_phases(struct waitq__metrics_text *text, const struct figures *rooms, size_t count) {
  static const char *const labels[] = {"phase=\"scheduled\"", "phase=\"open\"", "phase=\"paused\"",
                                       "phase=\"draining\"", "phase=\"closed\""};
  static const char name[] = "waitq_room_phase";
  waitq__metrics_family(text, name, "gauge", "1 for the phase in force.");
  for (size_t i = 0; i < count; i++) {
    for (uint32_t phase = WAITQ_PHASE_SCHEDULED; phase <= WAITQ_PHASE_CLOSED; phase++) {
      waitq__metrics_count(text, name, rooms[i].room->named.name, labels[phase - WAITQ_PHASE_SCHEDULED],
                           rooms[i].stats.phase == phase);
    }
  }
}

static void write_all(struct waitq__metrics_text *text, const struct figures *rooms, size_t count) {
  static const char errors[] = "waitq_room_store_errors_total";
  for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
    const struct family *family = &families[f];
    waitq__metrics_family(text, family->name, family->kind == TOTAL ? "counter" : "gauge", family->help);
    for (size_t i = 0; i < count; i++) {
      write_one(text, family, &rooms[i]);
    }
  }
  write_phases(text, rooms, count);
  waitq__metrics_family(text, errors, "counter", "Round trips of this process to the store that failed.");
  for (size_t i = 0; i < count; i++) {
    waitq__metrics_count(text, errors, rooms[i].room->named.name, NULL, rooms[i].store_errors);
  }
}

/* Takes a handle on each open room, so that none ends meanwhile. */
static int hold_rooms(waitq_t *context, struct figures **rooms, size_t *count, waitq_error *error) {
  pthread_mutex_lock(&context->lock);
  const struct waitq__registry *registry = &context->rooms;
  struct figures *all = waitq__alloc_zeroed(&context->allocator, (registry->count + 1) * sizeof *all);
  for (size_t i = 0; all != NULL && i < registry->capacity; i++) {
    for (struct waitq__named *named = registry->chains[i]; named != NULL; named = named->next) {
      waitq_room_t *room = (waitq_room_t *)named;
      if (room->handles > 0) {
        room->handles++;
        context->handles++;
        all[(*count)++].room = room;
      }
    }
  }
  pthread_mutex_unlock(&context->lock);
  *rooms = all;
  return all != NULL ? WAITQ_OK : waitq__fail(error, WAITQ_E_NOMEM, "no memory for the figures of the rooms");
}

static void take_figures(struct figures *figures) {
  waitq_room_t *room = figures->room;
  figures->stats = (waitq_stats)WAITQ_STATS_INIT;
  if (waitq__room_is_in_process(room)) {
    waitq_room_stats(room, &figures->stats, NULL); /* does what is due; where it cannot, what is known is told */
  }
  waitq__lock(&room->lock);
  waitq__room_fill_stats(room, waitq__room_now(room), &figures->stats);
  waitq__totals_take(&room->totals, &figures->stats, waitq__room_turns(room));
  memcpy(figures->totals, room->totals.told, sizeof figures->totals);
  figures->limits[LIMIT_BURST] = room->state.burst;
  figures->limits[LIMIT_ACTIVE] = room->state.max_active;
  pthread_mutex_unlock(&room->lock);
  figures->store_errors = atomic_load_explicit(&room->totals.store_errors, memory_order_relaxed);
}

int waitq_metrics(waitq_t *context, char *buffer, size_t capacity, size_t *needed, waitq_error *error) {
  if (context == NULL || needed == NULL || (buffer == NULL && capacity > 0)) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is NULL",
                       context == NULL  ? "context"
                       : needed == NULL ? "needed"
                                        : "buffer");
  }
  struct waitq__metrics_text text = {buffer, capacity, 0};
  struct figures *rooms = NULL;
  size_t count = 0;
  int code = waitq__guard(context, error);
  if (code == WAITQ_OK) {
    code = hold_rooms(context, &rooms, &count, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  for (size_t i = 0; i < count; i++) {
    take_figures(&rooms[i]);
  }
  write_all(&text, rooms, count);
  waitq_allocator allocator = context->allocator;
  for (size_t i = 0; i < count; i++) {
    waitq_room_close(rooms[i].room);
  }
  waitq__free(&allocator, rooms);
  *needed = text.length + 1;
  if (capacity > 0 && capacity < *needed) {
    buffer[0] = '\0';
    return waitq__fail(error, WAITQ_E_INVALID, "the buffer has %zu bytes, and %zu are needed", capacity, *needed);
  }
  return WAITQ_OK;
}
