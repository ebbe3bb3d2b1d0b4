/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "calls.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "machine.h"

#define STACK_BYTES (1024 * 1024)
#define COLLECTED_AT_ONCE 64
#define SILENCE_MS 10000

/* Room for one call's answer. */
struct answer {
  size_t index;
  int64_t start_ns;
  waitq_ticket ticket;
  waitq_status status;
  waitq_pass pass;
  waitq_decision decision;
};

struct crowd {
  const struct bench_calls *calls;
  int64_t until_ns;
  atomic_size_t next;
  atomic_uint failures;
};

struct caller {
  struct crowd *crowd;
  pthread_t thread;
  uint64_t ops;
  uint64_t good;
  struct bench_histogram latency;
};

static const char *const names[] = {"join", "leave", "enter", "try"};

static void fail(struct crowd *crowd, int code, const waitq_error *error) {
  if (atomic_fetch_add(&crowd->failures, 1) == 0) {
    bench_complain("%s: %s", names[crowd->calls->call], error != NULL ? error->text : waitq_error_text(code));
  }
}

static void prepare(struct answer *answer) {
  waitq_ticket_init(&answer->ticket, sizeof answer->ticket);
  waitq_status_init(&answer->status, sizeof answer->status);
  waitq_pass_init(&answer->pass, sizeof answer->pass);
  waitq_decision_init(&answer->decision, sizeof answer->decision);
}

static int call(const struct bench_calls *calls, struct answer *answer, waitq_error *error) {
  char id[BENCH_ID_LENGTH];
  switch (calls->call) {
    case BENCH_CALL_JOIN:
      bench_visitor_id(calls->visitor + answer->index, id);
      return waitq_join(calls->room, id, sizeof id, NULL, &answer->ticket, &answer->status, error);
    case BENCH_CALL_LEAVE:
      return waitq_leave(calls->room, calls->texts[answer->index].text, &answer->status, error);
    case BENCH_CALL_ENTER:
      return waitq_enter(calls->room, calls->texts[answer->index].text, NULL, &answer->pass, error);
    default:
      return waitq_limiter_try(calls->limiter, 1, &answer->decision, error);
  }
}

static int submit(const struct bench_calls *calls, struct answer *answer, uint64_t tag, waitq_error *error) {
  char id[BENCH_ID_LENGTH];
  switch (calls->call) {
    case BENCH_CALL_JOIN:
      bench_visitor_id(calls->visitor + answer->index, id);
      return waitq_submit_join(calls->room, id, sizeof id, NULL, &answer->ticket, &answer->status, tag, error);
    case BENCH_CALL_LEAVE:
      return waitq_submit_leave(calls->room, calls->texts[answer->index].text, &answer->status, tag, error);
    case BENCH_CALL_ENTER:
      return waitq_submit_enter(calls->room, calls->texts[answer->index].text, NULL, &answer->pass, tag, error);
    default:
      return waitq_submit_try(calls->limiter, 1, &answer->decision, tag, error);
  }
}

/* Takes an answer over; whether the call ended as it should. */
static int take(const struct bench_calls *calls, const struct answer *answer) {
  switch (calls->call) {
    case BENCH_CALL_JOIN:
      memcpy(calls->texts[answer->index].text, answer->ticket.text, WAITQ_TICKET_SIZE);
      return answer->status.state == WAITQ_STATE_WAITING || answer->status.state == WAITQ_STATE_READY;
    case BENCH_CALL_LEAVE:
      return answer->status.state == WAITQ_STATE_LEFT;
    case BENCH_CALL_ENTER:
      return answer->pass.state == WAITQ_STATE_ENTERED;
    default:
      return answer->decision.admitted == 1;
  }
}

/* The next call that is to be made; 0 when there is none. */
static int claim(struct crowd *crowd, struct answer *answer) {
  answer->start_ns = bench_now_ns();
  if (answer->start_ns >= crowd->until_ns) {
    return 0;
  }
  answer->index = atomic_fetch_add_explicit(&crowd->next, 1, memory_order_relaxed);
  return answer->index < crowd->calls->most;
}

static struct crowd crowd_of(const struct bench_calls *calls) {
  struct crowd crowd = {.calls = calls, .until_ns = bench_now_ns() + calls->lasts_ns};
  atomic_init(&crowd.next, 0);
  atomic_init(&crowd.failures, 0);
  return crowd;
}

