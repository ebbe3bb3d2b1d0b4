/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Leave: a place in line, or a turn, is given up. */

#include "base/sized.h"
#include "room/lead.h"
#include "room/submission.h"

struct leave {
  struct waitq__request request;
  struct waitq__ticket ticket;
};

/* Makes a ticket one that has left; where its turn had come, the token goes back. Who leaves while waiting leaves whatever has become of the
 * state: should its turn come at the same moment from another context, the token is lost, and nobody is let in for it. */
static void plan_giving_up(struct waitq__round *round, struct waitq__request *request, uint64_t number) {
  /* LEFT first: whoever sees that the ticket is gone also sees why. */
  if (number >= waitq__round_state(round)->head) {
    waitq__round_mark(round, WAITQ__PLANE_LEFT, number);
    waitq__round_mark(round, WAITQ__PLANE_GONE, number);
    request->is_free = 1;
    return;
  }
  waitq__round_bit(round, WAITQ__PLANE_LEFT, number);
  struct waitq__state *state = waitq__round_change(round);
  waitq__bucket_give(&state->turns, 1);
  waitq__state_end_turn(state);
  round->commits = 1;
  request->is_free = 0;
}

static enum waitq__verdict plan_leave(struct waitq__round *round, struct waitq__request *request) {
  const struct leave *leave = (const struct leave *)request;
  const struct waitq__ledger *ledger = &round->room->ledger;
  uint64_t number = leave->ticket.number;
  if (request->is_taken) {
    return WAITQ__PLANNED;
  }
  if (leave->ticket.epoch != waitq__word(&ledger->epoch) || number >= waitq__word(&ledger->next)) {
    waitq__round_wants_news(round, request);
    return WAITQ__PLANNED;
  }
  const struct waitq__state *state = waitq__round_state(round);
  const struct waitq__view view = {.head = state->head, .floor = state->floor, .trim = state->trim};
  uint32_t standing = waitq__room_ticket_state(ledger, &view, number);
  if (standing != WAITQ_STATE_WAITING && standing != WAITQ_STATE_READY) {
    return WAITQ__PLANNED;
  }
  if (waitq__round_touch(round, number)) {
    return WAITQ__LATER;
  }
  plan_giving_up(round, request, number);
  request->wants_step = standing == WAITQ_STATE_READY;
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_leave(struct waitq__round *round, struct waitq__request *request) {
  (void)round;
  if (request->wants_step && !request->is_taken) {
    request->is_taken = 1; /* the turn it gave up may be another's at once */
    return WAITQ__LATER;
  }
  return WAITQ__DONE;
}

static int prepare(struct leave *leave, waitq_room_t *room, const char *ticket_text, const waitq_status *status,
                   waitq_error *error) {
  leave->request = (struct waitq__request){.plan = plan_leave, .settle = settle_leave, .error = error};
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK && status != NULL) {
    code = waitq__sized_check(status, "status", error);
  }
  if (code == WAITQ_OK) {
    code = waitq__room_read_ticket(room, ticket_text, &leave->ticket, error);
  }
  if (code == WAITQ_OK) {
    leave->request.now_us = waitq__room_now(room);
  }
  return code;
}

static void answer(const waitq_room_t *room, const struct leave *leave, waitq_status *status) {
  if (status != NULL) {
    waitq_status known;
    waitq__room_status(room, &leave->ticket, leave->request.now_us, &known);
    waitq__sized_write(status, &known, sizeof known);
  }
}

int waitq_leave(waitq_room_t *room, const char *ticket_text, waitq_status *status, waitq_error *error) {
  struct leave leave;
  int code = prepare(&leave, room, ticket_text, status, error);
  if (code == WAITQ_OK) {
    code = waitq__room_run(room, &leave.request);
  }
  if (code == WAITQ_OK) {
    answer(room, &leave, status);
  }
  return code;
}

struct submitted_leave {
  struct leave leave;
  struct waitq__submission submission;
  waitq_status *status;
};

static void finish_leave(struct waitq__request *request) {
  struct submitted_leave *submitted = (struct submitted_leave *)request;
  if (request->code == WAITQ_OK) {
    answer(submitted->submission.room, &submitted->leave, submitted->status);
  }
  waitq__submission_end(&submitted->submission, submitted, request->code);
}

int waitq_submit_leave(waitq_room_t *room, const char *ticket, waitq_status *status, uint64_t tag, waitq_error *error) {
  struct leave leave;
  struct submitted_leave *submitted;
  int code = prepare(&leave, room, ticket, status, error);
  if (code == WAITQ_OK) {
    code = waitq__submission_begin(room, sizeof *submitted, (void **)&submitted, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  submitted->leave = leave;
  submitted->leave.request.error = NULL;
  submitted->leave.request.finish = finish_leave;
  submitted->submission = (struct waitq__submission){room, tag};
  submitted->status = status;
  waitq__room_submit(room, &submitted->leave.request);
  return WAITQ_OK;
}
