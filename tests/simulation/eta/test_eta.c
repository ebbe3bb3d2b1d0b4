/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Every scenario in small, held to what it has reached: one point less than the figures of the same seeds. Time is simulated and
 * chance is seeded, so the figures are the same on every machine that rounds alike. */

#include "../../support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "floors.h"
#include "poisson.h"
#include "run.h"

#define FIRST_SEED 1
#define SCENARIOS_MOST 32
#define NAME_SIZE 96
#define GENERAL 5 /* tests that are not one of a scenario */

static void run_all_seeds(const struct scenario *scenario, struct outcome *sum) {
  unsigned seeds = scenario->seeds_times > 0 ? scenario->seeds_times : 1;
  memset(sum, 0, sizeof *sum);
  for (unsigned i = 0; i < seeds; i++) {
    struct outcome outcome;
    run(scenario, FIRST_SEED + i, NULL, 1, &outcome);
    for (unsigned span = 0; span < SCENARIO_SPANS; span++) {
      scores_merge(&sum->spans[span], &outcome.spans[span]);
    }
    sum->stats = outcome.stats;
  }
}

static void hold(const struct scenario_span *span, const struct scores *scores) {
  const struct floor *floor = floor_of(span->name);
  const struct score *ours = &scores->guesses[GUESS_DEFAULT];
  const struct score *reference = &scores->guesses[GUESS_REFERENCE];
  double cov90 = score_cov90(&scores->interval);
  printf("%s: %.1f/%.1f, covered %.1f, reference %.1f/%.1f\n", span->name, score_acc(ours), score_hit(ours), cov90,
         score_acc(reference), score_hit(reference));
  if (floor == NULL) {
    fail_msg("%s has no floor", span->name);
    return;
  }
  if (score_acc(ours) < floor->acc || score_hit(ours) < floor->hit || cov90 < floor->cov90) {
    fail_msg("%s: at least %.1f/%.1f and %.1f covered were expected", span->name, floor->acc, floor->hit, floor->cov90);
  }
  if (!span->is_hidden && score_acc(ours) < score_acc(reference)) {
    fail_msg("%s: the reference formula does better", span->name);
  }
}

static void test_scenario(void **state) {
  const struct scenario small = scenario_in_small(*state);
  struct outcome outcome;
  printf("seeds from %d on\n", FIRST_SEED);
  run_all_seeds(&small, &outcome);
  for (unsigned i = 0; i < scenario_spans(&small); i++) {
    hold(&small.spans[i], &outcome.spans[i]);
  }
}

static const struct scenario *scenario_called(const char *name) {
  const struct scenario *scenario = scenarios;
  while (scenario->name != NULL && strcmp(scenario->name, name) != 0) {
    scenario++;
  }
  assert_non_null(scenario->name);
  return scenario;
}

static void test_simulation_eta__the_same_seed_gives_the_same_figures_to_the_last_bit(void **state) {
  (void)state;
  const struct scenario small = scenario_in_small(scenario_called("4b"));
  struct outcome first;
  struct outcome again;
  struct outcome other;
  run(&small, 7, NULL, 1, &first);
  run(&small, 7, NULL, 1, &again);
  run(&small, 8, NULL, 1, &other);
  assert_memory_equal(&first.spans, &again.spans, sizeof first.spans);
  assert_memory_not_equal(&first.spans, &other.spans, sizeof first.spans);
}

/* The answers of a room with the reference model are those of the reference beside it: its ACC and HIT are the same but for
 * milliseconds. Nobody leaves here: the room counts turns, the reference beside it who enters. */
static void test_simulation_eta__the_reference_beside_the_room_is_the_reference_in_it(void **state) {
  (void)state;
  struct scenario small = scenario_in_small(scenario_called("1"));
  struct outcome outcome;
  small.eta_model = WAITQ_ETA_REFERENCE;
  run(&small, FIRST_SEED, NULL, 1, &outcome);
  const struct score *room = &outcome.spans[0].guesses[GUESS_DEFAULT];
  const struct score *beside = &outcome.spans[0].guesses[GUESS_REFERENCE];
  assert_true(room->polls > 1000);
  assert_true(fabs(score_acc(room) - score_acc(beside)) < 0.5);
  assert_true(fabs(score_hit(room) - score_hit(beside)) < 0.5);
}

/* Where turns come by chance, at a rate that is known, nobody can do better than about 1 - 0.8 / sqrt(position). */
static void test_simulation_eta__the_ceiling_of_a_trickle_is_that_of_its_chance(void **state) {
  (void)state;
  for (unsigned position = 1; position <= 50; position += 7) {
    double best_s = poisson_best(position, 240);
    double score = poisson_score(position, 240, best_s);
    assert_true(fabs(score - (1 - 0.8 / sqrt(position))) < (position == 1 ? 0.2 : 0.03));
    assert_true(score >= poisson_score(position, 240, best_s * 1.02));
    assert_true(score >= poisson_score(position, 240, best_s * 0.98));
    assert_true(score > poisson_score(position, 240, position * 240.0));
  }
}

