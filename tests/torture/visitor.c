/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What visitors do. Each step is one call, or two where the visitor repeats itself. */

#include <stdio.h>
#include <string.h>

#include "shared.h"

/* Shares of the kinds, of 100. */
static const struct {
  uint32_t kind;
  uint32_t share;
} kinds[] = {{VISITOR_PLAIN, 55},   {VISITOR_REPEATS, 18}, {VISITOR_LEAVES, 10},
             {VISITOR_DECLINES, 5}, {VISITOR_IGNORES, 5},  {VISITOR_SILENT, 7}};

static void be_due_in(struct visitor *visitor, int64_t us) {
  visitor->due_us = torture_now_us() + us;
}

static void be_due_soon(struct visitor *visitor) {
  be_due_in(visitor, rng_between(&visitor->rng, 50000, 150000));
}

void visitor_begin(struct shared *shared, struct visitor *visitor) {
  uint64_t pick = rng_below(&visitor->rng, 100);
  size_t at = 0;
  while (pick >= kinds[at].share) {
    pick -= kinds[at++].share;
  }
  visitor->kind = kinds[at].kind;
  visitor->id = ++shared->next_id;
  visitor->calls_left = (uint32_t)rng_below(&visitor->rng, 6);
  visitor->lives++;
  visitor->stage = STAGE_OUTSIDE;
  be_due_in(visitor, rng_between(&visitor->rng, 0, 400000));
}

static struct event begin(const struct worker *worker, const struct visitor *visitor, uint32_t op) {
  struct event event = {.op = op, .node = worker->node, .visitor = visitor->id, .number = EVENT_NO_NUMBER};
  if (op != EVENT_JOIN) {
    event_read_ticket(&event, visitor->ticket);
  }
  event.start_us = torture_now_us();
  journal_begin(worker->journal, &event);
  return event;
}

static void end(const struct worker *worker, struct event *event, int code) {
  event->end_us = torture_now_us();
  event->code = code;
  journal_end(worker->journal, event);
}

static void end_with_status(const struct worker *worker, struct event *event, int code, const waitq_status *status) {
  if (code == WAITQ_OK) {
    event->state = status->state;
    event->reason = status->reason;
    event->as.ticket.position = status->position;
    event->as.ticket.age_us = status->age_ms * 1000;
    if (status->enter_by_ms > 0) {
      event->as.ticket.until_us = torture_to_monotonic_us(worker->shared, status->enter_by_ms);
    }
  }
  end(worker, event, code);
}

static void end_with_pass(const struct worker *worker, struct event *event, int code, const waitq_pass *pass) {
  if (code == WAITQ_OK) {
    event->state = pass->state;
    event->reason = pass->reason;
    if (pass->expires_at_ms > 0) {
      event->as.ticket.until_us = torture_to_monotonic_us(worker->shared, pass->expires_at_ms);
    }
    event_read_pass(event, pass->text);
  }
  end(worker, event, code);
}

static int join(const struct worker *worker, struct visitor *visitor, waitq_ticket *ticket, waitq_status *status,
                uint32_t again) {
  char id[32];
  int length = snprintf(id, sizeof id, "visitor-%llu", (unsigned long long)visitor->id);
  struct event event = begin(worker, visitor, EVENT_JOIN);
  int code = waitq_join(worker->room, id, (size_t)length, NULL, ticket, status, NULL);
  event.as.ticket.again = again;
  if (code == WAITQ_OK && ticket->text[0] != '\0') {
    event_read_ticket(&event, ticket->text);
  }
  end_with_status(worker, &event, code, status);
  return code;
}

static int poll(const struct worker *worker, const struct visitor *visitor, waitq_status *status) {
  struct event event = begin(worker, visitor, EVENT_POLL);
  int code = waitq_poll(worker->room, visitor->ticket, status, NULL);
  end_with_status(worker, &event, code, status);
  return code;
}

static int leave(const struct worker *worker, const struct visitor *visitor, waitq_status *status, uint32_t again) {
  struct event event = begin(worker, visitor, EVENT_LEAVE);
  int code = waitq_leave(worker->room, visitor->ticket, status, NULL);
  event.as.ticket.again = again;
  end_with_status(worker, &event, code, status);
  return code;
}

