/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Histories are written and read as they were. */

#include <stdio.h>
#include <waitq/waitq.h>

#include "../support/test.h"
#include "made_up.h"

static void test_history__text_brings_all_back(void **state) {
  (void)state;
  struct history h = {0};
  struct history back = {0};
  visit(&h, 5, 0, 10);
  set_rate(&h, 5, 6, 12.5);
  loss(&h, 20, 30, 10);
  final(&h, 1, 2, 3, 4);
  FILE *file = tmpfile();
  assert_non_null(file);
  history_write(&h, file);
  rewind(file);
  assert_true(history_read(&back, file));
  fclose(file);
  assert_int_equal(back.count, h.count);
  for (size_t i = 0; i < h.count; i++) {
    assert_memory_equal(&back.events[i], &h.events[i], sizeof h.events[i]);
  }
  history_free(&h);
  history_free(&back);
}

static void test_history__what_is_no_event_is_refused(void **state) {
  (void)state;
  static const char *const lines[] = {"poll 1 2\n", "sing 1 2 0 0 0 0 0 0 0 0 0\n", "join 1 2 0 0 0 0 0 0 0 0\n",
                                      "final 1 2 0 0 0 0 0 0 0 0 7\n"};
  for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    struct history h = {0};
    FILE *file = tmpfile();
    assert_non_null(file);
    fputs(lines[i], file);
    rewind(file);
    assert_false(history_read(&h, file));
    fclose(file);
    history_free(&h);
  }
}

static void test_history__tickets_and_passes_tell_their_numbers(void **state) {
  (void)state;
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  uint64_t mark = 0;
  assert_int_equal(waitq_open("memory:", NULL, &context, NULL), WAITQ_OK);
  assert_int_equal(waitq_room_open(context, "torture", NULL, &room, NULL), WAITQ_OK);
  for (uint64_t n = 0; n < 3; n++) {
    struct event event = {0};
    waitq_ticket ticket = WAITQ_TICKET_INIT;
    waitq_pass pass = WAITQ_PASS_INIT;
    waitq_stats stats = WAITQ_STATS_INIT;
    assert_int_equal(waitq_join(room, NULL, 0, NULL, &ticket, NULL, NULL), WAITQ_OK);
    assert_int_equal(waitq_enter(room, ticket.text, NULL, &pass, NULL), WAITQ_OK);
    assert_int_equal(waitq_room_stats(room, &stats, NULL), WAITQ_OK);
    assert_true(event_read_ticket(&event, ticket.text));
    assert_int_equal(event.number, n);
    assert_int_equal(event.epoch, stats.epoch);
    assert_int_not_equal(event.mark, mark);
    mark = event.mark;
    assert_true(event_read_pass(&event, pass.text));
    assert_int_equal(event.as.ticket.pass_number, n);
    assert_int_equal(event.as.ticket.pass_epoch, stats.epoch);
  }
  struct event none = {0};
  assert_false(event_read_ticket(&none, "not a ticket"));
  assert_false(event_read_pass(&none, "not a pass"));
  assert_false(event_read_pass(&none, "a.e30.b"));
  waitq_room_close(room);
  waitq_close(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_history__text_brings_all_back),
      cmocka_unit_test(test_history__what_is_no_event_is_refused),
      cmocka_unit_test(test_history__tickets_and_passes_tell_their_numbers),
  };
  return cmocka_run_group_tests_name("histories", tests, NULL, NULL);
}
