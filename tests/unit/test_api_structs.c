/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Structures of older and newer programs: shorter, longer, and never initialised. */

#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

#define TAIL 64
#define CANARY 0x5c

/* A structure with room behind it, as a program with a newer header would pass. */
#define GROWN(type, name)                     \
  union {                                     \
    type known;                               \
    unsigned char bytes[sizeof(type) + TAIL]; \
  } name

static int setup(void **state) {
  *state = world_open(&memory_subject);
  return 0;
}

static int teardown(void **state) {
  world_close(*state);
  return 0;
}

static void expect_version(int code, const waitq_error *error) {
  assert_code(code, WAITQ_E_VERSION);
  assert_int_equal(error->code, WAITQ_E_VERSION);
  assert_string_not_equal(error->text, "");
}

static int open_with(struct world *world, const waitq_policy *policy, waitq_error *error) {
  waitq_room_t *room = NULL;
  int code = waitq_room_open(world->context, "concert", policy, &room, error);
  waitq_room_close(room);
  return code;
}

static void test_structs__that_are_longer_are_taken_when_their_tail_is_zero(void **state) {
  struct world *world = *state;
  GROWN(waitq_policy, policy);
  waitq_policy_init(&policy.known, sizeof policy);
  assert_int_equal(policy.known.size, sizeof policy);
  policy.known.burst = 77;
  waitq_room_t *room = world_room(world, "concert", &policy.known);
  waitq_policy read = WAITQ_POLICY_INIT;
  assert_code(waitq_room_policy(room, &read, NULL), WAITQ_OK);
  assert_int_equal(read.burst, 77);
  assert_code(waitq_room_configure(room, &policy.known, NULL), WAITQ_OK);
}

static void test_structs__that_ask_for_something_unknown_are_refused(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "room", NULL);
  for (size_t at = sizeof(waitq_policy); at < sizeof(waitq_policy) + TAIL; at++) {
    GROWN(waitq_policy, policy);
    waitq_error error = WAITQ_ERROR_INIT;
    waitq_policy_init(&policy.known, sizeof policy);
    policy.bytes[at] = 1;
    expect_version(open_with(world, &policy.known, &error), &error);
    expect_version(waitq_room_configure(room, &policy.known, &error), &error);
  }
  GROWN(waitq_join_options, join);
  GROWN(waitq_enter_options, enter);
  GROWN(waitq_binding, binding);
  GROWN(waitq_limit, limit);
  struct guest guest;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_limiter_t *limiter = NULL;
  guest_join(room, "ann", &guest);
  waitq_join_options_init(&join.known, sizeof join);
  join.bytes[sizeof(waitq_join_options)] = 1;
  expect_version(waitq_join(room, "bob", 3, &join.known, &guest.ticket, NULL, &error), &error);
  waitq_enter_options_init(&enter.known, sizeof enter);
  enter.bytes[sizeof enter - 1] = 1;
  expect_version(waitq_enter(room, guest.ticket.text, &enter.known, &guest.pass, &error), &error);
  waitq_binding_init(&binding.known, sizeof binding);
  binding.bytes[sizeof binding - 1] = 1;
  waitq_enter_options bound = WAITQ_ENTER_OPTIONS_INIT;
  bound.binding = &binding.known;
  expect_version(waitq_enter(room, guest.ticket.text, &bound, &guest.pass, &error), &error);
  waitq_limit_init(&limit.known, sizeof limit);
  limit.bytes[sizeof limit - 1] = 1;
  expect_version(waitq_limiter_open(world->context, "limit", &limit.known, &limiter, &error), &error);
  assert_null(limiter);
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.issued, 1);
  assert_int_equal(stats.entered, 0);
}

/* What an older program does not know of has its default. */
static void test_structs__that_are_shorter_are_filled_up_with_defaults(void **state) {
  struct world *world = *state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 3;
  policy.burst = 4;
  policy.max_active = 5;
  policy.claim_ttl_ms = -1; /* beyond what this program says it knows */
  policy.order = 99;
  policy.size = offsetof(waitq_policy, max_active);
  waitq_room_t *room = world_room(world, "concert", &policy);
  waitq_policy read = WAITQ_POLICY_INIT;
  assert_code(waitq_room_policy(room, &read, NULL), WAITQ_OK);
  assert_int_equal(read.burst, 4);
  assert_int_equal(read.max_active, 0);
  assert_int_equal(read.claim_ttl_ms, 30000);
  assert_int_equal(read.order, WAITQ_ORDER_FIFO);
}

