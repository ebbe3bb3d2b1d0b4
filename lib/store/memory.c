/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* The memory store: rooms in this process. It has no thread and never blocks.
 *
 * The library makes calls on one room one at a time, and those that open rooms as well; so there is no lock. */

#include <string.h>

#include <waitq/room.h>
#include <waitq/store.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/registry.h"
#include "store/bitmap.h"
#include "store/visitors.h"

struct memory_store {
  const waitq_allocator *allocator;
  struct waitq__registry rooms;
};

struct memory_room {
  struct waitq__named named;
  const waitq_allocator *allocator;
  uint64_t version;
  uint64_t epoch;
  uint64_t next;
  uint64_t join_limit;
  uint64_t trim;
  size_t state_size;
  void *state;
  struct waitq__bitmap planes[WAITQ_STORE_PLANES];
  struct waitq__visitors visitors;
};

static int memory_open(const char *uri, const waitq_store_env *env, void **store, waitq_error *error) {
  (void)uri;
  struct memory_store *memory = waitq__alloc_zeroed(env->allocator, sizeof *memory);
  if (memory == NULL) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a store");
  }
  memory->allocator = env->allocator;
  memory->rooms.allocator = env->allocator;
  *store = memory;
  return WAITQ_OK;
}

static void room_free(struct memory_room *room) {
  for (unsigned plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    waitq__bitmap_clear(&room->planes[plane], room->allocator);
  }
  waitq__visitors_free(&room->visitors);
  waitq__free(room->allocator, room->state);
  waitq__free(room->allocator, room);
}

static void room_destroy(struct waitq__named *named) {
  room_free((struct memory_room *)named);
}

static void memory_close(void *store) {
  struct memory_store *memory = store;
  waitq__registry_destroy(&memory->rooms);
  waitq__free(memory->allocator, memory);
}

static struct memory_room *room_new(const struct memory_store *memory, const waitq_store_head *initial) {
  struct memory_room *room = waitq__alloc_zeroed(memory->allocator, sizeof *room);
  if (room == NULL) {
    return NULL;
  }
  room->named.destroy = room_destroy;
  room->allocator = memory->allocator;
  room->state = waitq__alloc(memory->allocator, initial->state_size);
  if (room->state == NULL) {
    waitq__free(memory->allocator, room);
    return NULL;
  }
  room->epoch = initial->epoch;
  room->next = initial->next;
  room->join_limit = initial->join_limit;
  room->state_size = initial->state_size;
  memcpy(room->state, initial->state, initial->state_size);
  waitq__visitors_init(&room->visitors, memory->allocator, initial->next);
  return room;
}

static int memory_room_open(void *store, const char *name, const waitq_store_head *initial, void **out,
                            waitq_error *error) {
  struct memory_store *memory = store;
  if (initial != NULL && initial->state_size > WAITQ_STORE_STATE_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "a state of %zu bytes is too large", initial->state_size);
  }
  struct memory_room *room = (struct memory_room *)waitq__registry_find(&memory->rooms, name);
  int code = WAITQ_OK;
  if (room == NULL && initial != NULL) {
    room = room_new(memory, initial);
    if (room == NULL || waitq__registry_add(&memory->rooms, &room->named, name) != WAITQ_OK) {
      if (room != NULL) {
        room_free(room);
        room = NULL;
      }
      code = waitq__fail(error, WAITQ_E_NOMEM, "no memory for a room");
    }
  }
  *out = room;
  return code;
}

static void memory_room_close(void *room) {
  (void)room;
}

static int memory_load(void *stored, const waitq_store_sink *sink, waitq_error *error) {
  (void)error;
  const struct memory_room *room = stored;
  waitq_store_head head = {sizeof head,      room->version, room->epoch,     room->next,
                           room->join_limit, room->state,   room->state_size};
  int code = sink->head(sink->user, &head);
  for (uint32_t plane = 0; code == WAITQ_OK && plane < WAITQ_STORE_PLANES; plane++) {
    code = waitq__bitmap_load(&room->planes[plane], plane, sink);
  }
  return code;
}

