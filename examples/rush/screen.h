/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_SCREEN_H
#define RUSH_SCREEN_H

/* The picture on a terminal: plain ANSI, drawn over itself. */

#include <stdbool.h>
#include <stdint.h>

#include "gauge.h"

#define SCREEN_HIDE_CURSOR "\033[?25l"
#define SCREEN_SHOW_CURSOR "\033[?25h"

#define SCREEN_COLUMNS 72

struct screen {
  const struct run *run;
  bool color, utf8;
  uint32_t lines;                   /* how far to go up before drawing again */
  uint64_t waiting[SCREEN_COLUMNS]; /* most who waited, by share of the run */
  uint32_t columns_seen;
};

/* Looks at the environment: NO_COLOR, and whether the locale speaks UTF-8. */
void screen_init(struct screen *screen, const struct run *run);

/* Draws, over the picture before. */
void screen_draw(struct screen *screen, const struct gauge *gauge);

#endif