static int enter(const struct worker *worker, const struct visitor *visitor, waitq_pass *pass, uint32_t again) {
  struct event event = begin(worker, visitor, EVENT_ENTER);
  int code = waitq_enter(worker->room, visitor->ticket, NULL, pass, NULL);
  event.as.ticket.again = again;
  end_with_pass(worker, &event, code, pass);
  return code;
}

static int renew(const struct worker *worker, const struct visitor *visitor, waitq_pass *pass) {
  struct event event = begin(worker, visitor, EVENT_RENEW);
  int code = waitq_renew(worker->room, visitor->pass, pass, NULL);
  end_with_pass(worker, &event, code, pass);
  return code;
}

static int exit_room(const struct worker *worker, const struct visitor *visitor, uint32_t again) {
  struct event event = begin(worker, visitor, EVENT_EXIT);
  int code = waitq_exit(worker->room, visitor->pass, NULL);
  event.as.ticket.again = again;
  end(worker, &event, code);
  return code;
}

/* When the room says, and sometimes at once. */
static void be_due_to_poll(struct visitor *visitor, const waitq_status *status) {
  be_due_in(visitor, rng_once_in(&visitor->rng, 10) || status->next_poll_ms <= 0 ? 20000 : status->next_poll_ms * 1000);
}

static void step_outside(struct worker *worker, struct visitor *visitor) {
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  if (join(worker, visitor, &ticket, &status, 0) != WAITQ_OK || ticket.text[0] == '\0') {
    be_due_soon(visitor);
    return;
  }
  memcpy(visitor->ticket, ticket.text, sizeof visitor->ticket);
  visitor->stage = STAGE_IN_LINE;
  be_due_to_poll(visitor, &status);
  if (visitor->kind == VISITOR_REPEATS) {
    join(worker, visitor, &ticket, &status, 1);
  }
}

static void step_leave(struct worker *worker, struct visitor *visitor) {
  waitq_status status = WAITQ_STATUS_INIT;
  if (leave(worker, visitor, &status, 0) != WAITQ_OK) {
    be_due_soon(visitor);
    return;
  }
  if (visitor->id % 2 == 0) {
    leave(worker, visitor, &status, 1);
    poll(worker, visitor, &status);
  }
  visitor_begin(worker->shared, visitor);
}

/* The line has no place for this ticket any more: some come again as who they are, and are put at the end. */
static void step_gone(struct worker *worker, struct visitor *visitor) {
  uint64_t id = visitor->id;
  visitor_begin(worker->shared, visitor);
  if (id % 3 == 0) {
    visitor->id = id;
    visitor->kind = VISITOR_REPEATS;
  }
}

static void step_on_turn(struct worker *worker, struct visitor *visitor, const waitq_status *status) {
  if (visitor->kind == VISITOR_DECLINES) {
    step_leave(worker, visitor);
  } else if (visitor->kind == VISITOR_IGNORES) {
    be_due_to_poll(visitor, status);
  } else {
    visitor->stage = STAGE_AT_DOOR;
    be_due_in(visitor, 0);
  }
}

static void step_in_line(struct worker *worker, struct visitor *visitor) {
  waitq_status status = WAITQ_STATUS_INIT;
  if (visitor->kind == VISITOR_LEAVES && visitor->calls_left == 0) {
    step_leave(worker, visitor);
    return;
  }
  if (poll(worker, visitor, &status) != WAITQ_OK) {
    be_due_soon(visitor);
    return;
  }
  switch (status.state) {
    case WAITQ_STATE_WAITING:
      be_due_to_poll(visitor, &status);
      if (visitor->calls_left > 0 && --visitor->calls_left == 0 && visitor->kind == VISITOR_SILENT) {
        be_due_in(visitor, worker->shared->options.policy.heartbeat_ttl_ms * 1500);
      }
      break;
    case WAITQ_STATE_READY:
      step_on_turn(worker, visitor, &status);
      break;
    case WAITQ_STATE_ENTERED:
      visitor->stage = STAGE_AT_DOOR; /* a call without an answer had let it in: the same call gives the pass */
      be_due_in(visitor, 0);
      break;
    default:
      step_gone(worker, visitor);
  }
}

