/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The torture, while something breaks.
 *
 *     faults [--long] [--seed N] [--write FILE] <scenario>...
 *     faults --list
 *
 * A scenario takes a few seconds, in its long form a minute, in which it happens again and again. The exit status is 0 when no
 * rule was broken. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/child.h"
#include "crew.h"
#include "judge.h"
#include "scenarios.h"

#define WARM_UP_MS 1500
#define COOL_DOWN_MS 2500
#define LONG_MS 60000

struct arguments {
  uint64_t seed;
  int is_long;
  const char *write;
};

static void set_up(struct stage *stage, const struct scenario *scenario, char *uri, size_t size) {
  struct server_options options = {.flags = scenario->server_flags};
  if (scenario->where == ON_CLUSTER) {
    stage->cluster = cluster_start(&options);
    snprintf(uri, size, "%s", cluster_uri(stage->cluster));
  } else if (scenario->where == ON_SENTINELS) {
    stage->proxy = proxy_start(0);
    stage->sentinels = sentinels_start(&options, stage->proxy);
    snprintf(uri, size, "%s", sentinels_uri(stage->sentinels));
  } else {
    stage->server = server_start(&options);
    snprintf(uri, size, "%s", server_uri(stage->server));
  }
  if (scenario->where == BEHIND_PROXY) {
    stage->proxy = proxy_start(server_port(stage->server));
    snprintf(uri, size, "redis://127.0.0.1:%u", proxy_port(stage->proxy));
  }
}

static void tear_down(struct stage *stage) {
  cluster_stop(stage->cluster);
  sentinels_stop(stage->sentinels);
  server_stop(stage->server);
  proxy_stop(stage->proxy);
}

static void play(struct stage *stage, const struct scenario *scenario) {
  int64_t until_ms = child_now_ms() + LONG_MS - COOL_DOWN_MS;
  child_sleep_ms(WARM_UP_MS);
  do {
    scenario->act(stage);
    child_sleep_ms(stage->is_long ? rng_between(&stage->rng, 2000, 5000) : 0);
  } while (stage->is_long && child_now_ms() < until_ms);
  child_sleep_ms(COOL_DOWN_MS);
}

static int run(const struct scenario *scenario, const struct arguments *arguments) {
  char uri[1024];
  struct rules rules;
  struct history history = {0};
  struct torture_options options;
  struct stage stage = {.is_long = arguments->is_long};
  printf("%s: %s\n", scenario->name, scenario->what);
  fflush(stdout);
  rng_init(&stage.rng, arguments->seed);
  set_up(&stage, scenario, uri, sizeof uri);
  torture_defaults(&options, uri, arguments->seed);
  stage.room_key = "wq:{" TORTURE_ROOM "}:state";
  stage.crew = crew_start(&options);
  stage.nodes = options.nodes;
  play(&stage, scenario);
  crew_end(stage.crew, &history);
  tear_down(&stage);
  judge_rules(&options, &rules);
  rules.allow_errors = scenario->allow_errors;
  rules.may_skip = scenario->may_skip;
  int status = judge(&history, &rules, arguments->write);
  history_free(&history);
  return status;
}

static const struct scenario *find(const char *name) {
  for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++) {
    if (strcmp(scenario->name, name) == 0) {
      return scenario;
    }
  }
  child_fail("there is no scenario %s; --list names them", name);
}

static int list(void) {
  for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++) {
    printf("%-24s %s\n", scenario->name, scenario->what);
  }
  return 0;
}

int main(int count, char **given) {
  int status = 0;
  uint64_t seed = 1;
  struct arguments arguments = {0};
  if (crew_is_node(count, given, &status)) {
    return status;
  }
  int at = 1;
  for (; at < count && strncmp(given[at], "--", 2) == 0; at++) {
    if (strcmp(given[at], "--list") == 0) {
      return list();
    }
    if (strcmp(given[at], "--long") == 0) {
      arguments.is_long = 1;
    } else if (strcmp(given[at], "--seed") == 0 && at + 1 < count) {
      seed = strtoull(given[++at], NULL, 10);
    } else if (strcmp(given[at], "--write") == 0 && at + 1 < count) {
      arguments.write = given[++at];
    } else {
      child_fail("usage: faults [--long] [--seed N] [--write FILE] <scenario>... | --list");
    }
  }
  arguments.seed = rng_seed("faults", seed);
  for (; at < count; at++) {
    status |= run(find(given[at]), &arguments);
  }
  return status;
}
