/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A session lasts from a fifth of a second to four seconds. */
#define SESSION_SHORTEST_NS (NS_PER_S / 5)
#define SESSION_LONGEST_NS (4 * NS_PER_S)

#define RETRY_NS (100 * NS_PER_MS)

/* Calls that may be under way at a time, and how many of them may be joins. */
#define ERRANDS 4096
#define ERRANDS_OF_JOINS 3072
#define ERRAND_AGAIN_NS (2 * NS_PER_MS)

static struct call begin_call(struct crowd *crowd) {
  struct call call = {0};
  if (crowd->plan.clock != NULL) {
    call.begin_ns = virtual_clock_step(crowd->plan.clock);
    call.real_begin_ns = clock_now_ns();
  } else {
    call.begin_ns = call.real_begin_ns = clock_now_ns();
  }
  return call;
}

static void end_call(struct crowd *crowd, struct call *call, struct histogram *times) {
  int64_t real_end_ns = clock_now_ns();
  call->end_ns = crowd->plan.clock != NULL ? virtual_clock_step(crowd->plan.clock) : real_end_ns;
  histogram_add(times, real_end_ns - call->real_begin_ns);
}

/* A single writer needs no read-modify-write instruction. */
static void count(_Atomic uint64_t *counter) {
  atomic_store_explicit(counter, crowd_count(counter) + 1, memory_order_relaxed);
}

uint64_t crowd_count(const _Atomic uint64_t *counter) {
  return atomic_load_explicit(counter, memory_order_relaxed);
}

int crowd_init(struct crowd *crowd, const struct crowd_plan *plan) {
  *crowd = (struct crowd){
      .plan = *plan, .random = {plan->seed}, .first_to_call = CROWD_NOBODY, .first_error = WAITQ_ERROR_INIT};
  crowd->visitors = calloc(plan->capacity, sizeof *crowd->visitors);
  crowd->tickets = calloc(plan->capacity, sizeof *crowd->tickets);
  if (crowd->visitors == NULL || crowd->tickets == NULL ||
      wheel_init(&crowd->wheel, plan->wheel_slots, plan->capacity, plan->start_ns) != 0 ||
      sessions_init(&crowd->sessions, plan->sessions) != 0 ||
      history_init(&crowd->history, plan->capacity, plan->samples, plan->sample_stride) != 0 ||
      (plan->context != NULL && errands_init(&crowd->errands, plan->context, ERRANDS) != 0)) {
    crowd_free(crowd);
    return -1;
  }
  return 0;
}

void crowd_free(struct crowd *crowd) {
  free(crowd->visitors);
  free(crowd->tickets);
  crowd->visitors = NULL;
  crowd->tickets = NULL;
  wheel_free(&crowd->wheel);
  sessions_free(&crowd->sessions);
  history_free(&crowd->history);
  errands_free(&crowd->errands);
}

static void line_up_to_be_called(struct crowd *crowd, uint32_t i) {
  crowd->visitors[i].next_to_call = CROWD_NOBODY;
  if (crowd->first_to_call == CROWD_NOBODY) {
    crowd->first_to_call = i;
  } else {
    crowd->visitors[crowd->last_to_call].next_to_call = i;
  }
  crowd->last_to_call = i;
}

static void finish(struct crowd *crowd, uint32_t i, int64_t now_ns, _Atomic uint64_t *counter) {
  crowd->visitors[i].stage = STAGE_DONE;
  count(counter);
  if (crowd->plan.watch != NULL) {
    watch_finished(crowd->plan.watch, i, now_ns, false);
  }
}

/* A call failed: it is repeated in a moment if that may help. */
static void handle_failure(struct crowd *crowd, uint32_t i, int64_t now_ns, const waitq_error *error) {
  if (error->retriable) {
    count(&crowd->counters.retried);
    wheel_add(&crowd->wheel, i, now_ns + RETRY_NS);
    return;
  }
  if (crowd_count(&crowd->counters.failed) == 0) {
    crowd->first_error = *error;
  }
  finish(crowd, i, now_ns, &crowd->counters.failed);
}

