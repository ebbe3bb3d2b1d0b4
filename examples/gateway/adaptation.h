/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ADAPTATION_H
#define GATEWAY_ADAPTATION_H

/* The controllers of adapt.h in the gateway: loops hand them reports, and the watch carries out what they order. */

#include <stdbool.h>
#include <stdint.h>

#include <waitq/room.h>

#include "adapt.h"

struct gateway;
struct room;

enum adaptation_taken { ADAPTATION_TAKEN, ADAPTATION_NONE, ADAPTATION_TOO_MANY };

/* Takes in a report on an event. ADAPTATION_NONE: its rate is not adapted. */
enum adaptation_taken adaptation_take(struct gateway *gateway, struct room *room, const struct adapt_report *report);

/* Looks at an event with fresh figures, and sets its rate where that is due; it may wait for the store. */
void adaptation_look(struct gateway *gateway, struct room *room, const waitq_stats *stats);

/* What is known of an event's backend; false where its rate is not adapted. */
struct adaptation_health {
  enum adapt_state state;
  size_t sources;
  double bad_ratio, p95_ms;
  double min_rate_per_s, max_rate_per_s;
  uint64_t raised, lowered, tripped;
};
bool adaptation_health(struct gateway *gateway, const struct room *room, struct adaptation_health *out);

#endif
