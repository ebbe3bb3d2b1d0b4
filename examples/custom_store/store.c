/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors
 *
 * A whole store behind waitq/store.h, as simple as it can be: a room is its head and a list of tickets, and of each ticket
 * it keeps one word with a bit per plane. It walks the list to find a visitor, where a real store has an index. */
#include "store.h"
#include <stdio.h>
#include <string.h>

struct ticket {
  uint32_t planes, anonymous; /* bit p of planes: the ticket's bit in plane p */
  unsigned char visitor[WAITQ_STORE_VISITOR_SIZE];
  int64_t joined_us;
};

struct room { /* the store itself is a list of these that begins with one without a name */
  struct room *other;
  const waitq_allocator *memory;
  waitq_store_head head; /* head.next is how many tickets there are */
  struct ticket *tickets;
  char name[72];
  unsigned char state[WAITQ_STORE_STATE_MAX];
};

static int fail(waitq_error *error, int code) {
  if (error != NULL) {
    error->code = code;
    error->retriable = 1; /* out of memory, or a conflict */
    snprintf(error->text, sizeof error->text, "plain store: %s", waitq_error_text(code));
  }
  return code;
}

static int room_new(const waitq_allocator *memory, const char *name, void **out, waitq_error *error) {
  struct room *room = *out = memory->allocate(memory->user, sizeof *room);
  if (room == NULL) {
    return fail(error, WAITQ_E_NOMEM);
  }
  *room = (struct room){.memory = memory};
  snprintf(room->name, sizeof room->name, "%s", name);
  return WAITQ_OK;
}

static int plain_open(const char *uri, const waitq_store_env *env, void **out, waitq_error *error) {
  return room_new(env->allocator, uri == NULL ? "" : uri, out, error);
}

static void plain_close(void *opened) {
  for (struct room *room = opened, *other; room != NULL; room = other) {
    other = room->other;
    room->memory->release(room->memory->user, room->tickets);
    room->memory->release(room->memory->user, room);
  }
}

static int plain_room_open(void *opened, const char *name, const waitq_store_head *first, void **out,
                           waitq_error *error) {
  struct room *list = opened, *room = list->other;
  while (room != NULL && strcmp(room->name, name) != 0) {
    room = room->other;
  }
  *out = room;
  if (room == NULL && first != NULL && room_new(list->memory, name, out, error) == WAITQ_OK) {
    room = *out;
    room->head = *first;
    room->head.version = 0;
    room->head.state = memcpy(room->state, first->state, first->state_size);
    room->other = list->other;
    list->other = room;
  }
  return *out == NULL && first != NULL ? WAITQ_E_NOMEM : WAITQ_OK;
}

static int plain_load(void *opened, const waitq_store_sink *sink, waitq_error *error) {
  const struct room *room = opened;
  int code = sink->head(sink->user, &room->head);
  for (uint64_t i = 0; code == WAITQ_OK && i < room->head.next * WAITQ_STORE_PLANES; i++) {
    uint64_t number = i / WAITQ_STORE_PLANES, bit = UINT64_C(1) << number % 64;
    const waitq_store_bits bits = {(uint32_t)(i % WAITQ_STORE_PLANES), 1, number - number % 64, &bit};
    code = (room->tickets[number].planes >> bits.plane & 1) != 0 ? sink->bits(sink->user, &bits) : WAITQ_OK;
  }
  return code == WAITQ_OK ? code : fail(error, code);
}

static uint64_t last_of(const struct room *room, const waitq_store_join *join) {
  uint64_t n = join->anonymous ? 0 : room->head.next;
  while (n > 0 && (room->tickets[n - 1].anonymous ||
                   memcmp(room->tickets[n - 1].visitor, join->visitor, WAITQ_STORE_VISITOR_SIZE) != 0)) {
    n--;
  }
  return n > 0 ? n - 1 : WAITQ_STORE_NO_NUMBER;
}

static int plain_append(void *opened, uint64_t epoch, int64_t now_us, waitq_store_join *joins, size_t count,
                        waitq_error *error) {
  struct room *room = opened;
  int is_known = epoch == room->head.epoch;
  size_t bytes = (size_t)(room->head.next + count + 1) * sizeof(struct ticket);
  void *tickets = is_known ? room->memory->reallocate(room->memory->user, room->tickets, bytes) : NULL;
  if (tickets == NULL) {
    return fail(error, is_known ? WAITQ_E_NOMEM : WAITQ_E_CONFLICT);
  }
  room->tickets = tickets;
  for (waitq_store_join *join = joins; join < joins + count; join++) {
    join->number = last_of(room, join);
    int is_held = join->number != WAITQ_STORE_NO_NUMBER && join->number != join->replaces;
    int has_place = room->head.next < room->head.join_limit;
    join->outcome = is_held ? WAITQ_STORE_EXISTING : has_place ? WAITQ_STORE_NEW : WAITQ_STORE_FULL;
    if (join->outcome == WAITQ_STORE_NEW) {
      join->number = room->head.next++;
      room->tickets[join->number] = (struct ticket){.anonymous = join->anonymous, .joined_us = now_us};
      memcpy(room->tickets[join->number].visitor, join->visitor, WAITQ_STORE_VISITOR_SIZE);
    }
    join->joined_us = join->outcome == WAITQ_STORE_FULL ? 0 : room->tickets[join->number].joined_us;
  }
  return WAITQ_OK;
}

static int plain_mark(void *opened, uint64_t epoch, const waitq_store_bits *bits, size_t count, waitq_error *error) {
  struct room *room = opened;
  for (size_t i = 0; epoch == room->head.epoch && i < count; i++) {
    for (uint64_t k = 0; k < bits[i].count * UINT64_C(64) && bits[i].first + k < room->head.next; k++) {
      room->tickets[bits[i].first + k].planes |= (uint32_t)(bits[i].words[k / 64] >> k % 64 & 1) << bits[i].plane;
    }
  }
  return epoch == room->head.epoch ? WAITQ_OK : fail(error, WAITQ_E_CONFLICT);
}

static int plain_commit(void *opened, const waitq_store_commit *commit, waitq_error *error) {
  struct room *room = opened;
  if (commit->version != room->head.version) {
    return fail(error, WAITQ_E_CONFLICT);
  }
  uint64_t next = commit->epoch == room->head.epoch ? room->head.next : 0;
  for (uint64_t n = 0; n < next; n++) {
    room->tickets[n].planes &= ~commit->clear_planes;
  }
  memcpy(room->state, commit->state, commit->state_size);
  room->head = (waitq_store_head){sizeof room->head,  commit->version + 1, commit->epoch,     next,
                                  commit->join_limit, room->state,         commit->state_size};
  return plain_mark(room, commit->epoch, commit->bits, commit->bits_count, error);
}

const waitq_store_ops *plain_store(void) {
  static const waitq_store_ops ops = {.size = sizeof ops,
                                      .flags = WAITQ_STORE_IN_PROCESS,
                                      .open = plain_open,
                                      .close = plain_close,
                                      .room_open = plain_room_open,
                                      .load = plain_load,
                                      .append = plain_append,
                                      .mark = plain_mark,
                                      .commit = plain_commit};
  return &ops;
}
