/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "limit.h"

#include <stdlib.h>

#include "clock.h"

static const int64_t lengths_ns[LIMIT_WINDOWS] = {10 * NS_PER_MS, 100 * NS_PER_MS, NS_PER_S, 5 * NS_PER_S,
                                                  60 * NS_PER_S};

struct entries {
  int64_t *begins, *ends; /* each in order of time */
  size_t count;
};

static int compare_times(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a;
  const int64_t y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static size_t count_visits(const struct history *const *histories, size_t count) {
  size_t visits = 0;
  for (size_t h = 0; h < count; h++) {
    visits += histories[h]->visit_count;
  }
  return visits;
}

static int collect(struct entries *entries, const struct history *const *histories, size_t count) {
  const size_t most = count_visits(histories, count) + 1;
  entries->begins = malloc(most * sizeof *entries->begins);
  entries->ends = malloc(most * sizeof *entries->ends);
  if (entries->begins == NULL || entries->ends == NULL) {
    return -1;
  }
  for (size_t h = 0; h < count; h++) {
    for (uint32_t v = 0; v < histories[h]->visit_count; v++) {
      const struct visit *visit = &histories[h]->visits[v];
      if (visit->enter_end_ns != 0) {
        entries->begins[entries->count] = visit->enter_begin_ns;
        entries->ends[entries->count++] = visit->enter_end_ns;
      }
    }
  }
  qsort(entries->begins, entries->count, sizeof *entries->begins, compare_times);
  qsort(entries->ends, entries->count, sizeof *entries->ends, compare_times);
  return 0;
}

/* In the window [s, s + length] lie as a whole: all that ended by s + length, less those that began before s. (A call
 * that began before and ended after is taken off without having been counted: an undercount by calls longer than the
 * window, never an overcount.) */
static void check_window(const struct entries *entries, struct limit_window *window) {
  size_t ended = 0;
  for (size_t begun = 0; begun < entries->count; begun++) {
    const int64_t window_end_ns = entries->begins[begun] + window->length_ns;
    while (ended < entries->count && entries->ends[ended] <= window_end_ns) {
      ended++;
    }
    const uint64_t inside = ended > begun ? ended - begun : 0;
    window->most = inside > window->most ? inside : window->most;
    window->violations += inside > window->allowed;
  }
}

int limit_check(const struct history *const *histories, size_t count, const struct limit *limit,
                struct limit_window windows[LIMIT_WINDOWS]) {
  struct entries entries = {0};
  int result = collect(&entries, histories, count);
  for (size_t w = 0; result == 0 && w < LIMIT_WINDOWS; w++) {
    /* The library counts time in whole microseconds, so what lies in a window by our clock may span one more by its. */
    const double length_s = (double)(lengths_ns[w] + limit->gained_ns + NS_PER_US) / 1e9;
    windows[w] = (struct limit_window){.length_ns = lengths_ns[w],
                                       .allowed = (uint64_t)(limit->burst + limit->rate_per_s * length_s)};
    check_window(&entries, &windows[w]);
  }
  free(entries.begins);
  free(entries.ends);
  return result;
}
