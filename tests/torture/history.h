/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_HISTORY_H
#define WAITQ_TESTS_TORTURE_HISTORY_H

/* What was called, when, and what the answer was.
 *
 * Each thread writes a journal of its own. Journals lie in a file that all processes have mapped: what a process wrote
 * outlives it, also when it is killed, and so does what it was about to do. A history is all journals in the order of the
 * calls' beginnings. All moments are microseconds of the monotonic clock, which is one for all processes of a machine. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum event_op {
  EVENT_JOIN = 1,
  EVENT_POLL,
  EVENT_ENTER,
  EVENT_LEAVE,
  EVENT_RENEW,
  EVENT_EXIT,
  EVENT_SET_RATE,
  EVENT_STATS,
  EVENT_FINAL, /* statistics when all was over */
  EVENT_LOSS,  /* the store lost what it had acknowledged in the last window_us before start_us; well again at end_us */
  EVENT_KILL   /* a node was killed */
};

#define EVENT_NO_NUMBER UINT64_MAX

/* The code of a call that was under way when its process was killed. */
#define EVENT_KILLED 1000

struct event {
  int64_t start_us;
  int64_t end_us;
  uint32_t op;   /* enum event_op */
  int32_t code;  /* what the call returned */
  uint32_t node; /* which process */
  uint32_t state;
  uint32_t reason;
  uint32_t epoch;
  uint64_t visitor;
  uint64_t number; /* of the ticket */
  uint64_t mark;   /* a hash of the ticket's text */
  union {
    struct {
      uint64_t position;
      int64_t age_us;   /* how old the view was that the answer comes from; 0 where the call does not say */
      int64_t until_us; /* of a turn: the claim deadline; of a pass: its end */
      uint64_t pass_number;
      uint32_t pass_epoch;
      uint32_t again; /* 1: a repetition, on purpose */
    } ticket;
    struct {
      uint64_t issued, waiting, ready, entered, left, expired, active;
    } room;
    double rate_per_s;
    int64_t window_us;
  } as;
};

/* One thread's. */
struct journal {
  uint64_t capacity;
  _Atomic uint64_t count; /* may be more than capacity: those did not fit */
  _Atomic uint32_t is_in_flight;
  uint32_t unused;
  struct event in_flight;
  struct event events[];
};

size_t journal_size(uint64_t capacity);
/* Before a call, with start_us set, and after it. */
void journal_begin(struct journal *journal, const struct event *event);
void journal_end(struct journal *journal, const struct event *event);

struct history {
  struct event *events;
  size_t count;
  size_t capacity;
  uint64_t dropped; /* events that did not fit into a journal: the history proves nothing */
};

/* Copies the event. */
void history_add(struct history *history, const struct event *event);
/* Adds what a journal holds. A call that was in flight ends at now_us, with EVENT_KILLED. */
void history_gather(struct history *history, const struct journal *journal, int64_t now_us);
void history_sort(struct history *history);
void history_free(struct history *history);

/* One line of text per event, and back; read returns 0 when a line is none. */
void history_write(const struct history *history, FILE *file);
int history_read(struct history *history, FILE *file);

const char *event_name(uint32_t op);
/* Number, epoch and mark of a ticket's text: docs/tickets-and-passes.md has its layout. 0 when it is no ticket. */
int event_read_ticket(struct event *event, const char *text);
/* Number and epoch of a pass, from its jti. 0 when it is no pass. */
int event_read_pass(struct event *event, const char *text);

#endif