/* The store cannot be reached, and the room holds everybody meanwhile. */
static void come_again(struct crowd *crowd, uint32_t i, int64_t at_ns) {
  count(&crowd->counters.held);
  wheel_add(&crowd->wheel, i, at_ns);
}

static bool is_submitting(const struct crowd *crowd) {
  return crowd->plan.context != NULL;
}

/* A call that is to be submitted for a visitor; NULL when too many are under way, and the visitor will try again. */
static struct errand *begin_errand(struct crowd *crowd, uint32_t i) {
  struct errand *errand = errands_take(&crowd->errands, i);
  if (errand == NULL) {
    wheel_add(&crowd->wheel, i, clock_now_ns() + ERRAND_AGAIN_NS);
  } else {
    errand->call = begin_call(crowd);
  }
  return errand;
}

/* Afterwards: there will be no answer if the submission failed. */
static void end_submission(struct crowd *crowd, struct errand *errand, int code, const waitq_error *error) {
  if (code != WAITQ_OK) {
    handle_failure(crowd, errand->visitor, clock_now_ns(), error);
    errands_give_back(errand);
  }
}

static void take_exit(struct crowd *crowd, uint32_t i, const struct call *call, const waitq_error *error) {
  struct visitor *visitor = &crowd->visitors[i];
  if (visitor->session ==
      SESSION_NONE) { /* the pass was not kept: if this failed, the session ends when the pass expires */
    visitor->stage = STAGE_DONE;
    return;
  }
  if (error->code != WAITQ_OK) {
    handle_failure(crowd, i, call->end_ns, error);
  } else {
    visitor->stage = STAGE_DONE;
  }
  if (visitor->stage == STAGE_DONE) {
    sessions_give_back(&crowd->sessions, visitor->session);
  }
}

static void end_session(struct crowd *crowd, uint32_t i, const char *pass) {
  waitq_error error = WAITQ_ERROR_INIT;
  if (is_submitting(crowd)) {
    struct errand *errand = begin_errand(crowd, i);
    if (errand != NULL) {
      int code = waitq_submit_exit(crowd->plan.room, pass, errands_tag(errand), &error);
      end_submission(crowd, errand, code, &error);
    }
    if (crowd->visitors[i].session == SESSION_NONE) {
      crowd->visitors[i].stage = STAGE_DONE;
    }
    return;
  }
  struct call call = begin_call(crowd);
  waitq_exit(crowd->plan.room, pass, &error);
  end_call(crowd, &call, &crowd->exit_time);
  take_exit(crowd, i, &call, &error);
}

static void begin_session(struct crowd *crowd, uint32_t i, const struct call *call, const char *pass) {
  struct visitor *visitor = &crowd->visitors[i];
  struct visit *visit = &crowd->history.visits[i];
  if (visit->enter_begin_ns == 0) {
    visit->enter_begin_ns = call->begin_ns;
  }
  visit->enter_end_ns = call->end_ns;
  visitor->stage = STAGE_INSIDE;
  count(&crowd->counters.admitted);
  if (crowd->plan.watch != NULL) {
    watch_finished(crowd->plan.watch, i, call->end_ns, true);
  }
  visitor->session = sessions_keep(&crowd->sessions, pass);
  if (visitor->session == SESSION_NONE) { /* no place to keep the pass */
    end_session(crowd, i, pass);
    return;
  }
  wheel_add(&crowd->wheel, i, call->end_ns + random_between(&crowd->random, SESSION_SHORTEST_NS, SESSION_LONGEST_NS));
}