/* Where the future is known, or is the mean of many dice, who knows the scenario is hardly ever wrong. */
static void test_simulation_eta__ceilings_are_as_high_as_they_are_said_to_be(void **state) {
  (void)state;
  static const struct {
    const char *scenario;
    double least;
  } high[] = {{"1", 99.5}, {"2", 99.5}, {"5 announced", 99.5}, {"9", 99.5}, {"3", 95.0}, {"4a", 99.0}, {"4d", 99.0}};
  for (unsigned i = 0; i < sizeof high / sizeof *high; i++) {
    struct outcome outcome;
    const struct scenario small = scenario_in_small(scenario_called(high[i].scenario));
    run(&small, FIRST_SEED, NULL, 1, &outcome);
    double acc = score_acc(&outcome.spans[0].guesses[GUESS_CEILING]);
    printf("%s: %.1f\n", high[i].scenario, acc);
    assert_true(acc >= high[i].least && acc <= 100.0);
  }
}

/* What waitq_room_stats() tells in production is measured on a few sampled places in line: it agrees with what the simulator
 * measures on all probes, within what so small a sample can say. */
static void test_simulation_eta__what_a_room_says_of_its_own_accuracy_is_so(void **state) {
  (void)state;
  static const struct {
    const char *scenario;
    double points;
  } steady[] = {
      {"1", 2}, {"2 announced", 2}, {"5 announced", 2}, {"trace 1998-07-08", 3}, {"trace 1998-06-30, slots", 8}};
  for (unsigned i = 0; i < sizeof steady / sizeof *steady; i++) {
    struct outcome outcome;
    const struct scenario small = scenario_in_small(scenario_called(steady[i].scenario));
    run(&small, FIRST_SEED, NULL, 1, &outcome);
    const struct score *score = &outcome.spans[0].guesses[GUESS_DEFAULT];
    printf("%s: the room scored %u, %.1f/%.1f; it was %.1f/%.1f\n", steady[i].scenario,
           (unsigned)outcome.stats.eta_scored, 100 * outcome.stats.eta_acc, 100 * outcome.stats.eta_hit,
           score_acc(score), score_hit(score));
    assert_true(outcome.stats.eta_scored >= 30);
    assert_true(fabs(100 * outcome.stats.eta_acc - score_acc(score)) <= steady[i].points);
    assert_true(fabs(100 * outcome.stats.eta_hit - score_hit(score)) <= steady[i].points);
  }
}

static char names[SCENARIOS_MOST][NAME_SIZE];

static void add_scenario(struct CMUnitTest *tests, size_t at, const struct scenario *scenario) {
  assert_true(at < SCENARIOS_MOST);
  snprintf(names[at], NAME_SIZE, "test_simulation_eta__scenario_%s_holds_what_it_has_reached", scenario->name);
  tests[at] =
      (struct CMUnitTest){.name = names[at], .test_func = test_scenario, .initial_state = (void *)(uintptr_t)scenario};
}

/* Only the scenarios that are named: a build in which everything takes ten times as long has enough of them. */
static int run_named(char **asked) {
  struct CMUnitTest tests[SCENARIOS_MOST] = {{0}};
  for (size_t i = 0; asked[i] != NULL; i++) {
    add_scenario(tests, i, scenario_called(asked[i]));
  }
  return cmocka_run_group_tests_name("simulation.eta", tests, NULL, NULL);
}

/* cmocka leaves out what has no name. */
int main(int argc, char **argv) {
  struct CMUnitTest tests[SCENARIOS_MOST + GENERAL] = {
      cmocka_unit_test(test_simulation_eta__the_same_seed_gives_the_same_figures_to_the_last_bit),
      cmocka_unit_test(test_simulation_eta__the_reference_beside_the_room_is_the_reference_in_it),
      cmocka_unit_test(test_simulation_eta__the_ceiling_of_a_trickle_is_that_of_its_chance),
      cmocka_unit_test(test_simulation_eta__ceilings_are_as_high_as_they_are_said_to_be),
      cmocka_unit_test(test_simulation_eta__what_a_room_says_of_its_own_accuracy_is_so),
  };
  if (argc > 1) {
    return run_named(argv + 1);
  }
  for (size_t i = 0; scenarios[i].name != NULL; i++) {
    add_scenario(tests + GENERAL, i, &scenarios[i]);
  }
  return cmocka_run_group_tests_name("simulation.eta", tests, NULL, NULL);
}
