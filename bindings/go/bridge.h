/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_GO_BRIDGE_H
#define WAITQ_GO_BRIDGE_H

/* What Go calls instead of the library itself. Included by the comments above import "C" and by bridge.c.
 *
 * Results come back by value: cgo keeps those in the frame of the call, so nothing of Go's has to be on its heap, and no
 * pointer into a goroutine's stack reaches C. A failure is NULL where there was none; otherwise waitq_go_forget() frees it.
 * Nothing here calls back into Go. */

#include <waitq/waitq.h>

/* A room, limiter or verifier as a number: cgo would box a pointer to an opaque structure, and allocate for that. */
typedef uintptr_t waitq_go_handle;

/* Keeps the detail of a failure; NULL for WAITQ_OK. */
waitq_error *waitq_go_failure(int code, const waitq_error *detail);
void waitq_go_forget(waitq_error *failure);

/* What a submitted call fills in. It is C's memory: it must not move, and outlives a caller who waits no longer. */
typedef struct waitq_go_call {
  waitq_ticket ticket;
  waitq_status status;
  waitq_pass pass;
  waitq_decision decision;
} waitq_go_call;

typedef struct waitq_go_polled {
  waitq_error *failure;
  waitq_status status;
} waitq_go_polled;

typedef struct waitq_go_joined {
  waitq_error *failure;
  waitq_ticket ticket;
  waitq_status status;
} waitq_go_joined;

typedef struct waitq_go_passed {
  waitq_error *failure;
  waitq_pass pass;
} waitq_go_passed;

typedef struct waitq_go_decided {
  waitq_error *failure;
  waitq_decision decision;
} waitq_go_decided;

typedef struct waitq_go_verified {
  waitq_error *failure;
  waitq_claims claims;
} waitq_go_verified;

typedef struct waitq_go_pointer {
  waitq_error *failure;
  void *pointer;
} waitq_go_pointer;

waitq_go_polled waitq_go_poll(waitq_go_handle room, waitq_ticket ticket);
waitq_go_joined waitq_go_join(waitq_go_handle room, const char *visitor, size_t length);
waitq_go_passed waitq_go_enter(waitq_go_handle room, waitq_ticket ticket, const waitq_binding *binding);
waitq_go_polled waitq_go_leave(waitq_go_handle room, waitq_ticket ticket);
waitq_go_passed waitq_go_renew(waitq_go_handle room, const char *pass, size_t length);
waitq_error *waitq_go_exit(waitq_go_handle room, const char *pass, size_t length);
waitq_go_decided waitq_go_try(waitq_go_handle limiter, uint32_t tokens);
waitq_go_verified waitq_go_verify(waitq_go_handle verifier, const char *pass, size_t length, int64_t now_ms,
                                  const waitq_binding *binding);

/* ids holds the visitors' ids one after the other; lengths says how long each is, 0 for an anonymous one. */
waitq_error *waitq_go_join_many(waitq_go_handle room, const char *ids, const uint32_t *lengths, size_t count,
                                waitq_ticket *tickets, waitq_status *statuses, int32_t *codes);
waitq_error *waitq_go_poll_many(waitq_go_handle room, const waitq_ticket *tickets, size_t count, waitq_status *statuses,
                                int32_t *codes);

waitq_go_call *waitq_go_calls(size_t count);
waitq_error *waitq_go_submit_join(waitq_go_handle room, const char *visitor, size_t length, waitq_go_call *call,
                                  uint64_t tag);
waitq_error *waitq_go_submit_enter(waitq_go_handle room, waitq_ticket ticket, const waitq_binding *binding,
                                   waitq_go_call *call, uint64_t tag);
waitq_error *waitq_go_submit_leave(waitq_go_handle room, waitq_ticket ticket, waitq_go_call *call, uint64_t tag);
waitq_error *waitq_go_submit_renew(waitq_go_handle room, const char *pass, size_t length, waitq_go_call *call,
                                   uint64_t tag);
waitq_error *waitq_go_submit_exit(waitq_go_handle room, const char *pass, size_t length, uint64_t tag);
waitq_error *waitq_go_submit_try(waitq_go_handle limiter, uint32_t tokens, waitq_go_call *call, uint64_t tag);

/* A descriptor of the caller's own that is readable as waitq_completion_fd() is; below 0 when there is none. */
int waitq_go_completion_fd(waitq_t *context, waitq_error **failure);
size_t waitq_go_complete(waitq_t *context, waitq_completion *completions, size_t capacity);

/* A log whose lines are read from a pipe: a byte for the level, the line, a newline. A line that finds the pipe full is
 * counted instead, so that no thread of the library waits for Go. */
typedef struct waitq_go_log waitq_go_log;
waitq_go_log *waitq_go_log_new(int *read_fd);
/* Closes the end that is written to; the reader then comes to an end. */
void waitq_go_log_close(waitq_go_log *log);
void waitq_go_log_free(waitq_go_log *log);
uint64_t waitq_go_log_lost(waitq_go_log *log);
void waitq_go_log_line(void *log, int32_t level, const char *line);

/* A clock that stands still until Go moves it. */
int64_t *waitq_go_clock_new(void);
int64_t waitq_go_clock_read(void *clock);
void waitq_go_clock_set(int64_t *clock, int64_t now_us);
int64_t waitq_go_clock_add(int64_t *clock, int64_t by_us);

waitq_go_pointer waitq_go_open(const char *uri, const waitq_key *keys, size_t key_count, waitq_go_log *log,
                               int32_t log_level, int64_t *clock);

#endif
