/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "bridge.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a failure is reported with when there is no memory for its detail. */
static waitq_error no_memory = {sizeof(waitq_error), WAITQ_E_NOMEM, 1, "no memory for the detail of a failure"};

waitq_error *waitq_go_failure(int code, const waitq_error *detail) {
  if (code == WAITQ_OK) {
    return NULL;
  }
  waitq_error *kept = malloc(sizeof *kept);
  if (kept == NULL) {
    return &no_memory;
  }
  *kept = *detail;
  kept->code = code;
  return kept;
}

void waitq_go_forget(waitq_error *failure) {
  if (failure != &no_memory) {
    free(failure);
  }
}

static waitq_room_t *room_of(waitq_go_handle handle) {
  return (waitq_room_t *)handle;
}

static waitq_limiter_t *limiter_of(waitq_go_handle handle) {
  return (waitq_limiter_t *)handle;
}

waitq_go_polled waitq_go_poll(waitq_go_handle room, waitq_ticket ticket) {
  waitq_go_polled polled;
  waitq_error error;
  error.size = sizeof error;
  polled.status.size = sizeof polled.status;
  polled.failure = waitq_go_failure(waitq_poll(room_of(room), ticket.text, &polled.status, &error), &error);
  return polled;
}

waitq_go_joined waitq_go_join(waitq_go_handle room, const char *visitor, size_t length) {
  waitq_go_joined joined;
  waitq_error error;
  error.size = sizeof error;
  waitq_ticket_init(&joined.ticket, sizeof joined.ticket);
  joined.status.size = sizeof joined.status;
  int code = waitq_join(room_of(room), visitor, length, NULL, &joined.ticket, &joined.status, &error);
  joined.failure = waitq_go_failure(code, &error);
  return joined;
}

waitq_go_passed waitq_go_enter(waitq_go_handle room, waitq_ticket ticket, const waitq_binding *binding) {
  waitq_go_passed passed;
  waitq_error error;
  waitq_enter_options options;
  error.size = sizeof error;
  passed.pass.size = sizeof passed.pass;
  waitq_enter_options_init(&options, sizeof options);
  options.binding = binding;
  passed.failure = waitq_go_failure(waitq_enter(room_of(room), ticket.text, &options, &passed.pass, &error), &error);
  return passed;
}

waitq_go_polled waitq_go_leave(waitq_go_handle room, waitq_ticket ticket) {
  waitq_go_polled left;
  waitq_error error;
  error.size = sizeof error;
  left.status.size = sizeof left.status;
  left.failure = waitq_go_failure(waitq_leave(room_of(room), ticket.text, &left.status, &error), &error);
  return left;
}

/* Copies the text of a pass behind which the library may look for a NUL. One that is too long, or holds a NUL, becomes a text
 * that is none of a pass. */
static const char *terminated(char *copy, const char *pass, size_t length) {
  if (length >= WAITQ_PASS_SIZE || memchr(pass, '\0', length) != NULL) {
    return "";
  }
  memcpy(copy, pass, length);
  copy[length] = '\0';
  return copy;
}

waitq_go_passed waitq_go_renew(waitq_go_handle room, const char *pass, size_t length) {
  waitq_go_passed passed;
  waitq_error error;
  char copy[WAITQ_PASS_SIZE];
  error.size = sizeof error;
  passed.pass.size = sizeof passed.pass;
  int code = waitq_renew(room_of(room), terminated(copy, pass, length), &passed.pass, &error);
  passed.failure = waitq_go_failure(code, &error);
  return passed;
}

waitq_error *waitq_go_exit(waitq_go_handle room, const char *pass, size_t length) {
  waitq_error error;
  char copy[WAITQ_PASS_SIZE];
  error.size = sizeof error;
  return waitq_go_failure(waitq_exit(room_of(room), terminated(copy, pass, length), &error), &error);
}

waitq_go_decided waitq_go_try(waitq_go_handle limiter, uint32_t tokens) {
  waitq_go_decided decided;
  waitq_error error;
  error.size = sizeof error;
  decided.decision.size = sizeof decided.decision;
  decided.failure = waitq_go_failure(waitq_limiter_try(limiter_of(limiter), tokens, &decided.decision, &error), &error);
  return decided;
}

