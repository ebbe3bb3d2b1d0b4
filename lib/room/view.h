/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_VIEW_H
#define WAITQ_ROOM_VIEW_H

/* What polls know of a room: a copy of what the last step made, read without a lock.
 *
 * The writer holds the room's lock, fills the slot after the newest, and then names it the newest. A reader takes the
 * newest, and takes it again only if the writer has meanwhile come round the ring to it. So a reader waits for nobody,
 * not even for a writer that was stopped half way; and what it reads is of one moment.
 *
 * The hot part comes first: a poll of a waiting ticket reads no more than that. */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "core/state.h"
#include "eta/forecast.h"
#include "eta/table.h"

enum waitq__view_flag {
  WAITQ__VIEW_SWEEPING = 2, /* silent visitors are being looked for: whoever polls looks at itself */
  WAITQ__VIEW_RESTORING = 4 /* a shared store has lost something: whoever polls shows its ticket */
};

struct waitq__view {
  uint64_t epoch;
  uint64_t head;
  uint64_t had_turn; /* how many tickets below head were not gone when it passed them */
  uint64_t floor;
  uint64_t trim;
  int64_t now_us;   /* the room's time when the view was made: no answer is of an earlier one */
  int64_t due_us;   /* when there is something to do */
  int64_t heard_us; /* the room's time up to which a shared store's news are in it */
  uint64_t flags;
  uint64_t seen_slot;
  int64_t min_poll_us;
  int64_t max_poll_us;
  uint64_t phase;
  struct waitq__forecast forecast;
  struct waitq__state state; /* the cold part */
};

/* All but the history in the state, which no reader needs. */
#define WAITQ__VIEW_WORDS ((offsetof(struct waitq__view, state) + offsetof(struct waitq__state, history)) / 8)
#define WAITQ__VIEW_HOT_WORDS (offsetof(struct waitq__view, state) / 8)
#define WAITQ__VIEW_SLOTS 4

struct waitq__views {
  _Atomic uint64_t newest; /* counts publications; the slot is its remainder */
  _Atomic uint64_t slots[WAITQ__VIEW_SLOTS][WAITQ__VIEW_WORDS];
};

/* Tables are made anew once a second, and read by halves of a knot: a ring of their own. */
struct waitq__tables {
  _Atomic uint64_t newest;
  _Atomic uint64_t slots[WAITQ__VIEW_SLOTS][WAITQ__TABLE_WORDS];
};

/* Publishes a view. Under the room's lock. */
void waitq__views_publish(struct waitq__views *views, const struct waitq__view *view);

/* Publishes a table. Under the room's lock, before the view whose forecast asks for it. */
void waitq__tables_publish(struct waitq__tables *tables, const struct waitq__table *table);

/* Looks up who has so many ahead, in the newest table. Returns 0 where nothing is known. */
int waitq__tables_find(const struct waitq__tables *tables, double ahead, struct waitq__guess *guess);

/* Reads the first words of the newest view. */
void waitq__views_read(const struct waitq__views *views, struct waitq__view *view, unsigned words);

#endif
