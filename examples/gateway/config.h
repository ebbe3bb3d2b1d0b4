/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

/* The configuration file: the policies of events, in JSON.
 *
 *     {"default": {"rate_per_s": 50}, "events": {"concert": {"rate_per_s": 500, "burst": 50}}, "events_only": true}
 *
 * An event takes what it does not name from "default", and that from the flags. How its rate follows its backend is an object
 * "adapt" among the others. */

#include <stdbool.h>
#include <stddef.h>

#include <waitq/room.h>

#include "adapt_policy.h"

struct config_event {
  char name[WAITQ_ROOM_NAME_MAX + 1];
  waitq_policy policy;
  struct adapt_policy adapt;
};

struct config {
  waitq_policy policy; /* of events that are not named */
  struct adapt_policy adapt;
  struct config_event *events;
  size_t event_count;
  bool events_only; /* others than those named are refused */
};

/* Reads a file over what is there; false with the reason in message. */
bool config_read(struct config *config, const char *path, char *message, size_t capacity);

/* An event and its policies; NULL where the event is not named. */
const struct config_event *config_find(const struct config *config, const char *name);

void config_free(struct config *config);

#endif
