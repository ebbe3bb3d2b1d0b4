/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Join: a place at the end, or the place that the visitor has. */

#include "room/join.h"

#include <sodium.h>
#include <string.h>

#include "base/lock.h"
#include "base/sized.h"
#include "core/advance.h"
#include "core/number.h"
#include "room/loss.h"
#include "room/round.h"
#include "room/submission.h"

/* So many joins go through the room together: they live on the stack. */
#define BATCH 64

/* How often a join is asked again: because its visitor's old ticket gives way, because places have become free. */
#define ASKS_MAX 8

struct join {
  struct waitq__request request;
  waitq_store_join asked;
  uint64_t epoch; /* of the ticket */
  uint32_t index; /* among the joins of its round */
  int asks;
  int is_cut_off; /* the store is away */
  int is_let_in;  /* and the visitor gets a stand-in */
};

void waitq_ticket_init(waitq_ticket *ticket, size_t size) {
  waitq__sized_init(ticket, size, &(waitq_ticket)WAITQ_TICKET_INIT, sizeof(waitq_ticket));
}

void waitq_join_options_init(waitq_join_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_join_options)WAITQ_JOIN_OPTIONS_INIT, sizeof(waitq_join_options));
}

static int check_visitor(const waitq_visitor *visitor, waitq_error *error) {
  if (visitor->id == NULL && visitor->length != 0) {
    return waitq__fail(error, WAITQ_E_INVALID, "visitor is NULL and its length is %zu", visitor->length);
  }
  if (visitor->id != NULL && (visitor->length == 0 || visitor->length > WAITQ_VISITOR_MAX)) {
    return waitq__fail(error, WAITQ_E_INVALID, "a visitor id has %zu bytes: it must have 1 to %d", visitor->length,
                       WAITQ_VISITOR_MAX);
  }
  return WAITQ_OK;
}

static void ask(const waitq_room_t *room, const waitq_visitor *visitor, waitq_store_join *join) {
  *join = (waitq_store_join){.replaces = WAITQ_STORE_NO_NUMBER, .anonymous = visitor->id == NULL};
  if (visitor->id != NULL) {
    crypto_shorthash_siphashx24(join->visitor, visitor->id, visitor->length, room->visitor_keys[room->visitor_key]);
  }
}

/* Whether a ticket that the store remembers still means something: it waits, or is ready, or its session runs. */
static int is_live(const waitq_room_t *room, uint64_t number) {
  const struct waitq__state *state = &room->state;
  const struct waitq__ledger *ledger = &room->ledger;
  if (number < state->trim) {
    return 0;
  }
  if (waitq__ledger_test(ledger, WAITQ__PLANE_ENTERED, number)) {
    return !waitq__ledger_test(ledger, WAITQ__PLANE_ENDED, number);
  }
  return number >= state->floor && !waitq__ledger_test(ledger, WAITQ__PLANE_GONE, number) &&
         !waitq__ledger_test(ledger, WAITQ__PLANE_LEFT, number);
}

/* Takes a number over into the ledger. Numbers that were handed out and whose answer was lost come before it: their visitors hold
 * places, and get their tickets when they ask again. */
static int take_number(waitq_room_t *room, const waitq_store_join *join, waitq_error *error) {
  uint64_t next = waitq__word(&room->ledger.next);
  if (join->outcome == WAITQ_STORE_FULL || (join->outcome == WAITQ_STORE_EXISTING && join->number < next) ||
      join->number < waitq__word(&room->ledger.first)) {
    return WAITQ_OK;
  }
  if (join->number < next && !waitq__room_is_in_process(room)) {
    /* What the store told beside it reached further already. */
    waitq__ledger_see(waitq__ledger_chunk(&room->ledger, join->number),
                      waitq__wheel_slot(room->state.heartbeat.current), join->number);
    return WAITQ_OK;
  }
  if (join->number < next || join->number >= WAITQ__NUMBER_END) {
    return waitq__fail(error, WAITQ_E_DAMAGED, "the store gave number %llu after %llu",
                       (unsigned long long)join->number, (unsigned long long)next);
  }
  if (waitq__ledger_reserve(&room->ledger, join->number + 1) != WAITQ_OK) {
    return waitq__fail(error, WAITQ_E_NOMEM, "no memory for tickets");
  }
  unsigned slot = waitq__wheel_slot(room->state.heartbeat.current);
  for (; next <= join->number; next++) {
    waitq__ledger_see(waitq__ledger_chunk(&room->ledger, next), slot, next);
  }
  waitq__ledger_extend(&room->ledger, next);
  return WAITQ_OK;
}

