/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* What a context is opened with: keys, chance, clock, log, memory, a store. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"

static int setup(void **state) {
  *state = world_prepare(&memory_subject);
  return 0;
}

static int teardown(void **state) {
  world_close(*state);
  return 0;
}

static void expect_refused(struct world *world, int expected) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_t *context = NULL;
  assert_code(waitq_open("memory:", &world->options, &context, &error), expected);
  assert_int_equal(error.code, expected);
  assert_string_not_equal(error.text, "");
  assert_null(context);
  assert_int_equal(fake_memory_blocks(&world->memory), 0);
}

/* A table that is too short and one with holes are both of no known version, or invalid: either will do. */
static void expect_store_refused(struct world *world, const waitq_store_ops *ops) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_t *context = NULL;
  world->options.store = ops;
  int code = waitq_open("memory:", &world->options, &context, &error);
  assert_true(code == WAITQ_E_INVALID || code == WAITQ_E_VERSION);
  assert_int_equal(error.code, code);
  assert_string_not_equal(error.text, "");
  assert_null(context);
  assert_int_equal(fake_memory_blocks(&world->memory), 0);
}

static void test_options__may_be_left_out_altogether(void **state) {
  (void)state;
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  struct guest guest;
  assert_code(waitq_open("memory:", NULL, &context, NULL), WAITQ_OK);
  assert_code(waitq_room_open(context, "concert", NULL, &room, NULL), WAITQ_OK);
  guest_join(room, "ann", &guest);
  assert_state(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
  assert_true(line_stats(room).now_ms > INT64_C(1577836800000)); /* the system's time, later than 2020 */
  waitq_room_close(room);
  waitq_close(context);
}

static void test_options__with_keys_that_make_no_sense_are_refused(void **state) {
  struct world *world = *state;
  waitq_key keys[9];
  world->options.keys = keys;
  for (int i = 0; i < 9; i++) {
    keys[i] = world->key;
    keys[i].kid[1] = (char)('0' + i);
  }
  world->options.key_count = 9;
  expect_refused(world, WAITQ_E_INVALID);
  world->options.key_count = 2;
  memcpy(keys[1].kid, keys[0].kid, sizeof keys[0].kid);
  expect_refused(world, WAITQ_E_INVALID);
  world->options.key_count = 1;
  static const char *const kids[] = {"", "a b", "a/b", "\xc3\xa9", "a\"b"};
  for (size_t i = 0; i < 5; i++) {
    memset(keys[0].kid, 0, sizeof keys[0].kid);
    memcpy(keys[0].kid, kids[i], strlen(kids[i]));
    expect_refused(world, WAITQ_E_INVALID);
  }
  memset(keys[0].kid, 'k', sizeof keys[0].kid); /* without an end */
  expect_refused(world, WAITQ_E_INVALID);
  keys[0] = world->key;
  static const uint32_t lengths[] = {0, 1, 16, 31, 65, UINT32_MAX};
  for (size_t i = 0; i < 6; i++) {
    keys[0].length = lengths[i];
    expect_refused(world, WAITQ_E_INVALID);
  }
  keys[0] = world->key;
  static const uint32_t algorithms[] = {0, 4, UINT32_MAX};
  for (size_t i = 0; i < 3; i++) {
    keys[0].algorithm = algorithms[i];
    expect_refused(world, WAITQ_E_INVALID);
  }
  keys[0] = world->key;
  keys[0].size = 0;
  expect_refused(world, WAITQ_E_VERSION);
  world->options.keys = NULL;
  expect_refused(world, WAITQ_E_INVALID);
}

static void test_options__whose_first_key_cannot_sign_are_refused(void **state) {
  struct world *world = *state;
  waitq_key secret = world->key;
  waitq_key public_key = WAITQ_KEY_INIT;
  secret.algorithm = WAITQ_KEY_ED25519;
  assert_code(waitq_key_public(&secret, &public_key, NULL), WAITQ_OK);
  assert_string_equal(public_key.kid, secret.kid);
  world->options.keys = &public_key;
  expect_refused(world, WAITQ_E_INVALID);
}

static void test_options__with_an_ed25519_key_give_passes_that_its_public_half_verifies(void **state) {
  struct world *world = *state;
  struct guest guest;
  waitq_key public_key = WAITQ_KEY_INIT;
  waitq_verifier_t *verifier = NULL;
  world->key.algorithm = WAITQ_KEY_ED25519;
  assert_code(waitq_open("memory:", &world->options, &world->context, NULL), WAITQ_OK);
  assert_code(waitq_key_public(&world->key, &public_key, NULL), WAITQ_OK);
  assert_code(waitq_verifier_open(&public_key, 1, NULL, &verifier, NULL), WAITQ_OK);
  waitq_room_t *room = world_room(world, "concert", NULL);
  guest_join(room, "ann", &guest);
  assert_state(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
  char first[WAITQ_PASS_SIZE];
  memcpy(first, guest.pass.text, sizeof first);
  assert_state(guest_enter(room, &guest), WAITQ_STATE_ENTERED);
  assert_string_equal(guest.pass.text, first);
  assert_code(waitq_verify(verifier, first, strlen(first), world_now_ms(world), NULL, NULL, NULL), WAITQ_OK);
  assert_state(guest_renew(room, &guest), WAITQ_STATE_ENTERED);
  guest_exit(room, &guest);
  assert_int_equal(line_stats(room).active, 0);
  waitq_verifier_close(verifier);
}

static int32_t no_chance(void *user, void *buffer, size_t bytes) {
  (void)user;
  (void)buffer;
  (void)bytes;
  return -1;
}

static void test_options__without_keys_and_without_chance_are_refused(void **state) {
  struct world *world = *state;
  world->options.keys = NULL;
  world->options.key_count = 0;
  world->options.random = no_chance;
  expect_refused(world, WAITQ_E_RANDOM);
}

static void test_options__without_keys_get_a_key_of_their_own(void **state) {
  struct world *world = *state;
  waitq_t *other = NULL;
  waitq_room_t *elsewhere = NULL;
  waitq_status status = WAITQ_STATUS_INIT;
  struct guest guest;
  world->options.keys = NULL;
  world->options.key_count = 0;
  assert_code(waitq_open("memory:", &world->options, &world->context, NULL), WAITQ_OK);
  assert_code(waitq_open("memory:", &world->options, &other, NULL), WAITQ_OK);
  waitq_room_t *room = world_room(world, "concert", NULL);
  assert_code(waitq_room_open(other, "concert", NULL, &elsewhere, NULL), WAITQ_OK);
  guest_join(room, "ann", &guest);
  assert_code(waitq_poll(elsewhere, guest.ticket.text, &status, NULL), WAITQ_E_FORGED);
  waitq_room_close(elsewhere);
  waitq_close(other);
}

static void test_options__with_an_allocator_that_lacks_a_function_are_refused(void **state) {
  struct world *world = *state;
  waitq_allocator broken = world->memory.allocator;
  world->options.allocator = &broken;
  broken.allocate = NULL;
  expect_refused(world, WAITQ_E_INVALID);
  broken = world->memory.allocator;
  broken.reallocate = NULL;
  expect_refused(world, WAITQ_E_INVALID);
  broken = world->memory.allocator;
  broken.release = NULL;
  expect_refused(world, WAITQ_E_INVALID);
}

static void test_options__with_a_store_that_lacks_a_function_are_refused(void **state) {
  struct world *world = *state;
  waitq_store_ops broken;
#define WITHOUT(function)         \
  broken = *waitq_store_memory(); \
  broken.function = NULL;         \
  expect_store_refused(world, &broken)
  WITHOUT(open);
  WITHOUT(close);
  WITHOUT(room_open);
  WITHOUT(load);
  WITHOUT(append);
  WITHOUT(mark);
  WITHOUT(commit);
#undef WITHOUT
  broken = *waitq_store_memory();
  broken.size = 0;
  expect_store_refused(world, &broken);
}

static void test_options__are_copied(void **state) {
  struct world *world = *state;
  waitq_key key = world->key;
  world->options.keys = &key;
  assert_code(waitq_open("memory:", &world->options, &world->context, NULL), WAITQ_OK);
  memset(&key, 0xff, sizeof key);
  memset(&world->options, 0xff, sizeof world->options);
  struct guest guest;
  guest_join(world_room(world, "concert", NULL), "ann", &guest);
  assert_state(guest.status.state, WAITQ_STATE_READY);
}

/* A log: lines are counted, and looked at as they come. */
struct lines {
  unsigned count;
  int32_t most_talkative;
};

static void take_line(void *user, int32_t level, const char *line) {
  struct lines *lines = user;
  lines->count++;
  lines->most_talkative = level > lines->most_talkative ? level : lines->most_talkative;
  assert_in_range(level, WAITQ_LOG_ERROR, WAITQ_LOG_DEBUG);
  assert_string_not_equal(line, "");
  for (const char *at = line; *at != '\0'; at++) {
    assert_true((unsigned char)*at >= 0x20 && (unsigned char)*at != 0x7f);
  }
}

static void test_options__with_a_log_get_finished_lines_up_to_the_level(void **state) {
  struct world *world = *state;
  struct lines lines = {0, 0};
  world->options.log = take_line;
  world->options.log_user = &lines;
  for (int32_t level = WAITQ_LOG_ERROR; level <= WAITQ_LOG_DEBUG; level++) {
    waitq_room_t *room = NULL;
    waitq_t *context = NULL;
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    lines = (struct lines){0, 0};
    world->options.log_level = level;
    assert_code(waitq_open("memory:", &world->options, &context, NULL), WAITQ_OK);
    assert_code(waitq_room_open(context, "concert", NULL, &room, NULL), WAITQ_OK);
    assert_code(waitq_join(room, "ann\nforged line", 15, NULL, &ticket, NULL, NULL), WAITQ_OK);
    assert_code(waitq_room_set_phase(room, WAITQ_PHASE_PAUSED, NULL), WAITQ_OK);
    assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
    assert_true(lines.most_talkative <= level);
    waitq_room_close(room);
    waitq_close(context);
  }
  printf("%u lines at level DEBUG\n", lines.count);
}

static void test_options__read_the_clock_once_a_call(void **state) {
  struct world *world = *state;
  assert_code(waitq_open("memory:", &world->options, &world->context, NULL), WAITQ_OK);
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  waitq_ticket many[20];
  waitq_status statuses[20];
  guest_join(room, "ann", &guest);
  waitq_status_init(&statuses[0], sizeof statuses[0]);
  for (int i = 0; i < 20; i++) {
    many[i] = guest.ticket;
  }
#define READS_ONCE(call)                                            \
  do {                                                              \
    uint64_t before = atomic_load(&world->clock.reads);             \
    call;                                                           \
    assert_int_equal(atomic_load(&world->clock.reads), before + 1); \
  } while (0)
  READS_ONCE(guest_poll(room, &guest));
  READS_ONCE(waitq_poll_many(room, many, 20, statuses, NULL, NULL));
  READS_ONCE(guest_join(room, "bob", &guest));
  READS_ONCE(guest_enter(room, &guest));
  READS_ONCE(guest_renew(room, &guest));
  READS_ONCE(guest_exit(room, &guest));
  READS_ONCE(line_stats(room));
  READS_ONCE(waitq_room_set_rate(room, 5, NULL));
  READS_ONCE(waitq_room_reset(room, NULL));
#undef READS_ONCE
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_options__may_be_left_out_altogether),
      UNIT_TEST(test_options__with_keys_that_make_no_sense_are_refused, setup, teardown),
      UNIT_TEST(test_options__whose_first_key_cannot_sign_are_refused, setup, teardown),
      UNIT_TEST(test_options__with_an_ed25519_key_give_passes_that_its_public_half_verifies, setup, teardown),
      UNIT_TEST(test_options__without_keys_and_without_chance_are_refused, setup, teardown),
      UNIT_TEST(test_options__without_keys_get_a_key_of_their_own, setup, teardown),
      UNIT_TEST(test_options__with_an_allocator_that_lacks_a_function_are_refused, setup, teardown),
      UNIT_TEST(test_options__with_a_store_that_lacks_a_function_are_refused, setup, teardown),
      UNIT_TEST(test_options__are_copied, setup, teardown),
      UNIT_TEST(test_options__with_a_log_get_finished_lines_up_to_the_level, setup, teardown),
      UNIT_TEST(test_options__read_the_clock_once_a_call, setup, teardown),
  };
  return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
