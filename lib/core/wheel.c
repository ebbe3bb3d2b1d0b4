/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/wheel.h"

static int64_t generation_length(int64_t ttl_us) {
  return (ttl_us + WAITQ__WHEEL_DIVISIONS - 1) / WAITQ__WHEEL_DIVISIONS;
}

static void open_until(struct waitq__wheel *wheel, int64_t ends_us) {
  wheel->ends_us = ends_us;
  wheel->expires_us[waitq__wheel_slot(wheel->current)] = ends_us + wheel->ttl_us;
}

void waitq__wheel_init(struct waitq__wheel *wheel, int64_t ttl_us, int64_t now_us) {
  *wheel = (struct waitq__wheel){.ttl_us = ttl_us};
  wheel->begins_us[0] = now_us;
  open_until(wheel, now_us + generation_length(ttl_us));
}

void waitq__wheel_roll(struct waitq__wheel *wheel, int64_t now_us) {
  if (now_us < wheel->ends_us) {
    return;
  }
  int64_t length = generation_length(wheel->ttl_us);
  int64_t on_grid = wheel->ends_us + length;
  int64_t ends_us = now_us < on_grid ? on_grid : now_us + length;
  if (wheel->current + 1 - wheel->oldest < WAITQ__WHEEL_SLOTS) {
    wheel->current++;
    wheel->begins_us[waitq__wheel_slot(wheel->current)] = ends_us - length;
  }
  open_until(wheel, ends_us);
}

uint64_t waitq__wheel_unexpired(const struct waitq__wheel *wheel, int64_t now_us) {
  uint64_t generation = wheel->oldest;
  while (generation < wheel->current && waitq__wheel_deadline(wheel, generation) <= now_us) {
    generation++;
  }
  return generation;
}

uint32_t waitq__wheel_live_slots(const struct waitq__wheel *wheel, int64_t now_us) {
  uint32_t slots = 0;
  for (uint64_t generation = waitq__wheel_unexpired(wheel, now_us); generation <= wheel->current; generation++) {
    slots |= UINT32_C(1) << waitq__wheel_slot(generation);
  }
  return slots;
}

int64_t waitq__wheel_next(const struct waitq__wheel *wheel) {
  if (wheel->oldest < wheel->current && waitq__wheel_deadline(wheel, wheel->oldest) < wheel->ends_us) {
    return waitq__wheel_deadline(wheel, wheel->oldest);
  }
  return wheel->ends_us;
}

void waitq__wheel_set_ttl(struct waitq__wheel *wheel, int64_t ttl_us) {
  wheel->ttl_us = ttl_us;
  int64_t *expires_us = &wheel->expires_us[waitq__wheel_slot(wheel->current)];
  if (*expires_us < wheel->ends_us + ttl_us) {
    *expires_us = wheel->ends_us + ttl_us;
  }
}

void waitq__wheel_shift(struct waitq__wheel *wheel, int64_t by_us) {
  wheel->ends_us += by_us;
  for (unsigned slot = 0; slot < WAITQ__WHEEL_SLOTS; slot++) {
    wheel->expires_us[slot] += by_us;
  }
}
