/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A crowd in one thread, as a server with an event loop would serve it: calls are submitted, and poll() tells when answers
 * are there. Nothing in the loop waits for the store.
 *
 *     submit [store]        "memory:" (the default), or such as "redis://localhost" */

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <waitq/waitq.h>

#define VISITORS 200
#define SESSION_MS 200
#define AGAIN_MS 100

enum step { JOIN, WAIT, ENTER, EXIT, GONE };

struct visitor {
  enum step next;
  int64_t due_ms; /* INT64_MAX while an answer is awaited */
  waitq_ticket ticket;
  waitq_status status;
  waitq_pass pass;
};

static struct visitor visitors[VISITORS];
static int gone, entered;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void go_on(struct visitor *visitor, enum step next, int64_t in_ms) {
  visitor->next = next;
  visitor->due_ms = next == GONE ? INT64_MAX : now_ms() + in_ms;
  gone += next == GONE;
}

static void take_status(struct visitor *visitor) {
  uint32_t state = visitor->status.state;
  go_on(visitor,
        state == WAITQ_STATE_WAITING ? WAIT
        : state == WAITQ_STATE_READY ? ENTER
                                     : GONE,
        state == WAITQ_STATE_WAITING ? visitor->status.next_poll_ms : 0);
}

/* The next step of a visitor. Its number is the tag, by which the answer is told from others. */
static int act(waitq_room_t *room, uint64_t number, waitq_error *error) {
  struct visitor *visitor = &visitors[number];
  visitor->due_ms = INT64_MAX;
  if (visitor->next == JOIN) {
    return waitq_submit_join(room, &number, sizeof number, NULL, &visitor->ticket, &visitor->status, number, error);
  }
  if (visitor->next == ENTER) {
    return waitq_submit_enter(room, visitor->ticket.text, NULL, &visitor->pass, number, error);
  }
  if (visitor->next == EXIT) {
    return waitq_submit_exit(room, visitor->pass.text, number, error);
  }
  int code = waitq_poll(room, visitor->ticket.text, &visitor->status, error); /* never waits for the store */
  if (code == WAITQ_OK) {
    take_status(visitor);
  }
  return code;
}

static void take(const waitq_completion *completion) {
  struct visitor *visitor = &visitors[completion->tag];
  if (completion->code != WAITQ_OK) {
    go_on(visitor, completion->retriable ? visitor->next : GONE, AGAIN_MS);
  } else if (visitor->next == JOIN) {
    take_status(visitor);
  } else if (visitor->next == ENTER && visitor->pass.state == WAITQ_STATE_ENTERED) {
    entered++;
    go_on(visitor, EXIT, SESSION_MS);
  } else if (visitor->next == ENTER && visitor->pass.state == WAITQ_STATE_READY) {
    go_on(visitor, ENTER, visitor->pass.retry_after_ms);
  } else {
    go_on(visitor, GONE, 0);
  }
}

/* Collects all answers that are there. */
static int collect(waitq_t *context, waitq_error *error) {
  waitq_completion done[64] = {WAITQ_COMPLETION_INIT};
  size_t count = 64;
  while (count == 64) {
    int code = waitq_complete(context, done, 64, &count, error);
    if (code != WAITQ_OK) {
      return code;
    }
    for (size_t i = 0; i < count; i++) {
      take(&done[i]);
    }
  }
  return WAITQ_OK;
}

/* Does what is due, and sleeps until something is, or an answer comes. */
static int turn(waitq_t *context, waitq_room_t *room, int fd, waitq_error *error) {
  int64_t next_ms = now_ms() + 1000;
  for (uint64_t i = 0; i < VISITORS; i++) {
    int code = visitors[i].due_ms <= now_ms() ? act(room, i, error) : WAITQ_OK;
    if (code != WAITQ_OK) {
      return code;
    }
    next_ms = visitors[i].due_ms < next_ms ? visitors[i].due_ms : next_ms;
  }
  int64_t left_ms = next_ms - now_ms();
  poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, left_ms > 0 ? (int)left_ms : 0);
  return collect(context, error);
}

int main(int argc, char **argv) {
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_error error = WAITQ_ERROR_INIT;
  char name[WAITQ_ROOM_NAME_MAX + 1]; /* of this run: a room that exists keeps its line and its policy */
  int32_t fd = -1;
  policy.rate_per_s = 100;
  snprintf(name, sizeof name, "submit-%ld-%lld", (long)getpid(), (long long)time(NULL));
  for (int i = 0; i < VISITORS; i++) {
    visitors[i] = (struct visitor){JOIN, 0, WAITQ_TICKET_INIT, WAITQ_STATUS_INIT, WAITQ_PASS_INIT};
  }
  int64_t began_ms = now_ms();
  int failed = waitq_open(argc > 1 ? argv[1] : "memory:", NULL, &context, &error) ||
               waitq_room_open(context, name, &policy, &room, &error) || waitq_completion_fd(context, &fd, &error);
  while (!failed && gone < VISITORS) {
    failed = turn(context, room, fd, &error);
  }
  if (failed) {
    fprintf(stderr, "submit: %s\n", error.text);
    return 1;
  }
  printf("%d of %d visitors entered, in %.1f s\n", entered, VISITORS, (double)(now_ms() - began_ms) / 1e3);
  waitq_room_close(room);
  waitq_close(context);
  return entered == VISITORS ? 0 : 1;
}