static void take_pass(struct crowd *crowd, uint32_t i, const struct call *call, const waitq_pass *pass,
                      const waitq_error *error) {
  struct visit *visit = &crowd->history.visits[i];
  if (error->code != WAITQ_OK) {
    visit->enter_begin_ns = visit->enter_begin_ns == 0 ? call->begin_ns : visit->enter_begin_ns;
    handle_failure(crowd, i, call->end_ns, error);
    return;
  }
  if (pass->state == WAITQ_STATE_ENTERED) {
    begin_session(crowd, i, call, pass->text);
    return;
  }
  if (pass->reason == WAITQ_REASON_STALLED) { /* the store may have heard of it all the same */
    visit->enter_begin_ns = visit->enter_begin_ns == 0 ? call->begin_ns : visit->enter_begin_ns;
    come_again(crowd, i, call->end_ns + pass->retry_after_ms * NS_PER_MS);
    return;
  }
  visit->enter_begin_ns = 0;
  if (pass->state == WAITQ_STATE_READY) {
    count(&crowd->counters.paced);
    wheel_add(&crowd->wheel, i, call->end_ns + pass->retry_after_ms * NS_PER_MS);
  } else if (pass->state == WAITQ_STATE_WAITING) {
    crowd->history.turns_revoked++;
    crowd->visitors[i].stage = STAGE_WAITING;
    wheel_add(&crowd->wheel, i, call->end_ns + NS_PER_S);
  } else {
    finish(crowd, i, call->end_ns, &crowd->counters.lost);
  }
}

static void enter(struct crowd *crowd, uint32_t i) {
  waitq_error error = WAITQ_ERROR_INIT;
  if (is_submitting(crowd)) {
    struct errand *errand = begin_errand(crowd, i);
    if (errand != NULL) {
      int code =
          waitq_submit_enter(crowd->plan.room, crowd->tickets[i], NULL, &errand->pass, errands_tag(errand), &error);
      end_submission(crowd, errand, code, &error);
    }
    return;
  }
  waitq_pass pass;
  waitq_pass_init(&pass, sizeof pass);
  struct call call = begin_call(crowd);
  waitq_enter(crowd->plan.room, crowd->tickets[i], NULL, &pass, &error);
  end_call(crowd, &call, &crowd->enter_time);
  take_pass(crowd, i, &call, &pass, &error);
}

/* An answer of a shared store tells how it was some time ago, in whole milliseconds. */
static int64_t view_age_ns(const struct crowd *crowd, const waitq_status *status) {
  return crowd->plan.has_shared_store ? (status->age_ms + 1) * NS_PER_MS : 0;
}

/* After a loss of the store places are put back, and the answer says so; nothing else may let a position rise. */
static void count_rise(struct history *history, const waitq_status *status) {
  if (status->reason == WAITQ_REASON_RESTORED) {
    history->restored_rises++;
  } else {
    history->position_rises++;
  }
}

static void go_on_waiting(struct crowd *crowd, uint32_t i, const waitq_status *status, const struct call *call) {
  struct visitor *visitor = &crowd->visitors[i];
  if (visitor->position != 0 && status->position > visitor->position) {
    count_rise(&crowd->history, status);
  }
  visitor->position = status->position;
  visitor->stage = STAGE_WAITING;
  history_waited(&crowd->history, i, call->begin_ns - view_age_ns(crowd, status));
  int64_t next_ns = call->end_ns + (status->next_poll_ms > 0 ? status->next_poll_ms * NS_PER_MS : NS_PER_S);
  next_ns = next_ns < visitor->leave_at_ns ? next_ns : visitor->leave_at_ns;
  if (next_ns - call->end_ns <= crowd->plan.own_pace_ns) {
    wheel_add(&crowd->wheel, i, next_ns);
  } else {
    line_up_to_be_called(crowd, i);
  }
  if (crowd->plan.watch != NULL) {
    watch_waiting(crowd->plan.watch, i, call->end_ns, status);
  }
}

/* A visitor has been told where it stands. */
static void take_answer(struct crowd *crowd, uint32_t i, const waitq_status *status, const struct call *call) {
  crowd->visitors[i].answered_ns = call->end_ns;
  if (status->state == WAITQ_STATE_WAITING) {
    go_on_waiting(crowd, i, status, call);
  } else if (status->state == WAITQ_STATE_READY) {
    crowd->history.visits[i].ready_end_ns = call->end_ns;
    crowd->visitors[i].stage = STAGE_READY;
    if (!crowd->is_over) {
      enter(crowd, i);
    }
  } else {
    finish(crowd, i, call->end_ns, &crowd->counters.lost);
  }
}

