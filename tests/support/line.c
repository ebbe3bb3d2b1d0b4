/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */
#include "line.h"

#include <stdio.h>
#include <string.h>

#include "child.h"
#include "test.h"

static void expect_ok(int code, const waitq_error *error, const char *call) {
  if (code != WAITQ_OK) {
    fail_msg("%s: %s: %s", call, waitq_error_name(code), error->text);
  }
}

static void check_waiting(const waitq_status *status) {
  if (status->state != WAITQ_STATE_WAITING) {
    assert_int_equal(status->position, 0);
    return;
  }
  assert_true(status->position >= 1);
  assert_int_equal(status->ahead, status->position - 1);
  assert_true(status->next_poll_ms > 0);
  if (status->eta_ms == WAITQ_UNKNOWN_MS) {
    assert_int_equal(status->eta_high_ms, WAITQ_UNKNOWN_MS);
    assert_int_not_equal(status->reason, WAITQ_REASON_NONE);
  } else {
    assert_true(status->eta_ms >= 0);
    assert_true(status->eta_low_ms <= status->eta_ms);
    assert_true(status->eta_high_ms == WAITQ_UNKNOWN_MS || status->eta_high_ms >= status->eta_ms);
  }
}

void line_check_status(const waitq_status *status) {
  assert_int_equal(status->size, sizeof *status);
  assert_true(status->state <= WAITQ_STATE_STALE);
  assert_true(status->reason <= WAITQ_REASON_RESTORED);
  assert_in_range(status->phase, WAITQ_PHASE_SCHEDULED, WAITQ_PHASE_CLOSED);
  assert_int_equal(status->reserved, 0);
  assert_true(status->waited_ms >= 0);
  assert_true(status->confidence >= 0.0 && status->confidence <= 1.0);
  assert_true((status->enter_by_ms != 0) == (status->state == WAITQ_STATE_READY));
  check_waiting(status);
}

static void check_pass(const waitq_pass *pass) {
  assert_int_equal(pass->size, sizeof *pass);
  assert_true(pass->reason <= WAITQ_REASON_RATE_ZERO);
  assert_true(pass->retry_after_ms >= 0);
  if (pass->state == WAITQ_STATE_ENTERED) {
    assert_true(strlen(pass->text) > 0);
    assert_true(pass->expires_at_ms > 0);
  } else {
    assert_string_equal(pass->text, "");
    assert_int_equal(pass->expires_at_ms, 0);
  }
}

void guest_join(waitq_room_t *room, const char *visitor, struct guest *guest) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_ticket_init(&guest->ticket, sizeof guest->ticket);
  waitq_status_init(&guest->status, sizeof guest->status);
  waitq_pass_init(&guest->pass, sizeof guest->pass);
  size_t length = visitor == NULL ? 0 : strlen(visitor);
  expect_ok(waitq_join(room, visitor, length, NULL, &guest->ticket, &guest->status, &error), &error, "waitq_join");
  line_check_status(&guest->status);
  assert_true((guest->ticket.text[0] == '\0') == (guest->status.state == WAITQ_STATE_NONE));
  assert_true(strlen(guest->ticket.text) < WAITQ_TICKET_SIZE);
}

void guest_join_numbered(waitq_room_t *room, const char *prefix, unsigned number, struct guest *guest) {
  char name[64];
  snprintf(name, sizeof name, "%s%u", prefix, number);
  guest_join(room, name, guest);
}

uint32_t guest_poll(waitq_room_t *room, struct guest *guest) {
  waitq_error error = WAITQ_ERROR_INIT;
  expect_ok(waitq_poll(room, guest->ticket.text, &guest->status, &error), &error, "waitq_poll");
  line_check_status(&guest->status);
  return guest->status.state;
}

uint32_t guest_enter(waitq_room_t *room, struct guest *guest) {
  waitq_error error = WAITQ_ERROR_INIT;
  expect_ok(waitq_enter(room, guest->ticket.text, NULL, &guest->pass, &error), &error, "waitq_enter");
  check_pass(&guest->pass);
  return guest->pass.state;
}

uint32_t guest_leave(waitq_room_t *room, struct guest *guest) {
  waitq_error error = WAITQ_ERROR_INIT;
  expect_ok(waitq_leave(room, guest->ticket.text, &guest->status, &error), &error, "waitq_leave");
  line_check_status(&guest->status);
  return guest->status.state;
}

uint32_t guest_renew(waitq_room_t *room, struct guest *guest) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_pass fresh = WAITQ_PASS_INIT;
  expect_ok(waitq_renew(room, guest->pass.text, &fresh, &error), &error, "waitq_renew");
  check_pass(&fresh);
  if (fresh.state == WAITQ_STATE_ENTERED) {
    guest->pass = fresh;
  }
  return fresh.state;
}

void guest_exit(waitq_room_t *room, const struct guest *guest) {
  waitq_error error = WAITQ_ERROR_INIT;
  expect_ok(waitq_exit(room, guest->pass.text, &error), &error, "waitq_exit");
}

waitq_stats line_stats(waitq_room_t *room) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_stats stats = WAITQ_STATS_INIT;
  int code = waitq_room_stats(room, &stats, &error);
  for (int attempt = 1; code != WAITQ_OK && error.retriable && attempt < 100; attempt++) {
    child_sleep_ms(50); /* a store on a busy machine may be slow to answer, or to come back */
    code = waitq_room_stats(room, &stats, &error);
  }
  expect_ok(code, &error, "waitq_room_stats");
  assert_int_equal(stats.issued, stats.waiting + stats.ready + stats.entered + stats.left + stats.expired);
  /* Each alone as well: a sum of 64 bits may come out right by wrapping around. */
  assert_true(stats.waiting <= stats.issued && stats.ready <= stats.issued && stats.entered <= stats.issued);
  assert_true(stats.left <= stats.issued && stats.expired <= stats.issued && stats.active <= stats.entered);
  assert_true(stats.head <= stats.issued);
  assert_true(stats.age_ms >= 0);
  assert_int_equal(stats.reserved, 0);
  return stats;
}
