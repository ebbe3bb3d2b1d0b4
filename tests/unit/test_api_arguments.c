/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Arguments that make no sense: each call says which, and changes nothing. */

#include <math.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

static int setup(void **state) {
  *state = world_open(&memory_subject);
  return 0;
}

static int teardown(void **state) {
  world_close(*state);
  return 0;
}

/* Evaluates the call with a fresh error; it has to be refused as invalid, in words. */
#define EXPECT_INVALID(call)                       \
  do {                                             \
    waitq_error error = WAITQ_ERROR_INIT;          \
    assert_code((call), WAITQ_E_INVALID);          \
    assert_int_equal(error.code, WAITQ_E_INVALID); \
    assert_int_equal(error.retriable, 0);          \
    assert_string_not_equal(error.text, "");       \
  } while (0)

static void test_arguments__that_are_null_are_refused_by_the_calls_on_a_context(void **state) {
  struct world *world = *state;
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  waitq_limiter_t *limiter = NULL;
  EXPECT_INVALID(waitq_open(NULL, NULL, &context, &error));
  EXPECT_INVALID(waitq_open("memory:", NULL, NULL, &error));
  EXPECT_INVALID(waitq_room_open(NULL, "concert", NULL, &room, &error));
  EXPECT_INVALID(waitq_room_open(world->context, NULL, NULL, &room, &error));
  EXPECT_INVALID(waitq_room_open(world->context, "concert", NULL, NULL, &error));
  EXPECT_INVALID(waitq_limiter_open(NULL, "limit", NULL, &limiter, &error));
  EXPECT_INVALID(waitq_limiter_open(world->context, NULL, NULL, &limiter, &error));
  EXPECT_INVALID(waitq_limiter_open(world->context, "limit", NULL, NULL, &error));
  assert_true(context == NULL && room == NULL && limiter == NULL);
  waitq_close(NULL);
  waitq_room_close(NULL);
  waitq_limiter_close(NULL);
  waitq_verifier_close(NULL);
}

static void test_arguments__that_are_null_are_refused_by_the_calls_on_a_room(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  EXPECT_INVALID(waitq_room_configure(NULL, &policy, &error));
  EXPECT_INVALID(waitq_room_configure(room, NULL, &error));
  EXPECT_INVALID(waitq_room_policy(NULL, &policy, &error));
  EXPECT_INVALID(waitq_room_policy(room, NULL, &error));
  EXPECT_INVALID(waitq_room_set_rate(NULL, 1, &error));
  EXPECT_INVALID(waitq_room_set_rate_at(NULL, 1, 1, &error));
  EXPECT_INVALID(waitq_room_set_phase(NULL, WAITQ_PHASE_OPEN, &error));
  EXPECT_INVALID(waitq_room_reset(NULL, &error));
  EXPECT_INVALID(waitq_room_stats(NULL, &stats, &error));
  EXPECT_INVALID(waitq_room_stats(room, NULL, &error));
}

static void test_arguments__that_are_null_are_refused_by_the_calls_of_the_line(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_visitor visitor = {"bob", 3};
  guest_join(room, "ann", &guest);
  const char *text = guest.ticket.text;
  EXPECT_INVALID(waitq_join(NULL, "bob", 3, NULL, &guest.ticket, &status, &error));
  EXPECT_INVALID(waitq_join(room, "bob", 3, NULL, NULL, &status, &error));
  EXPECT_INVALID(waitq_join_many(NULL, &visitor, 1, NULL, &guest.ticket, &status, NULL, &error));
  EXPECT_INVALID(waitq_join_many(room, NULL, 1, NULL, &guest.ticket, &status, NULL, &error));
  EXPECT_INVALID(waitq_join_many(room, &visitor, 1, NULL, NULL, &status, NULL, &error));
  EXPECT_INVALID(waitq_poll(NULL, text, &status, &error));
  EXPECT_INVALID(waitq_poll(room, NULL, &status, &error));
  EXPECT_INVALID(waitq_poll(room, text, NULL, &error));
  EXPECT_INVALID(waitq_poll_many(NULL, &guest.ticket, 1, &status, NULL, &error));
  EXPECT_INVALID(waitq_poll_many(room, NULL, 1, &status, NULL, &error));
  EXPECT_INVALID(waitq_poll_many(room, &guest.ticket, 1, NULL, NULL, &error));
  EXPECT_INVALID(waitq_enter(NULL, text, NULL, &pass, &error));
  EXPECT_INVALID(waitq_enter(room, NULL, NULL, &pass, &error));
  EXPECT_INVALID(waitq_enter(room, text, NULL, NULL, &error));
  EXPECT_INVALID(waitq_leave(NULL, text, &status, &error));
  EXPECT_INVALID(waitq_leave(room, NULL, &status, &error));
  EXPECT_INVALID(waitq_renew(NULL, "x", &pass, &error));
  EXPECT_INVALID(waitq_renew(room, NULL, &pass, &error));
  EXPECT_INVALID(waitq_renew(room, "x", NULL, &error));
  EXPECT_INVALID(waitq_exit(NULL, "x", &error));
  EXPECT_INVALID(waitq_exit(room, NULL, &error));
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.issued, 1);
  assert_int_equal(stats.ready, 1);
}