static int wrong_epoch(const struct memory_room *room, uint64_t epoch, waitq_error *error) {
  return waitq__fail(error, WAITQ_E_CONFLICT, "the room is in epoch %llu, not %llu", (unsigned long long)room->epoch,
                     (unsigned long long)epoch);
}

/* One join. WAITQ_E_NOMEM where there is no memory for it. */
static int join_one(struct memory_room *room, int64_t now_us, waitq_store_join *join) {
  const unsigned char *visitor = join->anonymous ? NULL : join->visitor;
  if (visitor != NULL) {
    uint64_t number;
    const struct waitq__visitor_record *record = waitq__visitors_find(&room->visitors, visitor, &number);
    if (record != NULL && number != join->replaces) {
      join->outcome = WAITQ_STORE_EXISTING;
      join->number = number;
      join->joined_us = record->joined_us;
      return WAITQ_OK;
    }
  }
  if (room->next >= room->join_limit) {
    join->outcome = WAITQ_STORE_FULL;
    return WAITQ_OK;
  }
  if (waitq__visitors_reserve(&room->visitors, visitor) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  waitq__visitors_add(&room->visitors, visitor, now_us);
  join->outcome = WAITQ_STORE_NEW;
  join->number = room->next++;
  join->joined_us = now_us;
  return WAITQ_OK;
}

static void undo(struct memory_room *room, const waitq_store_join *joins, size_t count) {
  while (count-- > 0) {
    if (joins[count].outcome == WAITQ_STORE_NEW) {
      waitq__visitors_undo(&room->visitors, joins[count].replaces);
      room->next--;
    }
  }
}

static int memory_append(void *stored, uint64_t epoch, int64_t now_us, waitq_store_join *joins, size_t count,
                         waitq_error *error) {
  struct memory_room *room = stored;
  if (epoch != room->epoch) {
    return wrong_epoch(room, epoch, error);
  }
  waitq__visitors_trim(&room->visitors, room->trim);
  for (size_t i = 0; i < count; i++) {
    if (join_one(room, now_us, &joins[i]) != WAITQ_OK) {
      undo(room, joins, i);
      return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a visitor");
    }
  }
  return WAITQ_OK;
}

/* Makes room for bits in the plane each belongs to. */
static int reserve(struct waitq__bitmap *const planes[WAITQ_STORE_PLANES], const waitq_allocator *allocator,
                   const waitq_store_bits *bits, size_t count, waitq_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (bits[i].plane >= WAITQ_STORE_PLANES || bits[i].first % 64 != 0 || bits[i].count == 0) {
      return waitq__fail(error, WAITQ_E_INVALID, "bits of plane %u from %llu", bits[i].plane,
                         (unsigned long long)bits[i].first);
    }
    if (waitq__bitmap_reserve(planes[bits[i].plane], allocator, &bits[i]) != WAITQ_OK) {
      return waitq__fail(error, WAITQ_E_NOMEM, "no memory for bits");
    }
  }
  return WAITQ_OK;
}

static int memory_mark(void *stored, uint64_t epoch, const waitq_store_bits *bits, size_t count, waitq_error *error) {
  struct memory_room *room = stored;
  if (epoch != room->epoch) {
    return wrong_epoch(room, epoch, error);
  }
  struct waitq__bitmap *planes[WAITQ_STORE_PLANES];
  for (unsigned plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    planes[plane] = &room->planes[plane];
  }
  int code = reserve(planes, room->allocator, bits, count, error);
  for (size_t i = 0; code == WAITQ_OK && i < count; i++) {
    waitq__bitmap_set(planes[bits[i].plane], &bits[i]);
  }
  return code;
}

static void trim(struct memory_room *room, uint64_t below) {
  if (below > room->trim) {
    room->trim = below;
    for (unsigned plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
      waitq__bitmap_trim(&room->planes[plane], room->allocator, below);
    }
  }
  waitq__visitors_trim(&room->visitors, room->trim);
}

