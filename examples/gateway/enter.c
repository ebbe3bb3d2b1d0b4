/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* POST /queue/enter. The reservation token is a pass. Who has the turn and finds others at the door is held until the
 * instant that the library names, where that is soon: else most would ask twice. */

#include <string.h>

#include "call.h"
#include "entity.h"
#include "gateway.h"
#include "hold.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"

static void reply_refused(struct visit *visit, const waitq_pass *pass) {
  switch (pass->state) {
    case WAITQ_STATE_WAITING:
    case WAITQ_STATE_READY:
      reply_error(visit, 403, "NOT_READY",
                  pass->reason == WAITQ_REASON_STALLED ? "the queue stands still at the moment" : "it is not your turn",
                  pass->retry_after_ms);
      return;
    case WAITQ_STATE_ENTERED: /* the store is away, and could not be asked for the pass */
      reply_error(visit, 500, "QUEUE_ERROR", "the queue cannot answer at the moment",
                  pass->retry_after_ms > 0 ? pass->retry_after_ms : 1000);
      return;
    case WAITQ_STATE_EXPIRED:
      reply_error(visit, 404, "TOKEN_EXPIRED", "the turn, or the reservation, has passed", 0);
      return;
    default:
      reply_error(visit, 404, "TOKEN_NOT_FOUND", "this token has left the queue", 0);
  }
}

static void finish(struct call *call) {
  struct visit *visit = call->visit;
  const waitq_pass *pass = &call->pass;
  if (call->code != WAITQ_OK) {
    reply_failure(visit, call->code);
  } else if (pass->state == WAITQ_STATE_ENTERED && pass->text[0] != '\0') {
    const int64_t left_ms = pass->expires_at_ms - gateway_now_ms();
    reply_format(visit, 200, "{\"admission\":\"granted\",\"reservation_token\":\"%s\",\"ttl_sec\":%lld}", pass->text,
                 (long long)(left_ms > 0 ? left_ms / 1000 : 0));
  } else if (pass->state == WAITQ_STATE_READY && pass->reason == WAITQ_REASON_PACING &&
             hold_call(call, pass->retry_after_ms)) {
    return;
  } else {
    reply_refused(visit, pass);
  }
  call_free(call);
}

static void start(struct call *call) {
  call->finish = finish;
  if (call->visit->loop->gateway->is_shared) {
    call_submitted(call, waitq_submit_enter(call->room->handle, call->token.ticket, NULL, &call->pass, call_tag(call),
                                            &call->error));
  } else {
    call_answered(call, waitq_enter(call->room->handle, call->token.ticket, NULL, &call->pass, &call->error));
  }
}

static void enter(struct visit *visit, const struct body *body) {
  struct text text;
  struct token token;
  char terminated[TOKEN_SIZE + 1];
  switch (body_text(body, "waiting_token", SIZE_MAX, &text)) {
    case FIELD_ABSENT:
      reply_error(visit, 400, "MISSING_TOKEN", "waiting_token is required", 0);
      return;
    case FIELD_WRONG:
      reply_error(visit, 400, "INVALID_REQUEST", "waiting_token has to be a text", 0);
      return;
    case FIELD_READ:
      break;
  }
  if (text.length < sizeof terminated) {
    memcpy(terminated, text.at, text.length);
    terminated[text.length] = '\0';
  }
  if (text.length >= sizeof terminated || !request_token(terminated, &token)) {
    reply_error(visit, 404, "TOKEN_NOT_FOUND", "this is no token of this queue", 0);
    return;
  }
  struct call *call = call_new(visit);
  if (call != NULL) {
    call->token = token;
    call->start = start;
    rooms_use(&visit->loop->gateway->rooms, call, token.event);
  }
}

void queue_enter(struct visit *visit) {
  struct body body;
  if (entity_read(visit, &body)) {
    enter(visit, &body);
  }
  body_free(&body);
}
