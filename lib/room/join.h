/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_ROOM_JOIN_H
#define WAITQ_ROOM_JOIN_H

/* A join: join.c reads what the caller gives and makes the answer, join_round.c is what happens in between, join_many.c is for many at once. */

#include "room/round.h"

struct waitq__join {
  struct waitq__request request;
  waitq_store_join asked;
  uint64_t epoch; /* of the ticket */
  uint32_t index; /* among the joins of its round */
  int asks;
  int is_cut_off; /* the store is away */
  int is_let_in;  /* and the visitor gets a stand-in */
};

/* Makes the request of a visitor who was checked. */
void waitq__join_prepare(struct waitq__join *join, const waitq_room_t *room, const waitq_visitor *visitor,
                         int64_t now_us, waitq_error *error);

int waitq__join_check_visitor(const waitq_visitor *visitor, waitq_error *error);

/* Sizes of what the caller passed; the first of an array counts for all. */
int waitq__join_check_targets(const waitq_ticket *tickets, const waitq_status *statuses,
                              const waitq_join_options *options, waitq_error *error);

/* Hands over the answer of a join that went well. status may be NULL. */
int waitq__join_answer(const waitq_room_t *room, const struct waitq__join *done, waitq_ticket *ticket,
                       waitq_status *status, waitq_error *error);

/* Has a store in the process carry out the joins of a round, one after the other, so that each finds what the ones before it have left: the
 * same as as many single joins. It stops where time has work to do before the next. */
int waitq__join_each(struct waitq__round *round);

#endif
