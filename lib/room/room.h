/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_ROOM_H
#define WAITQ_ROOM_ROOM_H

/* The inside of a room: its state and ledger, the lock that writers hold, and the views that readers read.
 *
 * Every change goes the same way (round.h): under the lock it is computed on a copy of the state; the store accepts it or not; and only
 * then it is put into state and ledger, and a view of them is published. So a failure changes nothing.
 * Functions named waitq__room_... are called with the lock held, unless they say otherwise. */

#include <pthread.h>

#include <waitq/queue.h>
#include <waitq/room.h>
#include <waitq/store.h>

#include "context/context.h"
#include "core/ledger.h"
#include "core/state.h"
#include "core/sweep.h"
#include "eta/reference.h"
#include "room/silence.h"
#include "room/totals.h"
#include "room/view.h"
#include "token/ticket.h"

/* Chunks with bits that the store has not been told of: what a sweep found. */
struct waitq__unsaved {
  uint64_t begin;
  uint64_t end;
};

/* What the forecast rests on: when it is no more so, another is made. */
struct waitq__drawn {
  int64_t folded_us;
  int64_t rate_changed_us;
  int64_t goes_on_us;
  uint64_t epoch;
  uint64_t phase;
  uint64_t plan_count;
  uint64_t max_active;
  uint64_t eta_model;
};

struct waitq__request;
struct waitq__shared;

struct waitq_room {
  struct waitq__named named;
  waitq_t *context;
  uint64_t handles;
  void *stored; /* the store's own */
  unsigned char ticket_keys[WAITQ__KEYS_MAX][WAITQ__TICKET_KEY_SIZE];
  unsigned char visitor_keys[WAITQ__KEYS_MAX][WAITQ__TICKET_KEY_SIZE];
  _Atomic size_t ticket_key_count;
  _Atomic size_t visitor_key; /* which of them hashes visitors */
  size_t keys_derived;        /* from so many of the context's */
  int has_key_id;             /* the key that the room names was looked for: */
  uint32_t key_id;

  struct waitq__totals totals; /* for waitq_metrics() */

  pthread_mutex_t lock;
  struct waitq__request *queue; /* what is to take part in the next round */
  struct waitq__request **queue_end;
  struct waitq__request *finished; /* submitted requests that are over */
  struct waitq__request **finished_end;
  uint64_t rounds;              /* how many have begun */
  unsigned conflicts_in_a_row;  /* rounds that others came before */
  int is_led;                   /* a round is under way */
  int brings_forward;           /* this round began with a request that needs one to begin with, if there was any */
  unsigned sleepers[2];         /* callers waiting for the end of a round, by its parity */
  pthread_cond_t turned[2];     /* where they wait */
  struct waitq__shared *shared; /* what is known of a room of a shared store; NULL where the store is in the process */

  struct waitq__state state;
  uint64_t version;
  uint64_t join_limit;
  int64_t due_us;
  int64_t late_us; /* when a poll could not do what was due, as a store in the process failed; 0: it is done */
  struct waitq__ledger ledger;
  struct waitq__sweep silent;
  struct waitq__sweep sessions;
  struct waitq__unsaved unsaved[2]; /* by kind of sweep */
  struct waitq__reference reference;
  uint64_t reference_total; /* turns that the reference has been told of */
  struct waitq__forecast forecast;
  struct waitq__drawn drawn;
  int64_t drawn_us; /* when the forecast was made */
  int is_guess;     /* it rests on nothing */
  struct waitq__silence silence;

  struct waitq__views views; /* read without the lock */
  struct waitq__tables tables;
};

/* How many chunks a call may sweep on its way: a poll, any other call, and one that finishes all there is. */
enum { WAITQ__SWEEP_POLL = 4, WAITQ__SWEEP_CALL = 16, WAITQ__SWEEP_ALL = 0x7fffffff };

/* A new state, and what is committed with it. */
struct waitq__change {
  const waitq_store_bits *bits;
  uint32_t bits_count;
  uint32_t clear_planes;
  const struct waitq__state *state;
};

/* Whether nobody else writes to the store. */
static inline int waitq__room_is_in_process(const waitq_room_t *room) {
  return room->shared == NULL;
}

/* The checks that every call on a room begins with. */
int waitq__room_guard(const waitq_room_t *room, waitq_error *error);

/* Hands a change to a store in the process and takes over its state. */
int waitq__room_commit(waitq_room_t *room, const struct waitq__change *change, waitq_error *error);

/* Reads the room from a store in the process. */
int waitq__room_load(waitq_room_t *room, waitq_error *error);

/* Begins a new epoch, to which such a store has agreed. */
void waitq__room_empty(waitq_room_t *room, uint64_t epoch, const struct waitq__state *state, uint64_t join_limit);

/* Makes a view of state and ledger, and publishes it. */
void waitq__room_publish(waitq_room_t *room);

/* Notes that a chunk has bits which the store has not been told of. */
void waitq__unsaved_add(struct waitq__unsaved *unsaved, uint64_t first);

/* Tells the store what sweeps have found. What it could not be told it is told by the next call. */
int waitq__room_save_swept(waitq_room_t *room);

/* Tells the store who polled when. */
int waitq__room_save_polls(waitq_room_t *room);

/* Turns given so far, as far as this process knows: only differences mean something. */
uint64_t waitq__room_turns(const waitq_room_t *room);

/* One bit as a run of one word. */
waitq_store_bits waitq__one_bit(unsigned plane, uint64_t number, uint64_t *word);

/* The state of a ticket of the current epoch. */
uint32_t waitq__room_ticket_state(const struct waitq__ledger *ledger, const struct waitq__view *view, uint64_t number);

/* The room's time: its context's, or the shared store's; without the lock. */
int64_t waitq__room_now(const waitq_room_t *room);

/* How old what is known of a shared store is; without the lock. */
int64_t waitq__room_age_ms(const waitq_room_t *room, int64_t now_us);

/* Fills in a status, by the newest view; without the lock. */
void waitq__room_status(const waitq_room_t *room, const struct waitq__ticket *ticket, int64_t now_us,
                        waitq_status *status);

/* The same, beginning with a view whose hot part was just read. */
void waitq__room_status_by(const waitq_room_t *room, struct waitq__view *view, const struct waitq__ticket *ticket,
                           int64_t now_us, waitq_status *status);

/* Reads and checks a ticket's text; without the lock. */
int waitq__room_read_ticket(const waitq_room_t *room, const char *text, struct waitq__ticket *ticket,
                            waitq_error *error);

#endif
