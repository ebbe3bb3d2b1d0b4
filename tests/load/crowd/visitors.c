/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "visitors.h"

#include <stdlib.h>

bool visitors_init(struct visitors *visitors, uint32_t count, uint64_t now_ns) {
  *visitors = (struct visitors){.count = count, .turned_to = now_ns / WHEEL_NS};
  visitors->all = calloc(count, sizeof *visitors->all);
  for (int i = 0; i < WHEEL_SLOTS; i++) {
    visitors->slots[i] = NOBODY;
  }
  for (int i = 0; i < 2; i++) {
    visitors->due_first[i] = visitors->due_last[i] = NOBODY;
  }
  return visitors->all != NULL;
}

void visitors_free(struct visitors *visitors) {
  for (uint32_t i = 0; visitors->all != NULL && i < visitors->count; i++) {
    free(visitors->all[i].pass);
  }
  free(visitors->all);
}

void visitors_put(struct visitors *visitors, uint32_t who) {
  const int list = visitors->all[who].step == STEP_BACKEND;
  visitors->all[who].next = NOBODY;
  if (visitors->due_first[list] == NOBODY) {
    visitors->due_first[list] = who;
  } else {
    visitors->all[visitors->due_last[list]].next = who;
  }
  visitors->due_last[list] = who;
}

void visitors_wait(struct visitors *visitors, uint32_t who, uint64_t now_ns, int64_t ms) {
  struct visitor *visitor = &visitors->all[who];
  const int64_t most_ms = (int64_t)((WHEEL_SLOTS - 2) * (WHEEL_NS / 1000000));
  visitor->due_ns = now_ns + (uint64_t)(ms < 0 ? 0 : ms > most_ms ? most_ms : ms) * 1000000;
  if (ms <= 0) {
    visitors_put(visitors, who);
    return;
  }
  visitor->due_ns = (visitor->due_ns / WHEEL_NS + 1) * WHEEL_NS; /* never before the time */
  uint32_t *slot = &visitors->slots[visitor->due_ns / WHEEL_NS % WHEEL_SLOTS];
  visitor->next = *slot;
  *slot = who;
}

void visitors_turn(struct visitors *visitors, uint64_t now_ns) {
  while (visitors->turned_to < now_ns / WHEEL_NS) {
    visitors->turned_to++;
    uint32_t *slot = &visitors->slots[visitors->turned_to % WHEEL_SLOTS];
    uint32_t who = *slot;
    *slot = NOBODY;
    while (who != NOBODY) {
      const uint32_t next = visitors->all[who].next;
      visitors_put(visitors, who);
      who = next;
    }
  }
}

uint32_t visitors_take(struct visitors *visitors, bool backend) {
  const uint32_t who = visitors->due_first[backend];
  if (who != NOBODY) {
    visitors->due_first[backend] = visitors->all[who].next;
  }
  return who;
}
