/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Renew: a session runs on. */

#include "base/sized.h"
#include "room/lead.h"
#include "room/session.h"
#include "room/signing.h"
#include "room/submission.h"

struct renew {
  struct waitq__request request;
  struct waitq__pass_content content;
  waitq_pass pass;
  uint64_t generation; /* in which it is renewed */
};

static enum waitq__verdict plan_renew(struct waitq__round *round, struct waitq__request *request) {
  struct renew *renew = (struct renew *)request;
  const waitq_room_t *room = round->room;
  const struct waitq__state *state = waitq__round_state(round);
  uint64_t number = renew->content.number;
  renew->pass = (waitq_pass)WAITQ_PASS_INIT;
  if (renew->content.epoch != waitq__word(&room->ledger.epoch)) {
    waitq__round_wants_news(round, request);
    renew->pass.state = WAITQ_STATE_STALE;
    return WAITQ__PLANNED;
  }
  /* By the room's time, which never runs backward. */
  int code = waitq__pass_check_time(&renew->content, state->now_us / 1000, 0, request->error);
  if (code != WAITQ_OK) {
    return waitq__request_fail(request, code);
  }
  if (!waitq__session_is_known(room, &renew->content) && waitq__round_wants_news(round, request)) {
    return WAITQ__PLANNED;
  }
  renew->pass.state = WAITQ_STATE_EXPIRED;
  if (!waitq__session_is_known(room, &renew->content) ||
      waitq__ledger_test(&room->ledger, WAITQ__PLANE_ENDED, number)) {
    return WAITQ__PLANNED;
  }
  waitq__session_pass(room, state, number, &renew->pass, &renew->content);
  if (renew->pass.state == WAITQ_STATE_ENTERED) {
    if (waitq__round_touch(round, number)) {
      return WAITQ__LATER;
    }
    renew->generation = state->session.current;
    waitq__round_mark(round, WAITQ__PLANE_RENEWED + waitq__wheel_slot(renew->generation), number);
  }
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_renew(struct waitq__round *round, struct waitq__request *request) {
  struct renew *renew = (struct renew *)request;
  if (renew->pass.state == WAITQ_STATE_ENTERED) {
    if (round->conflicted && round->room->state.session.current != renew->generation) {
      return WAITQ__LATER; /* that generation has not begun after all */
    }
    waitq__session_pass(round->room, &round->room->state, renew->content.number, &renew->pass, &renew->content);
  }
  return WAITQ__DONE;
}

static int prepare(struct renew *renew, waitq_room_t *room, const char *pass_text, const waitq_pass *pass,
                   waitq_error *error) {
  renew->request = (struct waitq__request){
      .plan = plan_renew, .settle = settle_renew, .is_free = 1, .wants_step = 1, .error = error};
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(pass, "pass", error);
  }
  if (code == WAITQ_OK) {
    code = waitq__session_read(room, pass_text, &renew->content, error);
  }
  if (code == WAITQ_OK) {
    renew->request.now_us = waitq__room_now(room);
  }
  return code;
}

static int answer(const waitq_room_t *room, struct renew *renew, waitq_pass *pass, waitq_error *error) {
  int code = WAITQ_OK;
  if (renew->pass.state == WAITQ_STATE_ENTERED) {
    code = waitq__room_sign(room, &renew->content, renew->pass.text, error);
  }
  if (code == WAITQ_OK) {
    waitq__sized_write(pass, &renew->pass, sizeof renew->pass);
  }
  return code;
}

int waitq_renew(waitq_room_t *room, const char *pass_text, waitq_pass *pass, waitq_error *error) {
  struct renew renew;
  int code = prepare(&renew, room, pass_text, pass, error);
  if (code == WAITQ_OK) {
    code = waitq__room_run(room, &renew.request);
  }
  return code == WAITQ_OK ? answer(room, &renew, pass, error) : code;
}

struct submitted_renew {
  struct renew renew;
  struct waitq__submission submission;
  waitq_pass *pass;
};

static void finish_renew(struct waitq__request *request) {
  struct submitted_renew *submitted = (struct submitted_renew *)request;
  if (request->code == WAITQ_OK) {
    request->code = answer(submitted->submission.room, &submitted->renew, submitted->pass, NULL);
  }
  waitq__submission_end(&submitted->submission, submitted, request->code);
}

int waitq_submit_renew(waitq_room_t *room, const char *pass_text, waitq_pass *pass, uint64_t tag, waitq_error *error) {
  struct renew renew;
  struct submitted_renew *submitted;
  int code = prepare(&renew, room, pass_text, pass, error);
  if (code == WAITQ_OK) {
    code = waitq__submission_begin(room, sizeof *submitted, (void **)&submitted, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  submitted->renew = renew;
  submitted->renew.request.error = NULL;
  submitted->renew.request.finish = finish_renew;
  submitted->submission = (struct waitq__submission){room, tag};
  submitted->pass = pass;
  waitq__room_submit(room, &submitted->renew.request);
  return WAITQ_OK;
}
