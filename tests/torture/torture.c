/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Many processes torture one room through the public interface, and a checker reads what they wrote down.
 *
 *     torture [--store URI] [--processes N] [--threads N] [--visitors N] [--seconds N] [--seed N] [--quick]
 *             [--write FILE]
 *     torture --check FILE
 *
 * The store is "memory:", where all threads are of one process, or any other, such as redis://127.0.0.1:6379, whose room
 * "torture" must be new. --quick takes two seconds. --write keeps the history, as text; --check reads one. The exit status is 0 when
 * no rule was broken. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "check.h"
#include "crew.h"
#include "judge.h"

struct arguments {
  struct torture_options options;
  int64_t run_ms;
  const char *write;
  const char *check;
};

static void usage(void) {
  child_fail(
      "usage: torture [--store URI] [--processes N] [--threads N] [--visitors N] [--seconds N] [--seed N] [--quick]\n"
      "               [--write FILE] | --check FILE");
}

static const char *value_of(int count, char **arguments, const char *name) {
  const char *value = NULL;
  for (int i = 1; i + 1 < count; i++) {
    if (strcmp(arguments[i], name) == 0) {
      value = arguments[i + 1];
    }
  }
  return value;
}

static uint64_t number_of(int count, char **arguments, const char *name, uint64_t otherwise) {
  const char *value = value_of(count, arguments, name);
  return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static void refuse_unknown(int count, char **arguments) {
  static const char *const known[] = {"--store", "--processes", "--threads", "--visitors", "--seconds",
                                      "--seed",  "--write",     "--check",   NULL};
  for (int i = 1; i < count; i++) {
    size_t at = 0;
    while (known[at] != NULL && strcmp(known[at], arguments[i]) != 0) {
      at++;
    }
    if (known[at] == NULL ? strcmp(arguments[i], "--quick") != 0 : ++i == count) {
      usage();
    }
  }
}

static struct arguments read_arguments(int count, char **given) {
  struct arguments arguments = {0};
  int is_quick = 0;
  refuse_unknown(count, given);
  for (int i = 1; i < count; i++) {
    is_quick |= strcmp(given[i], "--quick") == 0;
  }
  const char *uri = value_of(count, given, "--store");
  uint64_t seed = rng_seed("torture", number_of(count, given, "--seed", 1));
  torture_defaults(&arguments.options, uri == NULL ? "memory:" : uri, seed);
  struct torture_options *options = &arguments.options;
  if (!torture_is_in_memory(options)) {
    options->nodes = (uint32_t)number_of(count, given, "--processes", options->nodes);
  }
  options->threads = (uint32_t)number_of(count, given, "--threads", options->threads);
  options->visitors = (uint32_t)number_of(count, given, "--visitors", options->visitors);
  arguments.run_ms = (int64_t)(1000 * number_of(count, given, "--seconds", is_quick ? 2 : 10));
  options->journal_capacity = 20000 + (uint64_t)arguments.run_ms * 4;
  arguments.write = value_of(count, given, "--write");
  arguments.check = value_of(count, given, "--check");
  return arguments;
}

static void read_history(const char *path, struct history *history) {
  FILE *file = fopen(path, "r");
  if (file == NULL || !history_read(history, file)) {
    child_fail("%s is no history", path);
  }
  fclose(file);
}

int main(int count, char **given) {
  int status = 0;
  struct history history = {0};
  struct rules rules;
  if (crew_is_node(count, given, &status)) {
    return status;
  }
  struct arguments arguments = read_arguments(count, given);
  if (arguments.check != NULL) {
    read_history(arguments.check, &history);
  } else {
    struct crew *crew = crew_start(&arguments.options);
    child_sleep_ms(arguments.run_ms);
    crew_end(crew, &history);
  }
  judge_rules(&arguments.options, &rules);
  status = judge(&history, &rules, arguments.write);
  history_free(&history);
  return status;
}
