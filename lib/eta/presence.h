/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ETA_PRESENCE_H
#define WAITQ_ETA_PRESENCE_H

/* How long visitors stay there without a word of leaving, as their turns tell: of those who had waited for so long when their turn came,
 * such a share did not use it.
 *
 * What is known ends where nobody has waited for longer yet, so it is continued: a share of all visitors leaves, after an
 * exponential time, and the others stay. Share and time are weighted by how well they explain what was seen.
 *
 * Example: 10 % of the turns after 30 s went unused, 16 % after 60 s and 20 % after 90 s: some 30 % leave, after about a minute and a
 * half on average, and of who waits for ten minutes as many will not be there. */

#include "eta/lifetime.h"

#define WAITQ__PRESENCE_BINS 8

struct waitq__presence {
  float turns[WAITQ__PRESENCE_BINS]; /* by how long was waited for them: bins of an octave */
  float unused[WAITQ__PRESENCE_BINS];
  float age_s[WAITQ__PRESENCE_BINS]; /* of those turns, on average */
  float given_per_s; /* turns, and how long was waited for them, when those that come back now were given */
  float given_age_s;
  float given_s; /* for how long turns have been given */
};

/* Takes note of turns that were given to who had waited for so long, and of how many came back, which were given delay_s earlier. */
void waitq__presence_add(struct waitq__presence *presence, double span_s, double turns, double age_s, double back,
                         double delay_s);

/* The chance to be there still, as a survival curve. Returns 0 where all turns are used, as far as is known. */
int waitq__presence_read(const struct waitq__presence *presence, struct waitq__lifetime *lifetime);

int waitq__presence_is_sound(const struct waitq__presence *presence);

#endif
