/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "passes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "dice.h"

#define NONE UINT32_MAX

struct passes {
  char (*texts)[WAITQ_PASS_SIZE]; /* of those inside */
  uint32_t *visitors;             /* whose they are */
  uint32_t count;
  uint32_t capacity;
  uint32_t *queue; /* with a backend: visitors in their order, a ring */
  uint32_t queue_capacity;
  uint32_t queue_first;
  uint32_t queue_count;
  double credit; /* what the backend can serve now */
};

struct passes *passes_new(void) {
  struct passes *passes = calloc(1, sizeof *passes);
  assert(passes != NULL);
  return passes;
}

void passes_free(struct passes *passes) {
  free(passes->texts);
  free(passes->visitors);
  free(passes->queue);
  free(passes);
}

static void keep(struct crowd *crowd, uint32_t visitor, const char *text) {
  struct passes *passes = crowd->passes;
  if (passes->count == passes->capacity) {
    passes->capacity = passes->capacity == 0 ? 64 : passes->capacity * 2;
    passes->texts = realloc(passes->texts, passes->capacity * sizeof *passes->texts);
    passes->visitors = realloc(passes->visitors, passes->capacity * sizeof *passes->visitors);
    assert(passes->texts != NULL && passes->visitors != NULL);
  }
  memcpy(passes->texts[passes->count], text, WAITQ_PASS_SIZE);
  passes->visitors[passes->count] = visitor;
  crowd->visitors[visitor].pass = passes->count++;
}

static void queue_up(struct passes *passes, uint32_t visitor) {
  if (passes->queue_count == passes->queue_capacity) {
    uint32_t capacity = passes->queue_capacity == 0 ? 64 : passes->queue_capacity * 2;
    uint32_t *queue = malloc(capacity * sizeof *queue);
    assert(queue != NULL);
    for (uint32_t i = 0; i < passes->queue_count; i++) {
      queue[i] = passes->queue[(passes->queue_first + i) % passes->queue_capacity];
    }
    free(passes->queue);
    passes->queue = queue;
    passes->queue_capacity = capacity;
    passes->queue_first = 0;
  }
  passes->queue[(passes->queue_first + passes->queue_count++) % passes->queue_capacity] = visitor;
}

static uint64_t ticks_of(const struct crowd *crowd, double seconds) {
  return (uint64_t)ceil(seconds / crowd->scenario->tick_s);
}

void passes_enter(struct crowd *crowd, uint32_t visitor) {
  const struct scenario *scenario = crowd->scenario;
  waitq_pass pass = WAITQ_PASS_INIT;
  int code = waitq_enter(crowd->room, crowd->visitors[visitor].ticket, NULL, &pass, NULL);
  assert(code == WAITQ_OK);
  (void)code;
  if (pass.state == WAITQ_STATE_READY) {
    double again_s = (double)pass.retry_after_ms / 1000;
    calendar_add(crowd->calendar, crowd->tick + ticks_of(crowd, again_s), ERRAND_ENTER, visitor);
    return;
  }
  if (pass.state != WAITQ_STATE_ENTERED) {
    crowd->missed++;
    return;
  }
  crowd->visitors[visitor].entered_s = crowd->now_s;
  if (scenario->backend_per_s > 0.0) {
    keep(crowd, visitor, pass.text);
    queue_up(crowd->passes, visitor);
  } else if (scenario->modes[0].share > 0.0) {
    keep(crowd, visitor, pass.text);
    double lasts_s = dice_session(&crowd->rng, scenario);
    calendar_add(crowd->calendar, crowd->tick + ticks_of(crowd, lasts_s), ERRAND_EXIT, visitor);
  }
}

void passes_exit(struct crowd *crowd, uint32_t visitor) {
  struct passes *passes = crowd->passes;
  uint32_t at = crowd->visitors[visitor].pass;
  int code = waitq_exit(crowd->room, passes->texts[at], NULL);
  assert(code == WAITQ_OK);
  (void)code;
  uint32_t last = --passes->count;
  if (at != last) {
    memcpy(passes->texts[at], passes->texts[last], WAITQ_PASS_SIZE);
    passes->visitors[at] = passes->visitors[last];
    crowd->visitors[passes->visitors[at]].pass = at;
  }
}

void passes_serve(struct crowd *crowd) {
  struct passes *passes = crowd->passes;
  if (crowd_is_out(crowd, crowd->now_s)) {
    passes->credit = 0.0;
    return;
  }
  passes->credit += crowd->scenario->backend_per_s * crowd->scenario->tick_s;
  while (passes->queue_count > 0 && passes->credit >= 1.0) {
    uint32_t visitor = passes->queue[passes->queue_first];
    passes->queue_first = (passes->queue_first + 1) % passes->queue_capacity;
    passes->queue_count--;
    passes->credit -= 1.0;
    passes_exit(crowd, visitor);
  }
  /* A backend that has nothing to do saves nothing up. */
  passes->credit = passes->queue_count == 0 && passes->credit > 1.0 ? 1.0 : passes->credit;
}

uint32_t passes_inside(const struct passes *passes, const uint32_t **visitors) {
  *visitors = passes->visitors;
  return passes->count;
}