waitq_go_verified waitq_go_verify(waitq_go_handle verifier, const char *pass, size_t length, int64_t now_ms,
                                  const waitq_binding *binding) {
  waitq_go_verified verified;
  waitq_error error;
  error.size = sizeof error;
  waitq_claims_init(&verified.claims, sizeof verified.claims);
  int code = waitq_verify((const waitq_verifier_t *)verifier, pass != NULL ? pass : "", length, now_ms, binding,
                          &verified.claims, &error);
  verified.failure = waitq_go_failure(code, &error);
  return verified;
}

waitq_error *waitq_go_join_many(waitq_go_handle room, const char *ids, const uint32_t *lengths, size_t count,
                                waitq_ticket *tickets, waitq_status *statuses, int32_t *codes) {
  waitq_error error;
  error.size = sizeof error;
  waitq_visitor *visitors = calloc(count, sizeof *visitors);
  if (visitors == NULL) {
    return &no_memory;
  }
  for (size_t i = 0; i < count; i++) {
    visitors[i] = (waitq_visitor){lengths[i] == 0 ? NULL : ids, lengths[i]};
    ids += lengths[i];
  }
  tickets[0].size = sizeof tickets[0];
  statuses[0].size = sizeof statuses[0];
  int code = waitq_join_many(room_of(room), visitors, count, NULL, tickets, statuses, codes, &error);
  free(visitors);
  return waitq_go_failure(code, &error);
}

waitq_error *waitq_go_poll_many(waitq_go_handle room, const waitq_ticket *tickets, size_t count, waitq_status *statuses,
                                int32_t *codes) {
  waitq_error error;
  error.size = sizeof error;
  statuses[0].size = sizeof statuses[0];
  return waitq_go_failure(waitq_poll_many(room_of(room), tickets, count, statuses, codes, &error), &error);
}

waitq_go_call *waitq_go_calls(size_t count) {
  waitq_go_call *calls = calloc(count, sizeof *calls);
  for (size_t i = 0; calls != NULL && i < count; i++) {
    waitq_status_init(&calls[i].status, sizeof calls[i].status);
    waitq_pass_init(&calls[i].pass, sizeof calls[i].pass);
    waitq_decision_init(&calls[i].decision, sizeof calls[i].decision);
  }
  return calls;
}

waitq_error *waitq_go_submit_join(waitq_go_handle room, const char *visitor, size_t length, waitq_go_call *call,
                                  uint64_t tag) {
  waitq_error error;
  error.size = sizeof error;
  waitq_ticket_init(&call->ticket, sizeof call->ticket); /* the call may have served before */
  int code = waitq_submit_join(room_of(room), visitor, length, NULL, &call->ticket, &call->status, tag, &error);
  return waitq_go_failure(code, &error);
}

waitq_error *waitq_go_submit_enter(waitq_go_handle room, waitq_ticket ticket, const waitq_binding *binding,
                                   waitq_go_call *call, uint64_t tag) {
  waitq_error error;
  waitq_enter_options options;
  error.size = sizeof error;
  waitq_enter_options_init(&options, sizeof options);
  options.binding = binding;
  return waitq_go_failure(waitq_submit_enter(room_of(room), ticket.text, &options, &call->pass, tag, &error), &error);
}

waitq_error *waitq_go_submit_leave(waitq_go_handle room, waitq_ticket ticket, waitq_go_call *call, uint64_t tag) {
  waitq_error error;
  error.size = sizeof error;
  return waitq_go_failure(waitq_submit_leave(room_of(room), ticket.text, &call->status, tag, &error), &error);
}

waitq_error *waitq_go_submit_renew(waitq_go_handle room, const char *pass, size_t length, waitq_go_call *call,
                                   uint64_t tag) {
  waitq_error error;
  char copy[WAITQ_PASS_SIZE];
  error.size = sizeof error;
  int code = waitq_submit_renew(room_of(room), terminated(copy, pass, length), &call->pass, tag, &error);
  return waitq_go_failure(code, &error);
}

