/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Connections that end and are made anew leave nothing behind: no descriptor, no thread, no memory; and no signal is raised. */

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "nodes.h"

static struct server *server;
static struct node a;
static struct node b;
static waitq_limiter_t *limiter;
static volatile sig_atomic_t pipes;

static void note_signal(int number) {
  (void)number;
  pipes++;
}

static int setup(void **state) {
  (void)state;
  server_ask(server, "FLUSHALL");
  pipes = 0;
  return 0;
}

static int teardown(void **state) {
  (void)state;
  waitq_limiter_close(limiter);
  limiter = NULL;
  node_close(&a);
  node_close(&b);
  return 0;
}

static unsigned entries(const char *path) {
  unsigned count = 0;
  DIR *folder = opendir(path);
  assert_non_null(folder);
  while (readdir(folder) != NULL) {
    count++;
  }
  closedir(folder);
  return count;
}

/* What the process holds. */
struct holdings {
  unsigned descriptors;
  unsigned threads;
  int64_t blocks;
  int64_t bytes;
};

static struct holdings look(void) {
  return (struct holdings){entries("/proc/self/fd"), entries("/proc/self/task"), fake_memory_blocks(&a.memory),
                           fake_memory_bytes(&a.memory)};
}

static int are_no_more(const struct holdings *now, const struct holdings *before) {
  return now->descriptors <= before->descriptors && now->threads <= before->threads && now->blocks <= before->blocks &&
         now->bytes <= before->bytes;
}

/* What is under way at the moment of a look goes away by itself; what stays is lost. */
static int is_steady(void *user) {
  const struct holdings now = look();
  return are_no_more(&now, user);
}

static void expect_no_more(const struct holdings *before) {
  if (!child_wait(is_steady, (void *)(uintptr_t)before, 5000)) {
    const struct holdings now = look();
    fail_msg("descriptors %u, threads %u, blocks %lld, bytes %lld; before: %u, %u, %lld, %lld", now.descriptors,
             now.threads, (long long)now.blocks, (long long)now.bytes, before->descriptors, before->threads,
             (long long)before->blocks, (long long)before->bytes);
  }
}

/* The most of several looks, so that what comes and goes is no loss; and the links that the callers there are, this thread and the context's, may
 * once need at the same time. What is lost each time is more than that after some times. */
static struct holdings most_of_some(void) {
  struct holdings most = look();
  for (unsigned i = 0; i < 50; i++) {
    const struct holdings now = look();
    most.descriptors = now.descriptors > most.descriptors ? now.descriptors : most.descriptors;
    most.threads = now.threads > most.threads ? now.threads : most.threads;
    most.blocks = now.blocks > most.blocks ? now.blocks : most.blocks;
    most.bytes = now.bytes > most.bytes ? now.bytes : most.bytes;
    child_sleep_ms(10);
  }
  most.descriptors += 2;
  return most;
}

/* All kinds of calls, as a visitor would come; whatever they answer. */
static void visit(void) {
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  if (waitq_join(a.room, "ann", 3, NULL, &ticket, &status, NULL) == WAITQ_OK && ticket.text[0] != '\0') {
    waitq_poll(a.room, ticket.text, &status, NULL);
    waitq_enter(a.room, ticket.text, NULL, &pass, NULL);
  }
  waitq_limiter_try(limiter, 1, &decision, NULL);
  waitq_room_stats(a.room, &stats, NULL);
}

static void open_all(void) {
  waitq_policy policy = quick_policy(1000.0, 1000);
  node_open(&a, server_uri(server), &policy);
  assert_code(waitq_limiter_open(a.context, "limit", NULL, &limiter, NULL), WAITQ_OK);
}

static void drop_connections(void) {
  server_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
}

static void test_steady__a_hundred_dropped_connections_leave_nothing_behind(void **state) {
  (void)state;
  open_all();
  for (unsigned i = 0; i < 10; i++) {
    visit();
    drop_connections();
  }
  visit();
  const struct holdings before = most_of_some();
  for (unsigned i = 0; i < 100; i++) {
    drop_connections();
    visit();
  }
  expect_no_more(&before);
  struct guest ann;
  join_again(a.room, "ann", &ann);
  await_entry(a.room, &ann);
  assert_int_equal(line_stats(a.room).issued, 1);
  assert_int_equal(pipes, 0);
}

