/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef RUSH_HISTORY_H
#define RUSH_HISTORY_H

/* What the visitors saw, and when. The verdict is computed from this alone, never from counters of the library.
 *
 * Each worker writes its own history into memory that was allocated before the start. */

#include <stdint.h>
#include <waitq/queue.h>

/* One visitor. Time stamps are taken just before and just after a call; 0 means that it never happened. */
struct visit {
  int64_t join_begin_ns;   /* first join: of a join that was repeated, the first call */
  int64_t join_end_ns;     /* the call that gave the ticket */
  int64_t waited_begin_ns; /* when WAITING was true for the last time, as far as a join or poll has told */
  int64_t ready_end_ns;    /* the first answer READY */
  int64_t enter_begin_ns;  /* the call that gave the pass, or the first of those before it whose outcome is not known */
  int64_t enter_end_ns;
};

/* One estimate, as a poll gave it. -1 ms: none was given. */
struct eta_sample {
  int64_t at_ns;
  uint32_t visitor;
  int32_t eta_ms, low_ms, high_ms;
};

struct history {
  struct visit *visits; /* by visitor */
  uint32_t visit_count;
  struct eta_sample *samples;
  uint32_t sample_count, sample_capacity;
  uint32_t sample_stride;  /* every n-th visitor's polls are sampled */
  uint64_t samples_lost;   /* for want of room */
  uint64_t position_rises; /* a poll told a higher position than the one before */
  uint64_t restored_rises; /* the same, and the poll said why: the store had lost something */
  uint64_t turns_revoked;  /* WAITING after READY */
};

/* Room for so many visitors; 0, or -1 when there is no memory. */
int history_init(struct history *history, uint32_t visitors, uint32_t samples, uint32_t sample_stride);
void history_free(struct history *history);

/* Records that a visitor was told WAITING, as of a moment. */
void history_waited(struct history *history, uint32_t visitor, int64_t at_ns);

/* Records an estimate, if the visitor is one of those sampled. */
void history_sample(struct history *history, uint32_t visitor, int64_t at_ns, const waitq_status *status);

#endif
