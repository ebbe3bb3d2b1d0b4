/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "admin.h"

#include <string.h>

#include "admin_stats.h"
#include "bearer.h"
#include "call.h"
#include "entity.h"
#include "gateway.h"
#include "loop.h"
#include "reply.h"

enum action { RATE, RATE_AT, PAUSE, RESUME, DRAIN, CLOSE, RESET };

static bool is_allowed(struct visit *visit) {
  return bearer_is_allowed(visit, visit->loop->gateway->options->admin_token, NULL);
}

static int act(waitq_room_t *room, const struct call_admin *admin, waitq_error *error) {
  switch ((enum action)admin->action) {
    case RATE:
      return waitq_room_set_rate(room, admin->number, error);
    case RATE_AT:
      return waitq_room_set_rate_at(room, admin->number, admin->at_ms, error);
    case PAUSE:
      return admin->at_ms > 0 ? waitq_room_pause_until(room, admin->at_ms, error)
                              : waitq_room_set_phase(room, WAITQ_PHASE_PAUSED, error);
    case RESUME:
      return waitq_room_set_phase(room, WAITQ_PHASE_OPEN, error);
    case DRAIN:
      return waitq_room_set_phase(room, WAITQ_PHASE_DRAINING, error);
    case CLOSE:
      return waitq_room_set_phase(room, WAITQ_PHASE_CLOSED, error);
    case RESET:
      return waitq_room_reset(room, error);
  }
  return WAITQ_E_INVALID;
}

static void run(struct errand *errand) {
  struct call *call = (struct call *)errand;
  call->code = act(call->room->handle, &call->admin, &call->error);
}

static void finish(struct call *call) {
  if (call->code == WAITQ_OK) {
    reply_format(call->visit, 200, "{\"status\":\"done\",\"event_id\":\"%s\"}", call->room->name);
  } else {
    reply_failure(call->visit, call->code);
  }
  call_free(call);
}

static void start(struct call *call) {
  call->finish = finish;
  call_errand(call, run);
}

/* Reads what the action needs; false where the body lacks it, and the visit was answered. */
static bool read_numbers(struct visit *visit, const struct body *body, struct call_admin *admin) {
  double at_ms = 0;
  const bool wants_rate = admin->action == RATE || admin->action == RATE_AT;
  const enum field has_rate = body_number(body, "rate_per_s", &admin->number);
  const enum field has_at = body_number(body, admin->action == PAUSE ? "until_ms" : "at_ms", &at_ms);
  if (wants_rate && has_rate != FIELD_READ) {
    reply_error(visit, 400, "INVALID_REQUEST", "rate_per_s has to be a number", 0);
    return false;
  }
  if ((admin->action == RATE_AT && has_at != FIELD_READ) || has_at == FIELD_WRONG || at_ms < 0 || at_ms > 9e15) {
    reply_error(visit, 400, "INVALID_REQUEST", "at_ms or until_ms has to be a Unix time in ms", 0);
    return false;
  }
  admin->at_ms = (int64_t)at_ms;
  return true;
}

static void begin(struct visit *visit, enum action action, const struct body *body) {
  struct text event;
  struct call_admin admin = {.action = (int)action};
  const enum field has_event = body_text(body, "event_id", WAITQ_ROOM_NAME_MAX, &event);
  if (has_event == FIELD_ABSENT) {
    reply_error(visit, 400, "MISSING_EVENT_ID", "event_id is required", 0);
  } else if (has_event == FIELD_WRONG || !request_event_is_valid(event)) {
    reply_error(visit, 400, "INVALID_REQUEST", "event_id has to be 1 to 64 of A-Z a-z 0-9 _ . -", 0);
  } else if (read_numbers(visit, body, &admin)) {
    struct call *call = call_new(visit);
    if (call == NULL) {
      return;
    }
    char name[WAITQ_ROOM_NAME_MAX + 1];
    memcpy(name, event.at, event.length);
    name[event.length] = '\0';
    call->admin = admin;
    call->start = start;
    rooms_use(&visit->loop->gateway->rooms, call, name);
  }
}

static void read_and_begin(struct visit *visit, enum action action) {
  struct body body;
  if (!is_allowed(visit)) {
    return;
  }
  if (entity_read(visit, &body)) {
    begin(visit, action, &body);
  }
  body_free(&body);
}

void admin_rate(struct visit *visit) {
  read_and_begin(visit, RATE);
}

void admin_rate_at(struct visit *visit) {
  read_and_begin(visit, RATE_AT);
}

void admin_pause(struct visit *visit) {
  read_and_begin(visit, PAUSE);
}

void admin_resume(struct visit *visit) {
  read_and_begin(visit, RESUME);
}

void admin_drain(struct visit *visit) {
  read_and_begin(visit, DRAIN);
}

void admin_close(struct visit *visit) {
  read_and_begin(visit, CLOSE);
}

void admin_reset(struct visit *visit) {
  read_and_begin(visit, RESET);
}

static void run_flush(struct errand *errand) {
  struct call *call = (struct call *)errand;
  const struct rooms *rooms = &call->visit->loop->gateway->rooms;
  for (size_t i = 0; i < rooms->slot_count && call->code == WAITQ_OK; i++) {
    const struct room *room = rooms_at(rooms, i);
    if (room != NULL) {
      call->code = waitq_room_reset(room->handle, &call->error);
    }
  }
}

static void finish_flush(struct call *call) {
  if (call->code == WAITQ_OK) {
    reply_json(call->visit, 200, H2O_STRLIT("{\"status\":\"flushed\"}"));
  } else {
    reply_failure(call->visit, call->code);
  }
  call_free(call);
}

static void flush_all(struct visit *visit) {
  struct call *call = call_new(visit);
  if (call != NULL) {
    call->finish = finish_flush;
    call_errand(call, run_flush);
  }
}

void admin_flush(struct visit *visit) {
  struct body body = {NULL};
  struct text event;
  const h2o_iovec_t entity = visit->req->entity;
  if (!is_allowed(visit)) {
    return;
  }
  if (!visit->loop->gateway->options->allow_flush) {
    reply_error(visit, 403, "FORBIDDEN", "this gateway was started without --allow-flush", 0);
  } else if (entity.len > 0 && !body_read(&body, (struct text){entity.base, entity.len})) {
    reply_error(visit, 400, "INVALID_REQUEST", "the body has to be a JSON object, or absent", 0);
  } else if (entity.len > 0 && body_text(&body, "event_id", WAITQ_ROOM_NAME_MAX, &event) != FIELD_ABSENT) {
    begin(visit, RESET, &body);
  } else {
    flush_all(visit);
  }
  body_free(&body);
}

void admin_stats(struct visit *visit) {
  if (is_allowed(visit)) {
    admin_stats_reply(visit);
  }
}

void admin_health(struct visit *visit) {
  if (is_allowed(visit)) {
    admin_health_reply(visit);
  }
}
