/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A server of the host's: one context, one room, some threads. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "../support/child.h"
#include "shared.h"

#define NOTHING_TO_DO_US 2000

size_t shared_size(const struct torture_options *options) {
  size_t journals = (size_t)options->nodes * options->threads + 1;
  return sizeof(struct shared) + options->visitors * sizeof(struct visitor) +
         journals * journal_size(options->journal_capacity);
}

struct journal *shared_journal(struct shared *shared, uint32_t node, uint32_t thread) {
  size_t number = (size_t)node * shared->options.threads + thread;
  size_t at = shared->journals_at + number * journal_size(shared->options.journal_capacity);
  void *journal = (char *)shared + at;
  return journal;
}

int64_t torture_now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t torture_to_monotonic_us(const struct shared *shared, int64_t unix_ms) {
  return unix_ms * 1000 - shared->unix_us;
}

void torture_key(waitq_key *key, uint64_t seed) {
  struct rng rng;
  rng_init(&rng, seed);
  waitq_key_init(key, sizeof *key);
  key->algorithm = WAITQ_KEY_HS256;
  key->length = 32;
  snprintf(key->kid, sizeof key->kid, "torture");
  rng_fill(&rng, key->bytes, key->length);
}

static struct visitor *claim(struct worker *worker, struct rng *rng) {
  struct shared *shared = worker->shared;
  uint32_t count = shared->options.visitors;
  uint32_t first = (uint32_t)rng_below(rng, count);
  int64_t now_us = torture_now_us();
  for (uint32_t i = 0; i < count; i++) {
    struct visitor *visitor = &shared->visitors[(first + i) % count];
    uint32_t nobody = 0;
    if (visitor->owner == 0 && visitor->due_us <= now_us &&
        atomic_compare_exchange_strong(&visitor->owner, &nobody, worker->node + 1)) {
      if (visitor->due_us <= torture_now_us()) {
        return visitor;
      }
      visitor->owner = 0; /* somebody else was quicker, and it has a new time */
    }
  }
  return NULL;
}

static void *work(void *user) {
  struct worker *worker = user;
  struct rng rng;
  rng_init(&rng, worker->shared->options.seed + 1000 * worker->node + worker->thread);
  while (!worker->shared->stop) {
    struct visitor *visitor = claim(worker, &rng);
    if (visitor == NULL) {
      struct timespec rest = {0, NOTHING_TO_DO_US * 1000};
      nanosleep(&rest, NULL);
      continue;
    }
    visitor_step(worker, visitor);
    visitor->owner = 0;
  }
  return NULL;
}

static void log_line(void *user, int32_t level, const char *line) {
  (void)user;
  fprintf(stderr, "%d %s\n", level, line);
}

static int open_room(const struct shared *shared, waitq_t **context, waitq_room_t **room) {
  waitq_key key;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_options options = WAITQ_OPTIONS_INIT;
  torture_key(&key, shared->options.seed);
  options.keys = &key;
  options.key_count = 1;
  options.log = log_line;
  options.log_level = WAITQ_LOG_WARNING;
  int code = waitq_open(shared->options.uri, &options, context, &error);
  if (code == WAITQ_OK) {
    code = waitq_room_open(*context, TORTURE_ROOM, &shared->options.policy, room, &error);
  }
  if (code != WAITQ_OK) {
    fprintf(stderr, "%s: %s\n", waitq_error_name(code), error.text);
  }
  return code;
}

static void write_final(struct shared *shared, waitq_room_t *room) {
  struct worker worker = {.shared = shared,
                          .journal = shared_journal(shared, shared->options.nodes, 0),
                          .room = room,
                          .node = shared->options.nodes};
  /* The last words of nodes that have just closed are still on their way to a store that has had a fault. */
  for (int attempt = 0; attempt < 20 && worker_stats(&worker, EVENT_FINAL) != WAITQ_OK; attempt++) {
    child_sleep_ms(100);
  }
}

static void let_work(struct shared *shared, uint32_t node, waitq_room_t *room) {
  struct worker workers[THREADS_MAX];
  pthread_t threads[THREADS_MAX];
  shared->ready++;
  while (!shared->go) {
    child_sleep_ms(1);
  }
  for (uint32_t i = 0; i < shared->options.threads; i++) {
    workers[i] = (struct worker){shared, shared_journal(shared, node, i), room, node, i};
    if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
      child_fail("cannot start a thread");
    }
  }
  for (uint32_t i = 0; i < shared->options.threads; i++) {
    pthread_join(threads[i], NULL);
  }
}

int node_run(struct shared *shared, uint32_t node, int writes_final) {
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  int code = open_room(shared, &context, &room);
  if (code == WAITQ_OK && node < shared->options.nodes) {
    let_work(shared, node, room);
  }
  if (code == WAITQ_OK && writes_final) {
    write_final(shared, room);
  }
  waitq_room_close(room);
  waitq_close(context);
  return code == WAITQ_OK ? 0 : 1;
}
