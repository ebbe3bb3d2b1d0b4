/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_WORLD_H
#define WAITQ_TESTS_SUPPORT_WORLD_H

/* A context whose time, memory and chance belong to the test.
 *
 *     struct world *world = world_open(&subject);
 *     waitq_room_t *room = world_room(world, "concert", &policy);
 *     world_advance_ms(world, 100);
 *     world_close(world);                    closes the rooms too, and fails the test when memory was lost */

#include <waitq/waitq.h>

#include "fake_clock.h"
#include "fake_memory.h"
#include "rng.h"

/* The store that the rooms of a test are kept in. */
struct subject {
  const char *name;           /* for people */
  const char *uri;            /* what waitq_open() is given */
  const waitq_store_ops *ops; /* NULL: chosen by the URI */
  void *user;                 /* options->store_user */
  void (*wipe)(void *user);   /* empties the store before a test; NULL where every opening starts empty */
  uint32_t many; /* how many tickets are many; 0: 200,000. A store that looks from end to end wants fewer */
};

/* How many tickets a test takes where it wants many. */
uint32_t subject_many(const struct subject *subject);

/* The library's own memory store. */
extern const struct subject memory_subject;

#define WORLD_ROOMS_MAX 32

struct world {
  struct fake_clock clock;
  struct fake_memory memory;
  struct rng rng;
  waitq_key key;         /* the key that signs */
  waitq_options options; /* as the context was opened */
  waitq_t *context;
  waitq_room_t *rooms[WORLD_ROOMS_MAX];
  size_t room_count;
};

struct world *world_open(const struct subject *subject);
void world_close(struct world *world);

/* Sets up a world without its context, for tests that open one by themselves, or fail to. */
struct world *world_prepare(const struct subject *subject);

/* A room, which world_close() closes. */
waitq_room_t *world_room(struct world *world, const char *name, const waitq_policy *policy);

/* Closes a room of world_room() before its time. */
void world_room_close(struct world *world, waitq_room_t *room);

void world_advance_ms(struct world *world, int64_t ms);
void world_set_ms(struct world *world, int64_t ms);
int64_t world_now_ms(struct world *world);

#endif
