/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

const struct subject memory_subject = {"memory", "memory:", NULL, NULL, NULL, 0};

uint32_t subject_many(const struct subject *subject) {
  return subject->many == 0 ? 200000 : subject->many;
}

struct world *world_prepare(const struct subject *subject) {
  struct world *world = calloc(1, sizeof *world);
  assert_non_null(world);
  if (subject->wipe != NULL) {
    subject->wipe(subject->user);
  }
  atomic_init(&world->clock.now_us, FAKE_CLOCK_START_MS * 1000);
  fake_memory_init(&world->memory);
  rng_init(&world->rng, 1);
  waitq_key_init(&world->key, sizeof world->key);
  world->key.algorithm = WAITQ_KEY_HS256;
  world->key.length = 32;
  memcpy(world->key.kid, "k1", 3);
  rng_fill(&world->rng, world->key.bytes, 32);
  waitq_options_init(&world->options, sizeof world->options);
  world->options.allocator = &world->memory.allocator;
  world->options.clock = fake_clock_read;
  world->options.clock_user = &world->clock;
  world->options.random = rng_fill;
  world->options.random_user = &world->rng;
  world->options.keys = &world->key;
  world->options.key_count = 1;
  world->options.store = subject->ops;
  world->options.store_user = subject->user;
  return world;
}

struct world *world_open(const struct subject *subject) {
  struct world *world = world_prepare(subject);
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq_open(subject->uri, &world->options, &world->context, &error);
  if (code != WAITQ_OK) {
    free(world);
    fail_msg("waitq_open: %s: %s", waitq_error_name(code), error.text);
  }
  return world;
}

void world_close(struct world *world) {
  fake_memory_recover(&world->memory);
  for (size_t i = 0; i < world->room_count; i++) {
    waitq_room_close(world->rooms[i]);
  }
  waitq_close(world->context);
  int64_t blocks = fake_memory_blocks(&world->memory);
  int64_t bytes = fake_memory_bytes(&world->memory);
  if (blocks != 0) {
    fail_msg("%lld blocks with %lld bytes were not released", (long long)blocks, (long long)bytes);
  }
  free(world);
}

waitq_room_t *world_room(struct world *world, const char *name, const waitq_policy *policy) {
  waitq_room_t *room = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  int code = waitq_room_open(world->context, name, policy, &room, &error);
  if (code != WAITQ_OK) {
    fail_msg("waitq_room_open(%s): %s: %s", name, waitq_error_name(code), error.text);
  }
  assert_non_null(room);
  assert_true(world->room_count < WORLD_ROOMS_MAX);
  world->rooms[world->room_count++] = room;
  return room;
}

void world_room_close(struct world *world, waitq_room_t *room) {
  for (size_t i = 0; i < world->room_count; i++) {
    if (world->rooms[i] == room) {
      world->rooms[i] = world->rooms[--world->room_count];
      waitq_room_close(room);
      return;
    }
  }
  fail_msg("not a room of this world");
}

/* On a shared store, what is due is done by a thread that lives in real time; asking for the counts does it now. */
static void settle(struct world *world) {
  int is_shared = world->options.store != NULL && world->options.store->exchange != NULL;
  for (size_t i = 0; is_shared && i < world->room_count; i++) {
    waitq_stats stats = WAITQ_STATS_INIT;
    assert_int_equal(waitq_room_stats(world->rooms[i], &stats, NULL), WAITQ_OK);
  }
}

void world_advance_ms(struct world *world, int64_t ms) {
  fake_clock_advance_ms(&world->clock, ms);
  settle(world);
}

void world_set_ms(struct world *world, int64_t ms) {
  fake_clock_set_ms(&world->clock, ms);
  settle(world);
}

int64_t world_now_ms(struct world *world) {
  return fake_clock_now_ms(&world->clock);
}
