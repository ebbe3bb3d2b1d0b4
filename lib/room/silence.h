/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_SILENCE_H
#define WAITQ_ROOM_SILENCE_H

/* Who in line has probably gone without a word, and when that will be noticed.
 *
 * At the end of each generation of polls the line is cut into strips of numbers, and for each is counted in which generation some of its
 * visitors were heard last. Who has not been heard for so long that nobody ever came back after as long a silence has gone, and will be swept when the
 * generation of the last word expires: until then the place is counted in every position behind it. How many come back after how
 * long a silence is learnt from one generation to the next.
 *
 * It is this process's own and rests on the polls it heard, so it is of use where it hears all of them.
 *
 * Example: visitors poll every 30 s, generations last 37 s. Of those not heard in one whole generation none is heard in the next:
 * they have gone, and will be swept 300 s after the end of the generation in which they were heard last. */

#include "core/ledger.h"
#include "core/state.h"
#include "eta/curve.h"

#define WAITQ__STRIPS 24

struct waitq__strip {
  uint32_t heard[WAITQ__WHEEL_SLOTS]; /* of those counted, how many were heard last in the generation of a slot */
};

struct waitq__silence {
  uint64_t epoch;
  uint64_t generation; /* that had just begun when it was counted; 0: never */
  uint64_t begin;      /* the number at which the first strip begins */
  uint64_t width;      /* of a strip, in numbers */
  uint32_t count;
  struct waitq__strip strips[WAITQ__STRIPS];
  double had[WAITQ__WHEEL_SLOTS];  /* silent for so many whole generations */
  double kept[WAITQ__WHEEL_SLOTS]; /* of those, still silent a generation later */
};

/* Counts, where a generation has ended since the last time. */
void waitq__silence_count(struct waitq__silence *silence, const struct waitq__state *state,
                          const struct waitq__ledger *ledger);

/* Whether anything is known of the line as it is. */
int waitq__silence_is_known(const struct waitq__silence *silence, const struct waitq__state *state,
                            const struct waitq__ledger *ledger);

/* Fills in the segments of a prospect. */
void waitq__silence_tell(const struct waitq__silence *silence, const struct waitq__state *state,
                         const struct waitq__ledger *ledger, struct waitq__prospect *prospect);

#endif