static void test_arguments__that_may_be_null_may_be(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  waitq_ticket tickets[2] = {WAITQ_TICKET_INIT, WAITQ_TICKET_INIT};
  const waitq_visitor visitors[] = {{"a", 1}, {"b", 1}};
  assert_code(waitq_join(room, "a", 1, NULL, &tickets[0], NULL, NULL), WAITQ_OK);
  assert_code(waitq_join_many(room, visitors, 2, NULL, tickets, NULL, NULL, NULL), WAITQ_OK);
  assert_code(waitq_leave(room, tickets[0].text, NULL, NULL), WAITQ_OK);
  assert_code(waitq_poll(room, "nonsense", &(waitq_status)WAITQ_STATUS_INIT, NULL), WAITQ_E_MALFORMED);
  assert_code(waitq_room_set_rate(room, -1, NULL), WAITQ_E_INVALID);
}

static void test_arguments__of_rates_are_finite_and_not_negative(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  const double wrong[] = {-1, -1e-300, (double)NAN, (double)INFINITY, -(double)INFINITY, 1e9 + 1, 1e300};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    EXPECT_INVALID(waitq_room_set_rate(room, wrong[i], &error));
    EXPECT_INVALID(waitq_room_set_rate_at(room, wrong[i], world_now_ms(world) + 1000, &error));
    EXPECT_INVALID(waitq_room_set_rate_at(room, wrong[i], 0, &error));
  }
  world_advance_ms(world, 2000);
  assert_true(fabs(line_stats(room).rate_per_s - 10) < 1e-9);
  assert_code(waitq_room_set_rate(room, 0, NULL), WAITQ_OK);
  assert_code(waitq_room_set_rate(room, -0.0, NULL), WAITQ_OK);
  assert_code(waitq_room_set_rate(room, 1e9, NULL), WAITQ_OK);
  assert_code(waitq_room_set_rate(room, 5e-324, NULL), WAITQ_OK);
}

static void test_arguments__of_moments_that_do_not_exist_break_nothing(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  static const int64_t moments[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX / 1000, INT64_MAX - 1, INT64_MAX};
  for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    int code = waitq_room_set_rate_at(room, 1 + (double)i, moments[i], &error);
    assert_true(code == WAITQ_OK || (code == WAITQ_E_INVALID && error.text[0] != '\0'));
  }
  world_advance_ms(world, 1000);
  struct guest guest;
  guest_join(room, "ann", &guest);
  guest_poll(room, &guest);
  assert_state(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
}

