/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Many threads on few rooms. What a race would break is counted afterwards; a thread sanitizer sees the race itself. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

#define THREADS 4
#define ROOMS 2

/* How many operations each thread does. */
static uint64_t operations(void) {
  return rng_environment("WAITQ_SIM_STEPS", 100000);
}

struct shared {
  struct world *world;
  waitq_room_t *rooms[ROOMS];
  waitq_limiter_t *limiter;
  _Atomic uint64_t taken; /* tokens of the limiter */
  _Atomic int stop;
};

struct worker {
  struct shared *shared;
  unsigned number;
  struct rng rng;
  uint64_t entered[ROOMS];
  uint64_t left[ROOMS];
  uint64_t exited[ROOMS];
  const char *problem; /* cmocka's checks belong to the main thread: a worker tells what it saw */
};

static void expect(struct worker *worker, int good, const char *what) {
  if (!good && worker->problem == NULL) {
    worker->problem = what;
  }
}

static void enter(struct worker *worker, unsigned at, const waitq_ticket *ticket) {
  waitq_room_t *room = worker->shared->rooms[at];
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_pass again = WAITQ_PASS_INIT;
  expect(worker, waitq_enter(room, ticket->text, NULL, &pass, NULL) == WAITQ_OK, "enter failed");
  if (pass.state != WAITQ_STATE_ENTERED) {
    return;
  }
  worker->entered[at]++;
  expect(worker, waitq_enter(room, ticket->text, NULL, &again, NULL) == WAITQ_OK && strcmp(pass.text, again.text) == 0,
         "another pass the second time");
  if (rng_once_in(&worker->rng, 3)) {
    expect(worker, waitq_renew(room, pass.text, &again, NULL) == WAITQ_OK && again.state == WAITQ_STATE_ENTERED,
           "renew failed");
  }
  if (!rng_once_in(&worker->rng, 50)) {
    expect(worker, waitq_exit(room, pass.text, NULL) == WAITQ_OK, "exit failed");
    worker->exited[at]++;
  }
}

/* One visitor of this thread's own: joins, polls, and goes the one way or the other. */
static void visit(struct worker *worker, uint64_t round) {
  unsigned at = (unsigned)rng_below(&worker->rng, ROOMS);
  waitq_room_t *room = worker->shared->rooms[at];
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_ticket again = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  const uint64_t id[2] = {worker->number, round};
  expect(worker, waitq_join(room, id, sizeof id, NULL, &ticket, &status, NULL) == WAITQ_OK, "join failed");
  expect(worker, status.state == WAITQ_STATE_WAITING || status.state == WAITQ_STATE_READY, "joined to no place");
  uint64_t position = status.state == WAITQ_STATE_WAITING ? status.position : 0;
  for (int polls = 0; polls < 5; polls++) {
    expect(worker, waitq_poll(room, ticket.text, &status, NULL) == WAITQ_OK, "poll failed");
    if (status.state == WAITQ_STATE_WAITING) {
      expect(worker, position != 0 && status.position <= position, "a position rose");
      position = status.position;
    } else {
      expect(worker, status.state == WAITQ_STATE_READY, "neither waiting nor ready");
      position = 0;
    }
  }
  expect(worker, waitq_join(room, id, sizeof id, NULL, &again, NULL, NULL) == WAITQ_OK, "second join failed");
  expect(worker, strcmp(ticket.text, again.text) == 0, "another ticket the second time");
  if (rng_once_in(&worker->rng, 5)) {
    expect(worker, waitq_leave(room, ticket.text, &status, NULL) == WAITQ_OK, "leave failed");
    worker->left[at] += status.state == WAITQ_STATE_LEFT;
  } else {
    enter(worker, at, &ticket);
  }
  if (rng_once_in(&worker->rng, 4)) {
    world_advance_ms(worker->shared->world, 1);
  }
}

static void *work(void *user) {
  struct worker *worker = user;
  uint64_t rounds = operations() / 10;
  for (uint64_t round = 0; round < rounds; round++) {
    visit(worker, round);
  }
  return NULL;
}

static void run(struct worker *workers, void *(*function)(void *user)) {
  pthread_t threads[THREADS];
  for (unsigned i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, function, &workers[i]), 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    if (workers[i].problem != NULL) {
      fail_msg("thread %u: %s", i, workers[i].problem);
    }
  }
}

static void prepare(struct worker *workers, struct shared *shared, const char *name) {
  uint64_t seed = rng_seed(name, 31);
  for (unsigned i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){.shared = shared, .number = i};
    rng_init(&workers[i].rng, seed + i);
  }
}