/* Whether a join that found the room full may find a place soon: others have been given their turns since, or will be in a moment. */
static int has_place(const waitq_room_t *room, const struct waitq__round *round) {
  int is_limited = waitq__state_takes_joins(&room->state);
  return is_limited && ((round->was_empty && !waitq__room_is_in_process(room)) ||
                        waitq__word(&room->ledger.next) < waitq__join_limit(&room->state, &room->ledger));
}

static int append(struct waitq__round *round, waitq_store_join *join) {
  const waitq_room_t *room = round->room;
  return room->context->ops->append(room->stored, waitq__word(&room->ledger.epoch), waitq__ticket_time(round->now_us),
                                    join, 1, &round->failure);
}

int waitq__join_each(struct waitq__round *round) {
  int code = WAITQ_OK;
  int is_first = 0;
  for (uint32_t i = 0; code == WAITQ_OK && !is_first && i < round->join_count; i++) {
    waitq_store_join *join = &round->joins[i];
    code = append(round, join);
    if (code == WAITQ_OK && join->outcome == WAITQ_STORE_EXISTING && !is_live(round->room, join->number)) {
      join->replaces = join->number;
      code = append(round, join);
    }
    join->outcome = code == WAITQ_OK ? join->outcome : 0;
    is_first = round->was_empty && join->outcome == WAITQ_STORE_NEW;
  }
  return code;
}

static enum waitq__verdict plan_join(struct waitq__round *round, struct waitq__request *request) {
  struct join *join = (struct join *)request;
  waitq_room_t *room = round->room;
  if (request->is_taken) {
    return WAITQ__PLANNED;
  }
  if (waitq__ledger_reserve(&room->ledger, waitq__word(&room->ledger.next) + round->join_count + 1) != WAITQ_OK) {
    return waitq__request_fail(request, waitq__fail(request->error, WAITQ_E_NOMEM, "no memory for tickets"));
  }
  if (round->join_count == 0) {
    round->was_empty = waitq__waiting(waitq__round_state(round), &room->ledger) == 0;
  }
  join->index = round->join_count++;
  round->joins[join->index] = join->asked;
  round->joins[join->index].outcome = 0;
  if (waitq__word(&room->ledger.next) + round->join_count > room->join_limit &&
      waitq__join_limit(waitq__round_state(round), &room->ledger) > room->join_limit) {
    /* Places have become free since the last commit: the store learns of it. */
    waitq__round_change(round);
    round->commits = 1;
  }
  return WAITQ__PLANNED;
}

/* Whoever holds a ticket that means nothing any more is asked for again, so that it gives way. */
static enum waitq__verdict settle_existing(const waitq_room_t *room, struct join *join,
                                           const waitq_store_join *answer) {
  if (is_live(room, answer->number) || join->asks++ == ASKS_MAX) {
    join->asked = *answer;
    join->epoch = waitq__word(&room->ledger.epoch);
    return WAITQ__DONE;
  }
  join->asked.replaces = answer->number;
  return WAITQ__LATER;
}

static enum waitq__verdict settle_join(struct waitq__round *round, struct waitq__request *request) {
  struct join *join = (struct join *)request;
  waitq_room_t *room = round->room;
  if (request->is_taken) {
    return WAITQ__DONE;
  }
  const waitq_store_join *answer = &round->joins[join->index];
  if (answer->outcome == 0 && round->join_code == WAITQ_OK) {
    return WAITQ__LATER;
  }
  if (answer->outcome == 0) {
    waitq__fail(request->error, round->join_code, "%s", round->failure.text);
    return waitq__request_fail(request, round->join_code);
  }
  /* Also a number that was given before, where the answer was lost. */
  int is_new = answer->outcome != WAITQ_STORE_FULL && answer->number >= waitq__word(&room->ledger.next);
  request->code = take_number(room, answer, request->error);
  if (request->code != WAITQ_OK) {
    return WAITQ__DONE;
  }
  if (answer->outcome == WAITQ_STORE_EXISTING && !is_new) {
    return settle_existing(room, join, answer);
  }
  if (answer->outcome == WAITQ_STORE_FULL && has_place(room, round) && join->asks++ < ASKS_MAX) {
    request->wants_step = 1;
    return WAITQ__LATER;
  }
  join->asked = *answer;
  join->epoch = waitq__word(&room->ledger.epoch);
  if ((is_new || answer->outcome == WAITQ_STORE_NEW) && round->was_empty) {
    /* The line was empty, so nothing was due for it: now there may be a token for the first in it. The place is taken whether or not
     * the next round succeeds: where it does not, whoever comes next does what is due. */
    request->is_taken = 1;
    request->wants_step = 1;
    return WAITQ__LATER;
  }
  return WAITQ__DONE;
}

