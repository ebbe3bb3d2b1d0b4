/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Exit: a session ends, and its slot serves the next in line. */

#include "room/lead.h"
#include "room/session.h"
#include "room/submission.h"

struct exit_request {
  struct waitq__request request;
  struct waitq__pass_content content;
};

static enum waitq__verdict plan_exit(struct waitq__round *round, struct waitq__request *request) {
  const struct exit_request *leaving = (const struct exit_request *)request;
  const waitq_room_t *room = round->room;
  uint64_t number = leaving->content.number;
  if (request->is_taken) {
    return WAITQ__PLANNED;
  }
  if (!waitq__session_is_known(room, &leaving->content)) {
    waitq__round_wants_news(round, request);
    return WAITQ__PLANNED;
  }
  if (waitq__ledger_test(&room->ledger, WAITQ__PLANE_ENDED, number)) {
    return WAITQ__PLANNED;
  }
  if (waitq__round_touch(round, number)) {
    return WAITQ__LATER;
  }
  waitq__round_mark(round, WAITQ__PLANE_ENDED, number);
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_exit(struct waitq__round *round, struct waitq__request *request) {
  (void)round;
  if (!request->is_taken) {
    request->is_taken = 1; /* the slot may be another's at once */
    request->wants_step = 1;
    return WAITQ__LATER;
  }
  return WAITQ__DONE;
}

static int prepare(struct exit_request *leaving, waitq_room_t *room, const char *pass_text, waitq_error *error) {
  leaving->request = (struct waitq__request){.plan = plan_exit, .settle = settle_exit, .is_free = 1, .error = error};
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__session_read(room, pass_text, &leaving->content, error);
  }
  if (code == WAITQ_OK) {
    leaving->request.now_us = waitq__room_now(room);
  }
  return code;
}

int waitq_exit(waitq_room_t *room, const char *pass_text, waitq_error *error) {
  struct exit_request leaving;
  int code = prepare(&leaving, room, pass_text, error);
  return code == WAITQ_OK ? waitq__room_run(room, &leaving.request) : code;
}

struct submitted_exit {
  struct exit_request leaving;
  struct waitq__submission submission;
};

static void finish_exit(struct waitq__request *request) {
  struct submitted_exit *submitted = (struct submitted_exit *)request;
  waitq__submission_end(&submitted->submission, submitted, request->code);
}

int waitq_submit_exit(waitq_room_t *room, const char *pass_text, uint64_t tag, waitq_error *error) {
  struct exit_request leaving;
  struct submitted_exit *submitted;
  int code = prepare(&leaving, room, pass_text, error);
  if (code == WAITQ_OK) {
    code = waitq__submission_begin(room, sizeof *submitted, (void **)&submitted, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  submitted->leaving = leaving;
  submitted->leaving.request.error = NULL;
  submitted->leaving.request.finish = finish_exit;
  submitted->submission = (struct waitq__submission){room, tag};
  waitq__room_submit(room, &submitted->leaving.request);
  return WAITQ_OK;
}
