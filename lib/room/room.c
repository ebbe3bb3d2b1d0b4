/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Opening and closing rooms. */

#include "room/room.h"

#include <sodium.h>
#include <string.h>

#include "base/lock.h"
#include "base/name.h"
#include "base/sized.h"
#include "core/advance.h"
#include "core/number.h"
#include "room/keep.h"
#include "room/lead.h"
#include "room/shared.h"
#include "room/signing.h"

void waitq_policy_init(waitq_policy *policy, size_t size) {
  waitq__sized_init(policy, size, &(waitq_policy)WAITQ_POLICY_INIT, sizeof(waitq_policy));
}

int waitq__room_guard(const waitq_room_t *room, waitq_error *error) {
  if (room == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "room is NULL");
  }
  return waitq__guard(room->context, error);
}

static void close_stored(const waitq_room_t *room) {
  if (room->context->ops->room_close != NULL) {
    room->context->ops->room_close(room->stored);
  }
}

static void stop_following(waitq_room_t *room) {
  if (!waitq__room_is_in_process(room)) {
    waitq__io_remove(&room->context->io, &room->shared->work);
  }
}

static void serve(void *room) {
  waitq__room_serve(room);
}

/* Reads a room of a shared store, and has the context's thread look after it. */
static int follow(waitq_room_t *room, waitq_error *error) {
  struct waitq__shared *shared = room->shared;
  room->version = WAITQ__VERSION_NONE;
  room->due_us = WAITQ__NEVER_US;
  waitq__set_word(&room->ledger.epoch, 0);
  int code = waitq__room_follow(room, error);
  if (code == WAITQ_OK) {
    shared->work = (struct waitq__io_work){.tend = waitq__room_tend, .serve = serve, .owner = room};
    code = waitq__io_add(&room->context->io, &shared->work, error);
  }
  return code;
}

static int open_stored(waitq_room_t *room, const char *name, const waitq_policy *policy, waitq_error *error) {
  waitq_t *context = room->context;
  int64_t now_us = waitq__now(context);
  struct waitq__state state;
  waitq__state_init(&state, policy, waitq__key_id(&context->ring, 0), now_us);
  uint64_t epoch = (uint64_t)(now_us / 1000000);
  const waitq_store_head initial = {
      .size = sizeof initial,
      .epoch = epoch < 1                  ? 1
               : epoch < WAITQ__EPOCH_MAX ? epoch
                                          : WAITQ__EPOCH_MAX,
      .join_limit =
          policy->max_waiting == 0 || policy->max_waiting > WAITQ__NUMBER_END ? WAITQ__NUMBER_END : policy->max_waiting,
      .state = &state,
      .state_size = sizeof state,
  };
  int code = context->ops->room_open(context->store, name, &initial, &room->stored, error);
  if (code != WAITQ_OK) {
    return code;
  }
  room->state = state;
  code = waitq__room_is_in_process(room) ? waitq__room_load(room, error) : follow(room, error);
  if (code != WAITQ_OK) {
    close_stored(room);
  }
  return code;
}

static void room_destroy(struct waitq__named *named);

static void room_free(waitq_room_t *room) {
  waitq__ledger_free(&room->ledger);
  pthread_mutex_destroy(&room->lock);
  pthread_cond_destroy(&room->turned[0]);
  pthread_cond_destroy(&room->turned[1]);
  if (room->shared != NULL) {
    waitq__loss_free(&room->shared->loss, &room->context->allocator);
    waitq__shown_free(&room->shared->shown, &room->context->allocator);
    waitq__free(&room->context->allocator, room->shared->space);
    waitq__free(&room->context->allocator, room->shared);
  }
  sodium_memzero(room->ticket_keys, sizeof room->ticket_keys);
  sodium_memzero(room->visitor_keys, sizeof room->visitor_keys);
  waitq__free(&room->context->allocator, room);
}

static int make_shared(waitq_room_t *room) {
  room->shared = waitq__alloc_zeroed(&room->context->allocator, sizeof *room->shared);
  return room->shared == NULL ? WAITQ_E_NOMEM : waitq__room_make_space(room);
}

