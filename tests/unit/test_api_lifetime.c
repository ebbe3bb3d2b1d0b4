/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* After the end of a context, and after a fork. */

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

struct bench {
  struct world *world;
  waitq_room_t *room;
  waitq_limiter_t *limiter;
  struct guest guest;  /* inside */
  struct guest second; /* ready */
};

static struct bench *bench_open(void) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  bench->world = world_open(&memory_subject);
  assert_code(waitq_room_open(bench->world->context, "concert", NULL, &bench->room, NULL), WAITQ_OK);
  assert_code(waitq_limiter_open(bench->world->context, "limit", NULL, &bench->limiter, NULL), WAITQ_OK);
  guest_join(bench->room, "ann", &bench->guest);
  guest_join(bench->room, "bob", &bench->second);
  assert_state(guest_enter(bench->room, &bench->guest), WAITQ_STATE_ENTERED);
  return bench;
}

/* What every call on a handle answers. Counts those that answer otherwise, or without words. */
static int count_others(struct bench *bench, int expected) {
  int others = 0;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_limit limit = WAITQ_LIMIT_INIT;
  waitq_decision decision = WAITQ_DECISION_INIT;
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  const waitq_visitor visitor = {"cid", 3};
  const char *text = bench->guest.ticket.text;
  waitq_room_t *room = bench->room;
#define COUNT(call)                                                                \
  do {                                                                             \
    waitq_error error = WAITQ_ERROR_INIT;                                          \
    int code = (call);                                                             \
    others += code != expected || error.code != expected || error.text[0] == '\0'; \
  } while (0)
  COUNT(waitq_join(room, "cid", 3, NULL, &ticket, &status, &error));
  COUNT(waitq_join_many(room, &visitor, 1, NULL, &ticket, &status, NULL, &error));
  COUNT(waitq_poll(room, text, &status, &error));
  COUNT(waitq_poll_many(room, &bench->guest.ticket, 1, &status, NULL, &error));
  COUNT(waitq_enter(room, text, NULL, &pass, &error));
  COUNT(waitq_leave(room, text, &status, &error));
  COUNT(waitq_renew(room, bench->guest.pass.text, &pass, &error));
  COUNT(waitq_exit(room, bench->guest.pass.text, &error));
  COUNT(waitq_room_configure(room, &policy, &error));
  COUNT(waitq_room_policy(room, &policy, &error));
  COUNT(waitq_room_set_rate(room, 1, &error));
  COUNT(waitq_room_set_rate_at(room, 1, INT64_C(2000000000000), &error));
  COUNT(waitq_room_set_phase(room, WAITQ_PHASE_OPEN, &error));
  COUNT(waitq_room_reset(room, &error));
  COUNT(waitq_room_stats(room, &stats, &error));
  COUNT(waitq_limiter_try(bench->limiter, 1, &decision, &error));
  COUNT(waitq_limiter_configure(bench->limiter, &limit, &error));
#undef COUNT
  return others;
}

static void test_close__makes_all_handles_answer_that_it_is_closed(void **state) {
  (void)state;
  struct bench *bench = bench_open();
  waitq_close(bench->world->context);
  bench->world->context = NULL;
  assert_int_equal(count_others(bench, WAITQ_E_CLOSED), 0);
  assert_true(fake_memory_blocks(&bench->world->memory) > 0);
  waitq_room_close(bench->room);
  waitq_limiter_close(bench->limiter);
  assert_int_equal(fake_memory_blocks(&bench->world->memory), 0);
  world_close(bench->world);
  free(bench);
}

