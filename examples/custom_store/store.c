/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A whole store: per room the head, and one array of tickets that holds all else.
 *
 * It decides nothing: what a bit means, and whose turn it is, is the library's business. What a store owes is that an
 * operation happens whole or not at all. One rule does it here: first make room for all that may be added, then
 * change things, with nothing left that can fail. In a database it would be a transaction. */

#include "store.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <waitq/room.h>

struct ticket {
  unsigned char visitor[WAITQ_STORE_VISITOR_SIZE];
  int64_t joined_us;
  uint32_t named;  /* 1: the visitor above holds it */
  uint32_t planes; /* bit p: its bit in plane p */
};

struct room {
  struct room *next;
  const waitq_allocator *memory;
  struct ticket *tickets; /* number n is tickets[n - first]; all others have no name and no bit */
  uint64_t first, count;  /* multiples of 64, as runs of bits are */
  waitq_store_head head;
  unsigned char state[WAITQ_STORE_STATE_MAX];
  char name[WAITQ_ROOM_NAME_MAX + 1];
};

struct store {
  const waitq_allocator *memory;
  pthread_mutex_t lock; /* guards the list; two calls never use one room at once */
  struct room *rooms;
};

static int fail(waitq_error *error, int code, const char *text) {
  if (error != NULL && error->size >= sizeof *error) {
    error->code = code;
    error->retriable = code == WAITQ_E_NOMEM || code == WAITQ_E_CONFLICT;
    snprintf(error->text, sizeof error->text, "plain store: %s", text);
  }
  return code;
}

static int store_open(const char *uri, const waitq_store_env *env, void **out, waitq_error *error) {
  (void)uri;
  struct store *store = env->allocator->allocate(env->allocator->user, sizeof *store);
  if (store == NULL) {
    return fail(error, WAITQ_E_NOMEM, "out of memory");
  }
  *store = (struct store){.memory = env->allocator};
  pthread_mutex_init(&store->lock, NULL);
  *out = store;
  return WAITQ_OK;
}

static void store_close(void *handle) {
  struct store *store = handle;
  const waitq_allocator *memory = store->memory;
  for (struct room *room = store->rooms, *next; room != NULL; room = next) {
    next = room->next;
    memory->release(memory->user, room->tickets);
    memory->release(memory->user, room);
  }
  pthread_mutex_destroy(&store->lock);
  memory->release(memory->user, store);
}

static struct room *make_room(struct store *store, const char *name, const waitq_store_head *initial) {
  struct room *room = store->memory->allocate(store->memory->user, sizeof *room);
  if (room != NULL) {
    *room = (struct room){.next = store->rooms, .memory = store->memory, .head = *initial};
    room->head.version = 0;
    room->head.state = memcpy(room->state, initial->state, initial->state_size);
    snprintf(room->name, sizeof room->name, "%s", name);
    store->rooms = room;
  }
  return room;
}

static int room_open(void *handle, const char *name, const waitq_store_head *initial, void **out, waitq_error *error) {
  struct store *store = handle;
  pthread_mutex_lock(&store->lock);
  struct room *room = store->rooms;
  while (room != NULL && strcmp(room->name, name) != 0) {
    room = room->next;
  }
  if (room == NULL && initial != NULL) {
    room = make_room(store, name, initial);
  }
  pthread_mutex_unlock(&store->lock);
  *out = room;
  return room == NULL && initial != NULL ? fail(error, WAITQ_E_NOMEM, "out of memory") : WAITQ_OK;
}

static void room_close(void *room) {
  (void)room; /* its content stays */
}

static int room_load(void *handle, const waitq_store_sink *sink, waitq_error *error) {
  const struct room *room = handle;
  (void)error;
  int code = sink->head(sink->user, &room->head);
  for (uint64_t at = 0; at < room->count; at += 64) {
    for (uint32_t plane = 0; plane < WAITQ_STORE_PLANES && code == WAITQ_OK; plane++) {
      uint64_t word = 0;
      for (unsigned i = 0; i < 64; i++) {
        word |= (uint64_t)(room->tickets[at + i].planes >> plane & 1) << i;
      }
      const waitq_store_bits bits = {plane, 1, room->first + at, &word};
      code = word == 0 ? WAITQ_OK : sink->bits(sink->user, &bits);
    }
  }
  return code;
}

/* Makes the array reach up to number `end`. */
static int reserve(struct room *room, uint64_t end, waitq_error *error) {
  if (end <= room->first + room->count) {
    return WAITQ_OK;
  }
  uint64_t count = ((end - room->first) * 3 / 2 + 63) / 64 * 64;
  struct ticket *tickets = room->memory->reallocate(room->memory->user, room->tickets, count * sizeof *tickets);
  if (tickets == NULL) {
    return fail(error, WAITQ_E_NOMEM, "out of memory");
  }
  memset(tickets + room->count, 0, (count - room->count) * sizeof *tickets);
  room->tickets = tickets;
  room->count = count;
  return WAITQ_OK;
}

