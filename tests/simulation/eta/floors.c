/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "floors.h"

#include <stddef.h>
#include <string.h>

static const struct floor floors[] = {
    {"1", 98.9, 99.0, 88.0},
    {"6a", 98.9, 99.0, 88.0},
    {"2", 71.1, 48.5, 51.0},
    {"2 announced", 98.9, 99.0, 88.0},
    {"3 after 60 s", 93.3, 87.3, 88.0},
    {"3 after 300 s", 94.0, 92.8, 88.0},
    {"6b", 82.2, 27.4, 88.0},
    {"3m", 93.8, 90.2, 88.0},
    {"4a", 97.0, 97.9, 88.0},
    {"4b", 96.0, 89.2, 88.0},
    {"4c", 96.8, 91.8, 88.0},
    {"4d", 96.2, 95.8, 88.0},
    {"4e", 93.9, 92.8, 88.0},
    {"5 before", 67.8, 9.0, 9.0},
    {"5 during", 74.8, 21.2, 0.5},
    {"5 after", 98.9, 99.0, 88.0},
    {"5 announced", 98.9, 99.0, 88.0},
    {"7", 47.6, 9.6, 88.0},
    {"9", 91.7, 93.3, 88.0},
    {"trace 1998-06-30", 97.3, 99.0, 88.0},
    {"trace 1998-07-08", 98.8, 99.0, 88.0},
    {"trace 1998-06-30, slots", 94.1, 97.1, 88.0},
    {"trace 1998-07-08, slots", 95.1, 97.4, 88.0},
};

const struct floor *floor_of(const char *span) {
  for (size_t i = 0; i < sizeof floors / sizeof *floors; i++) {
    if (strcmp(floors[i].span, span) == 0) {
      return &floors[i];
    }
  }
  return NULL;
}
