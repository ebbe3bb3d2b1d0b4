/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* POST /queue/join. Who names a user, or an idempotency key, gets the same ticket again. */

#include <stdio.h>
#include <string.h>

#include "call.h"
#include "entity.h"
#include "gateway.h"
#include "log.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"

static void reply_not_taken(struct visit *visit, const waitq_status *status) {
  const int64_t retry_ms = status->next_poll_ms;
  switch (status->reason) {
    case WAITQ_REASON_FULL:
      reply_error(visit, 503, "QUEUE_FULL", "as many wait as may", retry_ms);
      return;
    case WAITQ_REASON_DRAINING:
      reply_error(visit, 503, "QUEUE_DRAINING", "the queue takes nobody any more", retry_ms);
      return;
    case WAITQ_REASON_CLOSED:
      reply_error(visit, 503, "QUEUE_CLOSED", "the queue is closed", retry_ms);
      return;
    default:
      reply_error(visit, 500, "QUEUE_ERROR", "the queue cannot take anybody at the moment",
                  retry_ms > 0 ? retry_ms : 1000);
  }
}

static void finish(struct call *call) {
  struct visit *visit = call->visit;
  const waitq_status *status = &call->status;
  if (call->code != WAITQ_OK) {
    reply_failure(visit, call->code);
  } else if (status->state == WAITQ_STATE_NONE) {
    reply_not_taken(visit, status);
  } else {
    reply_format(visit, 202, "{\"waiting_token\":\"%s.%s\",\"position_hint\":%llu,\"status\":\"waiting\"}",
                 call->room->name, call->ticket.text, (unsigned long long)status->position);
    if (visit->loop->gateway->options->log_calls) {
      log_line(LOG_DEBUG, "join", "event", call->room->name, "state", waitq_state_name(status->state), NULL);
    }
  }
  call_free(call);
}

static void start(struct call *call) {
  const struct gateway *gateway = call->visit->loop->gateway;
  call->finish = finish;
  if (gateway->is_shared) {
    call_submitted(call, waitq_submit_join(call->room->handle, call->visitor, call->visitor_length, NULL, &call->ticket,
                                           &call->status, call_tag(call), &call->error));
  } else {
    call_answered(call, waitq_join(call->room->handle, call->visitor, call->visitor_length, NULL, &call->ticket,
                                   &call->status, &call->error));
  }
}

/* A user is somebody else than a key of the same text. */
static void name_visitor(struct call *call, char kind, struct text name) {
  char *visitor = h2o_mem_alloc_pool(&call->visit->req->pool, name.length + 1);
  visitor[0] = kind;
  memcpy(visitor + 1, name.at, name.length);
  call->visitor = visitor;
  call->visitor_length = name.length + 1;
}

static bool is_within_limit(struct visit *visit) {
  struct gateway *gateway = visit->loop->gateway;
  char address[64];
  if (gateway->guard.rate_per_s <= 0) {
    return true;
  }
  visit_address(visit, address, sizeof address);
  const int64_t retry_ms = guard_try(&gateway->guard, address, (int64_t)(visit_now_ns() / 1000));
  if (retry_ms > 0) {
    tally_add(&visit->loop->tally.joins_refused, 1);
    reply_error(visit, 429, "RATE_LIMITED", "too many joins from this address", retry_ms);
  }
  return retry_ms == 0;
}

static void join(struct visit *visit, const struct body *body) {
  struct text event, user;
  const struct text key = visit_header(visit, "idempotency-key");
  const enum field has_event = body_text(body, "event_id", WAITQ_ROOM_NAME_MAX, &event);
  const enum field has_user = body_text(body, "user_id", USER_ID_MAX, &user);
  if (has_event == FIELD_ABSENT) {
    reply_error(visit, 400, "MISSING_EVENT_ID", "event_id is required", 0);
  } else if (has_event == FIELD_WRONG || !request_event_is_valid(event)) {
    reply_error(visit, 400, "INVALID_REQUEST", "event_id has to be 1 to 64 of A-Z a-z 0-9 _ . -", 0);
  } else if (has_user == FIELD_WRONG) {
    reply_error(visit, 400, "INVALID_REQUEST", "user_id has to be a text of at most 255 bytes", 0);
  } else if (key.length > 0 && !request_key_is_valid(key)) {
    reply_error(visit, 400, "INVALID_REQUEST", "Idempotency-Key has to be 1 to 255 printable characters", 0);
  } else if (is_within_limit(visit)) {
    struct call *call = call_new(visit);
    if (call == NULL) {
      return;
    }
    if (has_user == FIELD_READ) {
      name_visitor(call, 'u', user);
    } else if (key.length > 0) {
      name_visitor(call, 'k', key);
    }
    call->start = start;
    char name[WAITQ_ROOM_NAME_MAX + 1];
    memcpy(name, event.at, event.length);
    name[event.length] = '\0';
    rooms_use(&visit->loop->gateway->rooms, call, name);
  }
}

void queue_join(struct visit *visit) {
  struct body body;
  if (entity_read(visit, &body)) {
    join(visit, &body);
  }
  body_free(&body);
}
