/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_HOLD_H
#define GATEWAY_HOLD_H

/* Calls that came a moment too early and are kept until their instant, instead of being told to come again: a wheel of slots
 * of 4 ms in each loop. A call is never held beyond --enter-hold after it has come, and a gateway never holds more than
 * --max-held. */

#include <stdbool.h>
#include <stdint.h>

#include "h2o_loop.h"

struct call;
struct loop;

#define HOLD_SLOTS 256
#define HOLD_SLOT_MS 4

/* A call's part of it. */
struct hold {
  h2o_linklist_t link;
  uint64_t due_ms;
  uint64_t until_ms; /* beyond which it is not held; 0: it has not been held yet */
  bool is_over;      /* it is not held again */
};

struct holds {
  struct loop *loop;
  h2o_timeout_t step;
  h2o_timeout_entry_t tick; /* linked while a call is held */
  h2o_linklist_t slots[HOLD_SLOTS];
  uint64_t looked_at; /* the slot of time that was looked at last */
  uint32_t count;
  bool is_ending;
};

void holds_init(struct holds *holds, struct loop *loop);

/* Has call->start called again after so many ms. Where the client has gone by then, or the gateway ends before, call->finish is
 * called instead, with the pass that it had, and the call cannot be held any more. False where the call may not be held. */
bool hold_call(struct call *call, int64_t ms);

/* Ends the time of all that are held, and holds none any more. */
void holds_end(struct holds *holds);

#endif
