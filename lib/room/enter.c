/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* Enter: a turn becomes a session, and the visitor gets its pass. */

#include <string.h>

#include "base/sized.h"
#include "core/advance.h"
#include "core/entry.h"
#include "room/lead.h"
#include "room/loss.h"
#include "room/session.h"
#include "room/shared.h"
#include "room/signing.h"
#include "room/submission.h"

#define MS 1000

void waitq_enter_options_init(waitq_enter_options *options, size_t size) {
  waitq__sized_init(options, size, &(waitq_enter_options)WAITQ_ENTER_OPTIONS_INIT, sizeof(waitq_enter_options));
}

struct enter {
  struct waitq__request request;
  struct waitq__ticket ticket;
  waitq_pass pass;
  struct waitq__pass_content content;
};

/* The state of a ticket by the state that a round has so far. */
static uint32_t state_of(const struct waitq__round *round, const struct waitq__ticket *ticket) {
  const struct waitq__ledger *ledger = &round->room->ledger;
  const struct waitq__state *state = waitq__round_state(round);
  if (ticket->epoch != waitq__word(&ledger->epoch) || ticket->number >= waitq__word(&ledger->next)) {
    return WAITQ_STATE_STALE;
  }
  const struct waitq__view view = {.head = state->head, .floor = state->floor, .trim = state->trim};
  return waitq__room_ticket_state(ledger, &view, ticket->number);
}

/* Why a visitor whose turn has come does not get in at this instant, and for how long; WAITQ_REASON_NONE where it does. */
static uint32_t hold_back(const waitq_room_t *room, struct waitq__state *state, uint64_t number, int64_t *wait_us) {
  *wait_us = state->max_poll_us;
  if (waitq__state_stands_still(state)) {
    return state->phase == WAITQ_PHASE_PAUSED ? WAITQ_REASON_PAUSED : WAITQ_REASON_CLOSED;
  }
  int64_t entry_us = waitq__entry_wait(state, &room->ledger, number);
  if (entry_us == WAITQ__NEVER_US) {
    return WAITQ_REASON_RATE_ZERO;
  }
  *wait_us = entry_us;
  return entry_us == 0 ? WAITQ_REASON_NONE : WAITQ_REASON_PACING;
}

/* A turn that has come: used, or held back for a moment that is promised. */
static enum waitq__verdict plan_turn(struct waitq__round *round, struct enter *enter) {
  uint64_t number = enter->ticket.number;
  if (waitq__round_touch(round, number)) {
    return WAITQ__LATER;
  }
  struct waitq__state *state = waitq__round_change(round);
  int64_t promised_us = state->promised_us;
  int64_t wait_us;
  enter->pass.reason = hold_back(round->room, state, number, &wait_us);
  if (enter->pass.reason != WAITQ_REASON_NONE) {
    enter->pass.retry_after_ms = (wait_us + MS - 1) / MS;
    round->commits |= state->promised_us != promised_us;
    return WAITQ__PLANNED;
  }
  if (waitq__ledger_reserve_session(&round->room->ledger, number) != WAITQ_OK) {
    int code = waitq__fail(enter->request.error, WAITQ_E_NOMEM, "no memory for a session");
    return waitq__request_fail(&enter->request, code);
  }
  waitq__round_bit(round, WAITQ__PLANE_RENEWED + waitq__wheel_slot(state->session.current), number);
  waitq__round_bit(round, WAITQ__PLANE_ENTERED, number);
  waitq__bucket_take(&state->entries, 1, state->now_us);
  waitq__state_end_turn(state);
  round->commits = 1;
  enter->pass.state = WAITQ_STATE_ENTERED;
  return WAITQ__PLANNED;
}

static enum waitq__verdict plan_enter(struct waitq__round *round, struct waitq__request *request) {
  struct enter *enter = (struct enter *)request;
  enter->pass = (waitq_pass)WAITQ_PASS_INIT;
  enter->pass.state = state_of(round, &enter->ticket);
  if (enter->pass.state == WAITQ_STATE_ENTERED) {
    return WAITQ__PLANNED;
  }
  /* While a shared store is away, who is not inside is answered as the policy says, also where what is known here would be an answer. */
  round->refreshes |= waitq__room_is_cut_off(round->room);
  if (enter->pass.state == WAITQ_STATE_READY) {
    return plan_turn(round, enter);
  }
  waitq__round_wants_news(round, request);
  return WAITQ__PLANNED;
}