static void test_structs__that_were_never_initialised_are_refused(void **state) {
  struct world *world = *state;
  static const size_t sizes[] = {0, 1, 7, 8, (size_t)1 << 40, SIZE_MAX};
  waitq_room_t *room = world_room(world, "room", NULL);
  struct guest guest;
  guest_join(room, "ann", &guest);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    waitq_error error = WAITQ_ERROR_INIT;
    waitq_policy policy = WAITQ_POLICY_INIT;
    waitq_status status = WAITQ_STATUS_INIT;
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_pass pass = WAITQ_PASS_INIT;
    waitq_stats stats = WAITQ_STATS_INIT;
    policy.size = status.size = ticket.size = pass.size = stats.size = sizes[i];
    expect_version(open_with(world, &policy, &error), &error);
    expect_version(waitq_room_policy(room, &policy, &error), &error);
    expect_version(waitq_room_stats(room, &stats, &error), &error);
    expect_version(waitq_poll(room, guest.ticket.text, &status, &error), &error);
    expect_version(waitq_leave(room, guest.ticket.text, &status, &error), &error);
    expect_version(waitq_enter(room, guest.ticket.text, NULL, &pass, &error), &error);
    expect_version(waitq_join(room, "bob", 3, NULL, &ticket, NULL, &error), &error);
    expect_version(waitq_join(room, "bob", 3, NULL, &guest.ticket, &status, &error), &error);
  }
  waitq_stats stats = line_stats(room);
  assert_int_equal(stats.issued, 1);
  assert_int_equal(stats.ready, 1);
}

static int is_canary(const unsigned char *bytes, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    if (bytes[i] != CANARY) {
      return 0;
    }
  }
  return 1;
}

/* Calls write, which fills in a structure of that size, and looks at what lies behind it. */
static void expect_no_overrun(void *structure, size_t full, size_t size, int (*write)(void *user, void *structure),
                              void *user) {
  unsigned char *bytes = structure;
  memset(bytes, CANARY, full);
  memcpy(bytes, &size, sizeof size);
  int code = write(user, structure);
  assert_true(code == WAITQ_OK || code == WAITQ_E_VERSION);
  assert_true(is_canary(bytes, size, full));
  size_t kept;
  memcpy(&kept, bytes, sizeof kept);
  assert_int_equal(kept, size);
}

struct target {
  waitq_room_t *room;
  waitq_limiter_t *limiter;
  struct guest guest;
};

static int write_status(void *user, void *structure) {
  struct target *target = user;
  return waitq_poll(target->room, target->guest.ticket.text, structure, NULL);
}

static int write_stats(void *user, void *structure) {
  return waitq_room_stats(((struct target *)user)->room, structure, NULL);
}

static int write_policy(void *user, void *structure) {
  return waitq_room_policy(((struct target *)user)->room, structure, NULL);
}

static int write_decision(void *user, void *structure) {
  return waitq_limiter_try(((struct target *)user)->limiter, 1, structure, NULL);
}

static int write_pass(void *user, void *structure) {
  struct target *target = user;
  return waitq_enter(target->room, target->guest.ticket.text, NULL, structure, NULL);
}

static int write_ticket(void *user, void *structure) {
  return waitq_join(((struct target *)user)->room, "ann", 3, NULL, structure, NULL, NULL);
}

static int write_joined_status(void *user, void *structure) {
  struct target *target = user;
  return waitq_join(target->room, "ann", 3, NULL, &target->guest.ticket, structure, NULL);
}

static int write_error(void *user, void *structure) {
  waitq_room_set_rate(((struct target *)user)->room, -1, structure);
  return WAITQ_OK;
}

static void test_structs__of_older_programs_are_never_written_past_their_end(void **state) {
  struct world *world = *state;
  static const struct {
    size_t full;
    int (*write)(void *user, void *structure);
  } kinds[] = {
      {sizeof(waitq_status), write_status},
      {sizeof(waitq_stats), write_stats},
      {sizeof(waitq_policy), write_policy},
      {sizeof(waitq_decision), write_decision},
      {sizeof(waitq_pass), write_pass},
      {sizeof(waitq_ticket), write_ticket},
      {sizeof(waitq_status), write_joined_status},
      {sizeof(waitq_error), write_error},
  };
  struct target target = {.room = world_room(world, "concert", NULL)};
  assert_code(waitq_limiter_open(world->context, "limit", NULL, &target.limiter, NULL), WAITQ_OK);
  guest_join(target.room, "ann", &target.guest);
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    void *structure = calloc(1, kinds[k].full);
    assert_non_null(structure);
    for (size_t size = 2 * sizeof(size_t); size <= kinds[k].full; size++) {
      expect_no_overrun(structure, kinds[k].full, size, kinds[k].write, &target);
    }
    free(structure);
  }
  waitq_limiter_close(target.limiter);
}