static void take_ticket(struct crowd *crowd, uint32_t i, const struct call *call, const waitq_ticket *ticket,
                        const waitq_status *status, const waitq_error *error) {
  if (error->code != WAITQ_OK) {
    handle_failure(crowd, i, call->end_ns, error);
    return;
  }
  if (status->state == WAITQ_STATE_NONE && status->reason == WAITQ_REASON_STALLED) {
    come_again(crowd, i, call->end_ns + status->next_poll_ms * NS_PER_MS);
    return;
  }
  if (status->state == WAITQ_STATE_NONE) {
    finish(crowd, i, call->end_ns, &crowd->counters.refused);
    return;
  }
  crowd->history.visits[i].join_end_ns = call->end_ns;
  memcpy(crowd->tickets[i], ticket->text, sizeof crowd->tickets[i]);
  count(&crowd->counters.joined);
  take_answer(crowd, i, status, call);
}

static void record_join(struct crowd *crowd, uint32_t i, const struct call *call) {
  struct visit *visit = &crowd->history.visits[i];
  if (visit->join_begin_ns == 0) {
    visit->join_begin_ns = call->begin_ns;
  }
}

static void join(struct crowd *crowd, uint32_t i) {
  const uint64_t id = crowd->plan.first_id + (uint64_t)i * crowd->plan.id_step;
  waitq_error error = WAITQ_ERROR_INIT;
  if (is_submitting(crowd)) {
    struct errand *errand = begin_errand(crowd, i);
    if (errand != NULL) {
      record_join(crowd, i, &errand->call);
      int code = waitq_submit_join(crowd->plan.room, &id, sizeof id, NULL, &errand->ticket, &errand->status,
                                   errands_tag(errand), &error);
      end_submission(crowd, errand, code, &error);
    }
    return;
  }
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  struct call call = begin_call(crowd);
  waitq_join(crowd->plan.room, &id, sizeof id, NULL, &ticket, &status, &error);
  end_call(crowd, &call, &crowd->join_time);
  record_join(crowd, i, &call);
  take_ticket(crowd, i, &call, &ticket, &status, &error);
}

static void poll(struct crowd *crowd, uint32_t i) {
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  struct call call = begin_call(crowd);
  int code = waitq_poll(crowd->plan.room, crowd->tickets[i], &status, &error);
  end_call(crowd, &call, &crowd->poll_time);
  count(&crowd->counters.polls);
  if (code != WAITQ_OK) {
    handle_failure(crowd, i, call.end_ns, &error);
    return;
  }
  if (status.state == WAITQ_STATE_WAITING) {
    history_sample(&crowd->history, i, call.begin_ns, &status);
  }
  take_answer(crowd, i, &status, &call);
}

static void take_leave(struct crowd *crowd, uint32_t i, const struct call *call, const waitq_error *error) {
  if (error->code != WAITQ_OK) {
    handle_failure(crowd, i, call->end_ns, error);
  } else {
    finish(crowd, i, call->end_ns, &crowd->counters.left);
  }
}

static void leave(struct crowd *crowd, uint32_t i) {
  waitq_error error = WAITQ_ERROR_INIT;
  if (is_submitting(crowd)) {
    struct errand *errand = begin_errand(crowd, i);
    if (errand != NULL) {
      int code = waitq_submit_leave(crowd->plan.room, crowd->tickets[i], NULL, errands_tag(errand), &error);
      end_submission(crowd, errand, code, &error);
    }
    return;
  }
  struct call call = begin_call(crowd);
  waitq_leave(crowd->plan.room, crowd->tickets[i], NULL, &error);
  end_call(crowd, &call, &crowd->leave_time);
  take_leave(crowd, i, &call, &error);
}