static int room_new(waitq_t *context, const char *name, const waitq_policy *policy, waitq_room_t **out,
                    waitq_error *error) {
  waitq_room_t *room = waitq__alloc_zeroed(&context->allocator, sizeof *room);
  if (room == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a room");
  }
  room->named.destroy = room_destroy;
  room->context = context;
  room->silent.kind = WAITQ__SWEEP_SILENT;
  room->sessions.kind = WAITQ__SWEEP_SESSIONS;
  memcpy(room->named.name, name, strlen(name) + 1);
  pthread_mutex_init(&room->lock, NULL);
  pthread_cond_init(&room->turned[0], NULL);
  pthread_cond_init(&room->turned[1], NULL);
  room->queue_end = &room->queue;
  room->finished_end = &room->finished;
  waitq__reference_init(&room->reference, waitq__now(context));
  waitq__room_derive_keys(room);
  int code = waitq__ledger_init(&room->ledger, &context->allocator);
  if (code == WAITQ_OK && waitq__is_shared(context)) {
    code = make_shared(room);
  }
  if (code != WAITQ_OK) {
    waitq__fail(error, code, "no memory for a room");
  } else {
    code = open_stored(room, name, policy, error);
  }
  if (code == WAITQ_OK) {
    waitq__lock(&room->lock);
    waitq__room_find_key(room);
    pthread_mutex_unlock(&room->lock);
    /* By its own name: the context's thread may be reading it. */
    code = waitq__registry_add(&context->rooms, &room->named, room->named.name);
    if (code != WAITQ_OK) {
      waitq__fail(error, code, "no memory for a room");
      stop_following(room);
      close_stored(room);
    }
  }
  if (code != WAITQ_OK) {
    room_free(room);
    return code;
  }
  *out = room;
  return WAITQ_OK;
}

int waitq_room_open(waitq_t *context, const char *name, const waitq_policy *policy, waitq_room_t **out,
                    waitq_error *error) {
  if (context == NULL || out == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "%s is NULL", context == NULL ? "context" : "out");
  }
  waitq_policy known = WAITQ_POLICY_INIT;
  int code = waitq__guard(context, error);
  if (code == WAITQ_OK) {
    code = waitq__name_check(name, WAITQ_ROOM_NAME_MAX, "room", error);
  }
  if (code == WAITQ_OK && policy != NULL) {
    code = waitq__sized_read(&known, sizeof known, policy, "policy", error);
  }
  if (code == WAITQ_OK) {
    code = waitq__policy_check(&known, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  pthread_mutex_lock(&context->lock);
  waitq_room_t *room = (waitq_room_t *)waitq__registry_find(&context->rooms, name);
  if (room == NULL) {
    code = room_new(context, name, &known, &room, error);
  }
  if (code == WAITQ_OK) {
    room->handles++;
    context->handles++;
    *out = room;
  }
  pthread_mutex_unlock(&context->lock);
  return code;
}

/* For a room that is still in its context when that ends. */
static void room_destroy(struct waitq__named *named) {
  waitq_room_t *room = (waitq_room_t *)named;
  close_stored(room);
  room_free(room);
}

/* Leaves with the store what only this process knows. A room in the process that cannot stays, without handles, until it is opened
 * again; one of a shared store is known to others, or to the store. */
static int leave_with_store(waitq_room_t *room) {
  if (waitq__room_is_in_process(room)) {
    return waitq__room_save_swept(room) == WAITQ_OK && waitq__room_save_polls(room) == WAITQ_OK;
  }
  stop_following(room);
  while (room->queue != NULL) {
    waitq__room_serve(room); /* what was submitted ends, whether or not somebody collects it */
  }
  waitq__room_flush_polls(room, NULL);
  return 1;
}

void waitq_room_close(waitq_room_t *room) {
  if (room == NULL || room->context->forks != waitq__fork_count()) {
    return;
  }
  waitq_t *context = room->context;
  pthread_mutex_lock(&context->lock);
  room->handles--;
  if (room->handles == 0 && leave_with_store(room)) {
    waitq__registry_remove(&context->rooms, &room->named);
    room_destroy(&room->named);
  }
  waitq__handle_end(context);
}