static void test_threads__on_shared_rooms_lose_nothing_and_break_no_limit(void **state) {
  (void)state;
  struct worker workers[THREADS];
  struct shared shared = {.world = world_open(&memory_subject)};
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 10000;
  policy.burst = 50;
  policy.max_active = 200;
  shared.rooms[0] = world_room(shared.world, "one", &policy);
  shared.rooms[1] = world_room(shared.world, "two", &policy);
  prepare(workers, &shared, "threads");
  int64_t start_ms = world_now_ms(shared.world);
  run(workers, work);
  for (unsigned r = 0; r < ROOMS; r++) {
    uint64_t entered = 0;
    uint64_t left = 0;
    uint64_t exited = 0;
    for (unsigned i = 0; i < THREADS; i++) {
      entered += workers[i].entered[r];
      left += workers[i].left[r];
      exited += workers[i].exited[r];
    }
    waitq_stats stats = line_stats(shared.rooms[r]);
    assert_int_equal(stats.entered, entered);
    assert_int_equal(stats.left, left);
    assert_int_equal(stats.active, entered - exited);
    assert_true(stats.active + stats.ready <= 200);
    assert_true(entered <= 50 + 10 * (uint64_t)(world_now_ms(shared.world) - start_ms));
    printf("room %u: %llu issued, %llu entered\n", r, (unsigned long long)stats.issued, (unsigned long long)entered);
  }
  world_close(shared.world);
}

/* All threads are the same few visitors: each has one live ticket, and enters once. */
static void *crowd_in(void *user) {
  struct worker *worker = user;
  waitq_room_t *room = worker->shared->rooms[0];
  uint64_t rounds = operations() / 20;
  for (uint64_t round = 0; round < rounds; round++) {
    uint64_t id = round / 4;
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_status status = WAITQ_STATUS_INIT;
    waitq_pass pass = WAITQ_PASS_INIT;
    expect(worker, waitq_join(room, &id, sizeof id, NULL, &ticket, &status, NULL) == WAITQ_OK, "join failed");
    expect(worker, waitq_enter(room, ticket.text, NULL, &pass, NULL) == WAITQ_OK, "enter failed");
    expect(worker, pass.state == WAITQ_STATE_ENTERED, "did not enter");
  }
  return NULL;
}

static void test_threads__that_are_one_visitor_get_one_ticket_and_one_entry(void **state) {
  (void)state;
  struct worker workers[THREADS];
  struct shared shared = {.world = world_open(&memory_subject)};
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.burst = 1000000;
  shared.rooms[0] = world_room(shared.world, "one", &policy);
  prepare(workers, &shared, "one visitor");
  run(workers, crowd_in);
  waitq_stats stats = line_stats(shared.rooms[0]);
  assert_int_equal(stats.issued, (operations() / 20 + 3) / 4);
  assert_int_equal(stats.entered, stats.issued);
  assert_int_equal(stats.active, stats.issued);
  world_close(shared.world);
}

static void *draw(void *user) {
  struct worker *worker = user;
  uint64_t rounds = operations();
  for (uint64_t round = 0; round < rounds; round++) {
    uint32_t tokens = 1 + (uint32_t)rng_below(&worker->rng, 4);
    waitq_decision decision = WAITQ_DECISION_INIT;
    expect(worker, waitq_limiter_try(worker->shared->limiter, tokens, &decision, NULL) == WAITQ_OK, "try failed");
    if (decision.admitted) {
      atomic_fetch_add(&worker->shared->taken, tokens);
    }
    if (worker->number == 0 && round % 64 == 0) {
      fake_clock_advance_us(&worker->shared->world->clock, 5000);
    }
    if (worker->number == 1 && round % 1024 == 0) {
      /* The same limit again: what was used stays used. */
      waitq_limit limit = {.size = sizeof limit, .rate_per_s = 10000, .burst = 100};
      expect(worker, waitq_limiter_configure(worker->shared->limiter, &limit, NULL) == WAITQ_OK, "configure failed");
    }
  }
  return NULL;
}

static void test_threads__on_one_limiter_never_take_more_than_it_allows(void **state) {
  (void)state;
  struct worker workers[THREADS];
  struct shared shared = {.world = world_open(&memory_subject)};
  waitq_limit limit = {.size = sizeof limit, .rate_per_s = 10000, .burst = 100};
  assert_code(waitq_limiter_open(shared.world->context, "limit", &limit, &shared.limiter, NULL), WAITQ_OK);
  prepare(workers, &shared, "limiter threads");
  int64_t start_ms = world_now_ms(shared.world);
  run(workers, draw);
  uint64_t allowed = 100 + 10 * (uint64_t)(world_now_ms(shared.world) - start_ms);
  printf("%llu tokens taken of %llu\n", (unsigned long long)shared.taken, (unsigned long long)allowed);
  assert_true(shared.taken <= allowed);
  waitq_limiter_close(shared.limiter);
  world_close(shared.world);
}

