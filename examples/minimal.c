/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* One visitor's way through a waiting room, from the join to the pass. */

#include <stdio.h>
#include <waitq/waitq.h>

int main(void) {
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  waitq_pass pass = WAITQ_PASS_INIT;
  waitq_error error = WAITQ_ERROR_INIT;

  int failed = waitq_open("memory:", NULL, &context, &error) ||
               waitq_room_open(context, "concert", NULL, &room, &error) ||
               waitq_join(room, "ann", 3, NULL, &ticket, NULL, &error) ||
               waitq_poll(room, ticket.text, &status, &error) || waitq_enter(room, ticket.text, NULL, &pass, &error);
  if (failed) {
    fprintf(stderr, "minimal: %s\n", error.text);
  } else {
    printf("ticket  %s\nstatus  %s, %lld ms to wait\npass    %s\n", ticket.text, waitq_state_name(status.state),
           (long long)status.eta_ms, pass.text);
  }
  waitq_room_close(room);
  waitq_close(context);
  return failed ? 1 : 0;
}