/* The number of a visitor's last ticket, looked for from end to end. */
static uint64_t find(const struct room *room, const unsigned char *visitor) {
  for (uint64_t number = room->head.next; number-- > room->first;) {
    const struct ticket *ticket = &room->tickets[number - room->first];
    if (ticket->named && memcmp(ticket->visitor, visitor, sizeof ticket->visitor) == 0) {
      return number;
    }
  }
  return WAITQ_STORE_NO_NUMBER;
}

static void join_one(struct room *room, int64_t now_us, waitq_store_join *join) {
  uint64_t held = join->anonymous ? WAITQ_STORE_NO_NUMBER : find(room, join->visitor);
  if (held != WAITQ_STORE_NO_NUMBER && held != join->replaces) {
    join->outcome = WAITQ_STORE_EXISTING;
    join->number = held;
  } else if (room->head.next >= room->head.join_limit) {
    join->outcome = WAITQ_STORE_FULL;
    return;
  } else {
    join->outcome = WAITQ_STORE_NEW;
    join->number = room->head.next++;
    struct ticket *ticket = &room->tickets[join->number - room->first];
    memcpy(ticket->visitor, join->visitor, sizeof ticket->visitor);
    ticket->joined_us = now_us;
    ticket->named = !join->anonymous;
  }
  join->joined_us = room->tickets[join->number - room->first].joined_us;
}

static int room_append(void *handle, uint64_t epoch, int64_t now_us, waitq_store_join *joins, size_t count,
                       waitq_error *error) {
  struct room *room = handle;
  if (epoch != room->head.epoch) {
    return fail(error, WAITQ_E_CONFLICT, "the room is in another epoch");
  }
  if (reserve(room, room->head.next + count, error) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  for (size_t i = 0; i < count; i++) {
    join_one(room, now_us, &joins[i]);
  }
  return WAITQ_OK;
}

static int reserve_bits(struct room *room, uint64_t offset, const waitq_store_bits *bits, size_t count,
                        waitq_error *error) {
  int code = WAITQ_OK;
  for (size_t i = 0; i < count && code == WAITQ_OK; i++) {
    code = reserve(room, offset + bits[i].first + (uint64_t)bits[i].count * 64, error);
  }
  return code;
}

static void add_bits(struct room *room, const waitq_store_bits *bits, size_t count) {
  for (const waitq_store_bits *run = bits; run < bits + count; run++) {
    for (uint64_t i = 0; i < (uint64_t)run->count * 64; i++) {
      if (run->first + i >= room->first && (run->words[i / 64] >> i % 64 & 1) != 0) {
        room->tickets[run->first + i - room->first].planes |= UINT32_C(1) << run->plane;
      }
    }
  }
}

static int room_mark(void *handle, uint64_t epoch, const waitq_store_bits *bits, size_t count, waitq_error *error) {
  struct room *room = handle;
  if (epoch != room->head.epoch) {
    return fail(error, WAITQ_E_CONFLICT, "the room is in another epoch");
  }
  if (reserve_bits(room, 0, bits, count, error) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  add_bits(room, bits, count);
  return WAITQ_OK;
}

/* Forgets the tickets below a number, as far as whole runs of 64 go; their memory serves the tickets to come. */
static void trim(struct room *room, uint64_t below) {
  uint64_t gone = below <= room->first ? 0 : (below - room->first) / 64 * 64;
  if (gone > 0) {
    uint64_t kept = room->count - gone;
    memmove(room->tickets, room->tickets + gone, kept * sizeof *room->tickets);
    memset(room->tickets + kept, 0, gone * sizeof *room->tickets);
    room->first += gone;
  }
}

static int room_commit(void *handle, const waitq_store_commit *commit, waitq_error *error) {
  struct room *room = handle;
  const int new_epoch = commit->epoch != room->head.epoch;
  if (commit->version != room->head.version) {
    return fail(error, WAITQ_E_CONFLICT, "the room has moved on");
  }
  if (reserve_bits(room, new_epoch ? room->first : 0, commit->bits, commit->bits_count, error) != WAITQ_OK) {
    return WAITQ_E_NOMEM;
  }
  if (new_epoch && room->count > 0) {
    memset(room->tickets, 0, room->count * sizeof *room->tickets);
  }
  for (uint64_t i = 0; i < room->count && commit->clear_planes != 0; i++) {
    room->tickets[i].planes &= ~commit->clear_planes;
  }
  room->first = new_epoch ? 0 : room->first;
  room->head.next = new_epoch ? 0 : room->head.next;
  room->head.version++;
  room->head.epoch = commit->epoch;
  room->head.join_limit = commit->join_limit;
  room->head.state_size = commit->state_size;
  memcpy(room->state, commit->state, commit->state_size);
  add_bits(room, commit->bits, commit->bits_count);
  trim(room, commit->trim_below < room->head.next ? commit->trim_below : room->head.next);
  return WAITQ_OK;
}

static uint64_t room_memory(void *handle) {
  const struct room *room = handle;
  return sizeof *room + room->count * sizeof *room->tickets;
}

const waitq_store_ops *plain_store(void) {
  static const waitq_store_ops ops = {sizeof ops,  WAITQ_STORE_IN_PROCESS,
                                      0,           store_open,
                                      store_close, room_open,
                                      room_close,  room_load,
                                      room_append, room_mark,
                                      room_commit, room_memory};
  return &ops;
}
