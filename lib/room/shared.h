/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_SHARED_H
#define WAITQ_ROOM_SHARED_H

/* What a room of a shared store has besides: how far it knows what others did, and when what is due that nobody asks for. */

#include <stdatomic.h>

#include "context/io.h"
#include "room/gather.h"
#include "room/loss.h"
#include "room/round.h"
#include "room/shown.h"

/* How many requests go through the room in one round: there is room for the fewer at first, and for the more where they come. */
#define WAITQ__ROUND_LEAST 64
#define WAITQ__ROUND_MOST 512

/* The version of a room that is not known yet. */
#define WAITQ__VERSION_NONE UINT64_MAX

struct waitq__shared {
  _Atomic int64_t offset_us; /* the store's time minus the context's */
  int64_t asked_us;          /* the room's time when the last exchange that was answered was begun */
  _Atomic int64_t heard_us;  /* and the last one whose answer told all that others had done */
  _Atomic int is_cut_off;    /* the last exchange failed */
  _Atomic int64_t born_us;   /* when the room was made, as far as is known */
  _Atomic uint64_t
      over_epoch; /* the latest epoch that was seen to end by a reset: its tickets are of no use, whatever becomes of the room */
  int64_t stored_born_us;      /* the same by the store's time */
  int has_offset;              /* offset_us was measured */
  int is_away;                 /* the store's clock is far from where it was */
  int64_t offset_set_us;       /* when it was last changed, or found to be right */
  int unreadable;              /* why the state that the store has cannot be read, as a code; 0: it can */
  int is_behind;               /* not all that belongs to the state has been told: nothing is committed on top of it */
  uint64_t change;             /* the last change that is known */
  uint64_t seen_change;        /* the last change of polls that is known */
  int has_losses;              /* losses is known */
  uint64_t losses;             /* how often the room was put back after a loss */
  uint64_t shown_losses;       /* the last of these times of which readers know the gap */
  int64_t stood_us;            /* for how long nobody kept the room */
  uint32_t nodes;              /* how many contexts keep it */
  int64_t joined_since_us;     /* since when this one has heard the store without a gap, by the monotonic clock */
  int64_t exchanged_us;        /* when the last exchange ended, by the monotonic clock */
  int64_t told_us;             /* the same of the last one that told all that others had done */
  int64_t slowest_us;          /* how long exchanges take at most, of late */
  int64_t stepped_us;          /* when time was last let do its work */
  int has_stepped;             /* the newest state is of this context */
  int64_t tried_us;            /* when an exchange was last begun for its own sake */
  int64_t patrolled_us;        /* when silent visitors were last looked for */
  int64_t flushed_us;          /* when polls were last told */
  uint64_t flushed_epoch;      /* in which epoch */
  uint64_t flushed_generation; /* and up to which generation */
  struct waitq__io_work work;
  struct waitq__gather gather;
  struct waitq__shown_ring shown;
  struct waitq__loss loss;
  struct waitq__round round;
  void *space; /* the arrays of the round */
  uint32_t capacity;
};

/* Whether the store is shared, and the last exchange with it failed. */
static inline int waitq__room_is_cut_off(const waitq_room_t *room) {
  return room->shared != NULL && atomic_load_explicit(&room->shared->is_cut_off, memory_order_relaxed);
}

#endif
