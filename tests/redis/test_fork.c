/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The child of a fork has nothing to do with the connections of its parent: whatever it calls, the parent does not notice. */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nodes.h"

static struct server *server;
static struct node a;
static waitq_limiter_t *limiters[2];
static struct guest inside;
static struct guest ready;
static int32_t fd;

static int setup(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.max_active = 2;
  server_ask(server, "FLUSHALL");
  node_open(&a, server_uri(server), &policy);
  for (unsigned i = 0; i < 2; i++) {
    waitq_limit limit = WAITQ_LIMIT_INIT;
    limit.mode = i == 0 ? WAITQ_LIMIT_EXACT : WAITQ_LIMIT_LEASED;
    assert_code(waitq_limiter_open(a.context, "limit", &limit, &limiters[i], NULL), WAITQ_OK);
  }
  guest_join(a.room, "inside", &inside);
  assert_state(guest_enter(a.room, &inside), WAITQ_STATE_ENTERED);
  guest_join(a.room, "ready", &ready);
  assert_state(ready.status.state, WAITQ_STATE_READY);
  assert_code(waitq_completion_fd(a.context, &fd, NULL), WAITQ_OK);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq_limiter_close(limiters[0]);
  waitq_limiter_close(limiters[1]);
  node_close(&a);
  return 0;
}

/* How many of all calls that there are answer otherwise than that the context is the parent's, or without words. */
static int count_others(void) {
  int others = 0;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_limit limit = WAITQ_LIMIT_INIT;
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_completion done = WAITQ_COMPLETION_INIT;
  waitq_room_t *room = NULL;
  waitq_limiter_t *limiter = NULL;
  const waitq_visitor visitor = {"cid", 3};
  size_t count;
  int32_t other_fd;
  const char *text = ready.ticket.text;
#define COUNT(call)                                                                            \
  do {                                                                                         \
    waitq_error error = WAITQ_ERROR_INIT;                                                      \
    int code = (call);                                                                         \
    others += code != WAITQ_E_FORKED || error.code != WAITQ_E_FORKED || error.text[0] == '\0'; \
  } while (0)
  COUNT(waitq_join(a.room, "cid", 3, NULL, &ticket, &status, &error));
  COUNT(waitq_join_many(a.room, &visitor, 1, NULL, &ticket, &status, NULL, &error));
  COUNT(waitq_poll(a.room, text, &status, &error));
  COUNT(waitq_poll_many(a.room, &ready.ticket, 1, &status, NULL, &error));
  COUNT(waitq_enter(a.room, text, NULL, &pass, &error));
  COUNT(waitq_leave(a.room, text, &status, &error));
  COUNT(waitq_renew(a.room, inside.pass.text, &pass, &error));
  COUNT(waitq_exit(a.room, inside.pass.text, &error));
  COUNT(waitq_room_configure(a.room, &policy, &error));
  COUNT(waitq_room_policy(a.room, &policy, &error));
  COUNT(waitq_room_set_rate(a.room, 1.0, &error));
  COUNT(waitq_room_set_rate_at(a.room, 1.0, 1, &error));
  COUNT(waitq_room_set_phase(a.room, WAITQ_PHASE_PAUSED, &error));
  COUNT(waitq_room_reset(a.room, &error));
  COUNT(waitq_room_stats(a.room, &stats, &error));
  COUNT(waitq_room_open(a.context, "room", NULL, &room, &error));
  COUNT(waitq_limiter_open(a.context, "limit", NULL, &limiter, &error));
  for (unsigned i = 0; i < 2; i++) {
    COUNT(waitq_limiter_try(limiters[i], 1, &decision, &error));
    COUNT(waitq_limiter_configure(limiters[i], &limit, &error));
    COUNT(waitq_submit_try(limiters[i], 1, &decision, 0, &error));
  }
  COUNT(waitq_submit_join(a.room, "cid", 3, NULL, &ticket, &status, 0, &error));
  COUNT(waitq_submit_enter(a.room, text, NULL, &pass, 0, &error));
  COUNT(waitq_submit_leave(a.room, text, &status, 0, &error));
  COUNT(waitq_submit_renew(a.room, inside.pass.text, &pass, 0, &error));
  COUNT(waitq_submit_exit(a.room, inside.pass.text, 0, &error));
  COUNT(waitq_completion_fd(a.context, &other_fd, &error));
  COUNT(waitq_complete(a.context, &done, 1, &count, &error));
#undef COUNT
  return others;
}

/* Ends the child; a child that hangs is killed by its alarm. */
static _Noreturn void be_the_child(void) {
  alarm(20);
  int others = count_others();
  waitq_limiter_close(limiters[0]);
  waitq_limiter_close(limiters[1]);
  waitq_room_close(a.room);
  waitq_close(a.context);
  _exit(others);
}

