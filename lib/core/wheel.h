/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_CORE_WHEEL_H
#define WAITQ_CORE_WHEEL_H

/* Time limits for millions of tickets without a timer: generations.
 *
 * Time is cut into generations of ttl / 8. Whatever happens to a ticket (a poll, an entry, a turn) is noted in the current
 * generation. A generation expires ttl after its end: by then each ticket noted in it and in none of the later
 * ones has been quiet for at least ttl, at most ttl * 9 / 8 and a grain. Generations live in a ring of slots.
 *
 * Example: ttl 8 s, generations of 1 s. A poll at 0.3 s is noted in generation 0, which ends at 1 s and expires at 9 s: the
 * visitor is taken for gone after 8.7 s of silence. */

#include <stdint.h>

#define WAITQ__WHEEL_DIVISIONS 8
#define WAITQ__WHEEL_SLOTS 10

struct waitq__wheel {
  int64_t ttl_us;
  int64_t grain_us; /* deadlines are rounded up to multiples of this */
  uint64_t oldest;  /* the first generation that has not been retired */
  uint64_t current; /* the generation in which things are noted now */
  int64_t ends_us;  /* when the current one ends */
  int64_t begins_us[WAITQ__WHEEL_SLOTS];
  int64_t expires_us[WAITQ__WHEEL_SLOTS];
  uint64_t retired; /* slots of generations from oldest on that have been retired before it, as a mask */
};

void waitq__wheel_init(struct waitq__wheel *wheel, int64_t ttl_us, int64_t grain_us, int64_t now_us);

static inline unsigned waitq__wheel_slot(uint64_t generation) {
  return (unsigned)(generation % WAITQ__WHEEL_SLOTS);
}

/* Opens the next generation if the current one has ended. Where all slots are taken (the ttl was made shorter), the current one
 * goes on instead. */
void waitq__wheel_roll(struct waitq__wheel *wheel, int64_t now_us);

/* The slots of the generations that have expired at now and are not retired, as a mask. After a ttl was made shorter, a later
 * generation may expire before an earlier one. */
uint32_t waitq__wheel_expired_slots(const struct waitq__wheel *wheel, int64_t now_us);

/* The slots of the generations that have not expired at now, as a mask; the current one never has. */
uint32_t waitq__wheel_live_slots(const struct waitq__wheel *wheel, int64_t now_us);

/* Retires generations: their slots can be used again once all before them are retired. */
void waitq__wheel_retire(struct waitq__wheel *wheel, uint32_t slots);

/* The slots of the generations that later has retired and earlier had not, as a mask. */
uint32_t waitq__wheel_retired_since(const struct waitq__wheel *earlier, const struct waitq__wheel *later);

/* When a generation expires. */
static inline int64_t waitq__wheel_deadline(const struct waitq__wheel *wheel, uint64_t generation) {
  return wheel->expires_us[waitq__wheel_slot(generation)];
}

/* When a generation began. */
static inline int64_t waitq__wheel_begin(const struct waitq__wheel *wheel, uint64_t generation) {
  return wheel->begins_us[waitq__wheel_slot(generation)];
}

/* The next moment at which a generation ends or expires. */
int64_t waitq__wheel_next(const struct waitq__wheel *wheel);

/* Another ttl. A longer one holds from now on: the current generation ends, or, where all slots are taken, its deadline gets later. A
 * shorter one holds from the next generation on, which begins within an eighth of it. Deadlines already given are kept. */
void waitq__wheel_set_ttl(struct waitq__wheel *wheel, int64_t ttl_us, int64_t now_us);

/* What is noted up to now counts, though the current generation should have ended before: it ends now, or a little later. */
void waitq__wheel_prolong(struct waitq__wheel *wheel, int64_t now_us);

/* Moves all deadlines later: time stood still. */
void waitq__wheel_shift(struct waitq__wheel *wheel, int64_t by_us);

#endif
