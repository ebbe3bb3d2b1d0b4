/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_ADAPT_H
#define GATEWAY_ADAPT_H

/* The rate of an event, by what its backends report. Pure: time is a parameter, and orders are given, not carried out.
 *
 *     unwell       rate x decrease x (share of requests that were served), but at least half of the rate
 *     healthy      rate + increase_per_s, where the rate is made use of
 *     in between   as it is
 *
 * Additive increase and multiplicative decrease are what lets several controllers share one resource fairly (D.-M. Chiu, R.
 * Jain, "Analysis of the increase and decrease algorithms for congestion avoidance in computer networks", 1989). A cut by
 * how much was too much, and not always by half, is from RFC 8257; that a rate which is not used proves nothing, from RFC
 * 7661. Healthy is at most half of the errors and four fifths of the latency that are allowed: what lies between that and
 * unwell changes nothing.
 *
 * A breaker stands before that. It opens when more than trip_error_ratio of the requests fail, when none is served, or when
 * all who reported have fallen silent: then the rate is the lowest. When reports come again it is half open, and the lowest
 * rate probes; while probes do well the rate doubles up to what it was, times decrease, and from there it goes as above.
 *
 * With a rate of 500/s before a backend that takes 300: 40 % are shed; 500 x 0.9 x 0.6 = 270/s; from there up by 20/s (of at
 * most 1,000/s) every five seconds, to 310/s, where 3 % are shed; 271/s, and so on.
 *
 * Several gateways may each have one of these for the same room. Then what all share is the rate itself: each computes from
 * the rate in force, and a change made by any of them starts everybody's interval anew. Two that decide at the same instant
 * set nearly the same rate, and not twice the change. A rate outside the bounds has been set by an operator, and is left
 * alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapt_policy.h"

#define ADAPT_SOURCES_MAX 16
#define ADAPT_SOURCE_NAME_MAX 64

enum adapt_state {
  ADAPT_UNHEARD, /* nobody has reported yet: nothing is done */
  ADAPT_CLOSED,  /* the breaker is: admissions flow */
  ADAPT_OPEN,
  ADAPT_PROBING, /* half open */
};

/* Counters are since the source began: a report that is lost loses nothing, and one that comes twice counts once. */
struct adapt_report {
  char source[ADAPT_SOURCE_NAME_MAX + 1];
  uint64_t served, shed, failed;
  double p95_ms; /* of the time since the last report */
};

struct adapt_source {
  struct adapt_report last;
  int64_t heard_ms;
  bool is_used;
};

/* What was reported since a change, and a while. */
struct adapt_window {
  bool has_begun;
  int64_t began_ms;
  uint64_t entered; /* of the room, then */
  uint64_t served, shed, failed;
  double latency_sum; /* of p95_ms, times the requests that it is of */
};

struct adapt {
  struct adapt_source sources[ADAPT_SOURCES_MAX];
  struct adapt_window window;
  enum adapt_state state;
  double rate_per_s; /* as seen last; 0: not yet */
  int64_t changed_ms;
  double back_to;           /* where probing ends */
  double bad_ratio, p95_ms; /* of the last window that was looked at */
  uint64_t raised, lowered, tripped;
};

/* What a room looks like. */
struct adapt_look {
  int64_t now_ms; /* monotonic, as in all of these calls */
  double rate_per_s;
  uint64_t entered;
  bool is_flowing; /* visitors enter: it is not paused, closed, or yet to open */
  bool may_pause;  /* and a pause would end as what it is now */
};

enum adapt_reason { ADAPT_HEALTHY, ADAPT_PROBED, ADAPT_SLOW, ADAPT_ERRORS, ADAPT_DOWN, ADAPT_SILENT };

struct adapt_order {
  double rate_per_s;
  bool pauses; /* for pause_ms */
  enum adapt_reason reason;
};

/* Takes a report in; false where there are as many sources as may be. */
bool adapt_take(struct adapt *adapt, const struct adapt_report *report, int64_t now_ms);

/* Looks at a room; true where an order is to be carried out. To be called about once a second. */
bool adapt_decide(struct adapt *adapt, const struct adapt_policy *policy, const struct adapt_look *look,
                  struct adapt_order *order);

/* How many sources have reported of late. */
size_t adapt_sources(const struct adapt *adapt, const struct adapt_policy *policy, int64_t now_ms);

const char *adapt_state_name(enum adapt_state state);
const char *adapt_reason_name(enum adapt_reason reason);

#endif