/* Puts bits in place: planes that the commit empties are made anew beside the old ones and swapped in, so that a lack of memory shows
 * before anything has changed. */
static int commit_bits(struct memory_room *room, const waitq_store_commit *commit, uint32_t emptied,
                       waitq_error *error) {
  struct waitq__bitmap fresh[WAITQ_STORE_PLANES] = {{0}};
  struct waitq__bitmap *planes[WAITQ_STORE_PLANES];
  for (unsigned plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    planes[plane] = (emptied >> plane & 1) != 0 ? &fresh[plane] : &room->planes[plane];
  }
  int code = reserve(planes, room->allocator, commit->bits, commit->bits_count, error);
  for (uint32_t i = 0; code == WAITQ_OK && i < commit->bits_count; i++) {
    waitq__bitmap_set(planes[commit->bits[i].plane], &commit->bits[i]);
  }
  for (unsigned plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    if ((emptied >> plane & 1) != 0) {
      struct waitq__bitmap *done = code == WAITQ_OK ? &room->planes[plane] : &fresh[plane];
      waitq__bitmap_clear(done, room->allocator);
      if (code == WAITQ_OK) {
        room->planes[plane] = fresh[plane];
      }
    }
  }
  return code;
}

static int commit_state_size(struct memory_room *room, size_t size, waitq_error *error) {
  if (size > WAITQ_STORE_STATE_MAX) {
    return waitq__fail(error, WAITQ_E_INVALID, "a state of %zu bytes is too large", size);
  }
  if (size > room->state_size) {
    void *state = waitq__realloc(room->allocator, room->state, size);
    if (state == NULL) {
      return waitq__fail(error, WAITQ_E_NOMEM, "no memory for a state");
    }
    room->state = state;
  }
  return WAITQ_OK;
}

static int memory_commit(void *stored, const waitq_store_commit *commit, waitq_error *error) {
  struct memory_room *room = stored;
  if (commit->version != room->version) {
    return waitq__fail(error, WAITQ_E_CONFLICT, "the room is at version %llu, not %llu",
                       (unsigned long long)room->version, (unsigned long long)commit->version);
  }
  int is_new_epoch = commit->epoch != room->epoch;
  uint32_t emptied = is_new_epoch ? (UINT32_C(1) << WAITQ_STORE_PLANES) - 1 : commit->clear_planes;
  int code = commit_state_size(room, commit->state_size, error);
  if (code == WAITQ_OK) {
    code = commit_bits(room, commit, emptied, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  if (is_new_epoch) {
    waitq__visitors_free(&room->visitors);
    room->epoch = commit->epoch;
    room->next = 0;
    room->trim = 0;
  }
  trim(room, commit->trim_below);
  memcpy(room->state, commit->state, commit->state_size);
  room->state_size = commit->state_size;
  room->join_limit = commit->join_limit;
  room->version++;
  return WAITQ_OK;
}

static uint64_t memory_bytes(void *stored) {
  const struct memory_room *room = stored;
  uint64_t bytes = sizeof *room + room->state_size + waitq__visitors_bytes(&room->visitors);
  for (unsigned plane = 0; plane < WAITQ_STORE_PLANES; plane++) {
    bytes += waitq__bitmap_bytes(&room->planes[plane]);
  }
  return bytes;
}

const waitq_store_ops *waitq_store_memory(void) {
  static const waitq_store_ops ops = {
      .size = sizeof(waitq_store_ops),
      .flags = WAITQ_STORE_IN_PROCESS,
      .open = memory_open,
      .close = memory_close,
      .room_open = memory_room_open,
      .room_close = memory_room_close,
      .load = memory_load,
      .append = memory_append,
      .mark = memory_mark,
      .commit = memory_commit,
      .memory_bytes = memory_bytes,
  };
  return &ops;
}
