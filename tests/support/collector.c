/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "collector.h"

#include <poll.h>
#include <stdlib.h>

#include "line.h"
#include "test.h"

#define WITHIN_MS 20000
#define MOST 256

void collector_init(struct collector *collector, waitq_t *context, size_t expected) {
  collector->context = context;
  collector->expected = expected;
  collector->count = 0;
  collector->codes = calloc(expected, sizeof *collector->codes);
  collector->retriable = calloc(expected, sizeof *collector->retriable);
  collector->order = calloc(expected, sizeof *collector->order);
  assert_true(collector->codes != NULL && collector->retriable != NULL && collector->order != NULL);
  for (size_t i = 0; i < expected; i++) {
    collector->codes[i] = COLLECTOR_NONE;
  }
  pthread_mutex_init(&collector->lock, NULL);
  assert_code(waitq_completion_fd(context, &collector->fd, NULL), WAITQ_OK);
}

void collector_free(struct collector *collector) {
  free(collector->codes);
  free(collector->retriable);
  free(collector->order);
  pthread_mutex_destroy(&collector->lock);
}

static void note(struct collector *collector, const waitq_completion *done) {
  assert_true(done->tag < collector->expected);
  assert_int_equal(collector->codes[done->tag], COLLECTOR_NONE);
  assert_true(collector->count < collector->expected);
  collector->codes[done->tag] = done->code;
  collector->retriable[done->tag] = done->retriable;
  collector->order[collector->count++] = (size_t)done->tag;
}

size_t collector_look(struct collector *collector, size_t capacity) {
  waitq_completion done[MOST];
  size_t count = SIZE_MAX;
  assert_true(capacity <= MOST);
  waitq_completion_init(&done[0], sizeof done[0]);
  assert_code(waitq_complete(collector->context, done, capacity, &count, NULL), WAITQ_OK);
  assert_true(count <= capacity);
  pthread_mutex_lock(&collector->lock);
  for (size_t i = 0; i < count; i++) {
    note(collector, &done[i]);
  }
  pthread_mutex_unlock(&collector->lock);
  return count;
}

int collector_is_readable(const struct collector *collector, int within_ms) {
  struct pollfd fd = {collector->fd, POLLIN, 0};
  return poll(&fd, 1, within_ms) == 1 && (fd.revents & POLLIN) != 0;
}

void collector_take(struct collector *collector, size_t count, size_t capacity) {
  while (collector->count < count) {
    if (!collector_is_readable(collector, WITHIN_MS)) {
      fail_msg("%zu of %zu completions have come", collector->count, count);
    }
    collector_look(collector, capacity);
  }
}

void collector_end(struct collector *collector) {
  assert_int_equal(collector_is_readable(collector, 0), 0);
  assert_int_equal(collector_look(collector, MOST), 0);
  collector_free(collector);
}
