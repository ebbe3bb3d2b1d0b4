/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../support/child.h"

#define START_MS 30000
#define END_MS 60000
#define NODE_ARGUMENT "--node"

struct crew {
  struct shared *shared;
  char directory[64];
  char file[80];
  char log[80];
  char program[1024];
  pid_t nodes[NODES_MAX];
  pthread_t thread; /* the one node of a torture in memory */
};

void torture_defaults(struct torture_options *options, const char *uri, uint64_t seed) {
  *options = (struct torture_options){.seed = seed, .nodes = 4, .threads = 3, .visitors = 400, .change_rate = 1};
  snprintf(options->uri, sizeof options->uri, "%s", uri);
  if (torture_is_in_memory(options)) {
    options->threads = (uint32_t)(options->nodes * options->threads);
    options->nodes = 1;
  }
  options->journal_capacity = 200000;
  waitq_policy_init(&options->policy, sizeof options->policy);
  options->policy.rate_per_s = 200;
  options->policy.burst = 20;
  options->policy.max_active = 70;
  options->policy.claim_ttl_ms = 2000;
  options->policy.heartbeat_ttl_ms = 3000;
  options->policy.session_ttl_ms = 2000;
  options->policy.min_poll_ms = 100;
  options->policy.max_poll_ms = 1000;
}

int torture_is_in_memory(const struct torture_options *options) {
  return strncmp(options->uri, "memory:", 7) == 0;
}

