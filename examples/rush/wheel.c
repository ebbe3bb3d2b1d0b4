/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "wheel.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

int wheel_init(struct wheel *wheel, uint32_t slots, uint32_t items, int64_t now_ns) {
  *wheel = (struct wheel){.mask = (int64_t)slots - 1, .tick = now_ns / NS_PER_MS};
  wheel->slots = malloc(slots * sizeof *wheel->slots);
  wheel->next = malloc((size_t)items * sizeof *wheel->next);
  if (wheel->slots == NULL || wheel->next == NULL) {
    wheel_free(wheel);
    return -1;
  }
  memset(wheel->slots, 0xff, slots * sizeof *wheel->slots);
  return 0;
}

void wheel_free(struct wheel *wheel) {
  free(wheel->slots);
  free(wheel->next);
  *wheel = (struct wheel){0};
}

void wheel_add(struct wheel *wheel, uint32_t item, int64_t at_ns) {
  /* Rounded up: nobody acts before the time. The slot of the present tick is being emptied, so it waits for the next. */
  int64_t tick = (at_ns + NS_PER_MS - 1) / NS_PER_MS;
  tick = tick <= wheel->tick ? wheel->tick + 1 : tick;
  tick = tick > wheel->tick + wheel->mask ? wheel->tick + wheel->mask : tick;
  uint32_t *slot = &wheel->slots[tick & wheel->mask];
  wheel->next[item] = *slot;
  *slot = item;
}

/* Items were put in front; this lets the first to come be the first to go. */
static void reverse(struct wheel *wheel, uint32_t *slot) {
  uint32_t reversed = WHEEL_NONE;
  for (uint32_t item = *slot; item != WHEEL_NONE;) {
    const uint32_t next = wheel->next[item];
    wheel->next[item] = reversed;
    reversed = item;
    item = next;
  }
  *slot = reversed;
}

uint32_t wheel_take(struct wheel *wheel, int64_t now_ns) {
  const int64_t now = now_ns / NS_PER_MS;
  uint32_t *slot = &wheel->slots[wheel->tick & wheel->mask];
  while (*slot == WHEEL_NONE) {
    if (wheel->tick >= now) {
      return WHEEL_NONE;
    }
    wheel->tick++;
    slot = &wheel->slots[wheel->tick & wheel->mask];
    reverse(wheel, slot);
  }
  const uint32_t item = *slot;
  *slot = wheel->next[item];
  return item;
}
