/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "ceiling.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "dice.h"
#include "passes.h"
#include "poisson.h"

/* Futures are looked at anew after so many seconds. */
#define REFRESH_S 5.0

/* No future is looked at for longer. */
#define HORIZON_S 14400.0

/* The renewal equation is stepped through in whole seconds. */
#define AGES 3600

struct ceiling {
  const struct crowd *crowd;
  double made_s;  /* when the future below was looked at; negative: never */
  uint64_t turns; /* given by then */
  uint32_t head;  /* the first in line then */
  double step_s;  /* the grid of the future */
  double *given;  /* turns given by the end of each step; LEAVERS: the moment of each visitor's turn, from head on */
  uint32_t steps; /* how many there are */
  uint32_t room;  /* and how many fit */
  double survival[AGES + 1]; /* of sessions, by seconds of age */
  double wanted;             /* LEAVERS: tokens that those looked at are expected to take */
  double *started;           /* SLOTS: sessions that begin in each step */
};

struct ceiling *ceiling_new(const struct crowd *crowd) {
  struct ceiling *ceiling = calloc(1, sizeof *ceiling);
  assert(ceiling != NULL);
  ceiling->crowd = crowd;
  ceiling->made_s = -1.0;
  for (unsigned age = 0; age <= AGES; age++) {
    ceiling->survival[age] = dice_session_survival(crowd->scenario, age);
  }
  return ceiling;
}

void ceiling_free(struct ceiling *ceiling) {
  free(ceiling->given);
  free(ceiling->started);
  free(ceiling);
}

static void make_room(struct ceiling *ceiling, uint32_t steps) {
  if (ceiling->room < steps) {
    ceiling->room = steps * 2;
    ceiling->given = realloc(ceiling->given, ceiling->room * sizeof *ceiling->given);
    ceiling->started = realloc(ceiling->started, ceiling->room * sizeof *ceiling->started);
    assert(ceiling->given != NULL && ceiling->started != NULL);
  }
}

/* No more turns than these can be asked for: those in line, and who is still to come. */
static double wanted_turns(const struct crowd *crowd) {
  double to_come = crowd->scenario->visitors - arrivals_until(&crowd->arrivals, crowd->now_s);
  return (double)(crowd->count - crowd->head) + 1.05 * to_come + 100.0;
}

static double free_slots(const struct crowd *crowd) {
  const uint32_t *inside;
  double taken = passes_inside(crowd->passes, &inside);
  return crowd->scenario->max_active > 0 ? (double)crowd->scenario->max_active - taken : INFINITY;
}

/* Step by step: the bucket fills, the backend serves, and whoever can be let in is. */
static void look_at_plan(struct ceiling *ceiling) {
  const struct crowd *crowd = ceiling->crowd;
  const struct scenario *scenario = crowd->scenario;
  double step_s = scenario->tick_s;
  double slots = free_slots(crowd);
  double most = scenario->max_active > 0 ? (double)scenario->max_active : INFINITY;
  double tokens = crowd->tokens;
  double given = 0.0;
  ceiling->step_s = step_s;
  ceiling->steps = 0;
  while (given < wanted_turns(crowd) && ceiling->steps * step_s < HORIZON_S) {
    double now_s = crowd->now_s + (ceiling->steps + 1) * step_s;
    double made = crowd_rate_at(scenario, now_s - step_s / 2) * step_s;
    tokens = fmin(tokens + made, fmax((double)scenario->burst, made));
    slots = crowd_is_out(crowd, now_s) ? slots : fmin(slots + scenario->backend_per_s * step_s, most);
    double turns = fmin(tokens, slots);
    tokens -= turns;
    slots -= turns;
    given += turns;
    make_room(ceiling, ceiling->steps + 1);
    ceiling->given[ceiling->steps++] = given;
  }
}

/* The share of visitors who are still there at an age; who told so when leaving is no longer counted by the room. */
static double stays(const struct scenario *scenario, double age_s) {
  return 1.0 - scenario->impatient + scenario->impatient * exp(-age_s / scenario->patience_s);
}

/* How many tokens a visitor is expected to take when its turn comes at a moment. */
static double takes(const struct crowd *crowd, const struct visitor *visitor, double turn_s) {
  const struct scenario *scenario = crowd->scenario;
  /* From the last poll to the end of the generation, and a ttl: between polls and generations, somewhere in the middle. */
  double silence_s = scenario->heartbeat_s * (1.0 + 1.0 / 16) - crowd_heartbeat_s(scenario) / 2;
  int is_lost = crowd_loses_turns(scenario);
  if ((visitor->flags & VISITOR_AWAY) != 0) {
    return is_lost && turn_s < visitor->away_s + silence_s ? 1.0 : 0.0;
  }
  if ((visitor->flags & VISITOR_PROBE) != 0) {
    return 1.0;
  }
  double age_s = crowd->now_s - visitor->joined_s;
  double known_from_s = is_lost ? turn_s - silence_s - visitor->joined_s : turn_s - visitor->joined_s;
  return known_from_s > age_s ? stays(scenario, known_from_s) / stays(scenario, age_s) : 1.0;
}

