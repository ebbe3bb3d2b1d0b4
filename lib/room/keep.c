/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "room/keep.h"

#include <string.h>

#include "base/lock.h"
#include "core/advance.h"
#include "room/lead.h"
#include "room/loss.h"
#include "room/patrol.h"
#include "room/restore.h"
#include "room/shared.h"

#define REFRESH_US 250000
#define STEP_MOST_US 100000
#define STEP_LEAST_US 1000
#define REST_US 20000

/* After a failure the store is left alone for a moment. */
#define RETRY_US 100000

static enum waitq__verdict plan_refresh(struct waitq__round *round, struct waitq__request *request) {
  (void)request;
  round->refreshes = 1;
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_refresh(struct waitq__round *round, struct waitq__request *request) {
  (void)round;
  (void)request;
  return WAITQ__DONE;
}

static int refresh(waitq_room_t *room, int64_t now_us, int wants_step, waitq_error *error) {
  struct waitq__request request = {.plan = plan_refresh,
                                   .settle = settle_refresh,
                                   .is_free = 1,
                                   .wants_step = wants_step,
                                   .now_us = now_us,
                                   .error = error};
  return waitq__room_run(room, &request);
}

int waitq__room_follow(waitq_room_t *room, waitq_error *error) {
  return refresh(room, 0, 0, error);
}

/* How long time may go on without its work being done: a bucket of a small burst fills up soon. */
static int64_t step_interval(const struct waitq__state *state) {
  double fill_us = state->rate_per_s > 0.0 ? (double)state->burst / state->rate_per_s * 5e5 : STEP_MOST_US;
  return fill_us > STEP_MOST_US ? STEP_MOST_US : fill_us < STEP_LEAST_US ? STEP_LEAST_US : (int64_t)fill_us;
}

int waitq__room_is_due(const waitq_room_t *room, int64_t now_us) {
  if (waitq__room_is_in_process(room) || now_us < room->due_us) {
    return now_us >= room->due_us;
  }
  int64_t interval_us = step_interval(&room->state);
  int64_t rest_us = interval_us < REST_US ? interval_us : REST_US;
  return now_us >= room->state.now_us + (room->shared->has_stepped ? rest_us : 2 * rest_us);
}

/* What there is to do, as the room stands. */
struct chores {
  int steps;
  int refreshes;
  int flushes;
  int patrols;
  int restores;
  int tells;
  int64_t next_us;
};

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* What is due is noted as begun, where the caller is about to do it. */
static struct chores look(waitq_room_t *room, int64_t now_us, int64_t monotonic_us, int begins) {
  struct waitq__shared *shared = room->shared;
  waitq__lock(&room->lock);
  int64_t step_us = shared->stepped_us + step_interval(&room->state);
  int64_t refresh_us = (shared->told_us > shared->tried_us ? shared->told_us : shared->tried_us) + REFRESH_US;
  int64_t flush_us = shared->flushed_us + waitq__patrol_flush_interval(&room->state);
  int64_t due_us = room->due_us == WAITQ__NEVER_US ? WAITQ__NEVER_US : monotonic_us + (room->due_us - now_us);
  struct chores chores = {.steps = now_us >= room->due_us && monotonic_us >= step_us,
                          .refreshes = monotonic_us >= refresh_us,
                          .flushes = monotonic_us >= flush_us,
                          .patrols = waitq__patrol_is_due(room, &room->state, now_us),
                          .restores = waitq__restore_is_due(room),
                          .tells = waitq__loss_is_due(room),
                          .next_us = earlier(refresh_us, flush_us)};
  chores.next_us = earlier(chores.next_us, due_us > step_us ? due_us : step_us);
  if (begins && chores.flushes) {
    shared->flushed_us = monotonic_us;
  }
  if (begins && (chores.steps || chores.refreshes)) {
    shared->tried_us = monotonic_us;
    shared->stepped_us = monotonic_us;
  }
  pthread_mutex_unlock(&room->lock);
  return chores;
}

int64_t waitq__room_tend(void *owner) {
  waitq_room_t *room = owner;
  int64_t now_us = waitq__room_now(room);
  int64_t monotonic_us = waitq__monotonic_us();
  struct chores chores = look(room, now_us, monotonic_us, 1);
  int code = WAITQ_OK;
  if (chores.flushes) {
    code = waitq__room_flush_polls(room, NULL);
  }
  if (code == WAITQ_OK && chores.patrols) {
    code = waitq__room_patrol(room, now_us, NULL);
  }
  if (code == WAITQ_OK && chores.restores) {
    code = waitq__room_restore(room, now_us, NULL);
  }
  if (code == WAITQ_OK && chores.tells) {
    code = waitq__loss_tell(room, now_us, NULL);
  }
  if (code == WAITQ_OK && (chores.steps || chores.refreshes)) {
    code = refresh(room, now_us, 1, NULL);
  }
  if (code != WAITQ_OK) {
    return monotonic_us + RETRY_US;
  }
  int is_done = chores.steps || chores.refreshes || chores.flushes || chores.patrols || chores.restores || chores.tells;
  return is_done ? look(room, waitq__room_now(room), waitq__monotonic_us(), 0).next_us : chores.next_us;
}

int waitq__room_keep(waitq_room_t *room, int64_t now_us, waitq_error *error) {
  int code = refresh(room, now_us, 1, error);
  waitq__lock(&room->lock);
  int is_due = code == WAITQ_OK && waitq__patrol_is_due(room, &room->state, now_us);
  pthread_mutex_unlock(&room->lock);
  if (is_due) {
    code = waitq__room_patrol(room, now_us, error);
    code = code == WAITQ_OK ? refresh(room, now_us, 1, error) : code;
  }
  return code;
}