static enum waitq__verdict settle_enter(struct waitq__round *round, struct waitq__request *request) {
  struct enter *enter = (struct enter *)request;
  const waitq_room_t *room = round->room;
  uint32_t *state = &enter->pass.state;
  if (*state == WAITQ_STATE_ENTERED) {
    waitq__session_pass(room, &room->state, enter->ticket.number, &enter->pass, &enter->content);
  } else if (!waitq__room_is_in_process(room) && (*state == WAITQ_STATE_STALE || *state == WAITQ_STATE_EXPIRED)) {
    /* What the store may have lost waits for its place, which it gets by being shown. */
    waitq_status status;
    waitq__room_status(room, &enter->ticket, round->now_us, &status);
    *state = status.state == WAITQ_STATE_WAITING ? WAITQ_STATE_WAITING : *state;
  }
  return WAITQ__DONE;
}

static int read_options(const waitq_enter_options *options, struct waitq__pass_content *content, waitq_error *error) {
  waitq_enter_options known = WAITQ_ENTER_OPTIONS_INIT;
  int code = options == NULL ? WAITQ_OK : waitq__sized_read(&known, sizeof known, options, "options", error);
  if (code == WAITQ_OK && known.binding != NULL) {
    waitq_binding binding = WAITQ_BINDING_INIT;
    code = waitq__sized_read(&binding, sizeof binding, known.binding, "options->binding", error);
    content->is_bound = code == WAITQ_OK && waitq__binding_hash(&binding, content->binding);
  }
  return code;
}

static enum waitq__verdict cut_off_enter(struct waitq__round *round, struct waitq__request *request) {
  struct enter *enter = (struct enter *)request;
  waitq__loss_enter(round->room, &enter->ticket, round->now_us, &enter->pass, &enter->content);
  return WAITQ__DONE;
}

/* Reads what the caller gives. */
static int prepare(struct enter *enter, waitq_room_t *room, const char *ticket_text, const waitq_enter_options *options,
                   waitq_pass *pass, waitq_error *error) {
  enter->request = (struct waitq__request){
      .plan = plan_enter, .settle = settle_enter, .cut_off = cut_off_enter, .wants_step = 1, .error = error};
  enter->content.is_bound = 0;
  int code = waitq__room_guard(room, error);
  if (code == WAITQ_OK) {
    code = waitq__sized_check(pass, "pass", error);
  }
  if (code == WAITQ_OK) {
    code = read_options(options, &enter->content, error);
  }
  if (code == WAITQ_OK) {
    code = waitq__room_read_ticket(room, ticket_text, &enter->ticket, error);
  }
  if (code == WAITQ_OK) {
    enter->request.now_us = waitq__room_now(room);
  }
  return code;
}

/* Signs the pass, and hands the answer over. */
static int answer(const waitq_room_t *room, struct enter *enter, waitq_pass *pass, waitq_error *error) {
  int code = WAITQ_OK;
  if (enter->pass.state == WAITQ_STATE_ENTERED) {
    code = waitq__room_sign(room, &enter->content, enter->pass.text, error);
  }
  if (code == WAITQ_OK) {
    waitq__sized_write(pass, &enter->pass, sizeof enter->pass);
  }
  return code;
}

int waitq_enter(waitq_room_t *room, const char *ticket_text, const waitq_enter_options *options, waitq_pass *pass,
                waitq_error *error) {
  struct enter enter;
  int code = prepare(&enter, room, ticket_text, options, pass, error);
  if (code == WAITQ_OK) {
    code = waitq__room_run(room, &enter.request);
  }
  return code == WAITQ_OK ? answer(room, &enter, pass, error) : code;
}

struct submitted_enter {
  struct enter enter;
  struct waitq__submission submission;
  waitq_pass *pass;
};

static void finish_enter(struct waitq__request *request) {
  struct submitted_enter *submitted = (struct submitted_enter *)request;
  waitq_room_t *room = submitted->submission.room;
  if (request->code == WAITQ_OK) {
    request->code = answer(room, &submitted->enter, submitted->pass, NULL);
  }
  waitq__submission_end(&submitted->submission, submitted, request->code);
}

int waitq_submit_enter(waitq_room_t *room, const char *ticket, const waitq_enter_options *options, waitq_pass *pass,
                       uint64_t tag, waitq_error *error) {
  struct enter enter;
  struct submitted_enter *submitted;
  int code = prepare(&enter, room, ticket, options, pass, error);
  if (code == WAITQ_OK) {
    code = waitq__submission_begin(room, sizeof *submitted, (void **)&submitted, error);
  }
  if (code != WAITQ_OK) {
    return code;
  }
  submitted->enter = enter;
  submitted->enter.request.error = NULL;
  submitted->enter.request.finish = finish_enter;
  submitted->submission = (struct waitq__submission){room, tag};
  submitted->pass = pass;
  waitq__room_submit(room, &submitted->enter.request);
  return WAITQ_OK;
}