static void test_arguments__of_limiters_are_checked(void **state) {
  struct world *world = *state;
  waitq_limiter_t *limiter = NULL;
  waitq_limiter_t *none = NULL;
  waitq_decision decision = WAITQ_DECISION_INIT;
  assert_code(waitq_limiter_open(world->context, "good", NULL, &limiter, NULL), WAITQ_OK);
  EXPECT_INVALID(waitq_limiter_try(NULL, 1, &decision, &error));
  EXPECT_INVALID(waitq_limiter_try(limiter, 0, &decision, &error));
  EXPECT_INVALID(waitq_limiter_try(limiter, 1, NULL, &error));
  EXPECT_INVALID(waitq_limiter_configure(limiter, NULL, &error));
  const waitq_limit wrong[] = {
      {.size = sizeof wrong[0], .rate_per_s = -1, .burst = 1},
      {.size = sizeof wrong[0], .rate_per_s = (double)NAN, .burst = 1},
      {.size = sizeof wrong[0], .rate_per_s = (double)INFINITY, .burst = 1},
      {.size = sizeof wrong[0], .rate_per_s = 1e9 + 1, .burst = 1},
      {.size = sizeof wrong[0], .rate_per_s = 1, .burst = 0},
      {.size = sizeof wrong[0], .rate_per_s = 1, .burst = 1000000001},
      {.size = sizeof wrong[0], .rate_per_s = 1, .burst = UINT64_MAX},
      {.size = sizeof wrong[0], .rate_per_s = 1, .burst = 1, .mode = 3},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    EXPECT_INVALID(waitq_limiter_open(world->context, "wrong", &wrong[i], &none, &error));
    EXPECT_INVALID(waitq_limiter_configure(limiter, &wrong[i], &error));
    EXPECT_INVALID(waitq_limiter_configure(NULL, &wrong[i], &error));
    assert_null(none);
  }
  assert_code(waitq_limiter_try(limiter, 10, &decision, NULL), WAITQ_OK);
  assert_int_equal(decision.admitted, 1); /* the limit is as it was: 10 per second, burst 10 */
  assert_code(waitq_limiter_try(limiter, UINT32_MAX, &decision, NULL), WAITQ_OK);
  assert_int_equal(decision.admitted, 0);
  assert_int_equal(decision.retry_after_ms, INT64_MAX);
  waitq_limiter_close(limiter);
}

static void test_arguments__of_verifiers_are_checked(void **state) {
  struct world *world = *state;
  waitq_verifier_t *verifier = NULL;
  waitq_verify_options options = WAITQ_VERIFY_OPTIONS_INIT;
  waitq_key keys[9];
  for (int i = 0; i < 9; i++) {
    keys[i] = world->key;
    keys[i].kid[1] = (char)('0' + i);
  }
  EXPECT_INVALID(waitq_verifier_open(NULL, 1, NULL, &verifier, &error));
  EXPECT_INVALID(waitq_verifier_open(keys, 0, NULL, &verifier, &error));
  EXPECT_INVALID(waitq_verifier_open(keys, 9, NULL, &verifier, &error));
  EXPECT_INVALID(waitq_verifier_open(keys, 1, NULL, NULL, &error));
  static const int64_t leeways[] = {-1, 600001, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < 4; i++) {
    options.leeway_ms = leeways[i];
    EXPECT_INVALID(waitq_verifier_open(keys, 1, &options, &verifier, &error));
  }
  assert_null(verifier);
  assert_code(waitq_verifier_open(keys, 8, NULL, &verifier, NULL), WAITQ_OK);
  EXPECT_INVALID(waitq_verify(NULL, "x", 1, 0, NULL, NULL, &error));
  EXPECT_INVALID(waitq_verify(verifier, NULL, 1, 0, NULL, NULL, &error));
  waitq_verifier_close(verifier);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_arguments__that_are_null_are_refused_by_the_calls_on_a_context, setup, teardown),
      UNIT_TEST(test_arguments__that_are_null_are_refused_by_the_calls_on_a_room, setup, teardown),
      UNIT_TEST(test_arguments__that_are_null_are_refused_by_the_calls_of_the_line, setup, teardown),
      UNIT_TEST(test_arguments__that_may_be_null_may_be, setup, teardown),
      UNIT_TEST(test_arguments__of_rates_are_finite_and_not_negative, setup, teardown),
      UNIT_TEST(test_arguments__of_moments_that_do_not_exist_break_nothing, setup, teardown),
      UNIT_TEST(test_arguments__of_limiters_are_checked, setup, teardown),
      UNIT_TEST(test_arguments__of_verifiers_are_checked, setup, teardown),
  };
  return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
