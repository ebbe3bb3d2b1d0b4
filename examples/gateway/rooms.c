/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "rooms.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "config.h"
#include "gateway.h"
#include "log.h"

#define AGAIN_MS 1000

bool rooms_init(struct rooms *rooms, struct gateway *gateway, size_t capacity) {
  size_t slots = 16;
  capacity += gateway->options->config.event_count;
  while (slots < 2 * capacity) {
    slots *= 2;
  }
  *rooms = (struct rooms){.gateway = gateway, .slot_count = slots, .capacity = capacity};
  rooms->slots = calloc(slots, sizeof *rooms->slots);
  pthread_mutex_init(&rooms->lock, NULL);
  return rooms->slots != NULL;
}

void rooms_close(struct rooms *rooms) {
  for (size_t i = 0; rooms->slots != NULL && i < rooms->slot_count; i++) {
    struct room *room = atomic_load(&rooms->slots[i]);
    if (room != NULL) {
      waitq_room_close(room->handle);
      free(room->adapt);
      free(room);
    }
  }
  free((void *)rooms->slots);
  pthread_mutex_destroy(&rooms->lock);
}

/* FNV-1a: names come from visitors, but there are at most so many that a poor choice costs nothing. */
static size_t hash(const char *name) {
  uint64_t value = 14695981039346656037U;
  for (; *name != '\0'; name++) {
    value = (value ^ (unsigned char)*name) * 1099511628211U;
  }
  return (size_t)(value ^ value >> 32);
}

static struct room *look(const struct rooms *rooms, const char *name, size_t *slot) {
  for (*slot = hash(name) & (rooms->slot_count - 1);; *slot = (*slot + 1) & (rooms->slot_count - 1)) {
    struct room *room = atomic_load_explicit(&rooms->slots[*slot], memory_order_acquire);
    if (room == NULL || strcmp(room->name, name) == 0) {
      return room;
    }
  }
}

struct room *rooms_find(const struct rooms *rooms, const char *name) {
  size_t slot;
  struct room *room = look(rooms, name, &slot);
  return room != NULL && atomic_load_explicit(&room->is_open, memory_order_acquire) ? room : NULL;
}

struct room *rooms_at(const struct rooms *rooms, size_t index) {
  struct room *room = atomic_load_explicit(&rooms->slots[index], memory_order_acquire);
  return room != NULL && atomic_load_explicit(&room->is_open, memory_order_acquire) ? room : NULL;
}

/* Tells those who wait for a room that it is open, or cannot be. */
static void tell(struct errand *errand) {
  struct call *call = (struct call *)errand;
  if (atomic_load_explicit(&call->room->is_open, memory_order_acquire)) {
    call->start(call);
  } else {
    call->refuse(call, call->code);
  }
}

static void open_room(struct errand *errand) {
  struct room *room = (struct room *)errand;
  struct rooms *rooms = &room->gateway->rooms;
  waitq_error error = WAITQ_ERROR_INIT;
  const int code = waitq_room_open(room->gateway->context, room->name, room->policy, &room->handle, &error);
  if (code != WAITQ_OK) {
    log_line(LOG_WARN, "an event cannot be opened", "event", room->name, "reason", error.text, NULL);
  }
  pthread_mutex_lock(&rooms->lock);
  struct call *waiting = room->waiting;
  room->waiting = NULL;
  room->is_opening = false;
  room->failure = code;
  room->failed_until_ms = gateway_now_ms() + AGAIN_MS;
  atomic_store_explicit(&room->heard_at_ms, gateway_now_ms(), memory_order_relaxed);
  atomic_store_explicit(&room->is_open, code == WAITQ_OK, memory_order_release);
  pthread_mutex_unlock(&rooms->lock);
  while (waiting != NULL) {
    struct call *call = waiting;
    waiting = call->next_waiting;
    call->code = code;
    call->errand.done = tell;
    errand_post(&call->errand);
  }
}

/* A room by that name, made where there is none and one may be; under the lock. */
static struct room *make(struct rooms *rooms, const char *name, int *failure) {
  size_t slot;
  const struct config *config = &rooms->gateway->options->config;
  struct room *room = look(rooms, name, &slot);
  if (room != NULL) {
    return room;
  }
  const struct config_event *event = config_find(config, name);
  if (event == NULL && config->events_only) {
    *failure = CALL_NO_SUCH_EVENT;
    return NULL;
  }
  const struct adapt_policy *adapt_policy = event != NULL ? &event->adapt : &config->adapt;
  struct adapt *adapt = adapt_policy_is_on(adapt_policy) ? calloc(1, sizeof *adapt) : NULL;
  room = rooms->count < rooms->capacity ? calloc(1, sizeof *room) : NULL;
  if (room == NULL || (adapt == NULL && adapt_policy_is_on(adapt_policy))) {
    *failure = room == NULL ? CALL_TOO_MANY_EVENTS : WAITQ_E_NOMEM;
    free(room);
    free(adapt);
    return NULL;
  }
  strcpy(room->name, name);
  room->gateway = rooms->gateway;
  room->policy = event != NULL ? &event->policy : &config->policy;
  room->adapt_policy = adapt_policy;
  room->adapt = adapt;
  room->opening.run = open_room;
  rooms->count++;
  atomic_store_explicit(&rooms->slots[slot], room, memory_order_release);
  return room;
}

static void begin_opening(struct rooms *rooms, struct room *room) {
  room->is_opening = true;
  errands_submit(&rooms->gateway->errands, &room->opening);
}

void rooms_use(struct rooms *rooms, struct call *call, const char *name) {
  int failure = WAITQ_OK;
  call->room = rooms_find(rooms, name);
  if (call->room != NULL) {
    call->start(call);
    return;
  }
  pthread_mutex_lock(&rooms->lock);
  struct room *room = make(rooms, name, &failure);
  call->room = room;
  bool waits = false;
  if (room != NULL && !room->is_open) {
    if (room->is_opening || room->failure == WAITQ_OK || gateway_now_ms() >= room->failed_until_ms) {
      call->next_waiting = room->waiting;
      room->waiting = call;
      waits = true;
      if (!room->is_opening) {
        begin_opening(rooms, room);
      }
    } else {
      failure = room->failure;
    }
  }
  pthread_mutex_unlock(&rooms->lock);
  if (waits) {
    return;
  }
  if (failure == WAITQ_OK) {
    call->start(call);
  } else {
    call->refuse(call, failure);
  }
}

void rooms_open_known(struct rooms *rooms) {
  const struct config *config = &rooms->gateway->options->config;
  for (size_t i = 0; i < config->event_count; i++) {
    int failure;
    pthread_mutex_lock(&rooms->lock);
    struct room *room = make(rooms, config->events[i].name, &failure);
    if (room != NULL && !room->is_opening) {
      begin_opening(rooms, room);
    }
    pthread_mutex_unlock(&rooms->lock);
  }
}
