/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "call.h"

#include <stdlib.h>

#include "gateway.h"
#include "log.h"
#include "loop.h"
#include "reply.h"

struct call *call_new(struct visit *visit) {
  struct loop *loop = visit->loop;
  struct call *call = loop->free_calls;
  if (call != NULL) {
    loop->free_calls = call->next_waiting;
    loop->free_call_count--;
  } else {
    call = malloc(sizeof *call);
  }
  if (call == NULL) {
    reply_failure(visit, WAITQ_E_NOMEM);
    return NULL;
  }
  call->errand = (struct errand){.loop = loop};
  call->next_waiting = NULL;
  call->visit = visit;
  call->room = NULL;
  call->start = NULL;
  call->refuse = call_refuse;
  call->finish = NULL;
  call->code = WAITQ_OK;
  call->error = (waitq_error)WAITQ_ERROR_INIT;
  call->ticket.size = sizeof call->ticket;
  call->status.size = sizeof call->status;
  call->pass.size = sizeof call->pass;
  call->visitor = NULL;
  call->visitor_length = 0;
  call->hold = (struct hold){.until_ms = 0};
  loop->calls_under_way++;
  return call;
}

void call_free(struct call *call) {
  enum { KEPT = 256 };
  struct loop *loop = call->errand.loop;
  loop->calls_under_way--;
  if (loop->free_call_count >= KEPT) {
    free(call);
    return;
  }
  call->next_waiting = loop->free_calls;
  loop->free_calls = call;
  loop->free_call_count++;
}

void call_refuse(struct call *call, int code) {
  struct visit *visit = call->visit;
  call_free(call);
  if (code == CALL_TOO_MANY_EVENTS) {
    reply_error(visit, 503, "QUEUE_ERROR", "there are as many events as this gateway may serve", 10000);
  } else if (code != CALL_NO_SUCH_EVENT) {
    reply_failure(visit, code);
  } else if (visit->route == ROUTE_JOIN || visit->route == ROUTE_ADMIN) {
    reply_error(visit, 400, "INVALID_REQUEST", "there is no such event", 0);
  } else {
    reply_error(visit, 404, "TOKEN_NOT_FOUND", "this is no token of this queue", 0);
  }
}

void call_answered(struct call *call, int code) {
  call->code = code;
  call->finish(call);
}

bool call_submitted(struct call *call, int code) {
  if (code == WAITQ_OK) {
    return true;
  }
  call_answered(call, code);
  return false;
}

static void finish(struct errand *errand) {
  struct call *call = (struct call *)errand;
  call->finish(call);
}

void call_errand(struct call *call, void (*run)(struct errand *errand)) {
  call->errand.run = run;
  call->errand.done = finish;
  errands_submit(&call->visit->loop->gateway->errands, &call->errand);
}

void call_collect(struct loop *loop) {
  enum { BATCH = 128 };
  waitq_completion done[BATCH] = {WAITQ_COMPLETION_INIT};
  waitq_error error = WAITQ_ERROR_INIT;
  size_t count = BATCH;
  while (count == BATCH) {
    if (waitq_complete(loop->gateway->context, done, BATCH, &count, &error) != WAITQ_OK) {
      log_line(LOG_ERROR, "completions cannot be collected", "reason", error.text, NULL);
      return;
    }
    for (size_t i = 0; i < count; i++) {
      struct call *call = (struct call *)(uintptr_t)done[i].tag;
      call->code = done[i].code;
      call->errand.done = finish;
      if (call->errand.loop == loop) {
        call->finish(call);
      } else {
        errand_post(&call->errand);
      }
    }
  }
}
