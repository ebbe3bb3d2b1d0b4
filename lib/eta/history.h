/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_HISTORY_H
#define WAITQ_ETA_HISTORY_H

/* What has been learnt of a line: about 2 KB, which ride in the state of a room, so that whoever opens it knows as much as all others.
 *
 * It is folded about once a second by whoever commits a step of the room, and so each second counts once. */

#include "eta/ages.h"
#include "eta/calibration.h"
#include "eta/curve.h"
#include "eta/line.h"
#include "eta/presence.h"
#include "eta/ratio.h"

#define WAITQ__FOLD_US 1000000

enum waitq__history_flag {
  WAITQ__HISTORY_FOLDED = 1,  /* something was folded */
  WAITQ__HISTORY_WAITED = 2,  /* somebody waited at the last fold, and turns were given */
  WAITQ__HISTORY_BUCKET = 4,  /* and nothing but the bucket bound */
  WAITQ__HISTORY_STALLED = 8, /* the line stands, and nothing says why */
};

struct waitq__history {
  int64_t folded_us;
  int64_t moved_us; /* when a turn was given last, or might have been for the first time */
  uint64_t head;    /* the head of the line at the last fold */
  uint64_t used;    /* what the bucket had given up to then */
  uint64_t gone;    /* who had left without a turn up to then, in whatever way */
  uint64_t left;    /* who had said so */
  double told[2];   /* of those who leave: how many said so, and how many there are */
  uint64_t flags;
  double pending_units; /* turns that were allowed, and seconds that passed, since then */
  double pending_s;
  struct waitq__ratio allowed; /* turns for each that the bucket allowed */
  struct waitq__ratio returns; /* turns that were given back unused, a second */
  struct waitq__presence presence;
  struct waitq__ages sessions;
  struct waitq__mixture session_length; /* as a distribution */
  struct waitq__ages visitors;
  struct waitq__calibration calibration;
};

void waitq__history_init(struct waitq__history *history, int64_t now_us);

/* Forgets the places of a line that has ended; what was learnt stays. */
void waitq__history_new_line(struct waitq__history *history, int64_t now_us);

/* How long the line may give no turn before it is said to stand, in seconds. */
double waitq__history_patience(const struct waitq__history *history, const struct waitq__line *line);

/* Whether a line has given no turn for so long that it may well be standing. */
int waitq__history_may_stand(const struct waitq__history *history, const struct waitq__line *line, uint64_t turns);

/* Takes note of the turns that were given since the last fold, and of how many of them the bucket has made: the others were given back
 * unused. Cohorts were counted by the caller. */
void waitq__history_fold(struct waitq__history *history, const struct waitq__line *line, double turns, double paid);

/* Takes note of how many have left, and how many of them with a word, by counters. */
void waitq__history_note_left(struct waitq__history *history, uint64_t gone, uint64_t left);

/* The part of those who leave that say so. */
double waitq__history_told(const struct waitq__history *history);

/* What follows for a line; its segments are the caller's to fill in before the curve is drawn. */
struct waitq__outlook {
  struct waitq__lifetime session_length;
  struct waitq__lifetime patience;
  struct waitq__lifetime presence;
  struct waitq__prospect prospect;
};

void waitq__history_read(const struct waitq__history *history, const struct waitq__line *line,
                         struct waitq__outlook *outlook);

/* Why the line moves as it does: one of enum waitq_reason. */
uint32_t waitq__history_reason(const struct waitq__history *history, const struct waitq__line *line);

/* Whether this can be one. */
int waitq__history_is_sound(const struct waitq__history *history);

#endif
