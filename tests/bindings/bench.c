/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What a poll and a join cost from C: what the benchmarks of the bindings compare themselves with. One line of JSON for each
 * figure, the least of several runs, in ns: {"name": "poll", "ns": 130.5}
 *
 *     bindings_bench [waiting]        100,000 wait unless another number is given */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <waitq/waitq.h>

/* Short runs, and many: the least of them is one that nothing else on the machine came into. */
#define RUNS 200
#define POLLS 2048
#define BATCH_MAX 1000
#define JOINS 1000

static waitq_room_t *room;
static waitq_ticket *tickets;
static size_t waiting;

static waitq_ticket batch[BATCH_MAX];
static waitq_status statuses[BATCH_MAX];
static waitq_visitor visitors[BATCH_MAX]; /* anonymous: each is a new one */

static void must(int code) {
  if (code != WAITQ_OK) {
    fprintf(stderr, "bindings_bench: %s\n", waitq_error_text(code));
    exit(1);
  }
}

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Walks over the whole line in strides, so that one poll is not next to the one before. */
static const waitq_ticket *next_ticket(void) {
  static size_t at;
  at = (at + 61813) % waiting;
  return &tickets[at];
}

static double polls(void) {
  waitq_status status = WAITQ_STATUS_INIT;
  double began = now_ns();
  for (size_t i = 0; i < POLLS; i++) {
    must(waitq_poll(room, next_ticket()->text, &status, NULL));
  }
  return (now_ns() - began) / POLLS;
}

static double polls_of(size_t count) {
  size_t rounds = POLLS / count;
  for (size_t i = 0; i < count; i++) {
    batch[i] = *next_ticket();
  }
  double began = now_ns();
  for (size_t i = 0; i < rounds; i++) {
    must(waitq_poll_many(room, batch, count, statuses, NULL, NULL));
  }
  return (now_ns() - began) / (double)(rounds * count);
}

static double polls_of_256(void) {
  return polls_of(256);
}

static double polls_of_1000(void) {
  return polls_of(1000);
}

static double joins(void) {
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  double began = now_ns();
  for (size_t i = 0; i < JOINS; i++) {
    must(waitq_join(room, NULL, 0, NULL, &ticket, &status, NULL));
  }
  return (now_ns() - began) / JOINS;
}

static double joins_of_1000(void) {
  double began = now_ns();
  for (size_t i = 0; i < JOINS / 1000; i++) {
    must(waitq_join_many(room, visitors, 1000, NULL, batch, statuses, NULL, NULL));
  }
  return (now_ns() - began) / JOINS;
}

static void report(const char *name, double (*measure)(void)) {
  double least = 1e18;
  for (int run = 0; run < RUNS; run++) {
    double ns = measure();
    least = ns < least ? ns : least;
  }
  printf("{\"name\": \"%s\", \"ns\": %.1f}\n", name, least);
  fflush(stdout);
}

int main(int argc, char **argv) {
  waitq_t *context = NULL;
  waitq_policy policy = WAITQ_POLICY_INIT;
  waiting = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
  policy.rate_per_s = 0;
  tickets = calloc(waiting, sizeof *tickets);
  if (waiting == 0 || tickets == NULL) {
    fprintf(stderr, "bindings_bench: not a number of visitors\n");
    return 1;
  }
  for (size_t i = 0; i < BATCH_MAX; i++) {
    waitq_ticket_init(&batch[i], sizeof batch[i]);
    waitq_status_init(&statuses[i], sizeof statuses[i]);
  }
  must(waitq_open("memory:", NULL, &context, NULL));
  must(waitq_room_open(context, "bench", &policy, &room, NULL));
  for (size_t i = 0; i < waiting; i++) {
    waitq_ticket_init(&tickets[i], sizeof tickets[i]);
    must(waitq_join(room, NULL, 0, NULL, &tickets[i], NULL, NULL));
  }
  report("poll", polls);
  report("poll_many_256", polls_of_256);
  report("poll_many_1000", polls_of_1000);
  report("join", joins);
  report("join_many_1000", joins_of_1000);
  waitq_room_close(room);
  waitq_close(context);
  free(tickets);
  return 0;
}