/* What was submitted has been answered. What it was follows from how far the visitor has come. */
static void take_errand(struct crowd *crowd, struct errand *errand) {
  const uint32_t i = errand->visitor;
  struct call *call = &errand->call;
  waitq_error error = WAITQ_ERROR_INIT;
  error.code = errand->code;
  error.retriable = errand->retriable;
  snprintf(error.text, sizeof error.text, "%s", waitq_error_text(errand->code));
  switch (crowd->visitors[i].stage) {
    case STAGE_JOINING:
      end_call(crowd, call, &crowd->join_time);
      take_ticket(crowd, i, call, &errand->ticket, &errand->status, &error);
      break;
    case STAGE_WAITING:
      end_call(crowd, call, &crowd->leave_time);
      take_leave(crowd, i, call, &error);
      break;
    case STAGE_READY:
      end_call(crowd, call, &crowd->enter_time);
      take_pass(crowd, i, call, &errand->pass, &error);
      break;
    default:
      end_call(crowd, call, &crowd->exit_time);
      take_exit(crowd, i, call, &error);
      break;
  }
  errands_give_back(errand);
}

static void take_errands(struct crowd *crowd) {
  if (!errands_collect(&crowd->errands)) {
    return;
  }
  for (struct errand *errand; (errand = errands_next_done(&crowd->errands)) != NULL;) {
    take_errand(crowd, errand);
  }
}

void crowd_rest(struct crowd *crowd, int64_t until_ns) {
  if (!is_submitting(crowd)) {
    clock_sleep_until_ns(until_ns);
    return;
  }
  do {
    errands_wait(&crowd->errands, until_ns);
    take_errands(crowd);
  } while (clock_now_ns() < until_ns);
}

void crowd_go_home(struct crowd *crowd) {
  crowd->is_over = true;
  while (is_submitting(crowd) && crowd->errands.under_way > 0) {
    crowd_rest(crowd, clock_now_ns() + NS_PER_MS);
  }
}

static int64_t crowd_now_ns(const struct crowd *crowd) {
  return crowd->plan.clock != NULL ? atomic_load_explicit(&crowd->plan.clock->now_ns, memory_order_relaxed)
                                   : clock_now_ns();
}

bool crowd_arrive(struct crowd *crowd) {
  if (crowd->arrived == crowd->plan.capacity || crowd->errands.under_way >= ERRANDS_OF_JOINS) {
    return false;
  }
  uint32_t i = crowd->arrived++;
  crowd->history.visit_count = crowd->arrived;
  crowd->visitors[i].leave_at_ns = INT64_MAX;
  if (random_unit(&crowd->random) < crowd->plan.leave_share) {
    crowd->visitors[i].leave_at_ns =
        crowd_now_ns(crowd) + random_between(&crowd->random, 0, crowd->plan.leave_within_ns);
  }
  join(crowd, i);
  return true;
}

static void poll_or_leave(struct crowd *crowd, uint32_t i) {
  const struct visitor *visitor = &crowd->visitors[i];
  if (visitor->leave_at_ns != INT64_MAX && visitor->leave_at_ns <= crowd_now_ns(crowd)) {
    leave(crowd, i);
  } else {
    poll(crowd, i);
  }
}

void crowd_act_due(struct crowd *crowd, int64_t now_ns) {
  for (uint32_t i; (i = wheel_take(&crowd->wheel, now_ns)) != WHEEL_NONE;) {
    switch (crowd->visitors[i].stage) {
      case STAGE_JOINING:
        join(crowd, i);
        break;
      case STAGE_WAITING:
        poll_or_leave(crowd, i);
        break;
      case STAGE_READY:
        enter(crowd, i);
        break;
      case STAGE_INSIDE:
        end_session(crowd, i, sessions_pass(&crowd->sessions, crowd->visitors[i].session));
        break;
      default:
        break;
    }
  }
}

bool crowd_call_next(struct crowd *crowd, int64_t since_ns) {
  const uint32_t i = crowd->first_to_call;
  if (i == CROWD_NOBODY || crowd->visitors[i].answered_ns > since_ns) {
    return false;
  }
  crowd->first_to_call = crowd->visitors[i].next_to_call;
  poll_or_leave(crowd, i);
  return true;
}
