/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "eta/ratio.h"

#include <math.h>
#include <string.h>

#include "eta/sound.h"

#define SHORTEST_S 4.0
#define SCALE_STEP 4.0

/* Scales contradict each other when they are further apart than this many standard errors. */
#define CONTRADICTION 3.0

/* What a scale has to rest on to contradict. */
#define EVENTS_LEAST 4.0

void waitq__ratio_add(struct waitq__ratio *ratio, double seconds, double events, double units) {
  double constant_s = SHORTEST_S;
  for (unsigned i = 0; i < WAITQ__RATIO_SCALES; i++) {
    double kept = exp(-seconds / constant_s);
    constant_s *= SCALE_STEP;
    ratio->events[i] = (float)(ratio->events[i] * kept + events);
    ratio->units[i] = (float)(ratio->units[i] * kept + units);
  }
}

static struct waitq__ratio_value value_at(const struct waitq__ratio *ratio, unsigned scale) {
  double events = ratio->events[scale];
  double units = ratio->units[scale];
  if (units <= 1e-9) {
    return (struct waitq__ratio_value){0.0, 0.0, 0.0};
  }
  return (struct waitq__ratio_value){events / units, sqrt(events > 1.0 ? events : 1.0) / units, events};
}

static int contradicts(const struct waitq__ratio_value *shorter, const struct waitq__ratio_value *longer) {
  double apart = shorter->value - longer->value;
  double error = sqrt(shorter->error * shorter->error + longer->error * longer->error);
  return shorter->events >= EVENTS_LEAST && fabs(apart) > CONTRADICTION * error;
}

struct waitq__ratio_value waitq__ratio_read(const struct waitq__ratio *ratio) {
  struct waitq__ratio_value best = value_at(ratio, 0);
  for (unsigned i = 1; i < WAITQ__RATIO_SCALES; i++) {
    struct waitq__ratio_value longer = value_at(ratio, i);
    for (unsigned j = 0; j < i; j++) {
      struct waitq__ratio_value shorter = value_at(ratio, j);
      if (contradicts(&shorter, &longer)) {
        return best;
      }
    }
    best = longer;
  }
  return best;
}

void waitq__ratio_reset(struct waitq__ratio *ratio) {
  memset(ratio, 0, sizeof *ratio);
}

int waitq__ratio_is_sound(const struct waitq__ratio *ratio) {
  return waitq__are_sound(ratio->events, WAITQ__RATIO_SCALES) && waitq__are_sound(ratio->units, WAITQ__RATIO_SCALES);
}
