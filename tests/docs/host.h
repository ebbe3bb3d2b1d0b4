/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_DOCS_HOST_H
#define WAITQ_TESTS_DOCS_HOST_H

/* What stands around the snippets of a page: a host with a context, a room, and one visitor in it whose turn has come. */

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <waitq/waitq.h>

waitq_t *context;
waitq_room_t *room;
waitq_error error = WAITQ_ERROR_INIT;

/* The visitor's ticket and pass, as the host's requests bring them. */
waitq_ticket ticket = WAITQ_TICKET_INIT;
waitq_pass pass = WAITQ_PASS_INIT;

/* The time of the resource, Unix ms. */
int64_t now_ms;

/* A request that a host has parsed, and how it answers. */
struct request {
  const char *visitor;
  const char *ticket;
  const char *pass;
};

static inline void answer(int http_status, const char *text) {
  printf("%d %s\n", http_status, text);
}

static inline void answer_number(const char *name, int64_t value) {
  printf("%s %" PRId64 "\n", name, value);
}

static inline void host_check(int code, const char *what) {
  if (code != WAITQ_OK) {
    fprintf(stderr, "%s: %s\n", what, error.text);
    exit(1);
  }
}

static inline void host_open(void) {
  waitq_stats stats = WAITQ_STATS_INIT;
  host_check(waitq_open("memory:", NULL, &context, &error), "host_open");
  host_check(waitq_room_open(context, "concert", NULL, &room, &error), "host_open");
  host_check(waitq_join(room, "ann", 3, NULL, &ticket, NULL, &error), "host_open");
  host_check(waitq_enter(room, ticket.text, NULL, &pass, &error), "host_open");
  host_check(waitq_room_stats(room, &stats, &error), "host_open");
  now_ms = stats.now_ms;
}

static inline void host_run(void (*snippet)(void), const char *where) {
  snippet();
  host_check(error.code, where);
}

static inline int host_close(void) {
  waitq_room_close(room);
  waitq_close(context);
  return 0;
}

#endif
