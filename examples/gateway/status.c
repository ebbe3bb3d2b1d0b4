/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
/* GET /queue/status and /queue/events. A poll waits for nothing, so it needs no call, unless its event is not open here yet: as
 * after another gateway has gone away. */

#include "call.h"
#include "gateway.h"
#include "log.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"

static void reply_status(struct visit *visit, const struct room *room, const waitq_status *status) {
  char json[REPLY_STATUS_MAX];
  if (status->state == WAITQ_STATE_LEFT || status->state == WAITQ_STATE_STALE) {
    reply_error(visit, 404, "TOKEN_NOT_FOUND", "this token has left the queue", 0);
    return;
  }
  const size_t length = reply_write_status(json, status, room);
  reply_json(visit, 200, json, length);
  if (visit->loop->gateway->options->log_calls) {
    json[length] = '\0';
    log_line(LOG_DEBUG, "status", "event", room->name, "status", json, NULL);
  }
}

static void answer(struct visit *visit, struct room *room, const char *ticket) {
  waitq_status status = WAITQ_STATUS_INIT;
  if (visit->route == ROUTE_EVENTS) {
    stream_begin(visit, room, ticket);
    return;
  }
  const int code = waitq_poll(room->handle, ticket, &status, NULL);
  if (code == WAITQ_OK) {
    reply_status(visit, room, &status);
  } else {
    reply_failure(visit, code);
  }
}

static void start(struct call *call) {
  struct visit *visit = call->visit;
  struct room *room = call->room;
  const struct token token = call->token;
  call_free(call);
  answer(visit, room, token.ticket);
}

static void ask(struct visit *visit) {
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
  struct room *room = rooms_find(&visit->loop->gateway->rooms, token.event);
  if (room != NULL) {
    answer(visit, room, token.ticket);
    return;
  }
  struct call *call = call_new(visit);
  if (call != NULL) {
    call->token = token;
    call->start = start;
    rooms_use(&visit->loop->gateway->rooms, call, token.event);
  }
}

void queue_status(struct visit *visit) {
  ask(visit);
}

void queue_events(struct visit *visit) {
  ask(visit);
}
