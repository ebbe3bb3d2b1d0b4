/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "calendar.h"

#include <assert.h>
#include <stdlib.h>

#define RING 65536
#define NONE UINT32_MAX

struct calendar {
  struct errand *errands;
  uint32_t count;
  uint32_t capacity;
  uint32_t free; /* the first of the cells to be used again */
  uint32_t now;  /* the list of the current tick that is being taken out */
  uint64_t tick;
  uint32_t first[RING];
  uint32_t last[RING];
};

struct calendar *calendar_new(void) {
  struct calendar *calendar = calloc(1, sizeof *calendar);
  assert(calendar != NULL);
  calendar->free = NONE;
  calendar->now = NONE;
  calendar->tick = 1;
  for (unsigned i = 0; i < RING; i++) {
    calendar->first[i] = NONE;
  }
  return calendar;
}

void calendar_free(struct calendar *calendar) {
  free(calendar->errands);
  free(calendar);
}

static uint32_t new_cell(struct calendar *calendar) {
  if (calendar->free != NONE) {
    uint32_t cell = calendar->free;
    calendar->free = calendar->errands[cell].next;
    return cell;
  }
  if (calendar->count == calendar->capacity) {
    calendar->capacity = calendar->capacity == 0 ? 1024 : calendar->capacity * 2;
    calendar->errands = realloc(calendar->errands, calendar->capacity * sizeof *calendar->errands);
    assert(calendar->errands != NULL);
  }
  return calendar->count++;
}

static void append(struct calendar *calendar, uint32_t cell) {
  unsigned slot = (unsigned)(calendar->errands[cell].tick % RING);
  calendar->errands[cell].next = NONE;
  if (calendar->first[slot] == NONE) {
    calendar->first[slot] = cell;
  } else {
    calendar->errands[calendar->last[slot]].next = cell;
  }
  calendar->last[slot] = cell;
}

void calendar_add(struct calendar *calendar, uint64_t tick, enum errand_kind kind, uint32_t visitor) {
  uint32_t cell = new_cell(calendar);
  calendar->errands[cell] =
      (struct errand){.tick = tick > calendar->tick ? tick : calendar->tick, .visitor = visitor, .kind = kind};
  append(calendar, cell);
}

int calendar_take(struct calendar *calendar, struct errand *errand) {
  unsigned slot = (unsigned)(calendar->tick % RING);
  if (calendar->now == NONE) {
    calendar->now = calendar->first[slot];
    calendar->first[slot] = NONE;
  }
  while (calendar->now != NONE) {
    uint32_t cell = calendar->now;
    calendar->now = calendar->errands[cell].next;
    if (calendar->errands[cell].tick > calendar->tick) {
      append(calendar, cell);
      continue;
    }
    *errand = calendar->errands[cell];
    calendar->errands[cell].next = calendar->free;
    calendar->free = cell;
    return 1;
  }
  calendar->tick++;
  return 0;
}
