/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_WHEEL_H
#define RUSH_WHEEL_H

/* Who acts next: a timer wheel of one slot a millisecond. Adding and taking cost the same for one visitor as for a
 * million. Items are numbers from 0 on; each stands on the wheel at most once. */

#include <stdint.h>

#define WHEEL_NONE UINT32_MAX

struct wheel {
  uint32_t *slots; /* first item of each slot */
  uint32_t *next;  /* next item of the same slot, by item */
  int64_t mask;
  int64_t tick; /* all before has been taken */
};

/* 0, or -1 when there is no memory. slots is a power of two, and the longest wait in ms. */
int wheel_init(struct wheel *wheel, uint32_t slots, uint32_t items, int64_t now_ns);
void wheel_free(struct wheel *wheel);

/* Puts an item on the wheel; a time beyond the longest wait is moved to it. */
void wheel_add(struct wheel *wheel, uint32_t item, int64_t at_ns);

/* Takes an item whose time has come by now_ns, or WHEEL_NONE. Of one millisecond's, the first added comes first. */
uint32_t wheel_take(struct wheel *wheel, int64_t now_ns);

#endif
