/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_STORE_REDIS_ANSWER_H
#define WAITQ_STORE_REDIS_ANSWER_H

/* What exchange.lua and join.lua answer. */

#include <waitq/error.h>
#include <waitq/store.h>

#include "store/redis/codec.h"

enum waitq__answer_code { WAITQ__ANSWER_OK, WAITQ__ANSWER_LOSS, WAITQ__ANSWER_OTHER_EPOCH };

struct waitq__answer {
  enum waitq__answer_code code;
  int64_t now_us;
  uint64_t next;
  uint64_t change;
  uint64_t losses;
  uint64_t stood_ms;
  uint64_t nodes; /* 0: not counted this time */
  uint64_t untold_ms;
  uint64_t born_us;
  int more;
  int committed;
  int has_head;
  waitq_store_head head; /* its state, like the following, points into the reply */
  uint64_t first_new;
  struct waitq__text outcomes;        /* one letter a join, E with the record that exists; empty: all are new */
  const struct waitq__reply *changes; /* member, bits, member, bits ... */
};

/* Reads an answer: WAITQ_OK, the code that the script found, or WAITQ_E_STORE for what is no answer. */
int waitq__answer_read(struct waitq__answer *answer, const struct waitq__reply *reply, waitq_error *error);

/* Fills in what became of the joins. 0 where the answer does not fit them. */
int waitq__answer_joins(const struct waitq__answer *answer, waitq_store_join *joins, uint32_t count, int64_t joined_us);

/* The same of what join.lua answers, where it did what was asked. It tells the time and what is next; nothing else has changed. */
int waitq__answer_joined(struct waitq__answer *answer, const struct waitq__reply *reply, waitq_store_join *joins,
                         uint32_t count, int64_t joined_us);

/* Hands the changes to a sink, a whole chunk of a plane at a time; chunks without a bit only where all are wanted. */
int waitq__answer_changes(const struct waitq__answer *answer, const waitq_store_sink *sink, int all,
                          waitq_error *error);

/* Whether a reply is {negative code, text}, as all scripts answer what they find wrong: then the code, with the text in error. */
int waitq__answer_refusal(const struct waitq__reply *reply, waitq_error *error);

#endif
