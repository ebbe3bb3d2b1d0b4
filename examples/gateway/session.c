/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* POST /queue/renew and /queue/exit: a reservation that goes on, and one that is over before its time. The contract does not have
 * them; without them a slot of max_active is free again when the reservation token ends. */

#include <string.h>

#include "call.h"
#include "entity.h"
#include "gateway.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"

static void finish_exit(struct call *call) {
  if (call->code == WAITQ_OK) {
    reply_json(call->visit, 200, H2O_STRLIT("{\"status\":\"ended\"}"));
  } else {
    reply_failure(call->visit, call->code);
  }
  call_free(call);
}

static void finish_renew(struct call *call) {
  struct visit *visit = call->visit;
  const waitq_pass *pass = &call->pass;
  if (call->code != WAITQ_OK) {
    reply_failure(visit, call->code);
  } else if (pass->state == WAITQ_STATE_ENTERED) {
    const int64_t left_ms = pass->expires_at_ms - gateway_now_ms();
    reply_format(visit, 200, "{\"reservation_token\":\"%s\",\"ttl_sec\":%lld}", pass->text,
                 (long long)(left_ms > 0 ? left_ms / 1000 : 0));
  } else {
    reply_error(visit, 404, "TOKEN_EXPIRED", "the reservation has ended", 0);
  }
  call_free(call);
}

static void start_exit(struct call *call) {
  call->finish = finish_exit;
  if (call->visit->loop->gateway->is_shared) {
    call_submitted(call, waitq_submit_exit(call->room->handle, call->visitor, call_tag(call), &call->error));
  } else {
    call_answered(call, waitq_exit(call->room->handle, call->visitor, &call->error));
  }
}

static void start_renew(struct call *call) {
  call->finish = finish_renew;
  if (call->visit->loop->gateway->is_shared) {
    call_submitted(call,
                   waitq_submit_renew(call->room->handle, call->visitor, &call->pass, call_tag(call), &call->error));
  } else {
    call_answered(call, waitq_renew(call->room->handle, call->visitor, &call->pass, &call->error));
  }
}

static void begin(struct visit *visit, const struct body *body, void (*start)(struct call *call)) {
  struct text event, pass;
  const enum field has_event = body_text(body, "event_id", WAITQ_ROOM_NAME_MAX, &event);
  const enum field has_pass = body_text(body, "reservation_token", WAITQ_PASS_SIZE - 1, &pass);
  if (has_event == FIELD_ABSENT) {
    reply_error(visit, 400, "MISSING_EVENT_ID", "event_id is required", 0);
  } else if (has_pass == FIELD_ABSENT) {
    reply_error(visit, 400, "MISSING_TOKEN", "reservation_token is required", 0);
  } else if (has_event == FIELD_WRONG || !request_event_is_valid(event) || has_pass == FIELD_WRONG) {
    reply_error(visit, 400, "INVALID_REQUEST", "event_id or reservation_token cannot be one", 0);
  } else {
    struct call *call = call_new(visit);
    if (call == NULL) {
      return;
    }
    char name[WAITQ_ROOM_NAME_MAX + 1];
    memcpy(name, event.at, event.length);
    name[event.length] = '\0';
    char *text = h2o_mem_alloc_pool(&visit->req->pool, pass.length + 1);
    memcpy(text, pass.at, pass.length);
    text[pass.length] = '\0';
    call->visitor = text;
    call->start = start;
    rooms_use(&visit->loop->gateway->rooms, call, name);
  }
}

static void read_and_begin(struct visit *visit, void (*start)(struct call *call)) {
  struct body body;
  if (entity_read(visit, &body)) {
    begin(visit, &body, start);
  }
  body_free(&body);
}

void queue_renew(struct visit *visit) {
  read_and_begin(visit, start_renew);
}

void queue_exit(struct visit *visit) {
  read_and_begin(visit, start_exit);
}
