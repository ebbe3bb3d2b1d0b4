/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#ifndef WAITQ_TESTS_SUPPORT_LINE_H
#define WAITQ_TESTS_SUPPORT_LINE_H

/* The calls of the line, for tests that expect them to succeed: anything but WAITQ_OK fails the test with the library's
 * own words. Every answer is checked against what holds for all answers (see line.c). */

#include <waitq/waitq.h>

/* What a visitor of a test holds. */
struct guest {
  waitq_ticket ticket;
  waitq_status status; /* the last answer */
  waitq_pass pass;     /* the last pass, or refusal */
};

/* visitor is a C string; NULL joins anonymously. Fills in all of the guest. */
void guest_join(waitq_room_t *room, const char *visitor, struct guest *guest);

/* Joins as "<prefix><number>". */
void guest_join_numbered(waitq_room_t *room, const char *prefix, unsigned number, struct guest *guest);

/* Each returns the state. */
uint32_t guest_poll(waitq_room_t *room, struct guest *guest);
uint32_t guest_enter(waitq_room_t *room, struct guest *guest);
uint32_t guest_leave(waitq_room_t *room, struct guest *guest);
uint32_t guest_renew(waitq_room_t *room, struct guest *guest);
void guest_exit(waitq_room_t *room, const struct guest *guest);

/* Statistics, with issued = waiting + ready + entered + left + expired checked. */
waitq_stats line_stats(waitq_room_t *room);

/* Checks what holds for every status. */
void line_check_status(const waitq_status *status);

#define assert_state(actual, expected) \
  assert_string_equal(waitq_state_name((uint32_t)(actual)), waitq_state_name((uint32_t)(expected)))
#define assert_reason(actual, expected) \
  assert_string_equal(waitq_reason_text((uint32_t)(actual)), waitq_reason_text((uint32_t)(expected)))
#define assert_code(actual, expected) assert_string_equal(waitq_error_name(actual), waitq_error_name(expected))

#endif