/* Polls, and operators that change everything under them. */
static void *poll_on(void *user) {
  struct worker *worker = user;
  waitq_room_t *room = worker->shared->rooms[0];
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  for (uint64_t round = 0; !atomic_load(&worker->shared->stop); round++) {
    waitq_status status = WAITQ_STATUS_INIT;
    waitq_stats stats = WAITQ_STATS_INIT;
    if (round % 50 == 0) {
      const uint64_t id[2] = {worker->number, round};
      expect(worker, waitq_join(room, id, sizeof id, NULL, &ticket, NULL, NULL) == WAITQ_OK, "join failed");
    }
    if (ticket.text[0] == '\0') {
      continue; /* the room was draining */
    }
    expect(worker, waitq_poll(room, ticket.text, &status, NULL) == WAITQ_OK, "poll failed");
    expect(worker, (status.position != 0) == (status.state == WAITQ_STATE_WAITING), "a position without a place");
    expect(worker, status.state >= WAITQ_STATE_WAITING && status.state <= WAITQ_STATE_STALE, "no state");
    if (round % 100 == 99) {
      expect(worker, waitq_room_stats(room, &stats, NULL) == WAITQ_OK, "stats failed");
      expect(worker,
             stats.issued == stats.waiting + stats.ready + stats.entered + stats.left + stats.expired &&
                 stats.expired <= stats.issued,
             "the counts do not add up");
    }
  }
  return NULL;
}

static void operate(struct worker *worker, uint64_t round) {
  waitq_room_t *room = worker->shared->rooms[0];
  waitq_policy policy = WAITQ_POLICY_INIT;
  switch (rng_below(&worker->rng, 6)) {
    case 0:
      policy.burst = 1 + rng_below(&worker->rng, 20);
      policy.heartbeat_ttl_ms = rng_between(&worker->rng, 40000, 400000);
      expect(worker, waitq_room_configure(room, &policy, NULL) == WAITQ_OK, "configure failed");
      break;
    case 1:
      expect(worker, waitq_room_reset(room, NULL) == WAITQ_OK, "reset failed");
      break;
    case 2:
      expect(worker,
             waitq_room_set_phase(room, WAITQ_PHASE_OPEN + (uint32_t)rng_below(&worker->rng, 3), NULL) == WAITQ_OK,
             "set_phase failed");
      break;
    case 3:
      expect(worker, waitq_room_set_rate(room, (double)rng_below(&worker->rng, 100), NULL) == WAITQ_OK,
             "set_rate failed");
      break;
    default:
      world_advance_ms(worker->shared->world, (int64_t)(round % 2000));
  }
}

static void *operate_on(void *user) {
  struct worker *worker = user;
  if (worker->number != 0) {
    return poll_on(user);
  }
  for (uint64_t round = 0; round < operations() / 20; round++) {
    operate(worker, round);
  }
  atomic_store(&worker->shared->stop, 1);
  return NULL;
}

static void test_threads__that_poll_while_operators_change_everything_get_answers(void **state) {
  (void)state;
  struct worker workers[THREADS];
  struct shared shared = {.world = world_open(&memory_subject)};
  shared.rooms[0] = world_room(shared.world, "one", NULL);
  prepare(workers, &shared, "operators");
  run(workers, operate_on);
  line_stats(shared.rooms[0]);
  world_close(shared.world);
}

/* Handles of few names, opened, used and closed by all threads at once. */
static void *open_and_close(void *user) {
  struct worker *worker = user;
  uint64_t rounds = operations() / 20;
  for (uint64_t round = 0; round < rounds; round++) {
    char name[] = "room-0";
    waitq_room_t *room = NULL;
    waitq_limiter_t *limiter = NULL;
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_decision decision = WAITQ_DECISION_INIT;
    name[5] = (char)('0' + rng_below(&worker->rng, 3));
    waitq_t *context = worker->shared->world->context;
    expect(worker, waitq_room_open(context, name, NULL, &room, NULL) == WAITQ_OK, "room_open failed");
    expect(worker, waitq_limiter_open(context, name, NULL, &limiter, NULL) == WAITQ_OK, "limiter_open failed");
    const uint64_t id[2] = {worker->number, round};
    expect(worker, waitq_join(room, id, sizeof id, NULL, &ticket, NULL, NULL) == WAITQ_OK, "join failed");
    expect(worker, waitq_limiter_try(limiter, 1, &decision, NULL) == WAITQ_OK, "try failed");
    waitq_limiter_close(limiter);
    waitq_room_close(room);
  }
  return NULL;
}

static void test_threads__that_open_and_close_handles_find_the_same_rooms(void **state) {
  (void)state;
  struct worker workers[THREADS];
  struct shared shared = {.world = world_open(&memory_subject)};
  prepare(workers, &shared, "handles");
  run(workers, open_and_close);
  uint64_t issued = 0;
  for (int i = 0; i < 3; i++) {
    char name[] = "room-0";
    name[5] = (char)('0' + i);
    issued += line_stats(world_room(shared.world, name, NULL)).issued;
  }
  assert_int_equal(issued, THREADS * (operations() / 20));
  world_close(shared.world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads__on_shared_rooms_lose_nothing_and_break_no_limit),
      cmocka_unit_test(test_threads__that_are_one_visitor_get_one_ticket_and_one_entry),
      cmocka_unit_test(test_threads__on_one_limiter_never_take_more_than_it_allows),
      cmocka_unit_test(test_threads__that_poll_while_operators_change_everything_get_answers),
      cmocka_unit_test(test_threads__that_open_and_close_handles_find_the_same_rooms),
  };
  return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
