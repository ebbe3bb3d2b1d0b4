/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* How right the estimates of the wait are: scenarios, seeds, and estimators side by side. */

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fleet.h"
#include "report.h"

#define ASKED_MOST 32

struct options {
  const char *asked[ASKED_MOST];
  unsigned asked_count;
  uint64_t seeds;
  uint64_t first_seed;
  unsigned jobs;
  int is_quick;
  int is_json;
  int is_floors;
  const char *samples;
  unsigned one_in;
};

static const char usage[] =
    "simulate_eta [--scenario NAME]... [--seeds N] [--seed FIRST] [--quick] [--json | --floors] [--jobs N]\n"
    "             [--samples DIRECTORY] [--one-in N] [--list]\n"
    "\n"
    "  --scenario  only this one; all without it\n"
    "  --seeds     runs of each scenario, 8 without it; scenarios with few polls take more\n"
    "  --seed      the first seed, 1 without it; the others follow\n"
    "  --quick     small crowds\n"
    "  --json      a list of {scenario, estimator, acc, hit, cov90, width} instead of the table\n"
    "  --floors    what the tests hold it to, for floors.c\n"
    "  --jobs      runs at a time; one a processor without it\n"
    "  --samples   writes polls there, a file a run; --one-in N: every Nth of them, every 10th without it\n"
    "  --list      says what the scenarios are\n";

static void list(void) {
  for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++) {
    printf("%-24s  %s\n", scenario->name, scenario->text);
  }
}

static _Noreturn void refuse(const char *what) {
  fprintf(stderr, "%s\n\n%s", what, usage);
  exit(2);
}

static uint64_t number(const char *text) {
  char *end;
  uint64_t value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0') {
    refuse("a number is wanted");
  }
  return value;
}

static void take(struct options *options, int option, const char *argument) {
  switch (option) {
    case 's':
      if (options->asked_count == ASKED_MOST) {
        refuse("too many scenarios");
      }
      options->asked[options->asked_count++] = argument;
      break;
    case 'n':
      options->seeds = number(argument);
      break;
    case 'f':
      options->first_seed = number(argument);
      break;
    case 'j':
      options->jobs = (unsigned)number(argument);
      break;
    case 'd':
      options->samples = argument;
      break;
    case 'i':
      options->one_in = (unsigned)number(argument);
      break;
    case 'l':
      list();
      exit(0);
    case 'h':
      fputs(usage, stdout);
      exit(0);
    default:
      refuse("an option that is none");
  }
}

static struct options read_options(int argc, char **argv) {
  struct options options = {.seeds = 8, .first_seed = 1, .one_in = 10};
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  options.jobs = processors > 0 ? (unsigned)processors : 1;
  const struct option known[] = {
      {"scenario", required_argument, NULL, 's'}, {"seeds", required_argument, NULL, 'n'},
      {"seed", required_argument, NULL, 'f'},     {"quick", no_argument, &options.is_quick, 1},
      {"json", no_argument, &options.is_json, 1}, {"floors", no_argument, &options.is_floors, 1},
      {"jobs", required_argument, NULL, 'j'},     {"samples", required_argument, NULL, 'd'},
      {"one-in", required_argument, NULL, 'i'},   {"list", no_argument, NULL, 'l'},
      {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
  for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
    if (option != 0) {
      take(&options, option, optarg);
    }
  }
  if (optind < argc || options.seeds == 0 || options.jobs == 0) {
    refuse("that is not understood");
  }
  return options;
}

static int is_asked(const struct options *options, const struct scenario *scenario) {
  int is_asked = options->asked_count == 0;
  for (unsigned i = 0; i < options->asked_count; i++) {
    is_asked |= scenario_is_asked(scenario, options->asked[i]);
  }
  return is_asked;
}

static const char *sample_file(const struct options *options, size_t task) {
  static const char pattern[] = "%s/%04zu.csv";
  if (options->samples == NULL) {
    return NULL;
  }
  size_t size = strlen(options->samples) + sizeof pattern + 20;
  char *path = malloc(size);
  if (path != NULL) {
    snprintf(path, size, pattern, options->samples, task);
  }
  return path;
}

/* All runs that are asked for; their number in count. */
static struct task *tasks_of(const struct options *options, size_t *count) {
  struct task *tasks = NULL;
  *count = 0;
  for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++) {
    struct scenario asked = options->is_quick ? scenario_in_small(scenario) : *scenario;
    uint64_t seeds = options->seeds * (asked.seeds_times > 0 ? asked.seeds_times : 1);
    if (!is_asked(options, scenario)) {
      continue;
    }
    tasks = realloc(tasks, (*count + seeds) * sizeof *tasks);
    if (tasks == NULL) {
      refuse("out of memory");
    }
    for (uint64_t i = 0; i < seeds; i++) {
      const char *samples = sample_file(options, *count);
      tasks[(*count)++] = (struct task){
          .scenario = asked, .seed = options->first_seed + i, .samples = samples, .one_in = options->one_in};
    }
  }
  return tasks;
}

int main(int argc, char **argv) {
  struct options options = read_options(argc, argv);
  size_t count;
  struct task *tasks = tasks_of(&options, &count);
  if (count == 0) {
    refuse("there is no such scenario; --list names them");
  }
  int code = fleet_run(tasks, count, options.jobs);
  if (code == 0 && options.is_json) {
    report_json(stdout, tasks, count);
  } else if (code == 0 && options.is_floors) {
    report_floors(stdout, tasks, count);
  } else if (code == 0) {
    printf("seeds %" PRIu64 " to %" PRIu64 "%s\n", options.first_seed, options.first_seed + options.seeds - 1,
           options.is_quick ? ", small crowds" : "");
    report_table(stdout, tasks, count);
  }
  for (size_t i = 0; i < count; i++) {
    free((char *)tasks[i].samples);
  }
  free(tasks);
  return code == 0 ? 0 : 1;
}
