/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "turns.h"

#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "metrics.h"

#define WANTED_MS 10000

void turns_want(struct gateway *gateway) {
  atomic_store_explicit(&gateway->watch.turns_until_ms, gateway_now_ms() + WANTED_MS, memory_order_relaxed);
}

static void note(struct rooms *rooms, const char *name, uint64_t turns) {
  struct room *room = rooms_find(rooms, name);
  if (room != NULL) {
    pthread_mutex_lock(&rooms->lock);
    room->turns = turns;
    room->turns_at_ms = gateway_now_ms();
    pthread_mutex_unlock(&rooms->lock);
  }
}

/* Reads lines such as `waitq_room_admitted_total{room="concert"} 17`. A room's name has nothing in it that would be escaped. */
static void read_lines(struct rooms *rooms, const char *metrics) {
  static const char family[] = "\nwaitq_room_admitted_total{room=\"";
  const size_t begin = sizeof family - 1;
  const char *at = strstr(metrics, family);
  while (at != NULL && strncmp(at, family, begin) == 0) {
    const char *from = at + begin;
    const size_t length = strcspn(from, "\"\n");
    char name[WAITQ_ROOM_NAME_MAX + 1];
    if (length < sizeof name && strncmp(from + length, "\"} ", 3) == 0) {
      memcpy(name, from, length);
      name[length] = '\0';
      note(rooms, name, strtoull(from + length + 3, NULL, 10));
    }
    at = from + strcspn(from, "\n");
  }
}

void turns_read(struct gateway *gateway) {
  struct watch *watch = &gateway->watch;
  struct metrics_text text;
  if (gateway_now_ms() <= atomic_load_explicit(&watch->turns_until_ms, memory_order_relaxed) &&
      metrics_of_rooms(gateway->context, 0, &watch->turns_hint, &text) == WAITQ_OK) {
    read_lines(&gateway->rooms, text.bytes);
    free(text.bytes);
  }
}