static void *work(void *argument) {
  struct caller *caller = argument;
  const struct bench_calls *calls = caller->crowd->calls;
  struct answer answer;
  waitq_error error = WAITQ_ERROR_INIT;
  prepare(&answer);
  while (claim(caller->crowd, &answer)) {
    int code = call(calls, &answer, &error);
    bench_histogram_add(&caller->latency, bench_now_ns() - answer.start_ns);
    caller->ops++;
    if (code == WAITQ_OK) {
      caller->good += (uint64_t)take(calls, &answer);
    } else {
      fail(caller->crowd, code, &error);
    }
  }
  return NULL;
}

static void add(struct bench_node_result *result, const struct caller *caller) {
  result->ops += caller->ops;
  result->good += caller->good;
  bench_histogram_merge(&result->latency, &caller->latency);
}

size_t bench_calls_block(const struct bench_calls *calls, unsigned threads, struct bench_node_result *result) {
  struct crowd crowd = crowd_of(calls);
  struct caller *callers = bench_alloc(threads * sizeof *callers);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  for (unsigned t = 0; t < threads; t++) {
    callers[t].crowd = &crowd;
    if (pthread_create(&callers[t].thread, &attributes, work, &callers[t]) != 0) {
      bench_die("cannot start thread %u of %u", t + 1, threads);
    }
  }
  for (unsigned t = 0; t < threads; t++) {
    pthread_join(callers[t].thread, NULL);
    add(result, &callers[t]);
  }
  pthread_attr_destroy(&attributes);
  free(callers);
  result->threads = threads;
  return (size_t)result->ops;
}

/* Returns 1 when one more is under way. */
static int submit_next(struct crowd *crowd, struct answer *answer, uint64_t tag) {
  waitq_error error = WAITQ_ERROR_INIT;
  if (!claim(crowd, answer)) {
    return 0;
  }
  int code = submit(crowd->calls, answer, tag, &error);
  if (code != WAITQ_OK) {
    bench_die("%s: %s", names[crowd->calls->call], error.text);
  }
  return 1;
}

/* Takes what is there, and puts as many under way again. Returns by how many there are fewer. */
static unsigned collect(struct crowd *crowd, struct answer *answers, struct caller *caller) {
  waitq_completion done[COLLECTED_AT_ONCE] = {WAITQ_COMPLETION_INIT};
  unsigned fewer = 0;
  size_t count;
  do {
    if (waitq_complete(crowd->calls->context, done, COLLECTED_AT_ONCE, &count, NULL) != WAITQ_OK) {
      bench_die("completions cannot be collected");
    }
    int64_t now_ns = bench_now_ns();
    for (size_t i = 0; i < count; i++) {
      struct answer *answer = &answers[done[i].tag];
      caller->ops++;
      if (done[i].code == WAITQ_OK) {
        caller->good += (uint64_t)take(crowd->calls, answer);
      } else {
        fail(crowd, done[i].code, NULL);
      }
      bench_histogram_add(&caller->latency, now_ns - answer->start_ns);
      fewer += !submit_next(crowd, answer, done[i].tag);
    }
  } while (count == COLLECTED_AT_ONCE);
  return fewer;
}

size_t bench_calls_submit(const struct bench_calls *calls, unsigned outstanding, struct bench_node_result *result) {
  struct crowd crowd = crowd_of(calls);
  struct answer *answers = bench_alloc(outstanding * sizeof *answers);
  struct caller *caller = bench_alloc(sizeof *caller);
  struct pollfd ready = {.events = POLLIN};
  unsigned busy = 0;
  if (waitq_completion_fd(calls->context, &ready.fd, NULL) != WAITQ_OK) {
    bench_die("there is no descriptor for completions");
  }
  for (unsigned i = 0; i < outstanding; i++) {
    prepare(&answers[i]);
    busy += (unsigned)submit_next(&crowd, &answers[i], i);
  }
  while (busy > 0) {
    if (poll(&ready, 1, SILENCE_MS) == 0) {
      bench_die("%s: %u submitted calls do not end", names[calls->call], busy);
    }
    busy -= collect(&crowd, answers, caller);
  }
  add(result, caller);
  free(answers);
  free(caller);
  return (size_t)result->ops;
}
