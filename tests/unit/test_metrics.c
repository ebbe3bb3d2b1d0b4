/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* The figures of all rooms as text. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/line.h"
#include "../support/test.h"
#include "../support/world.h"
#include "room/totals.h"

static int setup(void **state) {
  *state = world_open(&memory_subject);
  return 0;
}

static int teardown(void **state) {
  world_close(*state);
  return 0;
}

/* The text, asked for in two calls; the caller frees it. */
static char *metrics(struct world *world) {
  size_t needed = 0;
  size_t again = 0;
  assert_code(waitq_metrics(world->context, NULL, 0, &needed, NULL), WAITQ_OK);
  char *text = malloc(needed);
  assert_non_null(text);
  assert_code(waitq_metrics(world->context, text, needed, &again, NULL), WAITQ_OK);
  assert_int_equal(again, needed);
  assert_int_equal(strlen(text) + 1, needed);
  return text;
}

/* The value of a sample, by all that comes before it in its line; -1 where there is none. */
static double sample(struct world *world, const char *name) {
  char line[160];
  char *text = metrics(world);
  snprintf(line, sizeof line, "\n%s ", name);
  const char *at = strstr(text, line);
  double value = at == NULL ? -1 : strtod(at + strlen(line), NULL);
  free(text);
  return value;
}

static void test_metrics__of_no_room_are_families_without_samples(void **state) {
  char *text = metrics(*state);
  assert_non_null(strstr(text, "# TYPE waitq_room_waiting gauge\n"));
  assert_null(strchr(text, '{'));
  free(text);
}

static void test_metrics__each_family_is_introduced_once_and_every_line_ends(void **state) {
  world_room(*state, "a", NULL);
  world_room(*state, "b", NULL);
  char *text = metrics(*state);
  const char *help = strstr(text, "# HELP waitq_room_joined_total ");
  assert_non_null(help);
  assert_null(strstr(help + 1, "# HELP waitq_room_joined_total "));
  assert_non_null(strstr(help, "# TYPE waitq_room_joined_total counter\n"));
  assert_true(text[strlen(text) - 1] == '\n');
  assert_null(strstr(text, "\n\n"));
  assert_null(strstr(text, "# EOF"));
  free(text);
}

static void test_metrics__tell_what_went_on_in_each_room(void **state) {
  struct world *world = *state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 0.5;
  policy.burst = 3;
  waitq_room_t *room = world_room(world, "concert", &policy);
  world_room(world, "match", NULL);
  struct guest guests[8];
  for (unsigned i = 0; i < 8; i++) {
    guest_join(room, NULL, &guests[i]);
  }
  guest_enter(room, &guests[0]);
  guest_leave(room, &guests[1]);
  guest_leave(room, &guests[7]);
  static const struct {
    const char *name;
    double value;
  } expected[] = {
      {"waitq_room_waiting{room=\"concert\"}", 3},
      {"waitq_room_ready{room=\"concert\"}", 2},
      {"waitq_room_active{room=\"concert\"}", 1},
      {"waitq_room_joined_total{room=\"concert\"}", 8},
      {"waitq_room_admitted_total{room=\"concert\"}", 3},
      {"waitq_room_entered_total{room=\"concert\"}", 1},
      {"waitq_room_left_total{room=\"concert\"}", 2},
      {"waitq_room_expired_total{room=\"concert\"}", 0},
      {"waitq_room_rate_per_second{room=\"concert\"}", 0.5},
      {"waitq_room_store_age_seconds{room=\"concert\"}", 0},
      {"waitq_room_store_errors_total{room=\"concert\"}", 0},
      {"waitq_room_joined_total{room=\"match\"}", 0},
      {"waitq_room_rate_per_second{room=\"match\"}", 10},
      {"waitq_room_burst_tokens{room=\"match\"}", 10},
      {"waitq_room_active_limit{room=\"match\"}", 0},
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    if (sample(world, expected[i].name) != expected[i].value) {
      fail_msg("%s is %g", expected[i].name, sample(world, expected[i].name));
    }
  }
}

static void test_metrics__one_phase_is_in_force(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  assert_code(waitq_room_set_phase(room, WAITQ_PHASE_DRAINING, NULL), WAITQ_OK);
  assert_true(sample(world, "waitq_room_phase{room=\"concert\",phase=\"draining\"}") == 1);
  static const char *const others[] = {"scheduled", "open", "paused", "closed"};
  for (size_t i = 0; i < 4; i++) {
    char name[80];
    snprintf(name, sizeof name, "waitq_room_phase{room=\"concert\",phase=\"%s\"}", others[i]);
    assert_true(sample(world, name) == 0);
  }
}

static void test_metrics__what_is_due_is_done_before_it_is_told(void **state) {
  struct world *world = *state;
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.burst = 1;
  waitq_room_t *room = world_room(world, "concert", &policy);
  struct guest guest;
  for (unsigned i = 0; i < 5; i++) {
    guest_join(room, NULL, &guest);
  }
  assert_true(sample(world, "waitq_room_waiting{room=\"concert\"}") == 4);
  world_advance_ms(world, 100);
  assert_true(sample(world, "waitq_room_waiting{room=\"concert\"}") == 3);
}

