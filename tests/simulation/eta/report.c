/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Adds up the runs of the scenario that starts at a task; returns how many there are. */
static size_t add_up(const struct task *tasks, size_t count, struct scores spans[SCENARIO_SPANS], uint64_t *missed) {
  size_t same = 0;
  *missed = 0;
  memset(spans, 0, SCENARIO_SPANS * sizeof *spans);
  while (same < count && strcmp(tasks[same].scenario.name, tasks[0].scenario.name) == 0) {
    for (unsigned i = 0; i < SCENARIO_SPANS; i++) {
      scores_merge(&spans[i], &tasks[same].outcome.spans[i]);
    }
    *missed += tasks[same++].outcome.missed;
  }
  return same;
}

/* An estimator that was never asked, or had nothing to say. */
static int is_silent(const struct score *score) {
  return score->polls == score->unanswered;
}

static void print_pair(FILE *file, const struct score *score) {
  char text[32] = "-";
  if (!is_silent(score)) {
    snprintf(text, sizeof text, "%.1f/%.0f", score_acc(score), score_hit(score));
  }
  fprintf(file, " %11s", text);
}

static void print_span(FILE *file, const char *name, const struct scores *scores, uint64_t missed) {
  const struct score *given = &scores->guesses[GUESS_DEFAULT];
  fprintf(file, "%-24s", name);
  for (unsigned i = 0; i < GUESSES; i++) {
    print_pair(file, &scores->guesses[i]);
  }
  fprintf(file, " %6.1f %7.2f %6.1f %6.1f %6.1f %9" PRIu64 " %7" PRIu64 "\n", score_cov90(&scores->interval),
          score_width(&scores->interval), score_bias(given), score_calibration(&scores->interval),
          100.0 * (double)given->unanswered / (double)given->polls, given->polls, missed);
}

void report_table(FILE *file, const struct task *tasks, size_t count) {
  fprintf(file, "%-24s %11s %11s %11s %11s %11s %6s %7s %6s %6s %6s %9s %7s\n", "ACC/HIT in %", "default", "reference",
          "as coded", "known rate", "ceiling", "cov90", "width", "bias", "calib", "none", "polls", "missed");
  for (size_t at = 0; at < count;) {
    struct scores spans[SCENARIO_SPANS];
    uint64_t missed;
    const struct scenario *scenario = &tasks[at].scenario;
    at += add_up(&tasks[at], count - at, spans, &missed);
    for (unsigned i = 0; i < scenario_spans(scenario); i++) {
      print_span(file, scenario->spans[i].name, &spans[i], missed);
    }
  }
}

static void print_number(FILE *file, const char *name, double number, const char *after) {
  if (isfinite(number)) {
    fprintf(file, "\"%s\": %.4f%s", name, number, after);
  } else {
    fprintf(file, "\"%s\": null%s", name, after);
  }
}

static void print_object(FILE *file, const char *name, const struct scores *scores, unsigned guess, int is_first) {
  int has_interval = guess == GUESS_DEFAULT;
  fprintf(file, "%s\n  {\"scenario\": \"%s\", \"estimator\": \"%s\", ", is_first ? "" : ",", name, guess_names[guess]);
  print_number(file, "acc", score_acc(&scores->guesses[guess]), ", ");
  print_number(file, "hit", score_hit(&scores->guesses[guess]), ", ");
  print_number(file, "cov90", has_interval ? score_cov90(&scores->interval) : NAN, ", ");
  print_number(file, "width", has_interval ? score_width(&scores->interval) : NAN, "}");
}

void report_json(FILE *file, const struct task *tasks, size_t count) {
  int is_first = 1;
  fputs("[", file);
  for (size_t at = 0; at < count;) {
    struct scores spans[SCENARIO_SPANS];
    uint64_t missed;
    const struct scenario *scenario = &tasks[at].scenario;
    at += add_up(&tasks[at], count - at, spans, &missed);
    for (unsigned i = 0; i < scenario_spans(scenario); i++) {
      for (unsigned guess = 0; guess < GUESSES; guess++) {
        if (guess == GUESS_DEFAULT || !is_silent(&spans[i].guesses[guess])) {
          print_object(file, scenario->spans[i].name, &spans[i], guess, is_first);
          is_first = 0;
        }
      }
    }
  }
  fputs("\n]\n", file);
}

/* Wider intervals are no better. */
#define COVERED_ENOUGH 88.0

static double less_a_point(double percent) {
  return isfinite(percent) && percent > 1.0 ? floor((percent - 1.0) * 10.0) / 10.0 : 0.0;
}

void report_floors(FILE *file, const struct task *tasks, size_t count) {
  for (size_t at = 0; at < count;) {
    struct scores spans[SCENARIO_SPANS];
    uint64_t missed;
    const struct scenario *scenario = &tasks[at].scenario;
    at += add_up(&tasks[at], count - at, spans, &missed);
    for (unsigned i = 0; i < scenario_spans(scenario); i++) {
      const struct score *ours = &spans[i].guesses[GUESS_DEFAULT];
      fprintf(file, "    {\"%s\", %.1f, %.1f, %.1f},\n", scenario->spans[i].name, less_a_point(score_acc(ours)),
              less_a_point(score_hit(ours)), fmin(less_a_point(score_cov90(&spans[i].interval)), COVERED_ENOUGH));
    }
  }
}
