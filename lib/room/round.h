/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_ROUND_H
#define WAITQ_ROOM_ROUND_H

/* Rounds: how what callers ask of a room gets to the store and back.
 *
 * Requests gather in the room's queue. Whoever finds the room without a leader leads: takes what has gathered, lets each request add what it
 * asks for to one exchange with the store, carries that out, and lets each request make its answer of what came back. While a shared
 * store is asked, the room's lock is free, and further requests gather for the next round: the slower the store, the larger
 * the batches, as in the log of a database. A store in the process is asked under the lock, and there every caller leads its own round.
 *
 * A request goes through rounds until it is done:
 *
 *   plan    under the lock: looks at the state as this round has it so far, and adds to it
 *   settle  under the lock, after the exchange has succeeded: makes the answer, or asks for another round
 *
 *   cut_off under the lock, where a shared store cannot be reached: makes the answer that the room's policy wants
 *
 * When the state has moved on meanwhile (a conflict), what was planned is forgotten and planned again in the next round. When the
 * store fails otherwise, the request is over, with the store's code. */

#include <waitq/error.h>
#include <waitq/store.h>

#include "room/room.h"

struct waitq__round;

enum waitq__verdict {
  WAITQ__DONE,    /* the request is over; its code says how */
  WAITQ__PLANNED, /* it takes part in this round, and is settled at its end */
  WAITQ__LATER    /* it takes part in the next round */
};

struct waitq__request {
  struct waitq__request *next;
  enum waitq__verdict (*plan)(struct waitq__round *round, struct waitq__request *request);
  enum waitq__verdict (*settle)(struct waitq__round *round, struct waitq__request *request);
  enum waitq__verdict (*cut_off)(struct waitq__round *round,
                                 struct waitq__request *request); /* see below; may be NULL */
  void (*finish)(struct waitq__request
                     *request); /* of a submitted one: answers and frees it, without the lock; NULL: a caller waits */
  waitq_error *error;
  int64_t now_us; /* when it was made */
  int code;
  int wants_step;  /* time is to do its work in this round, whether or not anything is due */
  int holds_step;  /* it is not to do it in a round that begins with this request: something comes before */
  int goes_first;  /* it needs a round to begin with */
  int chunks;      /* how many chunks it may sweep on the way */
  int is_taken;    /* its effect has been had: a failure in a later round is none of its own */
  int is_free;     /* what it asks for is had whatever has become of the state */
  int has_news;    /* the store was asked for what may not be known here yet */
  int awaits_news; /* this round asks it: what comes is looked at in the next */
  int is_over;
  int failures;   /* how often the store could not be reached */
  int conflicts;  /* how often it was planned in vain */
  uint64_t round; /* in which it takes part */
};

struct waitq__round {
  waitq_room_t *room;
  int64_t now_us;
  waitq_store_bits *bits; /* to set with the commit, one ticket each */
  uint64_t *words;
  waitq_store_bits *marks; /* to set whatever the version, one ticket each */
  uint64_t *mark_words;
  uint64_t *touched; /* tickets that something is planned for */
  waitq_store_join *joins;
  uint32_t capacity; /* of members, touched and joins; of bits and marks there may be twice as many */
  uint32_t member_count;
  uint32_t bits_count;
  uint32_t mark_count;
  uint32_t touched_count;
  uint32_t join_count;
  uint32_t clear_planes;
  int join_code;      /* what became of the joins, where all else went well */
  int has_state;      /* state is the room's, as this round changes it */
  int commits;        /* it is to be committed */
  int is_exclusive;   /* nothing more goes with what is planned */
  int is_news;        /* something has come from the store that readers should see */
  int was_empty;      /* nobody waited before this round's joins */
  int trims;          /* the first chunk is done with */
  uint64_t new_epoch; /* 0: the same */
  /* of a shared store alone */
  int refreshes;   /* it is asked what others did, even if nothing else is asked */
  int wants_polls; /* it is asked who polled, instead of all else */
  int tells_polls; /* with what is marked, all polls that were heard here are told */
  int64_t
      untold_us; /* answer: how long ago the context that told its polls least lately did so; where wants_polls is set */
  int is_strict;  /* the commit counts only if nothing has changed meanwhile */
  int conflicted; /* the commit was not done, all else was */
  uint64_t next_min;
  const waitq_store_bits *unmarks;
  const waitq_store_shown *shown;
  uint32_t unmark_count;
  uint32_t shown_count;
  waitq_error failure;
  struct waitq__state state;
};

/* Puts a request behind those that wait. Under the lock. */
void waitq__room_queue(waitq_room_t *room, struct waitq__request *request);

/* Begins a round of a room that nobody leads, without the arrays. Under the lock, as the two below, of which one follows. */
void waitq__round_begin(struct waitq__round *round, waitq_room_t *room);

/* Carries out what has gathered, and frees the room for the next leader. The arrays are the leader's. */
void waitq__round_carry(struct waitq__round *round);

/* A round of no request: lets time do its work, as a poll can afford it. It needs no arrays. */
void waitq__round_look(struct waitq__round *round, int64_t now_us);

/* The state as this round has it so far, to be looked at, and to be changed. */
const struct waitq__state *waitq__round_state(const struct waitq__round *round);
struct waitq__state *waitq__round_change(struct waitq__round *round);

/* Whether something is planned for a ticket already: who comes second comes later. If not, it is noted that now something is. */
int waitq__round_touch(struct waitq__round *round, uint64_t number);

/* A bit to set together with the state that it was decided by. */
void waitq__round_bit(struct waitq__round *round, unsigned plane, uint64_t number);

/* A run of bits of one chunk to set together with the state, or whatever has become of it. Their words stay the caller's. */
void waitq__round_bits(struct waitq__round *round, const waitq_store_bits *bits);
void waitq__round_marks(struct waitq__round *round, const waitq_store_bits *bits);

/* A bit to set whatever has become of the state. */
void waitq__round_mark(struct waitq__round *round, unsigned plane, uint64_t number);

/* Whether a request asks for the latest of a shared store, for what is known here does not tell it what it expects: another context may have
 * done it a moment ago. If so, it takes part in this round for that alone, and is planned again in the next. At most once a request. */
int waitq__round_wants_news(struct waitq__round *round, struct waitq__request *request);

/* Ends a request with a failure. */
enum waitq__verdict waitq__request_fail(struct waitq__request *request, int code);

#endif