static void test_steady__restarts_leave_no_descriptor_and_no_thread_behind(void **state) {
  (void)state;
  open_all();
  struct guest ann;
  guest_join(a.room, "ann", &ann);
  visit();
  struct holdings before = most_of_some();
  before.blocks = before.bytes = INT64_MAX; /* numbers that were skipped are remembered until the line is past them */
  for (unsigned i = 0; i < 10; i++) {
    server_kill(server);
    visit();
    visit();
    server_restart(server, i % 2 == 0 ? SERVER_KEEP_DATA : SERVER_EMPTY);
    await_no_reason(a.room, &ann, WAITQ_REASON_STALLED);
    visit();
  }
  expect_no_more(&before);
  await_state(a.room, &ann, WAITQ_STATE_ENTERED);
  assert_int_equal(pipes, 0);
}

static int is_past(void *user) {
  const uint64_t *number = user;
  assert_true(line_stats(a.room).now_ms > 0);
  return (uint64_t)server_ask_number(server, "HGET wq:{room} trim") + 16384 > *number;
}

/* Five losses skip 655,360 numbers; then the line goes past them, and the sessions end. */
static void lose_and_recover(void) {
  for (unsigned i = 0; i < 5; i++) {
    uint64_t issued = line_stats(a.room).issued;
    server_ask(server, "FLUSHALL");
    assert_true(line_stats(a.room).issued >= issued + 131072);
  }
  struct guest guest;
  guest_join(a.room, NULL, &guest);
  await_entry(a.room, &guest);
  uint64_t issued = line_stats(a.room).issued;
  if (!child_wait(is_past, &issued, 30000)) {
    fail_msg("the room still remembers all from number %s on", server_ask(server, "HGET wq:{room} trim"));
  }
}

static void test_steady__numbers_skipped_after_a_loss_are_forgotten(void **state) {
  (void)state;
  waitq_policy policy = quick_policy(1000.0, 1000);
  policy.claim_ttl_ms = 200;
  policy.session_ttl_ms = 1000;
  policy.max_poll_ms = 200;
  node_open(&a, server_uri(server), &policy);
  lose_and_recover();
  uint64_t most = line_stats(a.room).memory_bytes; /* for what comes next */
  lose_and_recover();
  assert_in_range(line_stats(a.room).memory_bytes, 1, most + most / 2); /* what is not forgotten is as much again */
}

/* A context that cannot be opened, over and over. */
static void test_steady__failed_openings_leave_nothing_behind(void **state) {
  (void)state;
  open_all();
  visit();
  const struct holdings before = most_of_some();
  const char *const uris[] = {"redis://127.0.0.1:1", "redis://:wrong@127.0.0.1:1?connect_timeout_ms=200",
                              "redis://127.0.0.1:99999", "redis+cluster://127.0.0.1:1"};
  for (unsigned i = 0; i < 40; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    assert_int_not_equal(node_try(&b, uris[i % 4], NULL, &error), WAITQ_OK);
    char cluster[64];
    snprintf(cluster, sizeof cluster, "redis+cluster://127.0.0.1:%u", server_port(server));
    assert_int_not_equal(node_try(&b, cluster, NULL, &error), WAITQ_OK);
  }
  expect_no_more(&before);
  assert_int_equal(pipes, 0);
}

/* Contexts that come and go. */
static void test_steady__contexts_leave_nothing_behind(void **state) {
  (void)state;
  open_all();
  visit();
  const struct holdings before = most_of_some();
  for (unsigned i = 0; i < 50; i++) {
    struct guest guest;
    node_open(&b, server_uri(server), NULL);
    guest_join_numbered(b.room, "v", i, &guest);
    node_close(&b);
  }
  struct holdings most = before;
  most.bytes += 4096; /* the line is longer, by fifty */
  most.blocks += 8;
  expect_no_more(&most);
}

#define TEST(function) UNIT_TEST(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_steady__a_hundred_dropped_connections_leave_nothing_behind),
      TEST(test_steady__restarts_leave_no_descriptor_and_no_thread_behind),
      TEST(test_steady__numbers_skipped_after_a_loss_are_forgotten),
      TEST(test_steady__failed_openings_leave_nothing_behind),
      TEST(test_steady__contexts_leave_nothing_behind),
  };
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_signal;
  sigaction(SIGPIPE, &action, NULL);
  const struct server_options options = {.flags = SERVER_AOF};
  server = server_start(&options);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  server_stop(server);
  return failed;
}