static void step_at_door(struct worker *worker, struct visitor *visitor) {
  waitq_pass pass = WAITQ_PASS_INIT;
  if (enter(worker, visitor, &pass, 0) != WAITQ_OK) {
    be_due_soon(visitor);
    return;
  }
  if (pass.state == WAITQ_STATE_READY) {
    be_due_in(visitor, (pass.retry_after_ms > 5 ? pass.retry_after_ms : 5) * 1000);
  } else if (pass.state == WAITQ_STATE_WAITING) {
    visitor->stage = STAGE_IN_LINE;
    be_due_soon(visitor);
  } else if (pass.state != WAITQ_STATE_ENTERED || pass.text[0] == '\0') {
    step_gone(worker, visitor);
  } else {
    memcpy(visitor->pass, pass.text, sizeof visitor->pass);
    visitor->stage = STAGE_INSIDE;
    be_due_in(visitor, rng_between(&visitor->rng, 20000, 500000));
    if (visitor->kind == VISITOR_REPEATS) {
      enter(worker, visitor, &pass, 1);
    }
  }
}

static void step_inside(struct worker *worker, struct visitor *visitor) {
  waitq_pass pass = WAITQ_PASS_INIT;
  uint64_t what = rng_below(&visitor->rng, 100);
  if (what < 3) {
    visitor_begin(worker->shared, visitor); /* walks away: its session ends by itself */
  } else if (what < 20) {
    int code = renew(worker, visitor, &pass);
    if (code == WAITQ_OK && pass.state == WAITQ_STATE_ENTERED) {
      memcpy(visitor->pass, pass.text, sizeof visitor->pass);
      be_due_in(visitor, rng_between(&visitor->rng, 20000, 300000));
    } else if (code == WAITQ_E_STORE || code == WAITQ_E_TIMEOUT) {
      be_due_soon(visitor);
    } else {
      visitor_begin(worker->shared, visitor);
    }
  } else if (exit_room(worker, visitor, 0) != WAITQ_OK) {
    be_due_soon(visitor);
  } else {
    if (visitor->kind == VISITOR_REPEATS) {
      exit_room(worker, visitor, 1);
    }
    visitor_begin(worker->shared, visitor);
  }
}

int worker_stats(struct worker *worker, uint32_t op) {
  waitq_stats stats = WAITQ_STATS_INIT;
  struct event event = {.op = op, .node = worker->node, .number = EVENT_NO_NUMBER};
  event.start_us = torture_now_us();
  journal_begin(worker->journal, &event);
  int code = waitq_room_stats(worker->room, &stats, NULL);
  event.as.room.issued = stats.issued;
  event.as.room.waiting = stats.waiting;
  event.as.room.ready = stats.ready;
  event.as.room.entered = stats.entered;
  event.as.room.left = stats.left;
  event.as.room.expired = stats.expired;
  event.as.room.active = stats.active;
  end(worker, &event, code);
  return code;
}

static void step_operate(struct worker *worker, struct visitor *visitor) {
  static const double shares[] = {0.5, 0.75, 1.0, 1.5};
  if (worker->shared->options.change_rate && rng_once_in(&visitor->rng, 10)) {
    struct event event = {.op = EVENT_SET_RATE, .node = worker->node, .number = EVENT_NO_NUMBER};
    event.as.rate_per_s = worker->shared->options.policy.rate_per_s * shares[rng_below(&visitor->rng, 4)];
    event.start_us = torture_now_us();
    journal_begin(worker->journal, &event);
    end(worker, &event, waitq_room_set_rate(worker->room, event.as.rate_per_s, NULL));
  } else {
    worker_stats(worker, EVENT_STATS);
  }
  be_due_in(visitor, 200000);
}

void visitor_step(struct worker *worker, struct visitor *visitor) {
  if (visitor->kind == VISITOR_OPERATES) {
    step_operate(worker, visitor);
    return;
  }
  const uint32_t stage = visitor->stage;
  switch (stage) {
    case STAGE_OUTSIDE:
      step_outside(worker, visitor);
      break;
    case STAGE_IN_LINE:
      step_in_line(worker, visitor);
      break;
    case STAGE_AT_DOOR:
      step_at_door(worker, visitor);
      break;
    default:
      step_inside(worker, visitor);
  }
}
