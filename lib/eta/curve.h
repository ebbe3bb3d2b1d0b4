/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_CURVE_H
#define WAITQ_ETA_CURVE_H

/* When the turn of each place in line comes: the line is let run ahead in steps of time, as it is expected to.
 *
 * In each step the bucket makes tokens at the rate that is announced for then, times the factor that the line has kept to of
 * late; sessions end as their ages say, those that have begun on the way among them; and the lesser of tokens and free
 * slots is how many turns are given. Who has left by then is passed over. What comes out is a curve of knots, between which it is
 * straight: exactly so where the bucket binds, and nearly so elsewhere, as steps are short at first and longer later.
 *
 * Example: 500/s, nobody leaves: knots at 0 and at any later moment t, there with 500 t ahead. */

#include "eta/lifetime.h"
#include "eta/line.h"

#define WAITQ__KNOTS 48
#define WAITQ__SEGMENTS (WAITQ__COHORTS + 1)
#define WAITQ__SWEEPS 10

/* Neighbours in line who have waited for about the same time. */
struct waitq__segment {
  double end;         /* how many stand up to its end */
  double age_s;       /* how long they have waited */
  double sure;        /* the part that has gone for sure */
  double known_age_s; /* the others were there when they had waited for so long */
  double
      swept[WAITQ__SWEEPS]; /* the part that is taken out of line by each of the sweeps to come, and those before it */
};

/* What is expected of a line. */
struct waitq__prospect {
  const struct waitq__line *line;
  double factor;                                /* turns for each that the bucket allows */
  double factor_error;                          /* of that, as a part of it */
  const struct waitq__ages *sessions;           /* NULL where their number is not limited */
  const struct waitq__lifetime *session_length; /* of them */
  const struct waitq__lifetime *patience;       /* NULL where nobody is likely to leave */
  const struct waitq__lifetime *presence;       /* NULL where nobody lets a turn pass */
  double silence_s;      /* after how long a silence somebody is taken out of line; 0: of silence nothing is known */
  double unused;         /* the part of turns of late that nobody used */
  double told;           /* the part of those who leave that say so */
  double returned_per_s; /* how many unused turns come back of late */
  double claim_s;        /* after which time an unused turn is given to another */
  double unknown;        /* how much of what visitors do has not been seen yet: 0 to 1 */
  double sweep_s[WAITQ__SWEEPS]; /* when the silent are taken out of line */
  struct waitq__segment segments[WAITQ__SEGMENTS];
  unsigned segment_count;
};

struct waitq__curve {
  unsigned count; /* 0: nothing can be said */
  int is_open;    /* places beyond the last knot follow; otherwise they never get a turn, as far as is announced */
  double ahead[WAITQ__KNOTS];
  double wait_s[WAITQ__KNOTS];
  double error_s[WAITQ__KNOTS]; /* a standard deviation */
  double slack_s[WAITQ__KNOTS]; /* by how much the wait may be shorter, for reasons that nothing is known of */
};

/* The error of the shortest wait, in seconds: turns come in steps, and are seen late. */
double waitq__curve_grain(void);

/* How much shorter a wait may be as long as nothing is known of who leaves, as a part of it. */
double waitq__curve_slack(void);

void waitq__curve_draw(const struct waitq__prospect *prospect, struct waitq__curve *curve);

#endif
