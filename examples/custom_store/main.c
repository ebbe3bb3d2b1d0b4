/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* Three visitors go through a room that is kept in a store of our own. The room lets in two a second, so the first
 * enters at once and the others wait for their turns. */

#define _POSIX_C_SOURCE 200809L /* nanosleep */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <waitq/waitq.h>

#include "store.h"

static void sleep_ms(int64_t ms) {
  struct timespec pause = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

/* Waits until the ticket's turn has come, uses it, and ends the session at once. */
static int go_through(waitq_room_t *room, const char *name, const waitq_ticket *ticket, waitq_error *error) {
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  for (;;) {
    if (waitq_poll(room, ticket->text, &status, error) != WAITQ_OK) {
      return -1;
    }
    printf("%-5s %-8s position %" PRIu64 ", about %" PRId64 " ms to wait\n", name, waitq_state_name(status.state),
           status.position, status.eta_ms);
    if (status.state == WAITQ_STATE_READY) {
      if (waitq_enter(room, ticket->text, NULL, &pass, error) != WAITQ_OK) {
        return -1;
      }
      if (pass.state == WAITQ_STATE_ENTERED) {
        printf("%-5s %s\n", name, pass.text);
        return waitq_exit(room, pass.text, error);
      }
    } else if (status.state != WAITQ_STATE_WAITING) {
      snprintf(error->text, sizeof error->text, "%s lost the place in line", name);
      return -1;
    }
    sleep_ms(pass.retry_after_ms > 0 ? pass.retry_after_ms : status.next_poll_ms);
  }
}

static int let_three_through(waitq_room_t *room, waitq_error *error) {
  static const char *const names[] = {"ann", "ben", "cleo"};
  waitq_ticket tickets[] = {WAITQ_TICKET_INIT, WAITQ_TICKET_INIT, WAITQ_TICKET_INIT};
  for (int i = 0; i < 3; i++) {
    if (waitq_join(room, names[i], strlen(names[i]), NULL, &tickets[i], NULL, error) != WAITQ_OK) {
      return -1;
    }
  }
  for (int i = 0; i < 3; i++) {
    if (go_through(room, names[i], &tickets[i], error) != WAITQ_OK) {
      return -1;
    }
  }
  return 0;
}

int main(void) {
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_options options = WAITQ_OPTIONS_INIT;
  options.store = plain_store();
  waitq_policy policy = WAITQ_POLICY_INIT;
  policy.rate_per_s = 2;
  policy.burst = 1;
  policy.min_poll_ms = 100;

  int failed = waitq_open("plain:", &options, &context, &error) ||
               waitq_room_open(context, "concert", &policy, &room, &error) || let_three_through(room, &error);
  if (failed) {
    fprintf(stderr, "custom_store: %s\n", error.text);
  }
  waitq_room_close(room);
  waitq_close(context);
  return failed ? 1 : 0;
}
