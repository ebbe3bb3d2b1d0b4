/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_LOSS_H
#define WAITQ_ROOM_LOSS_H

/* How entries go on while a shared store cannot be reached, as the room's policy says (on_store_loss).
 *
 * Who enters meanwhile gets the pass that it would have got: a pass is a function of its ticket. That it has entered is noted here, and told
 * to the store when it is back. A newcomer cannot be given a number; where the policy lets everybody in, it gets a stand-in: a ticket of epoch 0,
 * which no room ever has, good for one entry while the store is away and STALE afterwards. */

#include "core/bucket.h"
#include "room/room.h"
#include "token/pass.h"

/* A ticket that entered while the store was away, and when. */
struct waitq__late_entry {
  uint64_t number;
  int64_t entered_us;
};

struct waitq__late {
  struct waitq__late_entry *entries;
  uint64_t epoch;
  uint32_t count;
  uint32_t capacity;
};

struct waitq__loss {
  struct waitq__late late;
  struct waitq__bucket bucket; /* this context's share, where the policy is LOCAL */
  int is_counting;             /* it has been filled since the store went away */
};

/* Whether a ticket is a stand-in. */
static inline int waitq__is_stand_in(const struct waitq__ticket *ticket) {
  return ticket->epoch == 0;
}

/* Whether stand-ins are good for something now; without the lock. */
int waitq__loss_is_open(const waitq_room_t *room, const struct waitq__view *view);

/* A stand-in for a visitor. 0, or a negative error code. */
int waitq__loss_stand_in(const waitq_room_t *room, int64_t now_us, struct waitq__ticket *ticket, waitq_error *error);

/* What becomes of an entry while the store is away. Under the lock. */
void waitq__loss_enter(waitq_room_t *room, const struct waitq__ticket *ticket, int64_t now_us, waitq_pass *pass,
                       struct waitq__pass_content *content);

/* Whether there is something to tell the store; under the lock. And telling it, without. */
int waitq__loss_is_due(const waitq_room_t *room);
int waitq__loss_tell(waitq_room_t *room, int64_t now_us, waitq_error *error);

void waitq__loss_free(struct waitq__loss *loss, const waitq_allocator *allocator);

#endif
