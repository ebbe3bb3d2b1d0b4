/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Join: a place at the end, or the place that the visitor has. */

#include "room/join.h"

#include <string.h>

#include "base/sized.h"
#include "core/number.h"
#include "room/lead.h"
#include "room/loss.h"
#include "room/signing.h"
#include "room/submission.h"

void waitq_ticket_init(waitq_ticket *ticket, size_t size) {
  waitq__sized_init(ticket, size, &(waitq_ticket)WAITQ_TICKET_INIT, sizeof(waitq_ticket));
}

void waitq_join_options_init(waitq_join_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_join_options)WAITQ_JOIN_OPTIONS_INIT, sizeof(waitq_join_options));
}

int waitq__join_check_visitor(const waitq_visitor *visitor, waitq_error *error) {
  if (visitor->id == NULL && visitor->length != 0) {
    return waitq__fail(error, WAITQ_E_INVALID, "visitor is NULL and its length is %zu", visitor->length);
  }
  if (visitor->id != NULL && (visitor->length == 0 || visitor->length > WAITQ_VISITOR_MAX)) {
    return waitq__fail(error, WAITQ_E_INVALID, "a visitor id has %zu bytes: it must have 1 to %d", visitor->length,
                       WAITQ_VISITOR_MAX);
  }
  return WAITQ_OK;
}

int waitq__join_check_targets(const waitq_ticket *tickets, const waitq_status *statuses,
                              const waitq_join_options *options, waitq_error *error) {
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

static int refuse(const waitq_room_t *room, const struct waitq__join *done, waitq_status *status, waitq_error *error) {
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

int waitq__join_answer(const waitq_room_t *room, const struct waitq__join *done, waitq_ticket *ticket,
                       waitq_status *status, waitq_error *error) {
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
    waitq__ticket_write(&signed_ticket, waitq__room_ticket_key(room), ticket->text);
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

/* Checks and reads what the caller gives. */
static int read_join(struct waitq__join *join, waitq_room_t *room, const waitq_visitor *visitor,
                     const waitq_join_options *options, const waitq_ticket *ticket, const waitq_status *status,
                     waitq_error *error) {
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__join_check_targets(ticket, status, options, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__join_check_visitor(visitor, error);
  }
  if (code == WAITQ_OK) {
    waitq__join_prepare(join, room, visitor, waitq__room_now(room), error);
  }
  return code;
}

int waitq_join(waitq_room_t *room, const void *visitor, size_t length, const waitq_join_options *options,
               waitq_ticket *ticket, waitq_status *status, waitq_error *error) {
  const waitq_visitor one = {visitor, length};
  struct waitq__join join;
  int code = read_join(&join, room, &one, options, ticket, status, error);
  if (code == WAITQ_OK) {
    code = waitq__room_run(room, &join.request);
  }
  return code == WAITQ_OK ? waitq__join_answer(room, &join, ticket, status, error) : code;
}

struct submitted_join {
  struct waitq__join join;
  struct waitq__submission submission;
  waitq_ticket *ticket;
  waitq_status *status;
};

static void finish_join(struct waitq__request *request) {
  struct submitted_join *submitted = (struct submitted_join *)request;
  if (request->code == WAITQ_OK) {
    request->code =
        waitq__join_answer(submitted->submission.room, &submitted->join, submitted->ticket, submitted->status, NULL);
  }
  waitq__submission_end(&submitted->submission, submitted, request->code);
}

int waitq_submit_join(waitq_room_t *room, const void *visitor, size_t length, const waitq_join_options *options,
                      waitq_ticket *ticket, waitq_status *status, uint64_t tag, waitq_error *error) {
  const waitq_visitor one = {visitor, length};
  struct waitq__join join;
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