/* While the store is away nobody can be given a number. */
static enum waitq__verdict cut_off_join(struct waitq__round *round, struct waitq__request *request) {
  struct join *join = (struct join *)request;
  join->is_cut_off = 1;
  join->is_let_in =
      round->room->state.on_store_loss == WAITQ_LOSS_OPEN && waitq__state_takes_joins(&round->room->state);
  return WAITQ__DONE;
}

static void prepare(struct join *join, int64_t now_us, waitq_error *error) {
  join->request = (struct waitq__request){.plan = plan_join,
                                          .settle = settle_join,
                                          .cut_off = cut_off_join,
                                          .is_free = 1,
                                          .now_us = now_us,
                                          .error = error};
  join->epoch = 0;
  join->index = 0;
  join->asks = 0;
  join->is_cut_off = 0;
  join->is_let_in = 0;
}

static int refuse(const waitq_room_t *room, const struct join *done, waitq_status *status, waitq_error *error) {
  struct waitq__view view;
  waitq__views_read(&room->views, &view, WAITQ__VIEW_HOT_WORDS);
  *status = (waitq_status)WAITQ_STATUS_INIT;
  status->phase = (uint32_t)view.phase;
  status->next_poll_ms = view.max_poll_us / 1000;
  if (done->is_cut_off) {
    status->reason = WAITQ_REASON_STALLED;
    status->age_ms = waitq__room_age_ms(room, done->request.now_us);
    return WAITQ_OK;
  }
  if (view.phase == WAITQ_PHASE_CLOSED) {
    status->reason = WAITQ_REASON_CLOSED;
  } else if (view.phase == WAITQ_PHASE_DRAINING) {
    status->reason = WAITQ_REASON_DRAINING;
  } else {
    status->reason = WAITQ_REASON_FULL;
  }
  if (waitq__word(&room->ledger.next) >= WAITQ__NUMBER_END) {
    return waitq__fail(error, WAITQ_E_EXHAUSTED, "all ticket numbers of this epoch are used: reset the room");
  }
  return WAITQ_OK;
}

static int answer(const waitq_room_t *room, const struct join *done, waitq_ticket *ticket, waitq_status *status,
                  waitq_error *error) {
  const waitq_store_join *join = &done->asked;
  int64_t now_us = done->request.now_us;
  waitq_status known;
  ticket->text[0] = '\0';
  int code = WAITQ_OK;
  if (join->outcome == WAITQ_STORE_FULL || (done->is_cut_off && !done->is_let_in)) {
    code = refuse(room, done, &known, error);
  } else {
    struct waitq__ticket signed_ticket = {join->number, done->epoch, join->joined_us, {0}};
    memcpy(signed_ticket.visitor, join->visitor, sizeof signed_ticket.visitor);
    if (done->is_let_in) {
      code = waitq__loss_stand_in(room, now_us, &signed_ticket, error);
      if (code != WAITQ_OK) {
        return code;
      }
    }
    waitq__ticket_write(&signed_ticket, room->ticket_keys[0], ticket->text);
    if (status == NULL) {
      return WAITQ_OK;
    }
    if (status->size == sizeof *status) {
      waitq__room_status(room, &signed_ticket, now_us, status);
      return WAITQ_OK;
    }
    waitq__room_status(room, &signed_ticket, now_us, &known);
  }
  if (status != NULL) {
    waitq__sized_write(status, &known, sizeof known);
  }
  return code;
}

