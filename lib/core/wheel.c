/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "core/wheel.h"

static int64_t generation_length(int64_t ttl_us) {
  return (ttl_us + WAITQ__WHEEL_DIVISIONS - 1) / WAITQ__WHEEL_DIVISIONS;
}

/* Lets the current generation end at ends_us, or a little later: such that what is noted in it expires at a whole grain. What is noted
 * keeps the deadline it was given, or gets a later one. */
static void open_until(struct waitq__wheel *wheel, int64_t ends_us) {
  int64_t *expires_us = &wheel->expires_us[waitq__wheel_slot(wheel->current)];
  int64_t grains = (ends_us + wheel->ttl_us + wheel->grain_us - 1) / wheel->grain_us;
  wheel->ends_us = grains * wheel->grain_us - wheel->ttl_us;
  if (*expires_us < grains * wheel->grain_us) {
    *expires_us = grains * wheel->grain_us;
  }
}

void waitq__wheel_init(struct waitq__wheel *wheel, int64_t ttl_us, int64_t grain_us, int64_t now_us) {
  *wheel = (struct waitq__wheel){.ttl_us = ttl_us, .grain_us = grain_us};
  wheel->begins_us[0] = now_us;
  open_until(wheel, now_us + generation_length(ttl_us));
}

void waitq__wheel_roll(struct waitq__wheel *wheel, int64_t now_us) {
  if (now_us < wheel->ends_us) {
    return;
  }
  int64_t length = generation_length(wheel->ttl_us);
  int64_t begins_us = now_us < wheel->ends_us + length ? wheel->ends_us : now_us;
  if (wheel->current + 1 - wheel->oldest < WAITQ__WHEEL_SLOTS) {
    wheel->current++;
    wheel->expires_us[waitq__wheel_slot(wheel->current)] = 0;
    wheel->begins_us[waitq__wheel_slot(wheel->current)] = begins_us;
  }
  open_until(wheel, begins_us + length);
}

uint32_t waitq__wheel_expired_slots(const struct waitq__wheel *wheel, int64_t now_us) {
  uint32_t slots = 0;
  for (uint64_t generation = wheel->oldest; generation < wheel->current; generation++) {
    if (waitq__wheel_deadline(wheel, generation) <= now_us) {
      slots |= UINT32_C(1) << waitq__wheel_slot(generation);
    }
  }
  return slots & ~(uint32_t)wheel->retired;
}

uint32_t waitq__wheel_live_slots(const struct waitq__wheel *wheel, int64_t now_us) {
  uint32_t slots = UINT32_C(1) << waitq__wheel_slot(wheel->current);
  for (uint64_t generation = wheel->oldest; generation < wheel->current; generation++) {
    if (waitq__wheel_deadline(wheel, generation) > now_us) {
      slots |= UINT32_C(1) << waitq__wheel_slot(generation);
    }
  }
  return slots;
}

void waitq__wheel_retire(struct waitq__wheel *wheel, uint32_t slots) {
  wheel->retired |= slots;
  while (wheel->oldest < wheel->current && (wheel->retired >> waitq__wheel_slot(wheel->oldest) & 1) != 0) {
    wheel->retired &= ~(UINT64_C(1) << waitq__wheel_slot(wheel->oldest));
    wheel->oldest++;
  }
}

static int is_retired(const struct waitq__wheel *wheel, uint64_t generation) {
  return generation < wheel->oldest ||
         (generation < wheel->current && (wheel->retired >> waitq__wheel_slot(generation) & 1) != 0);
}

uint32_t waitq__wheel_retired_since(const struct waitq__wheel *earlier, const struct waitq__wheel *later) {
  uint32_t slots = 0;
  for (uint64_t generation = earlier->oldest; generation <= earlier->current; generation++) {
    if (!is_retired(earlier, generation) && is_retired(later, generation)) {
      slots |= UINT32_C(1) << waitq__wheel_slot(generation);
    }
  }
  return slots;
}

int64_t waitq__wheel_next(const struct waitq__wheel *wheel) {
  int64_t next_us = wheel->ends_us;
  for (uint64_t generation = wheel->oldest; generation < wheel->current; generation++) {
    if (!is_retired(wheel, generation) && waitq__wheel_deadline(wheel, generation) < next_us) {
      next_us = waitq__wheel_deadline(wheel, generation);
    }
  }
  return next_us;
}

void waitq__wheel_set_ttl(struct waitq__wheel *wheel, int64_t ttl_us, int64_t now_us) {
  int is_longer = ttl_us > wheel->ttl_us;
  int has_slot = wheel->current + 1 - wheel->oldest < WAITQ__WHEEL_SLOTS;
  int64_t ends_us = is_longer && has_slot ? now_us : now_us + generation_length(ttl_us);
  wheel->ttl_us = ttl_us;
  if (wheel->ends_us > ends_us) {
    wheel->ends_us = ends_us;
  }
  if (is_longer && !has_slot) {
    open_until(wheel, wheel->ends_us);
  }
}

void waitq__wheel_prolong(struct waitq__wheel *wheel, int64_t now_us) {
  if (wheel->ends_us < now_us) {
    open_until(wheel, now_us);
  }
}

void waitq__wheel_shift(struct waitq__wheel *wheel, int64_t by_us) {
  wheel->ends_us += by_us;
  for (unsigned slot = 0; slot < WAITQ__WHEEL_SLOTS; slot++) {
    wheel->expires_us[slot] += by_us;
  }
}