/* Goes on to those who have joined since the last look. */
static void look_at_newcomers(struct ceiling *ceiling) {
  const struct crowd *crowd = ceiling->crowd;
  make_room(ceiling, crowd->count - ceiling->head);
  for (uint32_t number = ceiling->head + ceiling->steps; number < crowd->count; number++) {
    double turn_s = fmax(crowd->now_s, ceiling->made_s + (ceiling->wanted + 1.0) / crowd->rate_per_s);
    ceiling->wanted += takes(crowd, &crowd->visitors[number], turn_s);
    ceiling->given[ceiling->steps++] = turn_s;
  }
}

static void look_at_leavers(struct ceiling *ceiling) {
  ceiling->wanted = -ceiling->crowd->tokens;
  ceiling->steps = 0;
  look_at_newcomers(ceiling);
}

/* Sessions that run now and end in each of the next steps, into ended. */
static void running_end(const struct ceiling *ceiling, double *ended, uint32_t steps) {
  const uint32_t *inside;
  uint32_t count = passes_inside(ceiling->crowd->passes, &inside);
  double of_age[AGES] = {0.0};
  for (uint32_t i = 0; i < count; i++) {
    double age_s = ceiling->crowd->now_s - ceiling->crowd->visitors[inside[i]].entered_s;
    of_age[age_s < AGES - 1 ? (unsigned)age_s : AGES - 1] += 1.0;
  }
  memset(ended, 0, steps * sizeof *ended);
  for (unsigned age = 0; age < AGES; age++) {
    double scale = of_age[age] > 0.0 ? of_age[age] / ceiling->survival[age] : 0.0;
    for (uint32_t step = 0; scale > 0.0 && step < steps && age + step < AGES; step++) {
      ended[step] += scale * (ceiling->survival[age + step] - ceiling->survival[age + step + 1]);
    }
  }
}

static void look_at_slots(struct ceiling *ceiling) {
  const struct crowd *crowd = ceiling->crowd;
  double ended[AGES];
  double tokens = crowd->tokens;
  double slots = free_slots(crowd);
  double given = 0.0;
  running_end(ceiling, ended, AGES);
  make_room(ceiling, AGES);
  ceiling->step_s = 1.0;
  ceiling->steps = 0;
  while (given < wanted_turns(crowd) && ceiling->steps < AGES) {
    uint32_t step = ceiling->steps;
    double free_now = slots + ended[step];
    for (uint32_t earlier = 0; earlier < step; earlier++) {
      free_now +=
          ceiling->started[earlier] * (ceiling->survival[step - earlier - 1] - ceiling->survival[step - earlier]);
    }
    tokens = fmin(tokens + crowd->rate_per_s, crowd->rate_per_s + (double)crowd->scenario->burst);
    double turns = fmin(tokens, free_now);
    slots = free_now - turns;
    tokens -= turns;
    given += turns;
    ceiling->started[step] = turns;
    ceiling->given[ceiling->steps++] = given;
  }
}

static void look(struct ceiling *ceiling) {
  const struct crowd *crowd = ceiling->crowd;
  ceiling->made_s = crowd->now_s;
  ceiling->turns = crowd->turns;
  ceiling->head = crowd->head;
  switch (crowd->scenario->ceiling) {
    case CEILING_PLAN:
      look_at_plan(ceiling);
      break;
    case CEILING_LEAVERS:
      look_at_leavers(ceiling);
      break;
    case CEILING_SLOTS:
      look_at_slots(ceiling);
      break;
    case CEILING_NONE:
    case CEILING_POISSON:
      break;
  }
}

/* When so many turns will have been given, in seconds from the moment of the look. */
static double time_of(const struct ceiling *ceiling, double turns) {
  uint32_t low = 0;
  uint32_t high = ceiling->steps;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (ceiling->given[middle] + 1e-6 < turns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  double before = low > 0 ? ceiling->given[low - 1] : 0.0;
  double in_step = low < ceiling->steps ? ceiling->given[low] - before : 0.0;
  double part = in_step > 0.0 ? fmax(0.0, (turns - before) / in_step) : 1.0;
  return ((double)low + fmin(part, 1.0)) * ceiling->step_s;
}

double ceiling_wait(struct ceiling *ceiling, uint32_t visitor, uint64_t position) {
  const struct crowd *crowd = ceiling->crowd;
  const struct scenario *scenario = crowd->scenario;
  if (scenario->ceiling == CEILING_NONE) {
    return NAN;
  }
  if (scenario->ceiling == CEILING_POISSON) {
    double mean_s = scenario->modes[0].median_s / (double)scenario->max_active;
    return poisson_best((unsigned)position, mean_s);
  }
  if (ceiling->made_s < 0.0 || crowd->now_s - ceiling->made_s >= REFRESH_S) {
    look(ceiling);
  }
  if (scenario->ceiling == CEILING_LEAVERS) {
    look_at_newcomers(ceiling);
    return fmax(ceiling->given[visitor - ceiling->head] - crowd->now_s, 0.0);
  }
  double since_s = crowd->now_s - ceiling->made_s;
  return fmax(time_of(ceiling, (double)(crowd->turns + position - ceiling->turns)) - since_s, 0.0);
}
