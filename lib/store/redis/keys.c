/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "store/redis/keys.h"

#include <stdio.h>

#include "core/planes.h"

_Static_assert(WAITQ__KEY_COUNT == WAITQ__KEY_PLANES + WAITQ__PLANE_COUNT, "a key for each plane");

static void name_plane(unsigned plane, char *out, size_t size) {
  static const char *const names[] = {"gone", "left", "entered", "ended"};
  if (plane < WAITQ__PLANE_SEEN) {
    snprintf(out, size, "%s", names[plane]);
  } else if (plane < WAITQ__PLANE_RENEWED) {
    snprintf(out, size, "seen%u", plane - WAITQ__PLANE_SEEN);
  } else {
    snprintf(out, size, "renewed%u", plane - WAITQ__PLANE_RENEWED);
  }
}

void waitq__keys_init(struct waitq__keys *keys, const char *room) {
  static const char *const names[WAITQ__KEY_PLANES] = {"", ":visitors", ":changes", ":nodes", ":scratch"};
  for (unsigned i = 0; i < WAITQ__KEY_COUNT; i++) {
    int length;
    if (i < WAITQ__KEY_PLANES) {
      length = snprintf(keys->names[i], WAITQ__KEY_SIZE, "wq:{%s}%s", room, names[i]);
    } else {
      char plane[24];
      name_plane(i - WAITQ__KEY_PLANES, plane, sizeof plane);
      length = snprintf(keys->names[i], WAITQ__KEY_SIZE, "wq:{%s}:%s", room, plane);
    }
    keys->texts[i] = (struct waitq__text){keys->names[i], (size_t)length};
  }
}