/* Handles and context may go in any order: the last one frees. */
static void test_close__frees_all_in_whatever_order_the_handles_go(void **state) {
  (void)state;
  for (unsigned order = 0; order < 16; order++) {
    struct bench *bench = bench_open();
    waitq_room_t *second = NULL;
    waitq_room_t *other = NULL;
    assert_code(waitq_room_open(bench->world->context, "concert", NULL, &second, NULL), WAITQ_OK);
    assert_code(waitq_room_open(bench->world->context, "other", NULL, &other, NULL), WAITQ_OK);
    /* Bit by bit of the order: before the context, or after it. */
    for (int after = 0; after < 2; after++) {
      if ((order & 1) == (unsigned)after) {
        waitq_room_close(bench->room);
      }
      if ((order >> 1 & 1) == (unsigned)after) {
        waitq_room_close(second);
      }
      if ((order >> 2 & 1) == (unsigned)after) {
        waitq_limiter_close(bench->limiter);
      }
      if ((order >> 3 & 1) == (unsigned)after) {
        waitq_room_close(other);
      }
      if (after == 0) {
        waitq_close(bench->world->context);
        bench->world->context = NULL;
      }
    }
    assert_int_equal(fake_memory_blocks(&bench->world->memory), 0);
    world_close(bench->world);
    free(bench);
  }
}

static void test_close__leaves_passes_and_verifiers_good(void **state) {
  (void)state;
  struct bench *bench = bench_open();
  waitq_verifier_t *verifier = NULL;
  assert_code(waitq_verifier_open(&bench->world->key, 1, NULL, &verifier, NULL), WAITQ_OK);
  waitq_room_close(bench->room);
  waitq_limiter_close(bench->limiter);
  waitq_close(bench->world->context);
  bench->world->context = NULL;
  const char *text = bench->guest.pass.text;
  assert_code(waitq_verify(verifier, text, strlen(text), world_now_ms(bench->world), NULL, NULL, NULL), WAITQ_OK);
  waitq_verifier_close(verifier);
  world_close(bench->world);
  free(bench);
}

/* Runs in the child of a fork; the exit status says what was wrong. */
static void in_the_child(struct bench *bench) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_room_t *room = NULL;
  waitq_limiter_t *limiter = NULL;
  waitq_t *context = NULL;
  alarm(20); /* a lock that was held at the fork would hang here for ever */
  if (count_others(bench, WAITQ_E_FORKED) != 0) {
    _exit(1);
  }
  if (waitq_room_open(bench->world->context, "fresh", NULL, &room, &error) != WAITQ_E_FORKED || room != NULL ||
      waitq_limiter_open(bench->world->context, "fresh", NULL, &limiter, &error) != WAITQ_E_FORKED || limiter != NULL) {
    _exit(2);
  }
  waitq_limiter_close(bench->limiter);
  waitq_room_close(bench->room);
  waitq_close(bench->world->context);
  /* A context opened after the fork is the child's own. */
  if (waitq_open("memory:", NULL, &context, NULL) != WAITQ_OK ||
      waitq_room_open(context, "own", NULL, &room, NULL) != WAITQ_OK) {
    _exit(3);
  }
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  if (waitq_join(room, "ann", 3, NULL, &ticket, NULL, NULL) != WAITQ_OK) {
    _exit(4);
  }
  waitq_room_close(room);
  waitq_close(context);
  _exit(0);
}

static void test_fork__makes_calls_in_the_child_answer_so_and_leaves_the_parent_alone(void **state) {
  (void)state;
  struct bench *bench = bench_open();
  for (int i = 0; i < 3; i++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      in_the_child(bench);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_state(guest_poll(bench->room, &bench->second), WAITQ_STATE_READY);
    struct guest fresh;
    guest_join_numbered(bench->room, "after", (unsigned)i, &fresh);
    assert_int_equal(line_stats(bench->room).issued, 3 + i);
  }
  assert_state(guest_enter(bench->room, &bench->second), WAITQ_STATE_ENTERED);
  waitq_limiter_close(bench->limiter);
  waitq_room_close(bench->room);
  world_close(bench->world);
  free(bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_close__makes_all_handles_answer_that_it_is_closed),
      cmocka_unit_test(test_close__frees_all_in_whatever_order_the_handles_go),
      cmocka_unit_test(test_close__leaves_passes_and_verifiers_good),
      cmocka_unit_test(test_fork__makes_calls_in_the_child_answer_so_and_leaves_the_parent_alone),
  };
  return cmocka_run_group_tests_name("lifetime", tests, NULL, NULL);
}
