/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* DELETE /queue/leave, and POST, which a browser sends when a page is closed. */

#include "call.h"
#include "gateway.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"

static void finish(struct call *call) {
  if (call->code == WAITQ_OK) {
    reply_json(call->visit, 200, H2O_STRLIT("{\"status\":\"left\"}"));
  } else {
    reply_failure(call->visit, call->code);
  }
  call_free(call);
}

static void start(struct call *call) {
  call->finish = finish;
  if (call->visit->loop->gateway->is_shared) {
    call_submitted(
        call, waitq_submit_leave(call->room->handle, call->token.ticket, &call->status, call_tag(call), &call->error));
  } else {
    call_answered(call, waitq_leave(call->room->handle, call->token.ticket, &call->status, &call->error));
  }
}

void queue_leave(struct visit *visit) {
  struct token token;
  switch (visit_token(visit, &token)) {
    case TOKEN_ABSENT:
      reply_error(visit, 400, "MISSING_TOKEN", "token is required", 0);
      return;
    case TOKEN_WRONG:
      reply_error(visit, 404, "TOKEN_NOT_FOUND", "this is no token of this queue", 0);
      return;
    case TOKEN_READ:
      break;
  }
  struct call *call = call_new(visit);
  if (call != NULL) {
    call->token = token;
    call->start = start;
    rooms_use(&visit->loop->gateway->rooms, call, token.event);
  }
}