static void test_structs__of_newer_programs_keep_their_size_and_get_a_zero_tail(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  GROWN(waitq_status, status);
  memset(&status, CANARY, sizeof status);
  status.known.size = sizeof status;
  guest_join(room, "ann", &guest);
  assert_code(waitq_poll(room, guest.ticket.text, &status.known, NULL), WAITQ_OK);
  assert_int_equal(status.known.size, sizeof status);
  assert_state(status.known.state, WAITQ_STATE_READY);
  for (size_t i = sizeof(waitq_status); i < sizeof status; i++) {
    assert_int_equal(status.bytes[i], 0);
  }
}

/* Arrays of a newer program's structures: the size of the first is the stride. */
static void test_structs__in_arrays_are_as_far_apart_as_the_first_says(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  GROWN(waitq_ticket, tickets[5]);
  GROWN(waitq_status, statuses[5]);
  const waitq_visitor visitors[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}};
  memset(tickets, 0, sizeof tickets);
  memset(statuses, 0, sizeof statuses);
  tickets[0].known.size = sizeof tickets[0];
  statuses[0].known.size = sizeof statuses[0];
  assert_code(waitq_join_many(room, visitors, 5, NULL, &tickets[0].known, &statuses[0].known, NULL, NULL), WAITQ_OK);
  for (int i = 0; i < 5; i++) {
    struct guest guest;
    char name[] = {(char)('a' + i), '\0'};
    guest_join(room, name, &guest);
    assert_string_equal(guest.ticket.text, tickets[i].known.text);
    assert_state(statuses[i].known.state, WAITQ_STATE_READY);
    statuses[i].known.state = 0;
  }
  assert_code(waitq_poll_many(room, &tickets[0].known, 5, &statuses[0].known, NULL, NULL), WAITQ_OK);
  for (int i = 0; i < 5; i++) {
    assert_state(statuses[i].known.state, WAITQ_STATE_READY);
  }
}

#define CHECK_INIT(type, init, macro)                           \
  do {                                                          \
    type by_macro = macro;                                      \
    type by_function;                                           \
    memset(&by_function, CANARY, sizeof by_function);           \
    init(&by_function, sizeof by_function);                     \
    assert_memory_equal(&by_macro, &by_function, sizeof(type)); \
    assert_int_equal(by_macro.size, sizeof(type));              \
    init(NULL, sizeof(type));                                   \
  } while (0)

static void test_structs__are_prepared_alike_by_macro_and_by_function(void **state) {
  (void)state;
  CHECK_INIT(waitq_error, waitq_error_init, WAITQ_ERROR_INIT);
  CHECK_INIT(waitq_key, waitq_key_init, WAITQ_KEY_INIT);
  CHECK_INIT(waitq_options, waitq_options_init, WAITQ_OPTIONS_INIT);
  CHECK_INIT(waitq_limit, waitq_limit_init, WAITQ_LIMIT_INIT);
  CHECK_INIT(waitq_decision, waitq_decision_init, WAITQ_DECISION_INIT);
  CHECK_INIT(waitq_pass, waitq_pass_init, WAITQ_PASS_INIT);
  CHECK_INIT(waitq_binding, waitq_binding_init, WAITQ_BINDING_INIT);
  CHECK_INIT(waitq_verify_options, waitq_verify_options_init, WAITQ_VERIFY_OPTIONS_INIT);
  CHECK_INIT(waitq_claims, waitq_claims_init, WAITQ_CLAIMS_INIT);
  CHECK_INIT(waitq_ticket, waitq_ticket_init, WAITQ_TICKET_INIT);
  CHECK_INIT(waitq_status, waitq_status_init, WAITQ_STATUS_INIT);
  CHECK_INIT(waitq_join_options, waitq_join_options_init, WAITQ_JOIN_OPTIONS_INIT);
  CHECK_INIT(waitq_enter_options, waitq_enter_options_init, WAITQ_ENTER_OPTIONS_INIT);
  CHECK_INIT(waitq_policy, waitq_policy_init, WAITQ_POLICY_INIT);
  CHECK_INIT(waitq_stats, waitq_stats_init, WAITQ_STATS_INIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_structs__that_are_longer_are_taken_when_their_tail_is_zero, setup, teardown),
      UNIT_TEST(test_structs__that_ask_for_something_unknown_are_refused, setup, teardown),
      UNIT_TEST(test_structs__that_are_shorter_are_filled_up_with_defaults, setup, teardown),
      UNIT_TEST(test_structs__that_were_never_initialised_are_refused, setup, teardown),
      UNIT_TEST(test_structs__of_older_programs_are_never_written_past_their_end, setup, teardown),
      UNIT_TEST(test_structs__of_newer_programs_keep_their_size_and_get_a_zero_tail, setup, teardown),
      UNIT_TEST(test_structs__in_arrays_are_as_far_apart_as_the_first_says, setup, teardown),
      cmocka_unit_test(test_structs__are_prepared_alike_by_macro_and_by_function),
  };
  return cmocka_run_group_tests_name("structures", tests, NULL, NULL);
}
