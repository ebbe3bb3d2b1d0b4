/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_LIVES_H
#define WAITQ_TESTS_TORTURE_LIVES_H

/* A history by tickets: what check*.c work on. */

#include "check.h"

#define NEVER INT64_MAX

/* One ticket: events[first] to events[first + count - 1] of the lives, in the order of their beginnings. */
struct life {
  uint32_t epoch;
  uint64_t number;
  uint64_t visitor;
  size_t first;
  size_t count;
  int64_t joined_us;     /* end of the first call that returned it */
  int64_t ready_by_us;   /* its turn had come at this moment; NEVER */
  int64_t entry_from_us; /* it entered at or after this moment ... */
  int64_t entry_to_us;   /* ... and at or before this one; NEVER: not that anybody knows */
  int may_have_entered;  /* a call that may have entered it got no answer */
  int may_have_left;
  int has_left;
  int has_expired;
};

struct lives {
  const struct event **events; /* those that name a ticket, by ticket */
  struct life *lives;          /* by epoch and number */
  size_t count;
};

struct check {
  const struct history *history;
  const struct rules *rules;
  struct verdict *verdict;
  struct lives lives;
};

void lives_make(struct lives *lives, const struct history *history);
void lives_free(struct lives *lives);

/* Whether an answer to a call on a ticket tells its state, and since when that view holds. */
int event_tells_state(const struct event *event);
int64_t event_view_us(const struct event *event, const struct rules *rules);
/* A call whose effect is unknown. */
int event_is_unknown(const struct event *event);

void check_violation(struct check *check, enum rule rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the store lost something at or after one moment, and before another. */
int check_was_loss(const struct check *check, int64_t from_us, int64_t to_us);

void check_rate(struct check *check);
void check_active(struct check *check);
void check_order(struct check *check);
void check_lost(struct check *check);
void check_states(struct check *check);
void check_positions(struct check *check);
void check_numbers(struct check *check);
void check_one_ticket(struct check *check);
void check_one_entry(struct check *check);
void check_counts(struct check *check);
void check_times(struct check *check);
void check_errors(struct check *check);

#endif
