/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_TORTURE_CHECK_H
#define WAITQ_TESTS_TORTURE_CHECK_H

/* What a history proves about a room. A pure function of the history.
 *
 * A call took effect at some moment between its beginning and its end; an answer tells of a view as old as it says. Only what
 * holds for every moment within these bounds is held against the library: a violation that is reported did happen, whatever
 * the order of the calls. For instance an entry counts in an interval only when its whole call lies in it, and ticket 5 was
 * overtaken by ticket 9 only when a view of 5 waiting is younger than the end of a call that found 9's turn come.
 *
 * Where the store lost what it had acknowledged (EVENT_LOSS), the rules are those of docs: entries beyond the limit are at most
 * rate x window + burst for each loss; no number is given twice; among what was seen after it, the order holds; and whoever
 * goes on polling keeps the place. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "history.h"

enum rule {
  RULE_RATE,     /* entries in any interval are at most burst + rate x time */
  RULE_ACTIVE,   /* active + unclaimed is at most max_active */
  RULE_ORDER,    /* turns come in the order of numbers */
  RULE_NUMBER,   /* no number, and no ticket, is two visitors' */
  RULE_TICKET,   /* a visitor has one live ticket, and keeps it */
  RULE_ENTRY,    /* a ticket enters once: one pass id, which is the ticket's */
  RULE_LOST,     /* who polls on time, and claims the turn in time, is never gone */
  RULE_STATE,    /* states change as they may: gone is gone, a turn is not taken back, nobody left who did not */
  RULE_POSITION, /* positions never rise */
  RULE_COUNTS,   /* issued = waiting + ready + entered + left + expired, as many as the visitors saw */
  RULE_TIME,     /* no call takes longer than it may */
  RULE_ERRORS,   /* no errors but those that faults excuse */
  RULE_COMPLETE, /* the history holds all that happened */
  RULE_COUNT
};

struct rules {
  double rate_per_s; /* until it is changed */
  uint64_t burst;
  uint64_t max_active;  /* 0: no limit */
  int64_t session_us;   /* the longest life of a session, with all that the library may add */
  int64_t claim_us;     /* how long a turn can be claimed, at least */
  int64_t on_time_us;   /* a visitor who calls this often is not silent */
  int64_t slack_us;     /* by how much the store's clock, and the age of a view, may be wrong */
  int64_t unflushed_us; /* a killed node takes with it the heartbeats of so long before */
  int64_t poll_us;      /* what a poll may take: it never waits for the store; 0: any time */
  int64_t call_us;      /* what any other call may take */
  int may_skip;         /* numbers may be skipped: the store may have lost some, as far as the nodes can know */
  int allow_errors;     /* the store may fail, and calls with it */
};

struct verdict {
  uint64_t violations[RULE_COUNT];
  char first[RULE_COUNT][240];
  uint64_t events, tickets, entries, left, expired, missed_turns, unknown, errors, losses;
  double tightest;                    /* the highest share of the entry limit that was used in an interval */
  uint64_t most_taken;                /* the most slots that were certainly taken at one moment */
  uint64_t second_tickets;            /* after a loss: visitors who got a second ticket while the first lived */
  int64_t age_us[4];                  /* of polls' views: median, 90th and 99th per cent, most */
  int64_t took_us[EVENT_EXIT + 1][3]; /* of calls: median, 99th per cent, most */
};

void check_history(const struct history *history, const struct rules *rules, struct verdict *verdict);

/* 1 when no rule was broken. */
int verdict_is_good(const struct verdict *verdict);
void verdict_print(const struct verdict *verdict, FILE *file);
const char *rule_text(enum rule rule);

#endif