static struct shared *map(const char *file, size_t size) {
  int fd = open(file, O_RDWR | O_CREAT, 0600);
  void *mapped = MAP_FAILED;
  if (fd >= 0 && (size == 0 || ftruncate(fd, (off_t)size) == 0)) {
    struct stat found;
    size_t length = fstat(fd, &found) == 0 ? (size_t)found.st_size : 0;
    mapped = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (mapped == MAP_FAILED) {
    child_fail("cannot map %s: %s", file, strerror(errno));
  }
  close(fd);
  return mapped;
}

int crew_is_node(int count, char **arguments, int *status) {
  if (count != 4 || strcmp(arguments[1], NODE_ARGUMENT) != 0) {
    return 0;
  }
  struct shared *shared = map(arguments[3], 0);
  *status = node_run(shared, (uint32_t)strtoul(arguments[2], NULL, 10), 0);
  munmap(shared, shared->size);
  return 1;
}

static void *run_in_memory(void *user) {
  node_run(user, 0, 1);
  return NULL;
}

static void prepare(struct shared *shared, const struct torture_options *options) {
  struct timespec unix_time;
  shared->options = *options;
  shared->size = shared_size(options);
  shared->journals_at = sizeof *shared + options->visitors * sizeof(struct visitor);
  clock_gettime(CLOCK_REALTIME, &unix_time);
  shared->unix_us = (int64_t)unix_time.tv_sec * 1000000 + unix_time.tv_nsec / 1000 - torture_now_us();
  for (uint32_t node = 0; node <= options->nodes; node++) {
    for (uint32_t thread = 0; thread < (node == options->nodes ? 1 : options->threads); thread++) {
      shared_journal(shared, node, thread)->capacity = options->journal_capacity;
    }
  }
  for (uint32_t i = 0; i < options->visitors; i++) {
    rng_init(&shared->visitors[i].rng, options->seed + 1000000 + i);
    visitor_begin(shared, &shared->visitors[i]);
  }
  shared->visitors[0].kind = VISITOR_OPERATES;
}

void crew_start_node(struct crew *crew, uint32_t node) {
  char number[16];
  snprintf(number, sizeof number, "%u", node);
  const char *const arguments[] = {crew->program, NODE_ARGUMENT, number, crew->file, NULL};
  crew->nodes[node] = child_start(arguments, crew->log);
}

static void show_log(const struct crew *crew) {
  char line[512];
  FILE *file = fopen(crew->log, "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    fputs(line, stderr);
  }
  if (file != NULL) {
    fclose(file);
  }
}

/* Whether all nodes have begun; that none has ended. */
static int is_ready(void *user) {
  const struct crew *crew = user;
  for (uint32_t i = 0; i < NODES_MAX; i++) {
    if (crew->nodes[i] != 0 && !child_is_running(crew->nodes[i])) {
      show_log(crew);
      child_fail("node %u ended before it was told to", i);
    }
  }
  return crew->shared->ready >= crew->shared->options.nodes;
}

struct crew *crew_start(const struct torture_options *options) {
  struct crew *crew = calloc(1, sizeof *crew);
  if (crew == NULL || options->nodes > NODES_MAX || options->threads > THREADS_MAX) {
    child_fail("cannot make a crew of %u nodes with %u threads", options->nodes, options->threads);
  }
  child_directory(crew->directory, sizeof crew->directory);
  snprintf(crew->file, sizeof crew->file, "%s/shared", crew->directory);
  snprintf(crew->log, sizeof crew->log, "%s/log", crew->directory);
  ssize_t length = readlink("/proc/self/exe", crew->program, sizeof crew->program - 1);
  crew->program[length > 0 ? length : 0] = '\0';
  crew->shared = map(crew->file, shared_size(options));
  prepare(crew->shared, options);
  if (torture_is_in_memory(options)) {
    if (pthread_create(&crew->thread, NULL, run_in_memory, crew->shared) != 0) {
      child_fail("cannot start a thread");
    }
  }
  for (uint32_t i = 0; !torture_is_in_memory(options) && i < options->nodes; i++) {
    crew_start_node(crew, i);
  }
  if (!child_wait(is_ready, crew, START_MS)) {
    show_log(crew);
    child_fail("the nodes do not get ready");
  }
  crew->shared->go = 1;
  return crew;
}

static void note(struct crew *crew, const struct event *event) {
  journal_end(shared_journal(crew->shared, crew->shared->options.nodes, 0), event);
}

void crew_kill_node(struct crew *crew, uint32_t node) {
  struct shared *shared = crew->shared;
  struct event kill = {.op = EVENT_KILL, .node = node, .number = EVENT_NO_NUMBER, .start_us = torture_now_us()};
  child_end(crew->nodes[node], SIGKILL);
  crew->nodes[node] = 0;
  kill.end_us = torture_now_us();
  note(crew, &kill);
  for (uint32_t thread = 0; thread < shared->options.threads; thread++) {
    struct history last = {0};
    struct journal *journal = shared_journal(shared, node, thread);
    history_gather(&last, journal, kill.end_us);
    if (last.count > 0 && last.events[last.count - 1].code == EVENT_KILLED) {
      note(crew, &last.events[last.count - 1]);
    }
    journal->is_in_flight = 0;
    history_free(&last);
  }
  for (uint32_t i = 0; i < shared->options.visitors; i++) {
    if (shared->visitors[i].owner == node + 1) {
      shared->visitors[i].due_us = kill.end_us;
      shared->visitors[i].owner = 0;
    }
  }
}

void crew_note_loss(struct crew *crew, int64_t since_us, int64_t window_us) {
  struct event loss = {.op = EVENT_LOSS, .number = EVENT_NO_NUMBER, .start_us = since_us, .end_us = torture_now_us()};
  loss.as.window_us = window_us;
  note(crew, &loss);
}

/* A node that ended before it was told to, or with a failure, as a sanitizer ends it, has not been tortured. */
static void end_nodes(struct crew *crew) {
  for (uint32_t i = 0; i < NODES_MAX; i++) {
    if (crew->nodes[i] != 0 && !child_finish(crew->nodes[i], END_MS)) {
      show_log(crew);
      child_fail("node %u failed", i);
    }
  }
}

void crew_end(struct crew *crew, struct history *history) {
  struct shared *shared = crew->shared;
  const struct torture_options *options = &shared->options;
  is_ready(crew);
  shared->stop = 1;
  if (torture_is_in_memory(options)) {
    pthread_join(crew->thread, NULL);
  } else {
    end_nodes(crew);
    node_run(shared, options->nodes, 1);
  }
  show_log(crew);
  for (uint32_t node = 0; node <= options->nodes; node++) {
    for (uint32_t thread = 0; thread < (node == options->nodes ? 1 : options->threads); thread++) {
      history_gather(history, shared_journal(shared, node, thread), torture_now_us());
    }
  }
  history_sort(history);
  munmap(shared, shared->size);
  child_remove(crew->directory, 1);
  free(crew);
}
