/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "turns.h"

#include <stdlib.h>

static int compare_joins(const void *a, const void *b) {
  const int64_t x = ((const struct turn_bound *)a)->join_ns;
  const int64_t y = ((const struct turn_bound *)b)->join_ns;
  return (x > y) - (x < y);
}

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static void collect(struct turns *turns, const struct history *history) {
  for (uint32_t v = 0; v < history->visit_count; v++) {
    const struct visit *visit = &history->visits[v];
    if (visit->join_end_ns != 0) {
      const int64_t ready_ns = visit->ready_end_ns != 0 ? visit->ready_end_ns : INT64_MAX;
      turns->ready[turns->count] = (struct turn_bound){visit->join_begin_ns, ready_ns};
      turns->waiting[turns->count] = (struct turn_bound){visit->join_end_ns, visit->waited_begin_ns};
      turns->count++;
    }
  }
}

int turns_init(struct turns *turns, const struct history *const *histories, size_t count) {
  *turns = (struct turns){0};
  size_t most = 1;
  for (size_t h = 0; h < count; h++) {
    most += histories[h]->visit_count;
  }
  turns->ready = malloc(most * sizeof *turns->ready);
  turns->waiting = malloc(most * sizeof *turns->waiting);
  if (turns->ready == NULL || turns->waiting == NULL) {
    turns_free(turns);
    return -1;
  }
  for (size_t h = 0; h < count; h++) {
    collect(turns, histories[h]);
  }
  qsort(turns->ready, turns->count, sizeof *turns->ready, compare_joins);
  qsort(turns->waiting, turns->count, sizeof *turns->waiting, compare_joins);
  for (size_t i = 1; i < turns->count; i++) {
    turns->waiting[i].bound_ns = later(turns->waiting[i].bound_ns, turns->waiting[i - 1].bound_ns);
    struct turn_bound *ready = &turns->ready[turns->count - 1 - i];
    ready->bound_ns = earlier(ready->bound_ns, ready[1].bound_ns);
  }
  return 0;
}

void turns_free(struct turns *turns) {
  free(turns->ready);
  free(turns->waiting);
  *turns = (struct turns){0};
}

/* How many of the joins are at or before a moment. */
static size_t count_until(const struct turn_bound *bounds, size_t count, int64_t until_ns) {
  size_t low = 0;
  size_t high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (bounds[middle].join_ns <= until_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

struct turn_bracket turns_bracket(const struct turns *turns, const struct visit *visit) {
  const size_t next = count_until(turns->ready, turns->count, visit->join_end_ns);
  const size_t before = count_until(turns->waiting, turns->count, visit->join_begin_ns - 1);
  struct turn_bracket bracket = {.after_ns = visit->waited_begin_ns,
                                 .by_ns = visit->ready_end_ns != 0 ? visit->ready_end_ns : INT64_MAX};
  if (next < turns->count) {
    bracket.by_ns = earlier(bracket.by_ns, turns->ready[next].bound_ns);
  }
  if (before > 0) {
    bracket.after_ns = later(bracket.after_ns, turns->waiting[before - 1].bound_ns);
  }
  return bracket;
}

uint64_t turns_overtaken(const struct turns *turns, const struct history *history) {
  uint64_t overtaken = 0;
  for (uint32_t v = 0; v < history->visit_count; v++) {
    const struct visit *visit = &history->visits[v];
    /* The visitor's own poll only: otherwise one who is overtaken would accuse all who came later. */
    overtaken += visit->join_end_ns != 0 && visit->waited_begin_ns > turns_bracket(turns, visit).by_ns;
  }
  return overtaken;
}
