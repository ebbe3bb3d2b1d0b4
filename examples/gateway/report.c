/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "report.h"

#include <string.h>

#include "adaptation.h"
#include "bearer.h"
#include "call.h"
#include "gateway.h"
#include "loop.h"
#include "reply.h"

#define COUNTER_MAX 9007199254740992.0 /* to which JSON's numbers are whole */
#define P95_MAX_MS 3.6e6

static void finish(struct call *call) {
  struct visit *visit = call->visit;
  switch (adaptation_take(visit->loop->gateway, call->room, &call->report)) {
    case ADAPTATION_TAKEN:
      reply_format(visit, 200, "{\"status\":\"noted\",\"event_id\":\"%s\"}", call->room->name);
      break;
    case ADAPTATION_NONE:
      reply_error(visit, 400, "INVALID_REQUEST", "the rate of this event is not adapted", 0);
      break;
    case ADAPTATION_TOO_MANY:
      reply_error(visit, 503, "QUEUE_ERROR", "as many sources as may be report on this event", 60000);
      break;
  }
  call_free(call);
}

static bool refuse(struct visit *visit, const char *message) {
  reply_error(visit, 400, "INVALID_REQUEST", message, 0);
  return false;
}

static bool read_counter(const struct body *body, const char *name, bool may_be_absent, uint64_t *out) {
  double value = 0;
  const enum field has = body_number(body, name, &value);
  *out = has == FIELD_READ && value >= 0 && value <= COUNTER_MAX ? (uint64_t)value : 0;
  return has == FIELD_ABSENT ? may_be_absent : has == FIELD_READ && (double)*out == value;
}

static bool read_report(struct visit *visit, const struct body *body, struct adapt_report *report) {
  struct text source;
  if (body_text(body, "source", ADAPT_SOURCE_NAME_MAX, &source) != FIELD_READ || !request_event_is_valid(source)) {
    return refuse(visit, "source has to be 1 to 64 of A-Z a-z 0-9 _ . -");
  }
  memcpy(report->source, source.at, source.length);
  report->source[source.length] = '\0';
  if (!read_counter(body, "served", false, &report->served)) {
    return refuse(visit, "served has to be a whole number from 0 to 2^53: requests since the source began");
  }
  if (!read_counter(body, "shed", true, &report->shed)) {
    return refuse(visit, "shed has to be a whole number from 0 to 2^53, or absent");
  }
  if (!read_counter(body, "failed", true, &report->failed)) {
    return refuse(visit, "failed has to be a whole number from 0 to 2^53, or absent");
  }
  report->p95_ms = 0;
  const enum field has_p95 = body_number(body, "p95_ms", &report->p95_ms);
  if (has_p95 == FIELD_WRONG || report->p95_ms < 0 || report->p95_ms > P95_MAX_MS) {
    return refuse(visit, "p95_ms has to be a number from 0 to 3600000, or absent");
  }
  return true;
}

static void take(struct visit *visit, const struct body *body) {
  struct text event;
  struct adapt_report report;
  char name[WAITQ_ROOM_NAME_MAX + 1];
  const enum field has_event = body_text(body, "event_id", WAITQ_ROOM_NAME_MAX, &event);
  if (has_event == FIELD_ABSENT) {
    reply_error(visit, 400, "MISSING_EVENT_ID", "event_id is required", 0);
    return;
  }
  if (has_event == FIELD_WRONG || !request_event_is_valid(event)) {
    refuse(visit, "event_id has to be 1 to 64 of A-Z a-z 0-9 _ . -");
    return;
  }
  struct call *call = read_report(visit, body, &report) ? call_new(visit) : NULL;
  if (call == NULL) {
    return;
  }
  memcpy(name, event.at, event.length);
  name[event.length] = '\0';
  call->report = report;
  call->start = finish;
  rooms_use(&visit->loop->gateway->rooms, call, name);
}

void report_health(struct visit *visit) {
  struct body body;
  const h2o_iovec_t entity = visit->req->entity;
  const struct options *options = visit->loop->gateway->options;
  if (!bearer_is_allowed(visit, options->report_token, options->admin_token)) {
    return;
  }
  if (body_read(&body, (struct text){entity.base, entity.len})) {
    take(visit, &body);
  } else {
    refuse(visit, "the body has to be a JSON object of finite numbers and texts");
  }
  body_free(&body);
}
