/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "run.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "guess.h"

#define NONE UINT32_MAX

const char run_heading[] =
    "scenario,seed,at_s,position,truth_s,default_s,low_s,high_s,confidence,reason,reference_s,ceiling_s\n";

/* What was said at a poll, and what was said to the same visitor before. */
struct sample {
  struct guess guess;
  uint32_t before;
};

struct runner {
  struct crowd crowd;
  struct guessers guessers;
  struct outcome *outcome;
  uint64_t seed;
  FILE *file;
  unsigned one_in;
  unsigned until_next;
  struct sample *samples;
  uint32_t sample_count;
  uint32_t sample_capacity;
  uint32_t *newest; /* sample of each visitor */
  uint32_t visitors;
};

static void watch(struct runner *runner, uint32_t visitor) {
  if (visitor >= runner->visitors) {
    uint32_t visitors = runner->crowd.capacity;
    runner->newest = realloc(runner->newest, visitors * sizeof *runner->newest);
    assert(runner->newest != NULL);
    for (uint32_t i = runner->visitors; i < visitors; i++) {
      runner->newest[i] = NONE;
    }
    runner->visitors = visitors;
  }
}

static void on_poll(void *user, uint32_t visitor, const waitq_status *status) {
  struct runner *runner = user;
  double end_s = runner->crowd.scenario->end_s;
  if (end_s > 0.0 && runner->crowd.now_s > end_s) {
    return;
  }
  watch(runner, visitor);
  if (runner->sample_count == runner->sample_capacity) {
    runner->sample_capacity = runner->sample_capacity == 0 ? 4096 : runner->sample_capacity * 2;
    runner->samples = realloc(runner->samples, runner->sample_capacity * sizeof *runner->samples);
    assert(runner->samples != NULL);
  }
  struct sample *sample = &runner->samples[runner->sample_count];
  sample->guess = guessers_ask(&runner->guessers, visitor, status);
  sample->before = runner->newest[visitor];
  runner->newest[visitor] = runner->sample_count++;
}

static void write_sample(struct runner *runner, const struct guess *guess, double truth_s) {
  if (runner->file == NULL || ++runner->until_next < runner->one_in) {
    return;
  }
  runner->until_next = 0;
  fprintf(runner->file, "\"%s\",%" PRIu64 ",%.2f,%" PRIu64 ",%.2f,%.3f,%.3f,%.3f,%.4f,%" PRIu32 ",%.3f,%.3f\n",
          runner->crowd.scenario->name, runner->seed, guess->at_s, guess->position, truth_s,
          guess->eta_s[GUESS_DEFAULT], guess->low_s, guess->high_s, guess->confidence, guess->reason,
          guess->eta_s[GUESS_REFERENCE], guess->eta_s[GUESS_CEILING]);
}

static void on_turn(void *user, uint32_t visitor) {
  struct runner *runner = user;
  const struct scenario *scenario = runner->crowd.scenario;
  watch(runner, visitor);
  for (uint32_t at = runner->newest[visitor]; at != NONE; at = runner->samples[at].before) {
    const struct guess *guess = &runner->samples[at].guess;
    double truth_s = runner->crowd.now_s - guess->at_s;
    for (unsigned i = 0; i < scenario_spans(scenario); i++) {
      const struct scenario_span *span = &scenario->spans[i];
      if (guess->at_s >= span->from_s && (span->to_s <= 0.0 || guess->at_s < span->to_s)) {
        scores_add(&runner->outcome->spans[i], guess, truth_s);
      }
    }
    write_sample(runner, guess, truth_s);
  }
}

void run(const struct scenario *scenario, uint64_t seed, FILE *samples, unsigned one_in, struct outcome *outcome) {
  struct runner runner = {.outcome = outcome, .seed = seed, .file = samples, .one_in = one_in};
  const struct crowd_watcher watcher = {on_poll, on_turn, &runner};
  memset(outcome, 0, sizeof *outcome);
  crowd_open(&runner.crowd, scenario, seed, &watcher);
  guessers_init(&runner.guessers, &runner.crowd);
  do {
    crowd_step(&runner.crowd);
    guessers_observe(&runner.guessers);
  } while (!crowd_is_over(&runner.crowd));
  outcome->joined = runner.crowd.count;
  outcome->missed = runner.crowd.missed;
  outcome->turns = runner.crowd.turns;
  outcome->lasted_s = runner.crowd.now_s;
  waitq_stats_init(&outcome->stats, sizeof outcome->stats);
  waitq_room_stats(runner.crowd.room, &outcome->stats, NULL);
  guessers_free(&runner.guessers);
  crowd_close(&runner.crowd);
  free(runner.samples);
  free(runner.newest);
}