static void wait_for(pid_t child) {
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fail_msg("the child ended with %d, signal %d", WEXITSTATUS(status), WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }
}

/* The names of the connections that the library holds, one a line. */
static void connections(char *text, size_t size) {
  size_t used = 0;
  const char *line = server_ask(server, "CLIENT LIST");
  text[0] = '\0';
  for (; line != NULL && *line != '\0'; line = strchr(line, '\n'), line = line == NULL ? NULL : line + 1) {
    if (strstr(line, "name=libwaitq") != NULL && strncmp(line, "id=", 3) == 0) {
      used += (size_t)snprintf(text + used, size - used, "%.*s\n", (int)strcspn(line, " "), line);
    }
  }
}

static void test_fork__calls_in_the_child_say_whose_context_it_is_and_the_parent_goes_on(void **state) {
  (void)state;
  char before[1024];
  char after[1024];
  connections(before, sizeof before);
  for (unsigned i = 0; i < 3; i++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      be_the_child();
    }
    wait_for(child);
    struct guest fresh;
    guest_join_numbered(a.room, "after", i, &fresh);
    assert_int_equal(fresh.status.position, i + 1);
  }
  connections(after, sizeof after);
  assert_string_equal(after, before);
  assert_true(strlen(before) > 0);
  assert_state(guest_enter(a.room, &ready), WAITQ_STATE_ENTERED);
  guest_exit(a.room, &inside);
  await_counts(a.room, 2, 1, 2, 1);
}

static void test_fork__a_child_may_open_a_context_of_its_own(void **state) {
  (void)state;
#ifdef __SANITIZE_THREAD__
  skip(); /* it cannot follow a thread that is started in the child of a program that has threads */
#endif
  int answers[2];
  struct guest fresh;
  assert_int_equal(pipe(answers), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    waitq_t *context = NULL;
    waitq_room_t *room = NULL;
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    alarm(20);
    if (waitq_open(server_uri(server), NULL, &context, NULL) != WAITQ_OK ||
        waitq_room_open(context, "room", NULL, &room, NULL) != WAITQ_OK ||
        waitq_join(room, "of the child", 12, NULL, &ticket, NULL, NULL) != WAITQ_OK) {
      _exit(1);
    }
    ssize_t written = write(answers[1], ticket.text, sizeof ticket.text);
    waitq_room_close(room);
    waitq_close(context);
    _exit(written == (ssize_t)sizeof ticket.text ? count_others() : 2);
  }
  wait_for(child);
  memset(&fresh, 0, sizeof fresh);
  waitq_ticket_init(&fresh.ticket, sizeof fresh.ticket);
  waitq_status_init(&fresh.status, sizeof fresh.status);
  assert_int_equal(read(answers[0], fresh.ticket.text, sizeof fresh.ticket.text), sizeof fresh.ticket.text);
  close(answers[0]);
  close(answers[1]);
  assert_state(guest_poll(a.room, &fresh), WAITQ_STATE_WAITING);
  await_position(a.room, &fresh, 1);
}

static _Atomic int is_over;
static _Atomic int failures;

static void *keep_calling(void *user) {
  char visitor[16];
  snprintf(visitor, sizeof visitor, "thread %d", *(const int *)user);
  while (!is_over) {
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_decision decision = WAITQ_DECISION_INIT;
    failures += waitq_join(a.room, visitor, strlen(visitor), NULL, &ticket, NULL, NULL) != WAITQ_OK;
    failures += waitq_leave(a.room, ticket.text, NULL, NULL) != WAITQ_OK;
    failures += waitq_limiter_try(limiters[0], 1, &decision, NULL) != WAITQ_OK;
    failures += waitq_limiter_try(limiters[1], 1, &decision, NULL) != WAITQ_OK;
  }
  return NULL;
}

/* Whatever lock is held at the moment of the fork. */
static void test_fork__while_others_are_in_the_middle_of_calls(void **state) {
  (void)state;
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  int numbers[THREADS];
  is_over = 0;
  failures = 0;
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    assert_int_equal(pthread_create(&threads[i], NULL, keep_calling, &numbers[i]), 0);
  }
  for (int i = 0; i < 50; i++) {
    pid_t child = fork();
    if (child == 0) {
      be_the_child();
    }
    wait_for(child);
  }
  is_over = 1;
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  assert_int_equal(failures, 0);
  assert_state(guest_enter(a.room, &ready), WAITQ_STATE_ENTERED);
  await_counts(a.room, 0, 0, 2, 2);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_fork__calls_in_the_child_say_whose_context_it_is_and_the_parent_goes_on),
      TEST(test_fork__a_child_may_open_a_context_of_its_own),
      TEST(test_fork__while_others_are_in_the_middle_of_calls),
  };
  server = server_start(NULL);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
