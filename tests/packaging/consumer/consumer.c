/* libwaitq: SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The libwaitq authors */

/* A host as small as it can be: two visitors join a room with one token, and the second polls. */

#include <stdio.h>
#include <string.h>

#include <waitq/waitq.h>

static int fail(const char *call, const waitq_error *error) {
  fprintf(stderr, "%s: %s: %s\n", call, waitq_error_name(error->code), error->text);
  return 1;
}

static int visit(waitq_room_t *room, waitq_error *error) {
  waitq_ticket ticket = WAITQ_TICKET_INIT;
  waitq_status status = WAITQ_STATUS_INIT;
  const char *visitors[] = {"ann", "bob"};

  for (int i = 0; i < 2; i++) {
    if (waitq_join(room, visitors[i], strlen(visitors[i]), NULL, &ticket, NULL, error) != WAITQ_OK) {
      return fail("waitq_join", error);
    }
  }
  if (waitq_poll(room, ticket.text, &status, error) != WAITQ_OK) {
    return fail("waitq_poll", error);
  }
  printf("waitq %s: %s, position %llu\n", waitq_version_string(), waitq_state_name(status.state),
         (unsigned long long)status.position);
  return status.state == WAITQ_STATE_WAITING && status.position == 1 ? 0 : 1;
}

int main(void) {
  waitq_error error = WAITQ_ERROR_INIT;
  waitq_policy policy = WAITQ_POLICY_INIT;
  waitq_t *context = NULL;
  waitq_room_t *room = NULL;
  int failed;

  if (waitq_version_number() != WAITQ_VERSION_NUMBER) {
    fprintf(stderr, "headers and library are of different versions\n");
    return 1;
  }
  if (waitq_open("memory:", NULL, &context, &error) != WAITQ_OK) {
    return fail("waitq_open", &error);
  }
  policy.rate_per_s = 0.001;
  policy.burst = 1;
  if (waitq_room_open(context, "concert", &policy, &room, &error) != WAITQ_OK) {
    return fail("waitq_room_open", &error);
  }
  failed = visit(room, &error);
  waitq_room_close(room);
  waitq_close(context);
  return failed;
}
