/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum mode { BOTH, REAL_TIME, TRACE };

/* An option that takes a number. Fallback 0: computed from others, see fill_in(). */
struct number_option {
  const char *name;
  size_t offset;
  double low, high, fallback;
  bool whole;
  enum mode mode;
  const char *help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct number_option numbers[] = {
    {"rate", FIELD(rate), 0.001, 1e6, 0, false, BOTH, "admissions per second (500; for a trace, 0.7 of the peak)"},
    {"burst", FIELD(burst), 1, 1e6, 0, true, BOTH, "most admissions at one instant (a tenth of the rate, at least 10)"},
    {"leave-percent", FIELD(leave_percent), 0, 100, 2, false, BOTH, "how many lose patience (2)"},
    {"seed", FIELD(seed), 0, 9007199254740992.0, 1, true, BOTH, "of all that is random (1)"},
    {"visitors", FIELD(visitors), 1, 1e7, 300000, true, REAL_TIME, "how many come (300000)"},
    {"join-rate", FIELD(join_rate), 1, 1e7, 30000, false, REAL_TIME, "joins per second (30000)"},
    {"poll-rate", FIELD(poll_rate), 1, 1e7, 150000, false, REAL_TIME,
     "polls per second; those near the head poll in any case (150000)"},
    {"seconds", FIELD(seconds), 0.1, 3600, 20, false, REAL_TIME, "how long it goes on (20)"},
    {"threads", FIELD(threads), 1, 64, 2, true, REAL_TIME, "workers (2)"},
    {"peak", FIELD(peak), 0.01, 1e5, 20, false, TRACE, "joins per second in the busiest minute (20)"},
};

#define NUMBERS (sizeof numbers / sizeof numbers[0])

enum other_option { OPTION_TRACE = 1000, OPTION_STORE, OPTION_SUBMIT, OPTION_JSON, OPTION_PLAIN, OPTION_HELP };

static const struct option others[] = {
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"store", required_argument, NULL, OPTION_STORE},
    {"submit", no_argument, NULL, OPTION_SUBMIT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

#define OTHERS (sizeof others / sizeof others[0])

static double *field(struct options *options, size_t number) {
  return (double *)(void *)((char *)options + numbers[number].offset);
}

static void print_help(void) {
  printf(
      "usage: rush [option ...]              a crowd arrives, in real time\n"
      "       rush --trace FILE [option ...] a recorded day, in seconds\n\n"
      "Lets a crowd loose on a waiting room, records what each visitor saw, and judges the room by that\n"
      "record: was the limit kept, was the order kept, how true were the estimates.\n\n");
  for (size_t i = 0; i < NUMBERS; i++) {
    static const char *const only[] = {"", "; real time only", "; with --trace only"};
    printf("  --%-13s N  %s%s\n", numbers[i].name, numbers[i].help, only[numbers[i].mode]);
  }
  printf(
      "  --%-13s F  arrivals per minute: a CSV of minute_utc,requests\n"
      "  --%-13s U  where the line is kept (memory:)\n"
      "  --%-16s submit all calls but polls, as is done with a store on a network\n"
      "  --%-16s one JSON object and nothing else\n"
      "  --%-16s lines, also on a terminal\n"
      "  --%-16s this text\n\n"
      "Exit status: 0 all was kept, 1 the limit or the order was broken, 2 usage, 3 it could not run, or calls "
      "failed.\n",
      "trace", "store", "submit", "json", "plain", "help");
}

static bool parse_number(struct options *options, size_t number, const char *text) {
  const struct number_option *option = &numbers[number];
  char *end = NULL;
  errno = 0;
  double value = strtod(text, &end);
  const bool is_number = end != text && *end == '\0' && value >= option->low && value <= option->high;
  if (!is_number || (option->whole && value != (double)(uint64_t)value)) {
    fprintf(stderr, "rush: --%s takes a %snumber from %.10g to %.10g, not \"%s\"\n", option->name,
            option->whole ? "whole " : "", option->low, option->high, text);
    return false;
  }
  *field(options, number) = value;
  return true;
}

static enum options_result take(struct options *options, int value) {
  switch (value) {
    case OPTION_TRACE:
      options->trace = optarg;
      return OPTIONS_RUN;
    case OPTION_STORE:
      options->store = optarg;
      return OPTIONS_RUN;
    case OPTION_SUBMIT:
      options->submit = true;
      return OPTIONS_RUN;
    case OPTION_JSON:
      options->json = true;
      return OPTIONS_RUN;
    case OPTION_PLAIN:
      options->plain = true;
      return OPTIONS_RUN;
    case OPTION_HELP:
      print_help();
      return OPTIONS_HELP;
    default:
      fprintf(stderr, "rush: try --help\n");
      return OPTIONS_BAD;
  }
}

/* Do the options go together? */
static bool check(const struct options *options, const bool *given) {
  for (size_t i = 0; i < NUMBERS; i++) {
    if (given[i] && numbers[i].mode != BOTH && (numbers[i].mode == TRACE) != (options->trace != NULL)) {
      fprintf(stderr, "rush: --%s goes %s --trace only\n", numbers[i].name,
              numbers[i].mode == TRACE ? "with" : "without");
      return false;
    }
  }
  if (options->trace != NULL && options->submit) {
    fprintf(stderr,
            "rush: --trace and --submit do not go together: in a recorded day nothing happens between two calls\n");
    return false;
  }
  if (options->trace != NULL && strcmp(options->store, "memory:") != 0) {
    fprintf(stderr, "rush: --trace needs the store memory:, for another store has a clock of its own\n");
    return false;
  }
  return true;
}

static void fill_in(struct options *options) {
  if (options->rate <= 0) {
    options->rate = options->trace != NULL ? 0.7 * options->peak : 500;
  }
  if (options->burst <= 0) {
    uint64_t tenth = (uint64_t)(options->rate / 10);
    options->burst = tenth > 10 ? (double)tenth : 10;
  }
}

enum options_result options_parse(struct options *options, int argc, char **argv) {
  struct option longs[NUMBERS + OTHERS];
  bool given[NUMBERS] = {false};
  *options = (struct options){.store = "memory:"};
  for (size_t i = 0; i < NUMBERS; i++) {
    *field(options, i) = numbers[i].fallback;
    longs[i] = (struct option){numbers[i].name, required_argument, NULL, (int)i};
  }
  memcpy(longs + NUMBERS, others, sizeof others);
  for (int value; (value = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
    if (value >= 0 && (size_t)value < NUMBERS) {
      given[value] = true;
      if (!parse_number(options, (size_t)value, optarg)) {
        return OPTIONS_BAD;
      }
      continue;
    }
    enum options_result result = take(options, value);
    if (result != OPTIONS_RUN) {
      return result;
    }
  }
  if (optind < argc) {
    fprintf(stderr, "rush: \"%s\" is no option; try --help\n", argv[optind]);
    return OPTIONS_BAD;
  }
  if (!check(options, given)) {
    return OPTIONS_BAD;
  }
  fill_in(options);
  return OPTIONS_RUN;
}