waitq_error *waitq_go_submit_exit(waitq_go_handle room, const char *pass, size_t length, uint64_t tag) {
  waitq_error error;
  char copy[WAITQ_PASS_SIZE];
  error.size = sizeof error;
  return waitq_go_failure(waitq_submit_exit(room_of(room), terminated(copy, pass, length), tag, &error), &error);
}

waitq_error *waitq_go_submit_try(waitq_go_handle limiter, uint32_t tokens, waitq_go_call *call, uint64_t tag) {
  waitq_error error;
  error.size = sizeof error;
  return waitq_go_failure(waitq_submit_try(limiter_of(limiter), tokens, &call->decision, tag, &error), &error);
}

int waitq_go_completion_fd(waitq_t *context, waitq_error **failure) {
  waitq_error error;
  int32_t fd = -1;
  error.size = sizeof error;
  *failure = waitq_go_failure(waitq_completion_fd(context, &fd, &error), &error);
  return *failure == NULL ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
}

size_t waitq_go_complete(waitq_t *context, waitq_completion *completions, size_t capacity) {
  size_t count = 0;
  completions[0].size = sizeof completions[0];
  return waitq_complete(context, completions, capacity, &count, NULL) == WAITQ_OK ? count : 0;
}

struct waitq_go_log {
  int fd;
  _Atomic uint64_t lost;
};

waitq_go_log *waitq_go_log_new(int *read_fd) {
  int ends[2];
  waitq_go_log *log = calloc(1, sizeof *log);
  if (log == NULL || pipe(ends) != 0) {
    free(log);
    return NULL;
  }
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  *read_fd = ends[0];
  log->fd = ends[1];
  return log;
}

void waitq_go_log_close(waitq_go_log *log) {
  close(log->fd);
}

void waitq_go_log_free(waitq_go_log *log) {
  free(log);
}

uint64_t waitq_go_log_lost(waitq_go_log *log) {
  return atomic_exchange(&log->lost, 0);
}

/* One write of less than PIPE_BUF bytes: it is done as a whole or not at all, and does not mix with that of another thread. */
void waitq_go_log_line(void *user, int32_t level, const char *line) {
  waitq_go_log *log = user;
  char record[1024];
  size_t length = strnlen(line, sizeof record - 2);
  record[0] = (char)('0' + level);
  memcpy(record + 1, line, length);
  record[length + 1] = '\n';
  if (write(log->fd, record, length + 2) < 0) {
    atomic_fetch_add(&log->lost, 1);
  }
}

int64_t *waitq_go_clock_new(void) {
  return calloc(1, sizeof(int64_t));
}

int64_t waitq_go_clock_read(void *clock) {
  return __atomic_load_n((int64_t *)clock, __ATOMIC_SEQ_CST);
}

void waitq_go_clock_set(int64_t *clock, int64_t now_us) {
  __atomic_store_n(clock, now_us, __ATOMIC_SEQ_CST);
}

int64_t waitq_go_clock_add(int64_t *clock, int64_t by_us) {
  return __atomic_add_fetch(clock, by_us, __ATOMIC_SEQ_CST);
}

waitq_go_pointer waitq_go_open(const char *uri, const waitq_key *keys, size_t key_count, waitq_go_log *log,
                               int32_t log_level, int64_t *clock) {
  waitq_options options;
  waitq_error error;
  waitq_t *context = NULL;
  error.size = sizeof error;
  waitq_options_init(&options, sizeof options);
  options.keys = keys;
  options.key_count = key_count;
  if (log != NULL) {
    options.log = waitq_go_log_line;
    options.log_user = log;
    options.log_level = log_level;
  }
  if (clock != NULL) {
    options.clock = waitq_go_clock_read;
    options.clock_user = clock;
  }
  waitq_error *failure = waitq_go_failure(waitq_open(uri, &options, &context, &error), &error);
  return (waitq_go_pointer){failure, context};
}