/* Sizes of what the caller passed; the first of an array counts for all. */
static int check_targets(const waitq_ticket *tickets, const waitq_status *statuses, const waitq_join_options *options,
                         waitq_error *error) {
  int code = waitq__sized_check(tickets, "ticket", error);
  if (code == WAITQ_OK && tickets->size < sizeof *tickets) {
    code = waitq__fail(error, WAITQ_E_VERSION, "ticket says that its size is %zu", tickets->size);
  }
  if (code == WAITQ_OK && statuses != NULL) {
    code = waitq__sized_check(statuses, "status", error);
  }
  if (code == WAITQ_OK && options != NULL) {
    waitq_join_options known = WAITQ_JOIN_OPTIONS_INIT;
    code = waitq__sized_read(&known, sizeof known, options, "options", error);
    if (code == WAITQ_OK && known.reserved != 0) {
      code = waitq__fail(error, WAITQ_E_VERSION, "options->reserved is not zero");
    }
  }
  return code;
}

/* Checks and reads what the caller gives. */
static int read_join(struct join *join, waitq_room_t *room, const waitq_visitor *visitor,
                     const waitq_join_options *options, const waitq_ticket *ticket, const waitq_status *status,
                     waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = check_targets(ticket, status, options, error);
  }
  if (code == WAITQ_OK) {
    code = check_visitor(visitor, error);
  }
  if (code == WAITQ_OK) {
    prepare(join, waitq__room_now(room), error);
    ask(room, visitor, &join->asked);
  }
  return code;
}

int waitq_join(waitq_room_t *room, const void *visitor, size_t length, const waitq_join_options *options,
               waitq_ticket *ticket, waitq_status *status, waitq_error *error) {
  const waitq_visitor one = {visitor, length};
  struct join join;
  int code = read_join(&join, room, &one, options, ticket, status, error);
  if (code == WAITQ_OK) {
    code = waitq__room_run(room, &join.request);
  }
  return code == WAITQ_OK ? answer(room, &join, ticket, status, error) : code;
}

struct submitted_join {
  struct join join;
  struct waitq__submission submission;
  waitq_ticket *ticket;
  waitq_status *status;
};

static void finish_join(struct waitq__request *request) {
  struct submitted_join *submitted = (struct submitted_join *)request;
  if (request->code == WAITQ_OK) {
    request->code = answer(submitted->submission.room, &submitted->join, submitted->ticket, submitted->status, NULL);
  }
  waitq__submission_end(&submitted->submission, submitted, request->code);
}

int waitq_submit_join(waitq_room_t *room, const void *visitor, size_t length, const waitq_join_options *options,
                      waitq_ticket *ticket, waitq_status *status, uint64_t tag, waitq_error *error) {
  const waitq_visitor one = {visitor, length};
  struct join join;
  struct submitted_join *submitted;
  int code = read_join(&join, room, &one, options, ticket, status, error);
  if (code == WAITQ_OK) {
    code = waitq__submission_begin(room, sizeof *submitted, (void **)&submitted, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  submitted->join = join;
  submitted->join.request.error = NULL;
  submitted->join.request.finish = finish_join;
  submitted->submission = (struct waitq__submission){room, tag};
  submitted->ticket = ticket;
  submitted->status = status;
  waitq__room_submit(room, &submitted->join.request);
  return WAITQ_OK;
}

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
                           const struct join_targets *targets, struct join *joins, size_t *places, int *first,
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
    int code = check_visitor(&visitors[i], *first == WAITQ_OK ? error : NULL);
    *first = *first == WAITQ_OK ? code : *first;
    if (targets->codes != NULL) {
      targets->codes[i] = code;
    }
    if (code == WAITQ_OK) {
      places[count] = i;
      prepare(&joins[count], now_us, NULL);
      ask(room, &visitors[i], &joins[count++].asked);
    }
  }
  return count;
}

/* Joins visitors[begin] to visitors[end - 1], at most BATCH; returns the first code that is not WAITQ_OK. */
static int join_some(waitq_room_t *room, const waitq_visitor *visitors, size_t begin, size_t end, int64_t now_us,
                     const struct join_targets *targets, waitq_error *error) {
  struct join joins[BATCH];
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
      one = answer(room, &joins[k], ticket_at(targets, places[k]), status_at(targets, places[k]),
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
  code = check_targets(tickets, statuses, options, error);
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
