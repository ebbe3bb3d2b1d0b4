/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Many joins by one call: they go through the room together. */

#include "base/error.h"
#include "room/join.h"
#include "room/lead.h"

/* So many at a time: they live on the stack. */
#define BATCH 64

struct join_targets {
  waitq_ticket *tickets;
  waitq_status *statuses;
  int32_t *codes;
  size_t ticket_size;
  size_t status_size;
};

static waitq_ticket *ticket_at(const struct join_targets *targets, size_t i) {
  return (waitq_ticket *)((char *)targets->tickets + i * targets->ticket_size);
}

static waitq_status *status_at(const struct join_targets *targets, size_t i) {
  return targets->statuses == NULL ? NULL : (waitq_status *)((char *)targets->statuses + i * targets->status_size);
}

/* Prepares the joins of visitors[begin] to visitors[end - 1]; returns how many there are to run, and the first code that is not WAITQ_OK. */
static size_t prepare_some(waitq_room_t *room, const waitq_visitor *visitors, size_t begin, size_t end, int64_t now_us,
                           const struct join_targets *targets, struct waitq__join *joins, size_t *places, int *first,
                           waitq_error *error) {
  size_t count = 0;
  for (size_t i = begin; i < end; i++) {
    waitq_ticket *ticket = ticket_at(targets, i);
    waitq_status *status = status_at(targets, i);
    ticket->size = targets->ticket_size;
    ticket->text[0] = '\0';
    if (status != NULL) {
      status->size = targets->status_size;
    }
    int code = waitq__join_check_visitor(&visitors[i], *first == WAITQ_OK ? error : NULL);
    *first = *first == WAITQ_OK ? code : *first;
    if (targets->codes != NULL) {
      targets->codes[i] = code;
    }
    if (code == WAITQ_OK) {
      places[count] = i;
      waitq__join_prepare(&joins[count++], room, &visitors[i], now_us, NULL);
    }
  }
  return count;
}

/* Joins visitors[begin] to visitors[end - 1], at most BATCH; returns the first code that is not WAITQ_OK. */
static int join_some(waitq_room_t *room, const waitq_visitor *visitors, size_t begin, size_t end, int64_t now_us,
                     const struct join_targets *targets, waitq_error *error) {
  struct waitq__join joins[BATCH];
  struct waitq__request *requests[BATCH] = {NULL};
  size_t places[BATCH];
  int first = WAITQ_OK;
  size_t count = prepare_some(room, visitors, begin, end, now_us, targets, joins, places, &first, error);
  for (size_t k = 0; k < count; k++) {
    requests[k] = &joins[k].request;
    joins[k].request.error = first == WAITQ_OK ? error : NULL;
  }
  waitq__room_run_all(room, requests, count);
  for (size_t k = 0; k < count; k++) {
    int one = joins[k].request.code;
    if (one == WAITQ_OK) {
      one = waitq__join_answer(room, &joins[k], ticket_at(targets, places[k]), status_at(targets, places[k]),
                               first == WAITQ_OK ? error : NULL);
    }
    if (targets->codes != NULL) {
      targets->codes[places[k]] = one;
    }
    if (first == WAITQ_OK && one != WAITQ_OK && error != NULL && error->code != one) {
      waitq__fail(error, one, "%s", waitq_error_text(one)); /* a later failure has left its own detail */
    }
    first = first == WAITQ_OK ? one : first;
  }
  return first;
}

int waitq_join_many(waitq_room_t *room, const waitq_visitor *visitors, size_t count, const waitq_join_options *options,
                    waitq_ticket *tickets, waitq_status *statuses, int32_t *codes, waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code != WAITQ_OK || count == 0) {
    return code;
  }
  if (visitors == NULL) {
    return waitq__fail(error, WAITQ_E_INVALID, "visitors is NULL");
  }
  code = waitq__join_check_targets(tickets, statuses, options, error);
  if (code != WAITQ_OK) {
    return code;
  }
  const struct join_targets targets = {tickets, statuses, codes, tickets->size, statuses == NULL ? 0 : statuses->size};
  int64_t now_us = waitq__room_now(room);
  for (size_t begin = 0; begin < count; begin += BATCH) {
    size_t end = count - begin < BATCH ? count : begin + BATCH;
    int some = join_some(room, visitors, begin, end, now_us, &targets, code == WAITQ_OK ? error : NULL);
    code = code == WAITQ_OK ? some : code;
  }
  return code;
}
