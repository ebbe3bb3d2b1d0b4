/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "nodes.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

/* Between two looks at the others. A step begins so much later, and lasts so much longer for whoever looks on. */
#define LOOK_NS 100000

/* Lies in memory that all of them share. Turns count up by one for each step. */
struct bench_nodes {
  unsigned count;
  pid_t pids[BENCH_NODES_MAX];
  atomic_uint begun[BENCH_NODES_MAX]; /* the node waits for go */
  atomic_uint ended[BENCH_NODES_MAX]; /* the node has ended the step */
  atomic_uint go;
  atomic_uint released;
  struct bench_node_result results[BENCH_NODES_MAX];
  struct bench_node_result together;
};

static void rest(void) {
  struct timespec time = {0, LOOK_NS};
  nanosleep(&time, NULL);
}

static _Noreturn void run(struct bench_nodes *nodes, unsigned index, pid_t parent,
                          void (*node_main)(struct bench_node *node, void *user), void *user) {
  struct bench_node node = {nodes, index, &nodes->results[index]};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(1);
  }
  node_main(&node, user);
  fflush(stdout);
  _exit(0);
}

struct bench_nodes *bench_nodes_start(unsigned count, void (*main)(struct bench_node *node, void *user), void *user) {
  struct bench_nodes *nodes = mmap(NULL, sizeof *nodes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (nodes == MAP_FAILED || count > BENCH_NODES_MAX) {
    bench_die("cannot start %u processes", count);
  }
  nodes->count = count;
  fflush(stdout);
  fflush(stderr);
  pid_t parent = getpid();
  for (unsigned i = 0; i < count; i++) {
    pid_t pid = fork();
    if (pid < 0) {
      bench_die("cannot start a process");
    }
    if (pid == 0) {
      run(nodes, i, parent, main, user);
    }
    nodes->pids[i] = pid;
  }
  return nodes;
}

/* A node that has ended by itself in the middle of a step has failed, and has told why. */
static void check_alive(struct bench_nodes *nodes) {
  for (unsigned i = 0; i < nodes->count; i++) {
    int status;
    if (waitpid(nodes->pids[i], &status, WNOHANG) != 0) {
      bench_die("process %u of %u has ended too early", i + 1, nodes->count);
    }
  }
}

static void await(struct bench_nodes *nodes, atomic_uint *turns, unsigned turn) {
  for (unsigned i = 0; i < nodes->count; i++) {
    while (atomic_load(&turns[i]) != turn) {
      check_alive(nodes);
      rest();
    }
  }
}

void bench_nodes_await(struct bench_nodes *nodes) {
  await(nodes, nodes->begun, atomic_load(&nodes->go) + 1);
}

void bench_nodes_go(struct bench_nodes *nodes) {
  atomic_fetch_add(&nodes->go, 1);
}

const struct bench_node_result *bench_nodes_finish(struct bench_nodes *nodes) {
  struct bench_node_result *together = &nodes->together;
  await(nodes, nodes->ended, atomic_load(&nodes->go));
  memset(together, 0, sizeof *together);
  together->start_ns = INT64_MAX;
  for (unsigned i = 0; i < nodes->count; i++) {
    const struct bench_node_result *one = &nodes->results[i];
    int64_t lasted_ns = one->end_ns - one->start_ns;
    together->ops += one->ops;
    together->good += one->good;
    together->threads += one->threads;
    together->busy_ns += one->busy_ns != 0 ? one->busy_ns : lasted_ns * one->threads;
    together->start_ns = one->start_ns < together->start_ns ? one->start_ns : together->start_ns;
    together->end_ns = one->end_ns > together->end_ns ? one->end_ns : together->end_ns;
    for (size_t c = 0; c < sizeof one->counts / sizeof *one->counts; c++) {
      together->counts[c] += one->counts[c];
    }
    bench_histogram_merge(&together->latency, &one->latency);
    bench_histogram_merge(&together->age, &one->age);
  }
  return together;
}

void bench_nodes_release(struct bench_nodes *nodes) {
  atomic_fetch_add(&nodes->released, 1);
}

void bench_nodes_end(struct bench_nodes *nodes) {
  for (unsigned i = 0; i < nodes->count; i++) {
    int status;
    if (waitpid(nodes->pids[i], &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      bench_die("process %u of %u has failed", i + 1, nodes->count);
    }
  }
  munmap(nodes, sizeof *nodes);
}

void bench_node_begin(struct bench_node *node) {
  struct bench_nodes *nodes = node->nodes;
  unsigned turn = atomic_fetch_add(&nodes->begun[node->index], 1) + 1;
  while (atomic_load(&nodes->go) != turn) {
    rest();
  }
  memset(node->result, 0, sizeof *node->result);
  node->result->threads = 1;
  node->result->start_ns = bench_now_ns();
}

void bench_node_end(struct bench_node *node) {
  struct bench_nodes *nodes = node->nodes;
  node->result->end_ns = bench_now_ns();
  unsigned turn = atomic_fetch_add(&nodes->ended[node->index], 1) + 1;
  while (atomic_load(&nodes->released) != turn) {
    rest();
  }
}