static void test_metrics__counters_go_on_rising_after_a_reset(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  struct guest guest;
  guest_join(room, NULL, &guest);
  guest_enter(room, &guest);
  guest_join(room, NULL, &guest);
  assert_true(sample(world, "waitq_room_joined_total{room=\"concert\"}") == 2);
  assert_code(waitq_room_reset(room, NULL), WAITQ_OK);
  assert_true(sample(world, "waitq_room_joined_total{room=\"concert\"}") == 2);
  guest_join(room, NULL, &guest);
  guest_enter(room, &guest);
  assert_true(sample(world, "waitq_room_joined_total{room=\"concert\"}") == 3);
  assert_true(sample(world, "waitq_room_entered_total{room=\"concert\"}") == 2);
  assert_true(sample(world, "waitq_room_waiting{room=\"concert\"}") == 0);
}

static void test_metrics__a_room_that_was_closed_is_not_told_of(void **state) {
  struct world *world = *state;
  waitq_room_t *room = world_room(world, "concert", NULL);
  assert_true(sample(world, "waitq_room_waiting{room=\"concert\"}") == 0);
  world_room_close(world, room);
  assert_true(sample(world, "waitq_room_waiting{room=\"concert\"}") == -1);
}

static void test_metrics__a_buffer_that_is_too_small_is_refused_with_the_size_that_is_needed(void **state) {
  struct world *world = *state;
  world_room(world, "concert", NULL);
  size_t needed = 0;
  size_t again = 0;
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(waitq_metrics(world->context, NULL, 0, &needed, NULL), WAITQ_OK);
  char *text = malloc(needed + 1);
  assert_non_null(text);
  for (size_t capacity = 1; capacity < needed; capacity += needed / 7) {
    memset(text, 'x', needed + 1);
    assert_code(waitq_metrics(world->context, text, capacity, &again, &error), WAITQ_E_INVALID);
    assert_int_equal(again, needed);
    assert_string_equal(text, "");
    assert_true(text[capacity] == 'x');
  }
  assert_code(waitq_metrics(world->context, text, needed, &again, &error), WAITQ_OK);
  assert_true(text[needed] == 'x');
  free(text);
}

static void test_metrics__arguments_that_make_no_sense_are_refused(void **state) {
  struct world *world = *state;
  size_t needed = 0;
  char text[8];
  waitq_error error = WAITQ_ERROR_INIT;
  assert_code(waitq_metrics(NULL, text, sizeof text, &needed, &error), WAITQ_E_INVALID);
  assert_code(waitq_metrics(world->context, text, sizeof text, NULL, &error), WAITQ_E_INVALID);
  assert_code(waitq_metrics(world->context, NULL, 1, &needed, &error), WAITQ_E_INVALID);
  assert_string_not_equal(error.text, "");
}

static void test_metrics__want_of_memory_is_told(void **state) {
  struct world *world = *state;
  size_t needed = 0;
  world_room(world, "concert", NULL);
  fake_memory_fail_at(&world->memory, 1);
  assert_code(waitq_metrics(world->context, NULL, 0, &needed, NULL), WAITQ_E_NOMEM);
}

static void test_totals__what_a_store_has_lost_does_not_make_them_fall(void **state) {
  (void)state;
  struct waitq__totals totals = {0};
  waitq_stats stats = WAITQ_STATS_INIT;
  stats.epoch = 5;
  stats.issued = 100;
  stats.entered = 40;
  waitq__totals_take(&totals, &stats, 1040);
  assert_int_equal(totals.told[WAITQ__TOTAL_JOINED], 100);
  assert_int_equal(totals.told[WAITQ__TOTAL_ADMITTED], 40);
  stats.issued = 90;
  stats.entered = 38;
  waitq__totals_take(&totals, &stats, 1038);
  assert_int_equal(totals.told[WAITQ__TOTAL_JOINED], 100);
  stats.issued = 120;
  stats.entered = 45;
  waitq__totals_take(&totals, &stats, 1050);
  assert_int_equal(totals.told[WAITQ__TOTAL_JOINED], 120);
  assert_int_equal(totals.told[WAITQ__TOTAL_ADMITTED], 50);
  stats.epoch = 6;
  stats.issued = 3;
  stats.entered = 1;
  waitq__totals_take(&totals, &stats, 7);
  assert_int_equal(totals.told[WAITQ__TOTAL_JOINED], 123);
  assert_int_equal(totals.told[WAITQ__TOTAL_ENTERED], 46);
  assert_int_equal(totals.told[WAITQ__TOTAL_ADMITTED], 51);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_TEST(test_metrics__of_no_room_are_families_without_samples, setup, teardown),
      UNIT_TEST(test_metrics__each_family_is_introduced_once_and_every_line_ends, setup, teardown),
      UNIT_TEST(test_metrics__tell_what_went_on_in_each_room, setup, teardown),
      UNIT_TEST(test_metrics__one_phase_is_in_force, setup, teardown),
      UNIT_TEST(test_metrics__what_is_due_is_done_before_it_is_told, setup, teardown),
      UNIT_TEST(test_metrics__counters_go_on_rising_after_a_reset, setup, teardown),
      UNIT_TEST(test_metrics__a_room_that_was_closed_is_not_told_of, setup, teardown),
      UNIT_TEST(test_metrics__a_buffer_that_is_too_small_is_refused_with_the_size_that_is_needed, setup, teardown),
      UNIT_TEST(test_metrics__arguments_that_make_no_sense_are_refused, setup, teardown),
      UNIT_TEST(test_metrics__want_of_memory_is_told, setup, teardown),
      UNIT_TEST(test_totals__what_a_store_has_lost_does_not_make_them_fall, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
