/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_SIMULATION_ETA_SCENARIO_H
#define WAITQ_SIMULATION_ETA_SCENARIO_H

/* What a simulated room goes through, and which parts of it are scored.
 *
 * Visitors come by a Poisson process: a surge that dies away with a time constant, or a recorded day scaled to a number of
 * visitors. Some lose patience and leave, telling so or falling silent. Who enters holds a session, or is a request
 * to a backend that serves so many a second. Rates change, and backends stop, with or without a word to the room.
 *
 * A scenario is scored in spans: polls of probes between two moments, each span a line of the table. */

#include <stdint.h>

#define SCENARIO_CHANGES 4
#define SCENARIO_SPANS 4
#define SCENARIO_MODES 2

/* A share of the sessions: lognormal with this median and this standard deviation of the logarithm, or, with a sigma of zero,
 * exponential with the median as its mean. */
struct scenario_mode {
  double share;
  double median_s;
  double sigma;
};

struct scenario_change {
  double at_s;
  double rate_per_s;
};

struct scenario_span {
  const char *name;
  double from_s;
  double to_s;   /* 0: the end */
  int is_hidden; /* something is coming, or has come, that nobody was told */
};

/* How the answer of one who knows everything but the future dice is found: see ceiling.h. */
enum scenario_ceiling { CEILING_NONE, CEILING_PLAN, CEILING_LEAVERS, CEILING_SLOTS, CEILING_POISSON };

struct scenario {
  const char *name;
  const char *text;

  /* the room */
  double rate_per_s;
  uint64_t burst;
  uint64_t max_active;
  double heartbeat_s;
  double claim_s;
  uint32_t eta_model; /* 0: the default */
  double session_s;   /* how long one may last; 0: an hour, longer than all but one in ten thousand */

  /* visitors */
  double visitors;
  double surge_s; /* time constant of the surge; it is over after arrivals_s */
  double arrivals_s;
  const char *trace; /* a recorded day instead of the surge */
  double minute_s;   /* how long a minute of that day takes; 0: 60 s */
  double from_start; /* how many stand in line when the room is opened */
  double impatient;  /* the share of visitors who lose patience */
  double patience_s; /* after which time, on average; it is exponential */
  double tells;      /* the share of those who leave with a word */
  int skips;         /* the host gives back the turn of whoever is not there, at once */
  struct scenario_mode modes[SCENARIO_MODES];
  double backend_per_s; /* instead of sessions: what the backend serves in a second; 0: at once and any number */

  /* what happens */
  struct scenario_change changes[SCENARIO_CHANGES];
  int is_announced;
  double outage_from_s; /* the backend serves nobody, and nobody says so */
  double outage_to_s;

  /* how it is run */
  double tick_s; /* time passes in steps of this */
  double end_s;  /* no poll after it is scored; 0: until the last probe had its turn */
  double probes;
  enum scenario_ceiling ceiling;
  double quick;         /* what visitors, rates and slots are divided by in the quick form */
  unsigned seeds_times; /* few polls to score: so many times as many seeds; 0: 1 */
  struct scenario_span spans[SCENARIO_SPANS];
};

/* All of them, up to one without a name. */
extern const struct scenario scenarios[];

/* A scenario in small, for a quick look and for the tests: the same times, fewer visitors, probes and slots, lower rates. */
struct scenario scenario_in_small(const struct scenario *scenario);

/* The spans that a scenario has. */
unsigned scenario_spans(const struct scenario *scenario);

/* Whether a name asks for a scenario: its own, or that of one of its spans. */
int scenario_is_asked(const struct scenario *scenario, const char *name);

#endif
