/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef GATEWAY_CALL_H
#define GATEWAY_CALL_H

/* A call into the library that does not answer at once: it waits for its room to be opened, for the store, or for the thread of
 * errands. A loop keeps those that are over for the next ones. */

#include <stdbool.h>
#include <stdint.h>

#include <waitq/waitq.h>

#include "adapt.h"
#include "errands.h"
#include "hold.h"
#include "request.h"
#include "rooms.h"
#include "visit.h"

struct scrape;

/* Why there is no room, besides the library's codes. */
enum { CALL_NO_SUCH_EVENT = -1000, CALL_TOO_MANY_EVENTS = -1001 };

struct call {
  struct errand errand; /* first: it is what is told from */
  struct call *next_waiting;
  struct visit *visit;
  struct room *room;
  void (*start)(struct call *call);            /* the room is open */
  void (*refuse)(struct call *call, int code); /* there is none */
  void (*finish)(struct call *call);           /* what was submitted has ended, with call->code */
  int code;
  waitq_error error;
  const char *visitor; /* lives as long as the request */
  size_t visitor_length;
  struct token token;
  waitq_ticket ticket;
  waitq_status status;
  waitq_pass pass;
  struct hold hold;
  union {
    struct call_admin {
      int action;
      double number;
      int64_t at_ms;
    } admin;
    struct adapt_report report;
    struct scrape *scrape;
  };
};

/* A call for a visit; NULL when there is no memory, and the visit was answered. */
struct call *call_new(struct visit *visit);

/* Ends it. The visit has been answered, or is about to be. */
void call_free(struct call *call);

/* Answers a visit for which there is no room, and ends the call. */
void call_refuse(struct call *call, int code);

/* Goes on with call->finish: at once, where the store is in the process and the library has answered with code; otherwise, where
 * the call was submitted, when its completion has been collected. */
void call_answered(struct call *call, int code);
bool call_submitted(struct call *call, int code);

/* Runs call->errand.run in the thread of errands, and then call->finish. */
void call_errand(struct call *call, void (*run)(struct errand *errand));

static inline uint64_t call_tag(struct call *call) {
  return (uint64_t)(uintptr_t)call;
}

/* Collects completions, in the loop that watches their descriptor, and hands on those of other loops. */
void call_collect(struct loop *loop);

#endif
